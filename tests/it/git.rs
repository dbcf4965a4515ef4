//! Commits of git repositories that want a login.
