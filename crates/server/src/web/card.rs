//! The card that shows what is offered: in the organisation's own colours, as long as it can be read.

use std::fmt;

use url::Url;

/// A colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rgb(u8, u8, u8);

const BLACK: Rgb = Rgb(0, 0, 0);
const WHITE: Rgb = Rgb(0xff, 0xff, 0xff);
/// Of a card whose organisation names no colour.
const DEFAULT: Rgb = Rgb(0x1f, 0x3a, 0x8a);
/// What text needs to be read (WCAG 2.2, success criterion 1.4.3).
const CONTRAST: f64 = 4.5;

impl Rgb {
    /// Reads `#rrggbb`, and nothing else that CSS would take.
    fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
        let mut bytes = [0; 3];
        hex::decode_to_slice(digits, &mut bytes).ok()?;
        Some(Self(bytes[0], bytes[1], bytes[2]))
    }

    /// How bright it is, from 0 to 1 (WCAG 2.2, relative luminance).
    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let channel = f64::from(channel) / 255.0;
            if channel <= 0.04045 { channel / 12.92 } else { ((channel + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }

    /// How well the two can be told apart, from 1 to 21 (WCAG 2.2, contrast ratio).
    fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// Black or white, whichever can be read on it: one of them always can.
    fn readable(self) -> Self {
        if self.contrast(WHITE) >= CONTRAST { WHITE } else { BLACK }
    }
}

/// As CSS has it. There is no way to make a colour that is anything else there.
impl fmt::Display for Rgb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

/// The colours of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Colors {
    /// Behind the text.
    pub(crate) background: Rgb,
    /// Of the text.
    pub(crate) text: Rgb,
}

impl Colors {
    /// What a program's display asks for, as far as those are colours and the text can be read.
    pub(crate) fn new(background: Option<&str>, text: Option<&str>) -> Self {
        let background = background.and_then(Rgb::parse).unwrap_or(DEFAULT);
        let text = text.and_then(Rgb::parse).filter(|text| text.contrast(background) >= CONTRAST);
        Self { background, text: text.unwrap_or_else(|| background.readable()) }
    }
}

/// What is offered, and by whom.
#[derive(Clone, Debug)]
pub(crate) struct Card {
    /// The credential's name.
    pub(crate) title: String,
    /// What it is, in a sentence.
    pub(crate) description: Option<String>,
    /// Who offers it.
    pub(crate) organisation: String,
    /// Where the logo is.
    pub(crate) logo_url: Option<String>,
    /// `background_color` of the program's display.
    pub(crate) background_color: Option<String>,
    /// `text_color` of the program's display.
    pub(crate) text_color: Option<String>,
}

impl Card {
    /// The colours that it is shown in.
    pub(crate) fn colors(&self) -> Colors {
        Colors::new(self.background_color.as_deref(), self.text_color.as_deref())
    }

    /// Where the logo comes from, for the content security policy: an origin with https alone, beside our own.
    pub(crate) fn logo_origin(&self) -> Option<String> {
        let url = Url::parse(self.logo_url.as_deref()?).ok()?;
        (url.scheme() == "https").then(|| url.origin().ascii_serialization())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colors(background: &str, text: &str) -> String {
        let Colors { background, text } = Colors::new(Some(background), Some(text));
        format!("{background} {text}")
    }

    #[test]
    fn colours_are_those_of_the_organisation_where_they_can_be_read() {
        assert_eq!(colors("#12107c", "#FFFFFF"), "#12107c #ffffff");
        assert_eq!(colors("#ffd700", "#1a1a1a"), "#ffd700 #1a1a1a");
        assert_eq!(colors("#ffd700", "#ffffff"), "#ffd700 #000000", "white on yellow");
        assert_eq!(colors("#12107c", "#000000"), "#12107c #ffffff", "black on dark blue");
        assert_eq!(Colors::new(None, None), Colors { background: DEFAULT, text: WHITE });
    }

    #[test]
    fn what_is_no_colour_does_not_reach_the_style() {
        for hostile in ["red", "#fff", "#12107c;}", "#12107g", "", "#", "#€107c", "url(//x)", "#12107c "] {
            assert_eq!(colors(hostile, hostile), "#1f3a8a #ffffff", "{hostile}");
        }
    }

    #[test]
    fn black_or_white_can_be_read_on_every_grey() {
        for grey in 0..=255 {
            let background = Rgb(grey, grey, grey);
            assert!(background.readable().contrast(background) >= CONTRAST, "{background}");
        }
        assert!((WHITE.contrast(BLACK) - 21.0).abs() < 1e-9);
    }

    #[test]
    fn a_logo_opens_the_policy_for_its_own_origin_alone() {
        let origin = |url: &str| {
            let card = Card {
                title: String::new(),
                description: None,
                organisation: String::new(),
                logo_url: Some(url.to_owned()),
                background_color: None,
                text_color: None,
            };
            card.logo_origin()
        };
        assert_eq!(
            origin("https://Logos.example:8443/a;b,c?d").as_deref(),
            Some("https://logos.example:8443")
        );
        for other in
            ["http://logos.example/a", "data:image/png;base64,AAAA", "javascript:1", "/a", "https://"]
        {
            assert_eq!(origin(other), None, "{other}");
        }
    }
}
