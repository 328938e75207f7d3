//! Why nothing was checked.

use axum::http::StatusCode;

use super::texts::Texts;
use crate::web::words::Titled;

/// Why nothing was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// Nothing was handed in.
    Empty,
    /// It is no document that is understood here; why, in English.
    Unreadable(String),
    /// It is a link.
    Link,
    /// There is no QR code on the picture.
    NoCode,
    /// The file is no picture, or it is damaged.
    NoPicture,
    /// The picture has too many bytes or pixels.
    LargePicture,
    /// The text has too many bytes.
    LargeText,
    /// The form did not arrive whole.
    Broken,
}

impl Problem {
    /// What there is to read of it.
    pub(super) const fn titled(&self, texts: &'static Texts) -> &'static Titled {
        let problems = &texts.problems;
        match self {
            Self::Empty => &problems.empty,
            Self::Unreadable(_) => &problems.unreadable,
            Self::Link => &problems.link,
            Self::NoCode => &problems.no_code,
            Self::NoPicture => &problems.no_picture,
            Self::LargePicture => &problems.large_picture,
            Self::LargeText => &problems.large_text,
            Self::Broken => &problems.broken,
        }
    }

    pub(super) const fn status(&self) -> StatusCode {
        match self {
            Self::Empty | Self::Unreadable(_) | Self::Link | Self::NoCode | Self::NoPicture => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Self::LargePicture | Self::LargeText => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Broken => StatusCode::BAD_REQUEST,
        }
    }

    /// Whether it is about the picture, rather than about the text.
    pub(super) const fn is_of_picture(&self) -> bool {
        matches!(self, Self::NoCode | Self::NoPicture | Self::LargePicture)
    }
}
