//! Uploading images: what they are is told by their content, and they are kept within limits.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat};
use serde_json::{Value, json};
use support::{Answer, Environment, Server, on_both};

use crate::offers::common::{
    Part, claim, create, form, get, id_of, list, picture, refused, upload, uploaded,
};

const UPLOAD: &str = "/credential-offers/image-upload";
/// The largest image, in bytes.
const LARGEST: usize = 5_242_880;
/// The largest form, in bytes.
const LARGEST_FORM: usize = 6_291_456;
/// The largest logo, in bytes.
pub(super) const LARGEST_LOGO: usize = 2_097_152;

/// A JPEG of just so many bytes: comments (ISO/IEC 10918-1, B.2.4.5) behind the first marker fill it up.
pub(super) fn jpeg_of(size: usize) -> Vec<u8> {
    const MOST: usize = 60_000;
    let small = picture(ImageFormat::Jpeg);
    let mut file = small[..2].to_vec();
    let mut missing = size - small.len();
    while missing > 0 {
        // A comment takes at least four bytes: nothing smaller may be left over.
        let take = if missing > MOST + 4 { MOST } else { missing.min(65_000) };
        let length = u16::try_from(take - 2).expect("a short one");
        file.extend([0xff, 0xfe]);
        file.extend(length.to_be_bytes());
        let comment = b"Secret Location 52.5N 13.4E ".iter().cycle().take(take - 4);
        file.extend(comment);
        missing -= take;
    }
    file.extend_from_slice(&small[2..]);
    assert_eq!(file.len(), size);
    file
}

/// A PNG of just so many bytes: a private chunk (PNG, section 5.3) before the last one fills it up.
fn png_of(size: usize) -> Vec<u8> {
    let small = picture(ImageFormat::Png);
    let (front, end) = small.split_at(small.len() - 12);
    let length = size - small.len() - 12;
    let mut chunk = b"prVt".to_vec();
    chunk.resize(4 + length, b'S');
    let mut file = front.to_vec();
    file.extend(u32::try_from(length).expect("a short one").to_be_bytes());
    file.extend_from_slice(&chunk);
    file.extend(crc32(&chunk).to_be_bytes());
    file.extend_from_slice(end);
    assert_eq!(file.len(), size);
    file
}

/// The checksum of PNG's chunks (PNG, section 5.5).
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

async fn send(server: &Server, acme: &Environment, image: &[u8], kind: Option<&str>) -> Answer {
    let mut parts = vec![Part::image(image)];
    parts.extend(kind.map(|kind| Part::text("type", kind)));
    upload(server, acme, UPLOAD, form(&parts)).await
}

/// The bytes of an image, by its `keyUrl`.
async fn served(server: &Server, uploaded: &Value) -> Vec<u8> {
    let url = uploaded["keyUrl"].as_str().expect("a URL");
    let answer = server.request(reqwest::Method::GET, server.path_of(url)).send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 200);
    answer.bytes().await.expect("bytes").to_vec()
}

