//! The page that the link in an invitation opens.

mod common;
mod events;
mod languages;
mod page;
