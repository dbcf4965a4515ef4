//! What values may look like, so that none of them can mean something else in a Dockerfile.

use std::sync::LazyLock;

use regex::Regex;

/// Builds a check that a text has a form.
macro_rules! form {
    ($(#[$doc:meta])* $visibility:vis fn $name:ident, $pattern:expr, $what:expr) => {
        $(#[$doc])*
        $visibility fn $name(text: &str) -> Result<(), String> {
            static FORM: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new($pattern).ok());
            if FORM.as_ref().is_some_and(|form| form.is_match(text)) {
                Ok(())
            } else {
                Err(format!("`{}` is {}", text.escape_debug(), $what))
            }
        }
    };
}

form!(
    /// Debian Policy 5.6.1, and optionally the version (5.6.12) to install.
    pub(crate) fn debian_package,
    r"^[a-z0-9][a-z0-9+.-]+(=[A-Za-z0-9.+~:-]+)?$",
    "no name of a Debian package: lower-case letters, digits, `+`, `-` and `.`"
);
form!(
    /// The grammar of image references, with a registry, a tag and a digest where wanted.
    pub(super) fn image_reference,
    r"^([A-Za-z0-9.-]+(:[0-9]+)?/)?[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@[a-z0-9+._-]+:[a-fA-F0-9]{32,})?$",
    "no image reference such as `python:3.13-slim`"
);
form!(
    /// One path of the grammar of image references.
    pub(super) fn image_name,
    r"^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$",
    "no name of an image: lower-case letters and digits, between them `.`, `_`, `-` and `/`, and no tag"
);
form!(
    /// Checks what stands before an image's name: a registry's host, its port, and a path.
    pub fn registry,
    r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$",
    "no registry such as `registry.example.org/shop`"
);
form!(
    /// Checks a tag by the grammar of image references.
    pub fn tag,
    r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$",
    "no tag: up to 128 letters, digits, `_`, `.` and `-`, the first neither `.` nor `-`"
);
form!(
    /// A path that needs no quotes in a Dockerfile and has nothing to expand.
    pub(super) fn absolute_path,
    r"^/([A-Za-z0-9_+@~-]|\.[A-Za-z0-9_+@~.-])[A-Za-z0-9_./+@~-]*$",
    "no absolute path of letters, digits and `._+@~-/`"
);
form!(pub(super) fn variable_name, r"^[A-Za-z_][A-Za-z0-9_]*$", "no name of an environment variable");
form!(
    /// An id of a secret, which stands in a list of `KEY=VALUE` pairs and in a path.
    pub(super) fn secret_id,
    r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$",
    "no id of a secret: letters, digits, `_`, `.` and `-`"
);
form!(
    pub(super) fn label_name,
    r"^[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?$",
    "no name of a label: letters and digits, between them `.`, `_`, `-` and `/`"
);

/// Checks a word of a command: anything but what ends a line or a string.
pub(super) fn word(text: &str) -> Result<(), String> {
    match text.chars().find(|c| c.is_control()) {
        None => Ok(()),
        Some(c) => Err(format!(
            "`{}` has the control character `{}`",
            text.escape_debug(),
            c.escape_debug()
        )),
    }
}

/// Checks an environment variable.
pub(super) fn variable(name: &str, text: &str) -> Result<(), String> {
    variable_name(name)?;
    word(text)
}

/// Checks a label.
pub(super) fn label(name: &str, text: &str) -> Result<(), String> {
    label_name(name)?;
    word(text)
}

/// Checks a TCP port.
pub(super) fn port(number: u16) -> Result<u16, String> {
    if number == 0 { Err("no service can be reached on port 0".into()) } else { Ok(number) }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Check = fn(&str) -> Result<(), String>;

    #[test]
    fn no_value_can_begin_a_new_line_or_a_new_word() {
        let checks =
            [debian_package as Check, image_reference, image_name, registry, tag, absolute_path];
        for check in checks {
            for text in ["", "a b", "aa\nRUN x", "aa\n", "aa\"", "aa$x", "aa,bb", "-aa", "aa`", "é"]
            {
                assert!(check(text).is_err(), "{text:?}");
            }
        }
        assert!(
            word("a\nb").is_err()
                && variable("A", "x\u{1b}").is_err()
                && label("a b", "x").is_err()
        );
    }

    #[test]
    fn what_people_write_is_allowed() {
        for name in
            ["libpq5", "g++", "libstdc++6", "postgresql-client-16", "curl=7.88.1-10+deb12u5"]
        {
            assert_eq!(debian_package(name), Ok(()));
        }
        let digest = format!("python:3.13-slim@sha256:{}", "a".repeat(64));
        for image in [
            "python:3.13-slim",
            "ghcr.io/astral-sh/uv:0.13.9",
            "localhost:5000/a/b",
            digest.as_str(),
        ] {
            assert_eq!(image_reference(image), Ok(()));
        }
        for text in ["ghcr.io/acme/shop", "127.0.0.1:5000", "localhost"] {
            assert_eq!(registry(text), Ok(()));
        }
        assert_eq!(absolute_path("/root/.cache/x"), Ok(()));
        assert_eq!(absolute_path("/app"), Ok(()));
    }

    #[test]
    fn a_path_with_parent_folders_is_no_path_to_mount() {
        assert!(absolute_path("/").is_err() && absolute_path("app").is_err());
    }
}
