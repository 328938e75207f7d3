//! QR codes on pictures from outside.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;

use image::imageops::{invert, thumbnail};
use image::{DynamicImage, GenericImage, GenericImageView, GrayImage, Luma, LumaA};
use rqrr::PreparedImage;

use crate::sanitise::{ImageError, ImageLimits, open};

/// The longer side at which a picture is searched, in pixels: one try after the other. A code of version 40 that fills half
/// of the first has 4 pixels a module; which size suits the focus and the noise of a photograph can only be found out.
const SIDES: [u32; 5] = [1_600, 2_400, 2_000, 1_200, 800];
/// The same for codes that are light on dark, which are on screens, not on photographs.
const SIDES_OF_LIGHT: [u32; 2] = [1_600, 800];
/// How often a pixel is looked at, in all tries for one picture: twice what a photograph without a code takes.
const LOOKS: u64 = 300_000_000;
/// How often the search may try three corners as those of one code.
const TRIES: u32 = 32;
/// How many corners of codes may be found on a picture: it compares each with every other two.
const CORNERS: u32 = 96;
/// How the search colours a corner while it measures it.
const MEASURED: u8 = 4;

/// What the QR codes on a picture say; nothing if there is none that can be read.
///
/// The picture is decoded as [`crate::sanitise`] does. It may be transparent, and a code may be light on dark. Codes of a
/// credential's length are read from files and screens; of photographs of these, only from some.
///
/// It needs the CPU for up to seconds, and about as much memory as `sanitise`: call it where blocking is allowed.
///
/// # Errors
/// [`ImageError`], which tells who uploads what to do.
pub fn read_qr(bytes: &[u8], limits: &ImageLimits) -> Result<Vec<String>, ImageError> {
    let grey = on_white(open(bytes, limits)?.1);
    let effort = Rc::new(Effort { looks: LOOKS.into(), tries: TRIES.into() });
    let longer = grey.width().max(grey.height());
    let sizes = |sides: &[u32]| {
        let mut sizes: Vec<u32> = sides.iter().map(|side| longer.min(*side)).collect();
        sizes.dedup();
        sizes
    };
    let dark = sizes(&SIDES).into_iter().map(|side| scaled(&grey, side));
    let light = sizes(&SIDES_OF_LIGHT).into_iter().map(|side| {
        let mut picture = scaled(&grey, side);
        invert(&mut picture);
        picture
    });
    let mut searched = dark.chain(light).map(|picture| search(picture, &effort));
    Ok(searched.find(|found| !found.is_empty()).unwrap_or_default())
}

/// The picture in shades of grey, as it looks on paper.
fn on_white(image: DynamicImage) -> GrayImage {
    if !image.color().has_alpha() {
        return image.into_luma8();
    }
    let image = image.into_luma_alpha8();
    GrayImage::from_fn(image.width(), image.height(), |x, y| {
        let LumaA([grey, alpha]) = *image.get_pixel(x, y);
        let (grey, alpha) = (u32::from(grey), u32::from(alpha));
        Luma([((grey * alpha + 255 * (255 - alpha)) / 255) as u8])
    })
}

/// The picture with a longer side of at most so many pixels.
fn scaled(picture: &GrayImage, side: u32) -> GrayImage {
    let (width, height) = picture.dimensions();
    let longer = width.max(height);
    if longer <= side {
        return picture.clone();
    }
    let scale = |length: u32| (u64::from(length) * u64::from(side) / u64::from(longer)).max(1) as u32;
    thumbnail(picture, scale(width), scale(height))
}

/// Searches a picture until a code is found or the effort is spent.
fn search(picture: GrayImage, effort: &Rc<Effort>) -> Vec<String> {
    let canvas = Canvas { picture, last: 0, corners: CORNERS.into(), effort: Rc::clone(effort) };
    let found = catch_unwind(AssertUnwindSafe(|| {
        let mut prepared = PreparedImage::prepare(canvas);
        let grids = prepared.detect_grids();
        grids.iter().filter_map(|grid| grid.decode().ok()).map(|(_, text)| text).collect()
    }));
    found.unwrap_or_default()
}

/// How much searching is left.
struct Effort {
    looks: Cell<u64>,
    tries: Cell<u32>,
}

/// A picture that can be searched so long and no longer: the search takes time with the third power of how many corners
/// there are, and a picture from outside may have any number of them. Nothing but unwinding ends it.
struct Canvas {
    picture: GrayImage,
    /// The last colour that was painted.
    last: u8,
    corners: Cell<u32>,
    effort: Rc<Effort>,
}

impl Canvas {
    fn spend<T: Copy + PartialOrd + std::ops::Sub<Output = T>>(left: &Cell<T>, cost: T) {
        if left.get() < cost {
            resume_unwind(Box::new("the search took too much effort"));
        }
        left.set(left.get() - cost);
    }

    fn look(&self) {
        Self::spend(&self.effort.looks, 1);
    }
}

/// The search copies the picture for each three corners that it tries.
impl Clone for Canvas {
    fn clone(&self) -> Self {
        Self::spend(&self.effort.tries, 1);
        Self::spend(&self.effort.looks, self.picture.len() as u64);
        Self {
            picture: self.picture.clone(),
            last: self.last,
            corners: self.corners.clone(),
            effort: Rc::clone(&self.effort),
        }
    }
}

impl GenericImageView for Canvas {
    type Pixel = Luma<u8>;

    fn dimensions(&self) -> (u32, u32) {
        self.picture.dimensions()
    }

    fn get_pixel(&self, x: u32, y: u32) -> Luma<u8> {
        self.look();
        *self.picture.get_pixel(x, y)
    }
}

impl GenericImage for Canvas {
    fn get_pixel_mut(&mut self, x: u32, y: u32) -> &mut Luma<u8> {
        self.look();
        self.picture.get_pixel_mut(x, y)
    }

    fn put_pixel(&mut self, x: u32, y: u32, pixel: Luma<u8>) {
        self.look();
        let Luma([colour]) = pixel;
        if colour == MEASURED && self.last != MEASURED {
            Self::spend(&self.corners, 1);
        }
        self.last = colour;
        self.picture.put_pixel(x, y, pixel);
    }

    fn blend_pixel(&mut self, x: u32, y: u32, pixel: Luma<u8>) {
        self.put_pixel(x, y, pixel);
    }
}
