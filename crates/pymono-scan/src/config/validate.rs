//! What values may look like, so that none of them can mean something else in a Dockerfile.

use std::sync::LazyLock;

use regex::Regex;

/// The form of a text, which is the same for validation and for the schema.
pub(crate) struct Form {
    /// A regular expression that matches the whole text.
    pub(crate) pattern: &'static str,
    /// What a text is that does not match.
    what: &'static str,
    regex: LazyLock<Option<Regex>>,
}

impl Form {
    /// Checks that a text has the form.
    pub(crate) fn check(&self, text: &str) -> Result<(), String> {
        if self.regex.as_ref().is_some_and(|regex| regex.is_match(text)) {
            return Ok(());
        }
        Err(format!("`{}` is {}", text.escape_debug(), self.what))
    }
}

/// Makes the form of a text.
macro_rules! form {
    ($(#[$doc:meta])* $name:ident, $pattern:expr, $what:expr) => {
        $(#[$doc])*
        pub(crate) static $name: Form = Form {
            pattern: $pattern,
            what: $what,
            regex: LazyLock::new(|| Regex::new($pattern).ok()),
        };
    };
}

form!(
    /// Debian Policy 5.6.1, and optionally the version (5.6.12) to install.
    DEBIAN_PACKAGE,
    r"^[a-z0-9][a-z0-9+.-]+(=[A-Za-z0-9.+~:-]+)?$",
    "no name of a Debian package: lower-case letters, digits, `+`, `-` and `.`"
);
form!(
    /// A name as `apk` takes it, and optionally the version to install or the repository to take it from.
    ALPINE_PACKAGE,
    r"^[A-Za-z0-9][A-Za-z0-9+._-]*([=~]~?[A-Za-z0-9._-]+)?(@[A-Za-z0-9_-]+)?$",
    "no name of an Alpine package: letters, digits, `+`, `-`, `_` and `.`"
);
form!(
    /// A time as the archive of Debian's states has it in its paths.
    APT_SNAPSHOT,
    r"^([0-9]{8}T[0-9]{6}Z|locked)$",
    "neither a time such as `20260131T000000Z` nor `locked`"
);
form!(
    /// The grammar of image references, with a registry, a tag and a digest where wanted.
    IMAGE_REFERENCE,
    r"^([A-Za-z0-9.-]+(:[0-9]+)?/)?[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@[a-z0-9+._-]+:[a-fA-F0-9]{32,})?$",
    "no image reference such as `python:3.13-slim`"
);
form!(
    /// One path of the grammar of image references.
    IMAGE_NAME,
    r"^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$",
    "no name of an image: lower-case letters and digits, between them `.`, `_`, `-` and `/`, and no tag"
);
form!(
    /// What stands before an image's name: a registry's host, its port, and a path.
    REGISTRY,
    r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$",
    "no registry such as `registry.example.org/shop`"
);
form!(
    /// How layers are compressed, perhaps with a level of that.
    COMPRESSION,
    r"^(gzip(:[0-9])?|zstd(:([0-9]|1[0-9]|2[0-2]))?)$",
    "no compression such as `gzip`, `zstd` or `zstd:9`"
);
form!(
    /// The grammar of image references.
    TAG,
    r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$",
    "no tag: up to 128 letters, digits, `_`, `.` and `-`, the first neither `.` nor `-`"
);
form!(
    /// A path that needs no quotes in a Dockerfile and has nothing to expand.
    ABSOLUTE_PATH,
    r"^/([A-Za-z0-9_+@~-]|\.[A-Za-z0-9_+@~.-])[A-Za-z0-9_./+@~-]*$",
    "no absolute path of letters, digits and `._+@~-/`"
);
form!(
    /// A path in an image, relative to the working directory or absolute, with nothing to resolve.
    DESTINATION,
    r"^/?\.?[A-Za-z0-9_+@~-][A-Za-z0-9._+@~-]*(/\.?[A-Za-z0-9_+@~-][A-Za-z0-9._+@~-]*)*/?$",
    "no path of letters, digits and `._+@~-/` without `.` and `..`"
);
form!(
    /// A path or a pattern of files, as seen from the folder of the configuration.
    TREE_PATH,
    r"^[^/\\\x00-\x1f\x7f-\x9f][^\\\x00-\x1f\x7f-\x9f]*$",
    "no relative path with `/` between its parts"
);
form!(PYTHON, r"^3\.[0-9]{1,2}(\.[0-9]{1,2})?$", "no version of Python such as `3.13`");
form!(
    /// Names of extras and groups.
    EXTRA,
    r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$",
    "no name: letters and digits, between them `.`, `_` and `-`"
);
form!(VARIABLE_NAME, r"^[A-Za-z_][A-Za-z0-9_]*$", "no name of an environment variable");
form!(
    /// An id of a secret, which stands in a list of `KEY=VALUE` pairs and in a path.
    SECRET_ID,
    r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$",
    "no id of a secret: letters, digits, `_`, `.` and `-`"
);
form!(
    LABEL_NAME,
    r"^[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?$",
    "no name of a label: letters and digits, between them `.`, `_`, `-` and `/`"
);
form!(
    /// Of PEP 440, as far as it can be told by characters: build backends read the rest.
    VERSION,
    r"^[vV]?[0-9][A-Za-z0-9.!_+-]*$",
    "no version such as `1.4.0`"
);
form!(
    /// A number of bytes with its unit, decimal or binary.
    BYTES,
    r"^[0-9]{1,9}(\.[0-9]{1,3})? ?([kMG]|[KMG]i)B$",
    "no size such as `500 MB` or `1.5 GiB`"
);
form!(
    /// Anything on one line.
    LINE,
    r"^[^\x00-\x1f\x7f-\x9f]*$",
    "more than one line, or has a control character"
);
form!(
    /// Anything that is not only white space.
    TEXT,
    r"^[^\x00]*[^\x00\s][^\x00]*$",
    "empty"
);

/// Checks a registry and the path before an image's name.
pub fn registry(text: &str) -> Result<(), String> {
    REGISTRY.check(text)
}

/// Checks how layers are compressed.
pub fn compression(text: &str) -> Result<(), String> {
    COMPRESSION.check(text)
}

/// Checks a tag by the grammar of image references.
pub fn tag(text: &str) -> Result<(), String> {
    TAG.check(text)
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_can_begin_a_new_line_or_a_new_word() {
        let forms = [
            &DEBIAN_PACKAGE,
            &ALPINE_PACKAGE,
            &APT_SNAPSHOT,
            &IMAGE_REFERENCE,
            &IMAGE_NAME,
            &REGISTRY,
            &COMPRESSION,
            &TAG,
            &ABSOLUTE_PATH,
            &VERSION,
        ];
        for form in forms {
            for text in ["", "a b", "aa\nRUN x", "aa\n", "aa\"", "aa$x", "aa,bb", "-aa", "aa`", "é"]
            {
                assert!(form.check(text).is_err(), "{text:?} {}", form.pattern);
            }
        }
        for text in ["a\nb", "x\u{1b}", "\u{85}"] {
            assert!(word(text).is_err() && LINE.check(text).is_err(), "{text:?}");
        }
        assert!(LABEL_NAME.check("a b").is_err() && VARIABLE_NAME.check("A=B").is_err());
    }

    #[test]
    fn what_people_write_is_allowed() {
        for name in
            ["libpq5", "g++", "libstdc++6", "postgresql-client-16", "curl=7.88.1-10+deb12u5"]
        {
            assert_eq!(DEBIAN_PACKAGE.check(name), Ok(()));
        }
        let digest = format!("python:3.13-slim@sha256:{}", "a".repeat(64));
        for image in [
            "python:3.13-slim",
            "ghcr.io/astral-sh/uv:0.13.9",
            "localhost:5000/a/b",
            digest.as_str(),
        ] {
            assert_eq!(IMAGE_REFERENCE.check(image), Ok(()));
        }
        for text in ["ghcr.io/acme/shop", "127.0.0.1:5000", "localhost"] {
            assert_eq!(REGISTRY.check(text), Ok(()));
        }
        for text in ["gzip", "gzip:0", "zstd", "zstd:3", "zstd:22"] {
            assert_eq!(COMPRESSION.check(text), Ok(()));
        }
        for text in ["gzip:10", "zstd:23", "zstd:", "estargz", "zstd,level=3"] {
            assert!(COMPRESSION.check(text).is_err(), "{text}");
        }
        assert_eq!(ABSOLUTE_PATH.check("/root/.cache/x"), Ok(()));
        assert_eq!(ABSOLUTE_PATH.check("/app"), Ok(()));
        for path in ["static", "a/.well-known/b.c/", "/srv/site"] {
            assert_eq!(DESTINATION.check(path), Ok(()));
        }
        for package in ["libpq", "postgresql16-client", "g++", "nodejs=22.16.0-r1", "py3~3.12"] {
            assert_eq!(ALPINE_PACKAGE.check(package), Ok(()));
        }
        for version in ["1", "v1.2.3", "1!2.0.post1.dev3+g1234abc"] {
            assert_eq!(VERSION.check(version), Ok(()));
        }
    }

    #[test]
    fn a_path_with_parent_folders_is_no_path_to_mount() {
        for path in ["..", "a/../b", "/", "a//b", "./a"] {
            assert!(DESTINATION.check(path).is_err(), "{path}");
        }
        assert!(ABSOLUTE_PATH.check("/").is_err() && ABSOLUTE_PATH.check("app").is_err());
    }
}
