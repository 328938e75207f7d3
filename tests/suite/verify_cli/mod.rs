//! `bestow verify`: the real binary, with a server that issues, without it, and without any server.

mod alone;
mod common;
mod input;
mod issued;
mod proof;
