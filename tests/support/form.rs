//! What callers of the credential-offers dialect send and get beside plain JSON: forms, and refusals.

use reqwest::Method;

use crate::{Answer, Environment, Server};

const BOUNDARY: &str = "7f3b0c1d";

/// A PNG image of one pixel.
pub const PIXEL: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52, 0x00,
    0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x02, 0x00, 0x00, 0x00, 0x90, 0x77, 0x53, 0xde, 0x00,
    0x00, 0x00, 0x0c, 0x49, 0x44, 0x41, 0x54, 0x78, 0xda, 0x63, 0x50, 0x48, 0x38, 0x00, 0x00, 0x01, 0xe4,
    0x01, 0x41, 0xa2, 0xeb, 0x32, 0x0c, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60,
    0x82,
];

/// A form, as browsers send one with a file (RFC 7578).
#[derive(Clone, Debug, Default)]
pub struct Form(Vec<u8>);

impl Form {
    /// Adds a text.
    #[must_use]
    pub fn text(self, name: &str, value: &str) -> Self {
        self.part(&format!("name=\"{name}\""), None, value.as_bytes())
    }

    /// Adds a file.
    #[must_use]
    pub fn file(self, name: &str, filename: &str, bytes: &[u8]) -> Self {
        self.part(&format!("name=\"{name}\"; filename=\"{filename}\""), None, bytes)
    }

    /// Adds a file that says what it is.
    #[must_use]
    pub fn typed_file(self, name: &str, filename: &str, media_type: &str, bytes: &[u8]) -> Self {
        self.part(&format!("name=\"{name}\"; filename=\"{filename}\""), Some(media_type), bytes)
    }

    fn part(mut self, disposition: &str, media_type: Option<&str>, bytes: &[u8]) -> Self {
        let media_type = media_type.map(|media_type| format!("Content-Type: {media_type}\r\n"));
        let media_type = media_type.unwrap_or_default();
        let head =
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n{media_type}\r\n");
        self.0.extend_from_slice(head.as_bytes());
        self.0.extend_from_slice(bytes);
        self.0.extend_from_slice(b"\r\n");
        self
    }

    /// Its media type.
    pub fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={BOUNDARY}")
    }

    /// Its bytes.
    pub fn body(&self) -> Vec<u8> {
        [self.0.as_slice(), format!("--{BOUNDARY}--\r\n").as_bytes()].concat()
    }
}

impl Answer {
    /// The `code` of a refusal, whose envelope is checked.
    ///
    /// # Panics
    /// If it is no refusal, or its envelope is not that of the credential-offers dialect.
    pub fn code(&self) -> String {
        assert_eq!(self.header("content-type"), Some("application/json"), "{}", self.text);
        let json = self.json();
        let mut members: Vec<&String> = json.as_object().expect("an object").keys().collect();
        members.sort_unstable();
        assert_eq!(members, ["code", "error", "message", "requestId", "statusCode"], "{}", self.text);
        assert_eq!(json["statusCode"], self.status, "{}", self.text);
        assert_eq!(json["requestId"].as_str(), self.header("x-request-id"), "{}", self.text);
        let text = |name: &str| json[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        assert!(text("message").is_some() && text("error").is_some(), "{}", self.text);
        text("code").expect("a code")
    }
}

impl Server {
    /// Posts a form to the dialect with a key.
    pub async fn send_form(&self, environment: &Environment, key: &str, rest: &str, form: &Form) -> Answer {
        self.send_form_bytes(environment, key, rest, form.body()).await
    }

    /// The same with bytes that may be no whole form.
    pub async fn send_form_bytes(
        &self,
        environment: &Environment,
        key: &str,
        rest: &str,
        bytes: Vec<u8>,
    ) -> Answer {
        let request = self.request(Method::POST, &environment.path(rest)).header("x-api-key", key);
        self.send(request.header("content-type", Form::default().content_type()).body(bytes)).await
    }
}
