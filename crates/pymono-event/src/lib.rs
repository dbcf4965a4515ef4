//! What happens in a build, as data.
