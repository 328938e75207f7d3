//! What the pages for people share.

pub(crate) mod card;
pub(crate) mod date;
pub(crate) mod events;
pub(crate) mod html;
pub(crate) mod language;
pub(crate) mod qr;
pub(crate) mod streams;
pub(crate) mod words;
