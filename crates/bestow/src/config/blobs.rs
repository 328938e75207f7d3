//! The settings of what is kept in a folder or in a bucket, images and the log's export, as the blob store wants them.

use std::path::PathBuf;

use anyhow::ensure;
use blobs::{BlobSettings, S3Settings};

use super::Settings;
use super::sections::{Images, Log};
use super::values::Secret;

/// A bucket as a section of the settings describes it.
struct Bucket<'s> {
    /// What stands before the names of its settings.
    section: &'static str,
    bucket: &'s str,
    region: &'s str,
    endpoint: &'s str,
    access_key_id: &'s str,
    secret_access_key: &'s Secret,
    allow_http: bool,
    prefix: &'s str,
}

impl Bucket<'_> {
    fn check(&self) -> anyhow::Result<()> {
        let section = self.section;
        ensure!(
            self.access_key_id.is_empty() == self.secret_access_key.is_empty(),
            "{section}s3_access_key_id and {section}s3_secret_access_key (BESTOW_{}S3_SECRET_ACCESS_KEY) belong together: give \
             both, or neither if the keys come from the environment or from the instance's role",
            section.replace('.', "_").to_uppercase()
        );
        Ok(())
    }

    /// The bucket, if one is named.
    fn settings(&self) -> Option<BlobSettings> {
        given(self.bucket).map(|bucket| {
            BlobSettings::S3(S3Settings {
                bucket,
                region: self.region.to_owned(),
                endpoint: given(self.endpoint),
                access_key_id: given(self.access_key_id),
                secret_access_key: given(self.secret_access_key.expose()),
                allow_http: self.allow_http,
                prefix: self.prefix.to_owned(),
            })
        })
    }

    /// For people.
    fn place(&self) -> Option<String> {
        given(self.bucket).map(|bucket| format!("the bucket {bucket}"))
    }
}

fn given(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

impl Images {
    fn bucket(&self) -> Bucket<'_> {
        Bucket {
            section: "images.",
            bucket: &self.s3_bucket,
            region: &self.s3_region,
            endpoint: &self.s3_endpoint,
            access_key_id: &self.s3_access_key_id,
            secret_access_key: &self.s3_secret_access_key,
            allow_http: self.s3_allow_http,
            prefix: &self.s3_prefix,
        }
    }

    pub(super) fn check(&self) -> anyhow::Result<()> {
        self.bucket().check()
    }
}

impl Log {
    fn bucket(&self) -> Bucket<'_> {
        Bucket {
            section: "log.export_",
            bucket: &self.export_s3_bucket,
            region: &self.export_s3_region,
            endpoint: &self.export_s3_endpoint,
            access_key_id: &self.export_s3_access_key_id,
            secret_access_key: &self.export_s3_secret_access_key,
            allow_http: self.export_s3_allow_http,
            prefix: &self.export_s3_prefix,
        }
    }

    pub(super) fn check(&self) -> anyhow::Result<()> {
        self.bucket().check()
    }
}

impl Settings {
    /// Where images are kept, as the blob store wants it.
    pub(crate) fn blobs(&self) -> BlobSettings {
        self.images.bucket().settings().unwrap_or_else(|| BlobSettings::Folder(self.images_folder()))
    }

    /// Where images are kept, for people.
    pub(crate) fn images_place(&self) -> String {
        self.images.bucket().place().unwrap_or_else(|| self.images_folder().display().to_string())
    }

    /// Where the log is exported, as the blob store wants it and for people; `None` if nowhere.
    pub(crate) fn log_export(&self) -> Option<(BlobSettings, String)> {
        let bucket = self.log.bucket();
        if let (Some(settings), Some(place)) = (bucket.settings(), bucket.place()) {
            return Some((settings, place));
        }
        let folder = self.log_export_folder()?;
        let place = format!("the folder {}", folder.display());
        Some((BlobSettings::Folder(folder), place))
    }

    /// The folder that the setting names; if it names none, one beside the SQLite database. With PostgreSQL there is none:
    /// each replica would have its own.
    fn log_export_folder(&self) -> Option<PathBuf> {
        let named = &self.log.export_folder;
        if named.as_os_str().is_empty() {
            self.database.file().map(|file| file.with_file_name("log"))
        } else {
            Some(named.clone())
        }
    }
}
