//! The settings of images, as the blob store wants them.

use anyhow::ensure;
use media::{BlobSettings, S3Settings};

use super::Settings;
use super::sections::Images;

impl Images {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        ensure!(
            self.s3_access_key_id.is_empty() == self.s3_secret_access_key.is_empty(),
            "images.s3_access_key_id and images.s3_secret_access_key (BESTOW_IMAGES_S3_SECRET_ACCESS_KEY) belong together: \
             give both, or neither if the keys come from the environment or from the instance's role"
        );
        Ok(())
    }
}

fn given(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

impl Settings {
    /// Whether images are kept in a bucket; if not, in a folder.
    pub(crate) const fn has_bucket(&self) -> bool {
        !self.images.s3_bucket.is_empty()
    }

    /// What the blob store wants to know.
    pub(crate) fn blobs(&self) -> BlobSettings {
        let images = &self.images;
        if !self.has_bucket() {
            return BlobSettings::Folder(self.images_folder());
        }
        BlobSettings::S3(S3Settings {
            bucket: images.s3_bucket.clone(),
            region: images.s3_region.clone(),
            endpoint: given(&images.s3_endpoint),
            access_key_id: given(&images.s3_access_key_id),
            secret_access_key: given(images.s3_secret_access_key.expose()),
            allow_http: images.s3_allow_http,
            prefix: images.s3_prefix.clone(),
        })
    }

    /// Where images are kept, for people.
    pub(crate) fn images_place(&self) -> String {
        if self.has_bucket() {
            format!("the bucket {}", self.images.s3_bucket)
        } else {
            self.images_folder().display().to_string()
        }
    }
}
