//! Locks written by hand, each for one difficulty.
