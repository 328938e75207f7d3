//! Files that are no image, too large, broken, or made to harm.

use image::DynamicImage;
use media::{ImageError, ImageLimits, MediaType, sanitise};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::files::{self, HTML, exif, glass, jpeg, picture, png, webp};
use crate::pixels::safe;

fn refusal(file: &[u8]) -> ImageError {
    sanitise(file, &ImageLimits::default()).unwrap_err()
}

fn too_many_pixels() -> ImageError {
    ImageError::TooManyPixels { side: 8192, pixels: 40_000_000 }
}

#[test]
fn only_three_formats_are_images() {
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
    let hidden = [HTML, &png(picture(4, 4))].concat();
    let files: [&[u8]; 9] = [
        b"",
        b"\xff",
        HTML,
        svg,
        b"GIF89a\x01\0\x01\0\0\0\0;",
        b"BM",
        b"%PDF-1.7",
        b"RIFF\x04\0\0\0WAVE",
        &hidden,
    ];
    for file in files {
        assert_eq!(refusal(file), ImageError::Type, "{}", file.escape_ascii());
    }
}

#[test]
fn the_content_tells_what_it_is() {
    for (file, expected, name) in [
        (jpeg(picture(4, 4)), MediaType::Jpeg, "image/jpeg"),
        (png(picture(4, 4)), MediaType::Png, "image/png"),
        (webp(picture(4, 4)), MediaType::Webp, "image/webp"),
    ] {
        let media_type = safe(&file).media_type;
        assert_eq!((media_type, media_type.as_str()), (expected, name));
    }
}

#[test]
fn bombs_are_refused_by_their_header() {
    let mut jpeg = jpeg(picture(16, 16));
    let frame = jpeg.windows(2).position(|marker| marker == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xea, 0x60, 0xea, 0x60]);
    let pixels = files::webp_pixels(&webp(picture(16, 16)));
    let bombs = [
        ("60,000 wide and high, PNG", files::png_header(60_000, 60_000, 8, 6)),
        ("as large as the format knows", files::png_header(0x7fff_ffff, 0x7fff_ffff, 16, 6)),
        ("within the sides, not within the area", files::png_header(8000, 8000, 8, 2)),
        ("within the area, with 8 bytes a pixel", files::png_header(6000, 6000, 16, 6)),
        ("60,000 wide and high, JPEG", jpeg),
        ("16,384 wide and high, WebP", files::riff(&[files::webp_canvas(0, 1 << 14, 1 << 14), pixels])),
    ];
    for (what, bomb) in bombs {
        assert_eq!(refusal(&bomb), too_many_pixels(), "{what}");
    }
}

#[test]
fn a_webp_frame_larger_than_its_canvas_is_refused() {
    let lossy = [0x10, 0, 0, 0x9d, 0x01, 0x2a, 0xff, 0x3f, 0xff, 0x3f];
    let file = files::riff(&[files::webp_canvas(0, 16, 16), files::riff_chunk(b"VP8 ", &lossy)]);
    assert_eq!(refusal(&file), ImageError::Damaged);
}

#[test]
fn limits_are_inclusive() {
    let file = png(picture(20, 10));
    let exact = ImageLimits {
        upload_bytes: file.len(),
        side: 20,
        pixels: 200,
        decoded_bytes: 600,
        stored_bytes: safe(&file).bytes.len(),
    };
    assert!(sanitise(&file, &exact).is_ok());
    let refused = |limits| sanitise(&file, &limits).unwrap_err();
    let upload_bytes = exact.upload_bytes - 1;
    assert_eq!(refused(ImageLimits { upload_bytes, ..exact }), ImageError::TooLarge { limit: upload_bytes });
    let stored_bytes = exact.stored_bytes - 1;
    assert_eq!(
        refused(ImageLimits { stored_bytes, ..exact }),
        ImageError::TooDetailed { limit: stored_bytes }
    );
    for limits in [
        ImageLimits { side: 19, ..exact },
        ImageLimits { pixels: 199, ..exact },
        ImageLimits { decoded_bytes: 599, ..exact },
    ] {
        let (side, pixels) = (limits.side, limits.pixels);
        assert_eq!(refused(limits), ImageError::TooManyPixels { side, pixels });
    }
}

