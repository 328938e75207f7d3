//! E-mail messages as they were received.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// A message.
#[derive(Clone, Debug)]
pub struct Message {
    /// As it came: with CRLF, and with what a mail server put on top.
    pub raw: String,
}

impl Message {
    /// The messages in a folder of `.eml` files, sorted by file name; none if there is no folder.
    ///
    /// # Panics
    /// If one of them cannot be read.
    pub fn all_in(folder: &Path) -> Vec<Self> {
        let Ok(files) = fs::read_dir(folder) else { return Vec::new() };
        let mut paths: Vec<PathBuf> = files
            .map(|file| file.expect("a file").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
            .collect();
        paths.sort();
        paths.iter().map(|path| Self { raw: fs::read_to_string(path).expect("a message") }).collect()
    }

    /// The value of a header field: unfolded, and with its encoded words (RFC 2047, base64) decoded.
    ///
    /// # Panics
    /// If the message has none, or more than one.
    pub fn header(&self, name: &str) -> String {
        let (head, _) = self.raw.split_once("\r\n\r\n").expect("a head");
        let head = head.replace("\r\n ", " ");
        let found: Vec<&str> = head
            .split("\r\n")
            .filter_map(|line| line.split_once(": "))
            .filter(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .collect();
        assert_eq!(found.len(), 1, "{name}: {head}");
        if !found[0].starts_with("=?") {
            return found[0].to_owned();
        }
        let words =
            found[0].split(' ').map(|word| word.trim_start_matches("=?utf-8?B?").trim_end_matches("?="));
        let bytes = words.flat_map(|word| BASE64_STANDARD.decode(word).expect("base64")).collect();
        String::from_utf8(bytes).expect("UTF-8")
    }

    /// The decoded content of the part of this media type, with `\n`.
    ///
    /// # Panics
    /// If there is no such part, or it is not quoted-printable UTF-8.
    pub fn part(&self, media_type: &str) -> String {
        let content_type = self.header("Content-Type");
        let (_, boundary) = content_type.split_once("boundary=\"").expect("a boundary");
        let boundary = format!("\r\n--{}", boundary.trim_end_matches('"'));
        let part = self.raw.split(&boundary).find_map(|part| {
            let (head, body) = part.split_once("\r\n\r\n")?;
            head.contains(&format!("Content-Type: {media_type}")).then_some((head, body))
        });
        let (head, body) = part.unwrap_or_else(|| panic!("no {media_type}: {}", self.raw));
        assert!(head.contains("Content-Transfer-Encoding: quoted-printable"), "{head}");
        quoted_printable(body).replace("\r\n", "\n")
    }
}

/// Undoes quoted-printable (RFC 2045, section 6.7).
fn quoted_printable(text: &str) -> String {
    let text = text.replace("=\r\n", "");
    let mut pieces = text.split('=');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let (code, rest) = piece.split_at(2);
        bytes.push(u8::from_str_radix(code, 16).expect("two hexadecimal digits"));
        bytes.extend(rest.as_bytes());
    }
    String::from_utf8(bytes).expect("UTF-8")
}
