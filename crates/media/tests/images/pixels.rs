//! The pixels stay what they were.

use image::{DynamicImage, ImageBuffer, Luma, LumaA, Rgba, imageops};
use media::{ImageLimits, MediaType, SafeImage, sanitise};
use proptest::prelude::*;

use crate::files::{self, exif, glass, jpeg, picture, png, webp};

pub(crate) fn safe(file: &[u8]) -> SafeImage {
    sanitise(file, &ImageLimits::default()).unwrap()
}

pub(crate) fn shown(image: &SafeImage) -> DynamicImage {
    let shown = image::load_from_memory(&image.bytes).unwrap();
    assert_eq!((shown.width(), shown.height()), (image.width, image.height));
    shown
}

/// How far the channel of a pixel is from what it was, at most.
fn difference(one: &DynamicImage, other: &DynamicImage) -> u8 {
    let (one, other) = (one.to_rgb8(), other.to_rgb8());
    assert_eq!(one.dimensions(), other.dimensions());
    one.iter().zip(other.iter()).map(|(one, other)| one.abs_diff(*other)).max().unwrap()
}

#[test]
fn jpeg_is_what_it_was_within_its_loss() {
    let image = picture(97, 61);
    let safe = safe(&jpeg(image.clone()));
    assert_eq!(safe.media_type, MediaType::Jpeg);
    assert_eq!((safe.width, safe.height), (97, 61));
    assert!(difference(&shown(&safe), &image.into()) <= 12);
    // At quality 90 the first step of T.81's quantisation table for luminance, 16, becomes 3.
    let table = safe.bytes.windows(2).position(|marker| marker == [0xff, 0xdb]).unwrap();
    assert_eq!(safe.bytes[table + 4..table + 6], [0, 3]);
}

#[test]
fn grey_jpeg_stays_grey() {
    let grey = DynamicImage::from(picture(32, 32)).to_luma8();
    assert!(matches!(shown(&safe(&jpeg(grey))), DynamicImage::ImageLuma8(_)));
}

#[test]
fn png_is_what_it_was_in_every_colour_type() {
    let deep: ImageBuffer<Rgba<u16>, Vec<u16>> = ImageBuffer::from_fn(40, 30, |x, y| {
        Rgba([x, y, x * y, 65_535 - x].map(|channel| u16::try_from(channel * 53 % 65_536).unwrap()))
    });
    let images: [DynamicImage; 5] = [
        glass(40, 30).into(),
        picture(40, 30).into(),
        ImageBuffer::from_fn(40, 30, |x, _| Luma([u8::try_from(x).unwrap()])).into(),
        ImageBuffer::from_fn(40, 30, |x, y| LumaA([x, y].map(|channel| u8::try_from(channel).unwrap())))
            .into(),
        deep.into(),
    ];
    for image in images {
        let safe = safe(&png(image.clone()));
        assert_eq!(safe.media_type, MediaType::Png);
        assert_eq!(shown(&safe), image);
    }
}

#[test]
fn webp_is_what_it_was() {
    for image in [DynamicImage::from(glass(40, 30)), picture(40, 30).into()] {
        let safe = safe(&webp(image.clone()));
        assert_eq!(safe.media_type, MediaType::Webp);
        assert_eq!(shown(&safe), image);
    }
}

#[test]
fn what_is_safe_stays_as_it_is() {
    for file in [png(glass(40, 30)), webp(glass(40, 30))] {
        let once = safe(&file);
        assert_eq!(safe(&once.bytes).bytes, once.bytes);
    }
}

#[test]
fn orientation_is_applied_to_the_pixels() {
    let image = picture(64, 32);
    let turned = imageops::rotate90(&image);
    let exif = exif(6);
    let file = files::with_segments(&jpeg(image.clone()), &[(0xe1, &[b"Exif\0\0", &exif[..]].concat())]);
    let jpeg = safe(&file);
    assert_eq!((jpeg.width, jpeg.height), (32, 64));
    assert!(difference(&shown(&jpeg), &turned.clone().into()) <= 12);

    let png = safe(&files::with_png_chunks(&png(image.clone()), &[files::png_chunk(b"eXIf", &exif)]));
    assert_eq!(shown(&png), turned.clone().into());

    let pixels = files::webp_pixels(&webp(image));
    let webp =
        safe(&files::riff(&[files::webp_canvas(8, 64, 32), pixels, files::riff_chunk(b"EXIF", &exif)]));
    assert_eq!(shown(&webp), turned.into());
}

#[test]
fn of_an_animated_webp_the_first_frame_remains() {
    let first = picture(32, 16);
    let frame = |pixels: Vec<u8>| {
        let place = [0, 0, 0, 0, 0, 0, 31, 0, 0, 15, 0, 0, 100, 0, 0, 2];
        files::riff_chunk(b"ANMF", &[place.to_vec(), pixels].concat())
    };
    let file = files::riff(&[
        files::webp_canvas(2, 32, 16),
        files::riff_chunk(b"ANIM", &[0; 6]),
        frame(files::webp_pixels(&webp(first.clone()))),
        frame(files::webp_pixels(&webp(imageops::flip_horizontal(&first)))),
    ]);
    let safe = safe(&file);
    assert_eq!(shown(&safe), first.into());
    assert!(!files::contains(&safe.bytes, b"ANMF"));
}

#[test]
fn of_an_animated_png_the_still_image_remains() {
    let first = picture(32, 16);
    let still = png(first.clone());
    let control = |sequence: u8| {
        let fields: [&[u8]; 5] =
            [&[0, 0, 0, sequence], &[0, 0, 0, 32], &[0, 0, 0, 16], &[0; 8], &[0, 1, 0, 10, 0, 0]];
        files::png_chunk(b"fcTL", &fields.concat())
    };
    // The second frame's data: what stands in its IDAT, behind a sequence number.
    let second = png(imageops::flip_horizontal(&first));
    let length = usize::try_from(u32::from_be_bytes(second[33..37].try_into().unwrap())).unwrap();
    let data = [&[0, 0, 0, 2], &second[41..41 + length]].concat();
    let end = still.len() - 12;
    let file = [
        &still[..33],
        &files::png_chunk(b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0]),
        &control(0),
        &still[33..end],
        &control(1),
        &files::png_chunk(b"fdAT", &data),
        &still[end..],
    ]
    .concat();
    let safe = safe(&file);
    assert_eq!(shown(&safe), first.into());
    assert!(!files::contains(&safe.bytes, b"fdAT") && !files::contains(&safe.bytes, b"acTL"));
}

proptest! {
    #[test]
    fn no_size_is_special(width in 1_u32..70, height in 1_u32..70) {
        let image = DynamicImage::from(picture(width, height));
        prop_assert_eq!(&shown(&safe(&png(image.clone()))), &image);
        prop_assert_eq!(&shown(&safe(&webp(image.clone()))), &image);
        let jpeg = shown(&safe(&jpeg(image)));
        prop_assert_eq!((jpeg.width(), jpeg.height()), (width, height));
    }
}
