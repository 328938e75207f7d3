//! What is handed in to be checked.

use std::time::Duration;

use axum::extract::Multipart;
use axum::extract::multipart::{Field, MultipartError, MultipartRejection};
use axum::http::StatusCode;

use super::problem::Problem;

/// The largest form that is read to its end, in bytes. It is larger than what is accepted, so that whoever sends a
/// photograph as it comes from the camera is told that it is too large: a browser that cannot send all of a form shows
/// nothing of the answer.
pub(super) const LARGEST_FORM: usize = 16 * 1_024 * 1_024;
/// The longest text, in bytes.
pub(super) const TEXT: usize = verify::MAX_LEN;
/// The largest picture, in bytes.
pub(super) const PICTURE: usize = 5 * 1_024 * 1_024;
/// How many parts a form has at most.
const PARTS: usize = 8;
/// How long a browser may take to send it.
const TIMEOUT: Duration = Duration::from_secs(60);

/// What is handed in to be checked.
#[derive(Debug, Default)]
pub(super) struct Upload {
    /// What was pasted; empty if nothing was.
    pub(super) text: String,
    /// The first picture that was chosen.
    pub(super) picture: Option<Vec<u8>>,
}

impl Upload {
    pub(super) async fn of(form: Result<Multipart, MultipartRejection>) -> Result<Self, Problem> {
        let form = form.map_err(|_| Problem::Broken)?;
        let read = tokio::time::timeout(TIMEOUT, Self::read(form)).await;
        read.unwrap_or(Err(Problem::Broken))
    }

    async fn read(mut form: Multipart) -> Result<Self, Problem> {
        let mut upload = Self::default();
        let mut problem = None;
        for _ in 0..PARTS {
            let Some(field) = form.next_field().await.map_err(|error| broken(&error))? else {
                return problem.map_or(Ok(upload), Err);
            };
            match field.name() {
                Some("text") => match bytes_of(field, TEXT).await? {
                    Some(bytes) => upload.text = String::from_utf8_lossy(&bytes).into_owned(),
                    None => problem = Some(Problem::LargeText),
                },
                Some("picture") => match bytes_of(field, PICTURE).await? {
                    // A field for which no file was chosen is sent as an empty file.
                    Some(bytes) if bytes.is_empty() => {}
                    Some(bytes) => upload.picture = upload.picture.or(Some(bytes)),
                    None => problem = Some(Problem::LargePicture),
                },
                _ => {
                    bytes_of(field, 0).await?;
                }
            }
        }
        Err(Problem::Broken)
    }
}

/// The bytes of a part, which is read to its end; `None` if there are more than `most`.
async fn bytes_of(mut field: Field<'_>, most: usize) -> Result<Option<Vec<u8>>, Problem> {
    let mut bytes = Some(Vec::new());
    while let Some(chunk) = field.chunk().await.map_err(|error| broken(&error))? {
        bytes = bytes.filter(|bytes| bytes.len() + chunk.len() <= most);
        if let Some(bytes) = &mut bytes {
            bytes.extend_from_slice(&chunk);
        }
    }
    Ok(bytes)
}

fn broken(error: &MultipartError) -> Problem {
    // Texts as long as that are no accident; photographs are.
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE { Problem::LargePicture } else { Problem::Broken }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::extract::{DefaultBodyLimit, FromRequest, Request};

    use super::*;

    const BOUNDARY: &str = "----0123";

    /// A form of these parts, each with a name, a file's name if it is one, and a content.
    async fn uploaded(parts: &[(&str, bool, &[u8])]) -> Result<Upload, Problem> {
        let mut body = Vec::new();
        for (name, is_file, content) in parts {
            let file = if *is_file { "; filename=\"x.png\"" } else { "" };
            let head =
                format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        sent(body).await
    }

    async fn sent(body: Vec<u8>) -> Result<Upload, Problem> {
        let mut request = Request::post("/verify")
            .header("content-type", format!("multipart/form-data; boundary={BOUNDARY}"))
            .body(Body::from(body))
            .expect("a request");
        DefaultBodyLimit::max(LARGEST_FORM).apply(&mut request);
        Upload::of(Multipart::from_request(request, &()).await).await
    }

    #[tokio::test]
    async fn the_first_picture_counts_that_is_one() {
        let parts: [(&str, bool, &[u8]); 5] = [
            ("picture", true, b""),
            ("picture", true, b"one"),
            ("picture", true, b"two"),
            ("other", false, b"x"),
            ("text", false, b" t\xff "),
        ];
        let upload = uploaded(&parts).await.expect("a form");
        assert_eq!(upload.picture.as_deref(), Some(&b"one"[..]));
        assert_eq!(upload.text, " t\u{fffd} ");
        let nothing = uploaded(&[("picture", true, b""), ("text", false, b"")]).await.expect("a form");
        assert!(nothing.picture.is_none() && nothing.text.is_empty());
    }

    #[tokio::test]
    async fn what_is_too_large_is_told_by_what_it_is() {
        let refusal = async |name, is_file, size| uploaded(&[(name, is_file, &vec![b'x'; size])]).await.err();
        assert_eq!(refusal("text", false, TEXT).await, None);
        assert_eq!(refusal("text", false, TEXT + 1).await, Some(Problem::LargeText));
        assert_eq!(refusal("picture", true, PICTURE).await, None);
        assert_eq!(refusal("picture", true, PICTURE + 1).await, Some(Problem::LargePicture));
        assert_eq!(refusal("picture", true, LARGEST_FORM).await, Some(Problem::LargePicture));
    }

    #[tokio::test]
    async fn what_is_no_whole_form_is_refused() {
        let many = [("other", false, &b"x"[..]); PARTS];
        assert_eq!(uploaded(&many).await.err(), Some(Problem::Broken));
        assert_eq!(sent(Vec::new()).await.err(), Some(Problem::Broken));
        let cut = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nab");
        assert_eq!(sent(cut.into_bytes()).await.err(), Some(Problem::Broken));
        let other = Request::post("/verify").body(Body::from("text=x")).expect("a request");
        assert_eq!(Upload::of(Multipart::from_request(other, &()).await).await.err(), Some(Problem::Broken));
    }
}
