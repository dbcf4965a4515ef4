//! Paths in locks.

use percent_encoding::percent_decode_str;

/// Returns a path without empty parts, without `.`, and with `..` only in front.
///
/// Tools write the same folder as `libs/core`, `./libs/core` and
/// `./../svc/libs/core/`; the key of a closure is one of them.
pub(crate) fn tidy(path: &str) -> String {
    let path = path.replace('\\', "/");
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    match (path.starts_with('/'), parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => parts.join("/"),
    }
}

/// Returns the path that `relative` means in a file in `folder`.
pub(crate) fn join(folder: &str, relative: &str) -> String {
    if relative.starts_with('/') { tidy(relative) } else { tidy(&format!("{folder}/{relative}")) }
}

/// Returns the folder that a file lies in.
pub(crate) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or(".", |(folder, _)| folder)
}

/// Resolves escapes such as `%2B`.
pub(crate) fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_spelling() {
        for (given, expected) in [
            ("./libs/core/", "libs/core"),
            ("./../libs//core", "../libs/core"),
            ("a/../../b", "../b"),
            ("../..", "../.."),
            ("", "."),
            ("a/..", "."),
            (r"..\libs\core", "../libs/core"),
            ("/srv/./a", "/srv/a"),
        ] {
            assert_eq!(tidy(given), expected, "{given}");
        }
        assert_eq!(join("requirements", "../base.txt"), "base.txt");
        assert_eq!(parent("requirements/prod.txt"), "requirements");
    }
}
