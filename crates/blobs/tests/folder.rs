//! Blobs in a folder, and what every kind of store refuses.

#![expect(clippy::unwrap_used, reason = "the helpers of a test may panic as the test itself may")]

use std::error::Error as _;
use std::fs;

use blobs::{BlobError, BlobSettings, Blobs, Form, S3Settings};
use tempfile::TempDir;

fn folder() -> (TempDir, Blobs) {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(&BlobSettings::Folder(folder.path().join("new/blobs"))).unwrap();
    (folder, blobs)
}

fn s3(change: impl FnOnce(&mut S3Settings)) -> Result<Blobs, BlobError> {
    let mut settings = S3Settings {
        bucket: "images".into(),
        region: "eu-central-1".into(),
        endpoint: None,
        access_key_id: Some("AKIDEXAMPLE".into()),
        secret_access_key: Some("very-secret".into()),
        allow_http: false,
        prefix: String::new(),
    };
    change(&mut settings);
    let settings = BlobSettings::S3(settings);
    let blobs = Blobs::open(&settings);
    let text = format!("{settings:?} {blobs:?}");
    assert!(!text.contains("very-secret") && !text.contains("AKIDEXAMPLE"), "{text}");
    blobs
}

#[tokio::test]
async fn what_is_put_can_be_read_replaced_and_removed() {
    let (_folder, blobs) = folder();
    assert_eq!(blobs.get("images/one", 10).await.unwrap(), None);
    blobs.put("images/one", b"first".to_vec()).await.unwrap();
    blobs.put("images/two", b"other".to_vec()).await.unwrap();
    assert_eq!(blobs.get("images/one", 10).await.unwrap().unwrap(), b"first");
    blobs.put("images/one", b"second".to_vec()).await.unwrap();
    assert_eq!(blobs.get("images/one", 10).await.unwrap().unwrap(), b"second");
    blobs.delete("images/one").await.unwrap();
    assert_eq!(blobs.get("images/one", 10).await.unwrap(), None);
    blobs.delete("images/one").await.unwrap();
    assert_eq!(blobs.get("images/two", 10).await.unwrap().unwrap(), b"other");
}

#[tokio::test]
async fn a_store_opened_again_has_what_was_put() {
    let (folder, blobs) = folder();
    blobs.put("images/one", b"first".to_vec()).await.unwrap();
    let again = Blobs::open(&BlobSettings::Folder(folder.path().join("new/blobs"))).unwrap();
    assert_eq!(again.get("images/one", 10).await.unwrap().unwrap(), b"first");
    assert_eq!(fs::read(folder.path().join("new/blobs/images/one")).unwrap(), b"first");
}

#[tokio::test]
async fn the_limit_of_a_read_is_inclusive() {
    let (_folder, blobs) = folder();
    blobs.put("one", vec![7; 100]).await.unwrap();
    assert_eq!(blobs.get("one", 100).await.unwrap().unwrap().len(), 100);
    let refused = blobs.get("one", 99).await.unwrap_err();
    assert!(matches!(refused, BlobError::TooLarge { size: 100, limit: 99 }), "{refused}");
    blobs.put("empty", Vec::new()).await.unwrap();
    assert_eq!(blobs.get("empty", 0).await.unwrap().unwrap(), b"");
}

#[tokio::test]
async fn a_key_cannot_leave_the_folder() {
    let (folder, blobs) = folder();
    let outside = folder.path().join("outside");
    fs::write(&outside, "mine").unwrap();
    for key in ["../outside", "../../outside", "images/../../outside", "/etc/passwd", "", "."] {
        assert!(matches!(blobs.put(key, Vec::new()).await, Err(BlobError::Key)), "{key}");
        assert!(matches!(blobs.get(key, 10).await, Err(BlobError::Key)), "{key}");
        assert!(matches!(blobs.delete(key).await, Err(BlobError::Key)), "{key}");
    }
    assert_eq!(fs::read(outside).unwrap(), b"mine");
}

#[tokio::test]
async fn a_folder_of_blobs_is_no_blob() {
    let (_folder, blobs) = folder();
    blobs.put("images/one", b"first".to_vec()).await.unwrap();
    assert_eq!(blobs.get("images", 10).await.unwrap(), None);
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let problem = Blobs::open(&BlobSettings::Folder(file.join("blobs"))).unwrap_err();
    assert!(problem.to_string().contains("file/blobs cannot be made or opened"), "{problem}");
    assert!(problem.source().is_some());
}

#[test]
fn s3_settings_are_checked_before_use() {
    assert!(s3(|_| {}).is_ok());
    let refused = s3(|settings| settings.secret_access_key = None).unwrap_err();
    assert!(matches!(refused, BlobError::Settings(_)), "{refused}");
    let refused = s3(|settings| settings.access_key_id = None).unwrap_err();
    assert!(matches!(refused, BlobError::Settings(_)), "{refused}");
    for endpoint in ["http://127.0.0.1:9000", "s3.example.com"] {
        let refused = s3(|settings| settings.endpoint = Some(endpoint.into())).unwrap_err();
        assert!(matches!(refused, BlobError::Settings(_)), "{refused}");
    }
    let refused = s3(|settings| settings.prefix = "../other".into()).unwrap_err();
    assert!(matches!(refused, BlobError::Key), "{refused}");
}

#[tokio::test]
async fn what_is_published_is_a_file_that_anything_can_serve() {
    let (folder, blobs) = folder();
    let form = Form { content_type: "text/plain", cache_control: "no-cache" };
    blobs.publish("example.com/log/tile/0/x001/067.p/112", b"tile".to_vec(), form).await.unwrap();
    let file = folder.path().join("new/blobs/example.com/log/tile/0/x001/067.p/112");
    assert_eq!(fs::read(file).unwrap(), b"tile");
}

#[tokio::test]
async fn a_folder_is_listed_without_what_is_beside_it() {
    let (folder, blobs) = folder();
    assert!(blobs.list("tile/000.p", 10).await.unwrap().is_empty(), "there is no such folder");
    for key in ["tile/000.p/1", "tile/000.p/20", "tile/000.px/1", "tile/000"] {
        blobs.put(key, Vec::new()).await.unwrap();
    }
    fs::write(folder.path().join("new/blobs/tile/000.p/3#1"), "half").unwrap();
    let mut keys = blobs.list("tile/000.p", 2).await.unwrap();
    keys.sort();
    assert_eq!(keys, ["tile/000.p/1", "tile/000.p/20"]);
    assert!(matches!(blobs.list("tile/000.p", 1).await, Err(BlobError::TooMany(1))));
    assert!(matches!(blobs.list("../tile", 1).await, Err(BlobError::Key)));
}