on_both!(an_image_is_told_by_its_content, async |server: Server| {
    let acme = server.environment("acme").await;
    let formats = [
        (ImageFormat::Jpeg, "image/jpeg"),
        (ImageFormat::Png, "image/png"),
        (ImageFormat::WebP, "image/webp"),
    ];
    for (format, media_type) in formats {
        let bytes = picture(format);
        // Whatever it is called.
        let part = Part::File("..\\up/la/page.html", "text/html", &bytes);
        let answer = upload(&server, &acme, UPLOAD, form(&[part])).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let answer = answer.json();
        let id = id_of(&answer);
        assert_eq!(
            answer,
            json!({
                "id": id,
                "mimeType": media_type,
                "keyUrl": format!("{}/images/{id}", server.url),
                "filename": "page.html",
                "type": "cover_image",
            })
        );
        let image = server.follow(answer["keyUrl"].as_str().expect("a URL")).await;
        assert_eq!((image.status, image.header("content-type")), (200, Some(media_type)));
        assert_eq!(image.header("x-content-type-options"), Some("nosniff"));
        let policy = image.header("content-security-policy").expect("a policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("sandbox"), "{policy}");
        assert!(image.header("cache-control").is_some_and(|cache| cache.contains("immutable")));
        let bytes = served(&server, &answer).await;
        let decoded = image::load_from_memory_with_format(&bytes, format).expect("an image");
        assert_eq!((decoded.width(), decoded.height()), (3, 2));
    }
    for id in ["00000000-0000-4000-8000-000000000000", "x", "%00", "..%2f..%2fetc%2fpasswd"] {
        assert_eq!(server.get(&format!("/images/{id}")).await.status, 404, "{id}");
    }
});

on_both!(the_largest_image_passes_and_a_byte_more_does_not, async |server: Server| {
    let acme = server.environment("acme").await;
    for make in [jpeg_of, png_of] {
        let answer = send(&server, &acme, &make(LARGEST), None).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let bytes = served(&server, &answer.json()).await;
        assert!(bytes.len() < 10_000, "only the picture is kept");
        let secret = bytes.windows(6).any(|window| window == b"Secret" || window == b"SSSSSS");
        assert!(!secret, "and nothing of what was beside it");
        refused(&send(&server, &acme, &make(LARGEST + 1), None).await, 413, "image_too_large");
    }
});

on_both!(what_is_no_image_is_refused, async |server: Server| {
    let acme = server.environment("acme").await;
    let unsupported = [
        &b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>"[..],
        b"GIF89a\x01\x00\x01\x00\x00\x00\x00;",
        b"<!doctype html><script>alert(1)</script>",
        b"BM\x00\x00\x00\x00",
        b"%PDF-1.7",
        b"plain text",
        b"\x00\x01\x02\x03",
        b"",
    ];
    for bytes in unsupported {
        refused(&send(&server, &acme, bytes, None).await, 415, "image_type_not_supported");
    }
    let png = picture(ImageFormat::Png);
    let mut script = b"\x89PNG\r\n\x1a\n".to_vec();
    script.extend_from_slice(b"<script>alert(1)</script>");
    let mut bomb = Cursor::new(Vec::new());
    DynamicImage::new_luma8(8_193, 1).write_to(&mut bomb, ImageFormat::Png).expect("writes");
    let jpeg = picture(ImageFormat::Jpeg);
    for bytes in [&png[..png.len() / 2], &script, bomb.get_ref(), &jpeg[..jpeg.len() / 2]] {
        refused(&send(&server, &acme, bytes, None).await, 400, "image_invalid");
    }
});

on_both!(an_image_says_what_it_is_for, async |server: Server| {
    let acme = server.environment("acme").await;
    let png = picture(ImageFormat::Png);
    for (kind, answered) in
        [(None, "cover_image"), (Some("cover_image"), "cover_image"), (Some("claim_image"), "claim_image")]
    {
        let answer = send(&server, &acme, &png, kind).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        assert_eq!(answer.json()["type"], answered);
    }
    for kind in ["profile_image", "", "CLAIM_IMAGE", "claim_image ", "svg"] {
        refused(&send(&server, &acme, &png, Some(kind)).await, 400, "invalid_request");
    }
});

on_both!(a_form_has_its_limits, async |server: Server| {
    let acme = server.environment("acme").await;
    let png = picture(ImageFormat::Png);
    let bad = "invalid_request";
    let missing = form(&[Part::text("type", "claim_image")]);
    refused(&upload(&server, &acme, UPLOAD, missing).await, 400, bad);
    refused(&upload(&server, &acme, UPLOAD, Vec::new()).await, 400, bad);
    let whole = form(&[Part::image(&png)]);
    refused(&upload(&server, &acme, UPLOAD, whole[..whole.len() - 20].to_vec()).await, 400, bad);
    let many: Vec<Part<'_>> = (0..11).map(|_| Part::text("x", "y")).collect();
    refused(&upload(&server, &acme, UPLOAD, form(&many)).await, 400, bad);
    let long = "x".repeat(1_025);
    let long = form(&[Part::image(&png), Part::text("type", &long)]);
    refused(&upload(&server, &acme, UPLOAD, long).await, 400, bad);
    // What comes before the first part counts, too.
    let mut preamble = vec![b'x'; LARGEST_FORM];
    preamble.extend_from_slice(b"\r\n");
    preamble.extend_from_slice(&whole);
    refused(&upload(&server, &acme, UPLOAD, preamble).await, 413, "body_too_large");
    for content_type in
        ["application/json", "image/png", "multipart/form-data", "multipart/mixed; boundary=boundary"]
    {
        let request = server.request(reqwest::Method::POST, &acme.path(UPLOAD));
        let request = request.header("x-api-key", &acme.keys.user).header("content-type", content_type);
        refused(&server.send(request.body(whole.clone())).await, 415, bad);
    }
    assert_eq!(upload(&server, &acme, UPLOAD, whole).await.status, 201);
});

on_both!(an_image_of_a_claim_is_one_s_own, async |server: Server| {
    let (acme, umbrella) = (server.environment("acme").await, server.environment("umbrella").await);
    let png = picture(ImageFormat::Png);
    let (own, theirs) = (uploaded(&server, &acme, &png).await, uploaded(&server, &umbrella, &png).await);
    assert_ne!(own["id"], theirs["id"]);
    let with = |image: &Value| {
        let mut item = acme.offer("ada@example.com", "Ada");
        item["claims"].as_array_mut().expect("a list").push(claim("image", "photo", id_of(image)));
        item
    };
    let answer = create(&server, &acme, &acme.bulk(&[with(&theirs), with(&own)])).await.json();
    let failed = list(&answer, "failedCredentialOffers");
    assert_eq!((failed.len(), &failed[0]["errorCode"]), (1, &json!("media_not_found")));
    let made = list(&answer, "credentialOffers");
    assert_eq!(get(&server, &acme, id_of(&made[0])).await["claims"][1]["claimValue"], own["id"]);
});
