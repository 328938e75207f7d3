//! Credentials in QR codes on pictures.

use media::{ImageError, ImageLimits};
use tokio::sync::Semaphore;

use super::problem::Problem;
use super::upload::PICTURE;

/// How many pictures are read at once: each takes memory and a CPU.
const AT_ONCE: usize = 2;

/// Reads pictures.
#[derive(Debug)]
pub(super) struct Scanner(Semaphore);

impl Default for Scanner {
    fn default() -> Self {
        Self(Semaphore::new(AT_ONCE))
    }
}

impl Scanner {
    /// What the QR code on a picture says. Of several, the first that is no link.
    pub(super) async fn text_on(&self, picture: Vec<u8>) -> Result<String, Problem> {
        let _permit = self.0.acquire().await.map_err(|_| Problem::NoCode)?;
        let read = tokio::task::spawn_blocking(move || {
            let limits = ImageLimits { upload_bytes: PICTURE, ..ImageLimits::default() };
            media::read_qr(&picture, &limits)
        });
        let texts = read.await.map_err(|error| {
            tracing::error!(%error, "a picture could not be searched for QR codes");
            Problem::NoCode
        })?;
        let texts = texts.map_err(|error| match error {
            ImageError::Type | ImageError::Damaged => Problem::NoPicture,
            ImageError::TooLarge { .. }
            | ImageError::TooManyPixels { .. }
            | ImageError::TooDetailed { .. } => Problem::LargePicture,
        })?;
        let best = texts.iter().position(|text| !is_link(text)).unwrap_or_default();
        texts.into_iter().nth(best).ok_or(Problem::NoCode)
    }
}

/// Whether a text leads somewhere, instead of saying something.
pub(super) fn is_link(text: &str) -> bool {
    let text = text.trim_start();
    let Some((scheme, _)) = text.split_once("://") else { return false };
    let is_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    !scheme.is_empty() && scheme.bytes().all(is_scheme)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_told_from_credentials() {
        for link in ["https://a.example", " openid4vp://?x", "openid-credential-offer://?x", "HTTP://A"] {
            assert!(is_link(link), "{link}");
        }
        for other in ["", "eyJ.eyJ.x~", "{\"id\":\"https://a.example\"}", "a b://c", "://", "did:web:a"] {
            assert!(!is_link(other), "{other}");
        }
    }
}
