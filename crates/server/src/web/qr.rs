//! QR codes as SVG.

use std::fmt::Write as _;

use fast_qr::{ECL, QRBuilder, QRCode};

/// The quiet zone on each side, in modules (ISO/IEC 18004, section 6.3.8).
const QUIET: usize = 4;

/// The text as a QR code, black on white whatever surrounds it; `None` if it is too long for one.
pub(crate) fn svg(text: &str) -> Option<String> {
    let build = |level| QRBuilder::new(text).ecl(level).build().ok();
    build(ECL::M).or_else(|| build(ECL::L)).map(|code| draw(&code))
}

/// One path of all dark modules, a rectangle for each run of them.
fn draw(code: &QRCode) -> String {
    let mut path = String::new();
    for y in 0..code.size {
        let row = &code[y][..code.size];
        let mut x = 0;
        while x < row.len() {
            let run = row[x..].iter().take_while(|module| module.value()).count();
            if run > 0 {
                let (left, top) = (x + QUIET, y + QUIET);
                write!(path, "M{left} {top}h{run}v1h-{run}z").expect("a string takes it");
            }
            x += run.max(1);
        }
    }
    let size = code.size + 2 * QUIET;
    format!(
        "<svg viewBox=\"0 0 {size} {size}\" shape-rendering=\"crispEdges\" aria-hidden=\"true\">\
         <path fill=\"#fff\" d=\"M0 0h{size}v{size}H0z\"/><path fill=\"#000\" d=\"{path}\"/></svg>"
    )
}

#[cfg(test)]
mod tests {
    use super::svg;

    #[test]
    fn a_code_has_its_quiet_zone() {
        let svg = svg("openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fissuer.example")
            .expect("fits");
        // Version 5 at level M has 37 modules a side.
        assert!(svg.contains("viewBox=\"0 0 45 45\""), "{svg}");
        assert!(
            svg.contains("d=\"M4 4h7v1h-7z"),
            "the first finder pattern begins after the quiet zone: {svg}"
        );
    }

    #[test]
    fn what_does_not_fit_has_no_code() {
        assert!(svg(&"x".repeat(2_300)).is_some());
        assert!(svg(&"x".repeat(2_900)).is_some(), "with less redundancy");
        assert!(svg(&"x".repeat(3_000)).is_none());
    }
}
