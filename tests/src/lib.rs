//! What the tests share.

pub mod uv;
