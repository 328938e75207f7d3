//! QR codes on pictures.

use fast_qr::{ECL, QRBuilder};
use image::imageops::{FilterType, blur, resize};
use image::{DynamicImage, GrayAlphaImage, GrayImage, Luma, LumaA, Rgb, RgbImage};
use media::{ImageError, ImageLimits, read_qr};
use proptest::prelude::*;

use crate::files::{jpeg, picture, png, webp};

fn read(file: &[u8]) -> Vec<String> {
    read_qr(file, &ImageLimits::default()).unwrap()
}

/// About as long as a credential with a few claims.
fn credential() -> String {
    (0..1_700)
        .map(|at| {
            char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"[at * at % 66])
        })
        .collect()
}

/// A code with its quiet zone, so many pixels a module.
fn code(text: &str, module: u32) -> GrayImage {
    let code = QRBuilder::new(text).ecl(ECL::L).build().unwrap();
    let size = u32::try_from(code.size).unwrap();
    GrayImage::from_fn((size + 8) * module, (size + 8) * module, |x, y| {
        let (x, y) = ((x / module).wrapping_sub(4), (y / module).wrapping_sub(4));
        let dark = x < size && y < size && code[y as usize][x as usize].value();
        Luma([if dark { 0 } else { 255 }])
    })
}

/// A photograph of a code: from the side, a little turned, in uneven light, not quite in focus, with noise.
fn photograph(code: &GrayImage, width: u32, height: u32) -> RgbImage {
    let (sin, cos) = 0.15_f64.sin_cos();
    let scale = 1.45 * f64::from(code.width()) / f64::from(height);
    let mut noise = 1_u32;
    let photo = RgbImage::from_fn(width, height, |x, y| {
        let (u, v) = (f64::from(x) - f64::from(width) / 2.0, f64::from(y) - f64::from(height) / 2.0);
        let depth = 1.0 + 0.12 * v / f64::from(height);
        let half = f64::from(code.width()) / 2.0;
        let at = |one: f64, two: f64, sign: f64| (one * cos + sign * two * sin) * depth * scale + half;
        let (u, v) = (at(u, v, 1.0), at(v, u, -1.0));
        let inside = u >= 0.0 && v >= 0.0 && u < 2.0 * half && v < 2.0 * half;
        let ink = if inside { code.get_pixel(u as u32, v as u32).0[0] } else { 200 };
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let light = 0.45 + 0.5 * f64::from(x) / f64::from(width);
        let grey = (20.0 + f64::from(ink) * 0.8) * light + f64::from(noise >> 28);
        Rgb([grey as u8, grey as u8, (grey * 0.9) as u8])
    });
    blur(&photo, 1.0)
}

#[test]
fn codes_of_every_size_and_file_are_read() {
    for text in ["A", "https://issuer.example/", &credential()] {
        for module in [2, 3, 9] {
            let code = code(text, module);
            for file in
                [png(code.clone()), webp(DynamicImage::from(code.clone()).into_rgb8()), jpeg(code.clone())]
            {
                assert_eq!(read(&file), [text], "{} bytes, {module} pixels", text.len());
            }
        }
    }
}

#[test]
fn a_photograph_is_read() {
    for text in ["https://issuer.example/claim/0190c5a4-0ab5-4c37-8f7a-6dd1e1aa7a2c", &credential()[..900]] {
        let photo = photograph(&code(text, 8), 2_400, 1_800);
        assert_eq!(read(&jpeg(photo)), [text]);
    }
}

#[test]
fn a_code_may_be_turned_light_or_transparent() {
    let upright = code("turned", 5);
    let mut light = upright.clone();
    image::imageops::invert(&mut light);
    let glass = GrayAlphaImage::from_fn(upright.width(), upright.height(), |x, y| {
        LumaA([0, 255 - upright.get_pixel(x, y).0[0]])
    });
    let turned = DynamicImage::from(upright);
    for image in [
        turned.rotate90(),
        turned.rotate180(),
        turned.rotate270(),
        turned.fliph(),
        light.into(),
        glass.into(),
    ] {
        assert_eq!(read(&png(image)), ["turned"]);
    }
}

#[test]
fn several_codes_are_all_read() {
    let (one, two) = (code("one", 6), code("two", 6));
    let mut both = GrayImage::from_pixel(600, 300, Luma([255]));
    image::imageops::replace(&mut both, &one, 20, 20);
    image::imageops::replace(&mut both, &two, 320, 40);
    let mut texts = read(&png(both));
    texts.sort();
    assert_eq!(texts, ["one", "two"]);
}

#[test]
fn a_picture_without_a_code_has_none() {
    for image in [picture(1, 1), picture(1, 900), picture(900, 1), picture(300, 200)] {
        assert_eq!(read(&png(image)), Vec::<String>::new());
    }
    let half = DynamicImage::from(code(&credential(), 4)).crop_imm(0, 0, 300, 600);
    assert_eq!(read(&png(half)), Vec::<String>::new());
}

#[test]
fn a_large_picture_is_read() {
    let large = resize(&code("large", 20), 6_000, 6_000, FilterType::Nearest);
    assert_eq!(read(&png(large)), ["large"]);
}

/// Corners of codes everywhere: without a limit, comparing each with every other two takes days.
#[test]
fn a_picture_of_nothing_but_corners_is_given_up() {
    for module in [1, 2] {
        let corners = GrayImage::from_fn(1_600, 1_600, |x, y| {
            let (x, y) = (x / module % 9, y / module % 9);
            let ring = x.abs_diff(3).max(y.abs_diff(3));
            Luma([if ring == 3 || ring <= 1 { 0 } else { 255 }])
        });
        assert_eq!(read(&png(corners)), Vec::<String>::new());
    }
}

#[test]
fn limits_are_those_of_images() {
    let file = png(code("x", 4));
    let limits = ImageLimits { pixels: 100, ..ImageLimits::default() };
    assert!(matches!(read_qr(&file, &limits), Err(ImageError::TooManyPixels { .. })));
    let limits = ImageLimits { upload_bytes: 10, ..limits };
    assert!(matches!(read_qr(&file, &limits), Err(ImageError::TooLarge { limit: 10 })));
    assert_eq!(read_qr(b"<svg/>", &ImageLimits::default()), Err(ImageError::Type));
    assert_eq!(read_qr(&file[..60], &ImageLimits::default()), Err(ImageError::Damaged));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_picture_is_too_strange(width in 1_u32..80, pixels in proptest::collection::vec(any::<bool>(), 1..6_400)) {
        let height = u32::try_from(pixels.len()).unwrap().div_ceil(width);
        let image = GrayImage::from_fn(width, height, |x, y| {
            Luma([if pixels.get((y * width + x) as usize) == Some(&true) { 0 } else { 255 }])
        });
        read(&png(image));
    }
}
