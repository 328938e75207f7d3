//! Images that users upload.

use media::{ImageError, ImageLimits};
use model::{AuditAction, Image, ImageId, ImageKind};

use super::{Caller, OfferError};
use crate::EngineError;
use crate::engine::Engine;

/// An image as it was uploaded.
#[derive(Debug)]
pub struct ImageUpload {
    /// What it is for.
    pub kind: ImageKind,
    /// The name that it was uploaded under.
    pub filename: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What is kept of a name: no path, nothing that is not shown, at most 255 bytes.
fn clean_filename(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut clean: String = last.chars().filter(|c| !c.is_control()).collect();
    while clean.len() > 255 {
        clean.pop();
    }
    if clean.is_empty() { "image".to_owned() } else { clean }
}

fn refused(error: &ImageError) -> OfferError {
    match error {
        ImageError::Type => OfferError::ImageType(error.to_string()),
        ImageError::TooLarge { limit } => OfferError::ImageTooLarge(*limit),
        other => OfferError::ImageInvalid(other.to_string()),
    }
}

/// Where an image's bytes are kept.
fn blob(id: &str) -> String {
    format!("images/{id}")
}

impl Engine {
    /// Keeps an image: its pixels, and nothing else of what was uploaded.
    pub async fn upload_image(&self, caller: &Caller, upload: ImageUpload) -> Result<Image, OfferError> {
        let safe = {
            // Decoding takes memory and a core: not many at once.
            let _place = self.decoding.acquire().await;
            let bytes = upload.bytes;
            tokio::task::spawn_blocking(move || media::sanitise(&bytes, &ImageLimits::default()))
                .await
                .map_err(|error| EngineError::inconsistent(format!("decoding an image: {error}")))?
                .map_err(|error| refused(&error))?
        };
        let now = self.clock.now();
        let image = Image {
            id: ImageId::mint(&*self.entropy),
            tenant_id: caller.tenant.id.clone(),
            kind: upload.kind,
            media_type: safe.media_type.as_str().to_owned(),
            filename: clean_filename(&upload.filename),
        };
        // Bytes without a row are lost space; a row without bytes would be a broken image.
        self.blobs.put(&blob(image.id.as_str()), safe.bytes).await.map_err(EngineError::from)?;
        let event =
            self.event(&caller.actor(), &caller.tenant.id, AuditAction::UploadImage, image.id.as_str(), now);
        self.store.insert_image(&image, &event).await?;
        Ok(image)
    }

    /// An image and its bytes, for whoever knows its id.
    pub async fn image(&self, id: &ImageId) -> Result<Option<(Image, Vec<u8>)>, EngineError> {
        let Some(image) = self.store.image(id).await? else { return Ok(None) };
        let bytes = self.blobs.get(&blob(id.as_str()), ImageLimits::default().stored_bytes).await?;
        Ok(bytes.map(|bytes| (image, bytes)))
    }

    /// `keyUrl`: where an image is served.
    pub fn image_url(&self, id: &str) -> String {
        format!("{}/images/{id}", self.settings.public_url)
    }
}

#[cfg(test)]
mod tests {
    use super::clean_filename;

    #[test]
    fn names_lose_their_paths_and_whatever_is_not_shown() {
        for (name, clean) in [
            ("logo.png", "logo.png"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\a\\logo.png", "logo.png"),
            ("a\r\nb.png", "ab.png"),
            ("", "image"),
            ("/", "image"),
        ] {
            assert_eq!(clean_filename(name), clean);
        }
        assert!(clean_filename(&"\u{e4}".repeat(300)).len() <= 255);
    }
}
