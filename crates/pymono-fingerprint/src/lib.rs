//! What an image is made of, as one name; and why it is another one than before.
//!
//! [`Inputs`] are all pieces that an image contains or runs, each with its
//! value: files as they are sent, pins with their sources and hashes, settings,
//! the Python, images and build backends. Their hash is the image's
//! [`Fingerprint`]. How stages are grouped is none of them, so a new service
//! that regroups the layers of others changes nobody's.
//!
//! [`compare`] sets the inputs of two trees against each other. So "affected"
//! and "another fingerprint" are one thing, and every reason is a piece that differs.

mod beyond;
mod compare;
mod fingerprint;
mod handwritten;
mod inputs;
mod layers;
mod piece;
mod reason;
mod rough;
mod sent;
mod touched;
mod via;

pub use beyond::{Made, beyond};
pub use compare::{Comparison, State, compare};
pub use fingerprint::Fingerprint;
pub use inputs::Inputs;
pub use layers::{Laid, LayerChange, layers};
pub use piece::{Piece, Role};
pub use reason::Reason;
pub use sent::sent;
pub use touched::{Asked, Presence, touched};
