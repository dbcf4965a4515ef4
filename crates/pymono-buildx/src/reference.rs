//! References of images.

/// Returns a name as the docker client shows it.
pub(crate) fn familiar(name: &str) -> &str {
    let name = name.strip_prefix("docker.io/").unwrap_or(name);
    name.strip_prefix("library/").unwrap_or(name)
}

/// Returns a reference without its tag.
pub fn repository(reference: &str) -> &str {
    match reference.rsplit_once(':') {
        // A colon before a slash is that of a port.
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => reference,
    }
}