#[test]
fn a_file_that_breaks_off_is_refused_wherever_it_does() {
    let png = png(glass(24, 16));
    // What comes after the pixels of a PNG says nothing: its checksum and the end chunk.
    let pixels_end = png.len() - 12 - 4 - 4;
    let pixels = files::webp_pixels(&webp(glass(24, 16)));
    let extended = files::riff(&[files::webp_canvas(0x10, 24, 16), pixels, files::riff_chunk(b"pRiV", HTML)]);
    let files = [
        (jpeg(picture(24, 16)), None),
        (png, Some(pixels_end)),
        (webp(glass(24, 16)), None),
        (extended, None),
    ];
    for (file, end) in files {
        for cut in 16..end.unwrap_or(file.len()) {
            assert_eq!(refusal(&file[..cut]), ImageError::Damaged, "cut at {cut} of {}", file.len());
        }
    }
}

#[test]
fn every_refusal_says_what_to_do() {
    let refusals = [
        ImageError::Type,
        ImageError::TooLarge { limit: 5_242_880 },
        too_many_pixels(),
        ImageError::TooDetailed { limit: 20_971_520 },
        ImageError::Damaged,
    ];
    insta::assert_snapshot!(refusals.map(|refusal| refusal.to_string()).join("\n"), @"
    the file is not a JPEG, PNG or WebP image; upload one of these
    the image is larger than 5242880 bytes; upload a smaller file
    the image has too many pixels; scale it down to at most 8192 x 8192 and 40000000 in all
    the image takes more than 20971520 bytes when it is stored; scale it down or upload it as JPEG
    the image is damaged or incomplete; save it again with an image editor and upload that file
    ");
}

fn valid_files() -> Vec<Vec<u8>> {
    let exif = exif(6);
    let pixels = files::webp_pixels(&webp(glass(24, 16)));
    vec![
        files::with_segments(&jpeg(picture(24, 16)), &[(0xe1, &[b"Exif\0\0", &exif[..]].concat())]),
        jpeg(DynamicImage::from(picture(24, 16)).to_luma8()),
        files::with_png_chunks(&png(glass(24, 16)), &[files::png_chunk(b"eXIf", &exif)]),
        png(DynamicImage::from(picture(24, 16)).to_rgb16()),
        webp(picture(24, 16)),
        files::riff(&[files::webp_canvas(0x18, 24, 16), pixels, files::riff_chunk(b"EXIF", &exif)]),
    ]
}

fn small() -> ImageLimits {
    ImageLimits { side: 512, pixels: 100_000, decoded_bytes: 800_000, ..ImageLimits::default() }
}

/// Whatever is accepted is an image within the limits.
fn holds(file: &[u8]) {
    if let Ok(image) = sanitise(file, &small()) {
        let again = sanitise(&image.bytes, &small()).expect("what we wrote is an image");
        assert_eq!(
            (again.media_type, again.width, again.height),
            (image.media_type, image.width, image.height)
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_bytes_do_harm(kind in 0_usize..4, bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let starts: [&[u8]; 4] = [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"RIFF\x40\0\0\0WEBPVP8"];
        holds(&[starts[kind], &bytes].concat());
    }

    #[test]
    fn no_change_of_an_image_does_harm(
        which in any::<Index>(),
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 1..8),
        end in prop::option::of(any::<Index>()),
    ) {
        let mut file = which.get(&valid_files()).clone();
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        if let Some(end) = end {
            file.truncate(end.index(file.len()));
        }
        holds(&file);
    }
}
