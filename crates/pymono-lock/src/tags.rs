//! Which wheels fit a target.
