//! Decides which build stages the images share.
