//! An image from outside, made safe.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::codecs::webp::WebPEncoder;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, ImageResult, Limits};

use crate::{jpeg, webp};

/// Loses nothing that is seen on a logo or a portrait, and keeps a photograph at about the size it came in.
const JPEG_QUALITY: u8 = 90;

/// What an image may cost.
///
/// At its peak, [`sanitise`] needs about three times `decoded_bytes`: the caller bounds how many run at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageLimits {
    /// Bytes of the upload.
    pub upload_bytes: usize,
    /// Pixels of width, and of height.
    pub side: u32,
    /// Pixels of width times height.
    pub pixels: u64,
    /// Bytes of the decoded pixels: for each pixel 1 to 4, twice that at 16 bits a channel.
    pub decoded_bytes: u64,
    /// Bytes of the [`SafeImage`]. It can be larger than the upload, as a lossy WebP is written without loss.
    pub stored_bytes: usize,
}

impl Default for ImageLimits {
    /// Uploads of 5 MiB, 8192 x 8192 pixels and 40 megapixels at 8 bits a channel, kept in at most 20 MiB.
    fn default() -> Self {
        Self {
            upload_bytes: 5 << 20,
            side: 8192,
            pixels: 40_000_000,
            decoded_bytes: 160_000_000,
            stored_bytes: 20 << 20,
        }
    }
}

/// What an image is, told from its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MediaType {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// WebP.
    Webp,
}

impl MediaType {
    /// The media type, for example `image/png`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
        }
    }

    fn of(bytes: &[u8]) -> Option<Self> {
        match image::guess_format(bytes).ok()? {
            ImageFormat::Jpeg => Some(Self::Jpeg),
            ImageFormat::Png => Some(Self::Png),
            ImageFormat::WebP => Some(Self::Webp),
            _ => None,
        }
    }

    const fn format(self) -> ImageFormat {
        match self {
            Self::Jpeg => ImageFormat::Jpeg,
            Self::Png => ImageFormat::Png,
            Self::Webp => ImageFormat::WebP,
        }
    }
}

/// An image that this crate wrote: pixels and nothing else.
#[derive(Clone, PartialEq, Eq)]
pub struct SafeImage {
    /// What it is.
    pub media_type: MediaType,
    /// The file.
    pub bytes: Vec<u8>,
    /// Width in pixels, as it is shown.
    pub width: u32,
    /// Height in pixels, as it is shown.
    pub height: u32,
}

impl std::fmt::Debug for SafeImage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { media_type, bytes, width, height } = self;
        write!(f, "SafeImage({}, {width} x {height}, {} bytes)", media_type.as_str(), bytes.len())
    }
}

/// Why an upload is refused. The texts are for who uploads, and quote nothing of the upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// It is neither JPEG nor PNG nor WebP.
    #[error("the file is not a JPEG, PNG or WebP image; upload one of these")]
    Type,
    /// It has too many bytes.
    #[error("the image is larger than {limit} bytes; upload a smaller file")]
    TooLarge {
        /// How many it may have.
        limit: usize,
    },
    /// Its header claims too many pixels, or too many bytes for them.
    #[error("the image has too many pixels; scale it down to at most {side} x {side} and {pixels} in all")]
    TooManyPixels {
        /// How many pixels wide and high it may be.
        side: u32,
        /// How many pixels it may have.
        pixels: u64,
    },
    /// It takes too many bytes once it is written anew.
    #[error("the image takes more than {limit} bytes when it is stored; scale it down or upload it as JPEG")]
    TooDetailed {
        /// How many it may take.
        limit: usize,
    },
    /// It cannot be decoded, or only in part.
    #[error("the image is damaged or incomplete; save it again with an image editor and upload that file")]
    Damaged,
}

/// Decodes an image within `limits` and writes it anew, in its own format: JPEG at quality 90, PNG and WebP without loss.
///
/// What it is is told from the content. EXIF orientation is applied; metadata, colour profiles and whatever hides before,
/// between or after the pixels is gone. Of an animated WebP the first frame is kept, of an animated PNG the still image.
///
/// It needs the CPU for up to seconds: call it where blocking is allowed.
///
/// # Errors
/// [`ImageError`], which tells who uploads what to do.
pub fn sanitise(bytes: &[u8], limits: &ImageLimits) -> Result<SafeImage, ImageError> {
    let (media_type, image) = open(bytes, limits)?;
    let bytes = encode(&image, media_type).map_err(|_| ImageError::Damaged)?;
    if bytes.len() > limits.stored_bytes {
        return Err(ImageError::TooDetailed { limit: limits.stored_bytes });
    }
    Ok(SafeImage { media_type, bytes, width: image.width(), height: image.height() })
}

/// An image as it is shown, decoded within `limits`.
pub(crate) fn open(bytes: &[u8], limits: &ImageLimits) -> Result<(MediaType, DynamicImage), ImageError> {
    if bytes.len() > limits.upload_bytes {
        return Err(ImageError::TooLarge { limit: limits.upload_bytes });
    }
    let media_type = MediaType::of(bytes).ok_or(ImageError::Type)?;
    let file = match media_type {
        MediaType::Jpeg => jpeg::outline(bytes),
        MediaType::Png => Some(bytes),
        MediaType::Webp => webp::outline(bytes),
    };
    let image = decode(file.ok_or(ImageError::Damaged)?, media_type, limits)?;
    Ok((media_type, image))
}

fn decode(file: &[u8], media_type: MediaType, limits: &ImageLimits) -> Result<DynamicImage, ImageError> {
    let too_many_pixels = ImageError::TooManyPixels { side: limits.side, pixels: limits.pixels };
    let refusal = |error| match error {
        image::ImageError::Limits(_) => too_many_pixels,
        _ => ImageError::Damaged,
    };
    let mut reader = ImageReader::with_format(Cursor::new(file), media_type.format());
    reader.limits(codec_limits(limits));
    let mut decoder = reader.into_decoder().map_err(refusal)?;
    // Only the header is read so far. The codecs know no limit of the area, and allocate the pixels unasked.
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > limits.pixels || decoder.total_bytes() > limits.decoded_bytes {
        return Err(too_many_pixels);
    }
    let orientation = decoder.orientation().map_err(refusal)?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(refusal)?;
    image.apply_orientation(orientation);
    Ok(image)
}

fn codec_limits(limits: &ImageLimits) -> Limits {
    let mut codec = Limits::no_limits();
    codec.max_image_width = Some(limits.side);
    codec.max_image_height = Some(limits.side);
    codec.max_alloc = Some(limits.decoded_bytes);
    codec
}

fn encode(image: &DynamicImage, media_type: MediaType) -> ImageResult<Vec<u8>> {
    let mut file = Vec::new();
    match media_type {
        MediaType::Jpeg => image.write_with_encoder(JpegEncoder::new_with_quality(&mut file, JPEG_QUALITY)),
        MediaType::Png => {
            let (compression, filter) = (CompressionType::Default, FilterType::Adaptive);
            image.write_with_encoder(PngEncoder::new_with_quality(&mut file, compression, filter))
        }
        MediaType::Webp => image.write_with_encoder(WebPEncoder::new_lossless(&mut file)),
    }?;
    Ok(file)
}
