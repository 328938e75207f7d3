//! Files as cameras, editors and attackers make them.

use flate2::Crc;
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

/// Stands in every metadata block, so that a test can look for it.
pub(crate) const MARK: &str = "48.2082N-16.3738E";
/// Markup that some browsers would run if the file was served as something else.
pub(crate) const HTML: &[u8] = b"<html><script>alert(1)</script></html>";

/// A smooth picture, no corner of which looks like another.
pub(crate) fn picture(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let along = |at: u32, size: u32| u8::try_from(at * 200 / size).unwrap();
        Rgb([along(x, width), along(y, height), 90])
    })
}

/// The same with an alpha channel that is nowhere twice the same in a row.
pub(crate) fn glass(width: u32, height: u32) -> RgbaImage {
    let picture = picture(width, height);
    RgbaImage::from_fn(width, height, |x, y| {
        let Rgb([red, green, blue]) = *picture.get_pixel(x, y);
        Rgba([red, green, blue, u8::try_from(255 - x % 200).unwrap()])
    })
}

pub(crate) fn png(image: impl Into<DynamicImage>) -> Vec<u8> {
    written(&image.into(), ImageFormat::Png)
}

pub(crate) fn webp(image: impl Into<DynamicImage>) -> Vec<u8> {
    written(&image.into(), ImageFormat::WebP)
}

fn written(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    image.write_to(&mut file, format).unwrap();
    file.into_inner()
}

pub(crate) fn jpeg(image: impl Into<DynamicImage>) -> Vec<u8> {
    let mut file = Vec::new();
    image.into().write_with_encoder(JpegEncoder::new_with_quality(&mut file, 95)).unwrap();
    file
}

/// An EXIF block (TIFF, little endian) with an orientation and a GPS directory that names a place.
pub(crate) fn exif(orientation: u16) -> Vec<u8> {
    let place_length = u32::try_from(MARK.len() + 1).unwrap();
    let entry = |tag: u16, kind: u16, count: u32, value: u32| {
        [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes(), &value.to_le_bytes()].concat()
    };
    let gps_at = 8 + 2 + 2 * 12 + 4;
    let place_at = gps_at + 2 + 12 + 4;
    [
        b"II*\0\x08\0\0\0".to_vec(),
        vec![2, 0],
        entry(0x0112, 3, 1, orientation.into()),
        entry(0x8825, 4, 1, gps_at),
        vec![0; 4],
        vec![1, 0],
        entry(0x001b, 2, place_length, place_at),
        vec![0; 4],
        MARK.as_bytes().to_vec(),
        vec![0],
    ]
    .concat()
}

/// Inserts JPEG segments after the start of the image.
pub(crate) fn with_segments(file: &[u8], segments: &[(u8, &[u8])]) -> Vec<u8> {
    let mut longer = file[..2].to_vec();
    for (marker, payload) in segments {
        longer.extend([0xff, *marker]);
        longer.extend(u16::try_from(payload.len() + 2).unwrap().to_be_bytes());
        longer.extend(*payload);
    }
    longer.extend(&file[2..]);
    longer
}

pub(crate) fn png_chunk(name: &[u8; 4], payload: &[u8]) -> Vec<u8> {
    let named = [name, payload].concat();
    let mut crc = Crc::new();
    crc.update(&named);
    [&u32::try_from(payload.len()).unwrap().to_be_bytes()[..], &named, &crc.sum().to_be_bytes()].concat()
}

/// Inserts PNG chunks after the header.
pub(crate) fn with_png_chunks(file: &[u8], chunks: &[Vec<u8>]) -> Vec<u8> {
    [&file[..33], &chunks.concat(), &file[33..]].concat()
}

/// A PNG of which there is only the header and a little data.
pub(crate) fn png_header(width: u32, height: u32, bits: u8, colour: u8) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[bits, colour, 0, 0, 0]].concat();
    [b"\x89PNG\r\n\x1a\n".to_vec(), png_chunk(b"IHDR", &header), png_chunk(b"IDAT", b"\x78\x9c")].concat()
}

pub(crate) fn riff_chunk(name: &[u8; 4], payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_le_bytes();
    [name, &length[..], payload, &[0][..payload.len() % 2]].concat()
}

/// A WebP file of chunks.
pub(crate) fn riff(chunks: &[Vec<u8>]) -> Vec<u8> {
    riff_chunk(b"RIFF", &[b"WEBP".to_vec(), chunks.concat()].concat())
}

/// The header of an extended WebP file.
pub(crate) fn webp_canvas(flags: u8, width: u32, height: u32) -> Vec<u8> {
    let size = [(width - 1).to_le_bytes(), (height - 1).to_le_bytes()];
    riff_chunk(b"VP8X", &[&[flags, 0, 0, 0], &size[0][..3], &size[1][..3]].concat())
}

/// The chunk with the pixels of a WebP file that [`webp`] made.
pub(crate) fn webp_pixels(file: &[u8]) -> Vec<u8> {
    file[12..].to_vec()
}

pub(crate) fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
