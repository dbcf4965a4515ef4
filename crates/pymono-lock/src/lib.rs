//! Reads lock files and computes what one service needs of them for one target.
