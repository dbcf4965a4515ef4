//! The part of `.dockerignore` syntax that pymono writes, and what it matches.
//!
//! The subset, checked against a real `docker buildx build`: literal characters;
//! `\` before one that has a meaning; `\x09` for a control character; `*` and `?`, which stop at `/`; `[…]` and
//! `[^…]`; `**` as a whole part, for any number of folders, none included. A
//! pattern that matches a folder drops all that lies in it. There is no `!`.

use regex::RegexSet;

/// Patterns that are matched together.
#[derive(Debug)]
pub(super) struct Matcher(RegexSet);

impl Matcher {
    /// Compiles the patterns; one that cannot be compiled matches everything, so that what it may drop is kept.
    pub(super) fn new(patterns: &[String]) -> Self {
        let forms: Vec<String> = patterns.iter().map(|pattern| form(pattern)).collect();
        let checked = forms
            .iter()
            .map(|form| if regex::Regex::new(form).is_ok() { form.as_str() } else { "" });
        Self(RegexSet::new(checked).unwrap_or_else(|_| RegexSet::empty()))
    }

    /// Returns whether some pattern matches the very path.
    pub(super) fn matches(&self, path: &str) -> bool {
        self.0.is_match(path)
    }
}

/// Returns the regular expression of a pattern.
fn form(pattern: &str) -> String {
    let mut form = String::from("(?s)^");
    let mut rest = pattern;
    let mut in_class = false;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        if let Some(deeper) = rest.strip_prefix("**/") {
            form.push_str("(?:.*/)?");
            rest = deeper;
            continue;
        }
        if rest == "**" {
            form.push_str(".*");
            break;
        }
        match c {
            '*' => form.push_str("[^/]*"),
            '?' => form.push_str("[^/]"),
            '[' | ']' => {
                in_class = c == '[';
                form.push(c);
            }
            '\\' if after.starts_with('x') => {
                let (code, after) = rest.split_at_checked(4).unwrap_or((rest, ""));
                form.push_str(code);
                rest = after;
                continue;
            }
            '\\' => {
                let literal = after.chars().next();
                form.push_str(&regex::escape(&literal.map(String::from).unwrap_or_default()));
                rest = literal.map_or(after, |literal| &after[literal.len_utf8()..]);
                continue;
            }
            '^' | '-' if in_class => form.push(c),
            c => form.push_str(&regex::escape(&c.to_string())),
        }
        rest = after;
    }
    form + "$"
}

#[cfg(test)]
mod tests {
    use pymono_workspace::literal_pattern;

    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        Matcher::new(&[pattern.to_owned()]).matches(path)
    }

    #[test]
    fn two_stars_stand_for_any_number_of_folders() {
        for path in ["x.pyc", "a/x.pyc", "a/b/x.pyc"] {
            assert!(matches("**/*.pyc", path), "{path}");
        }
        assert!(
            matches("a/**/b", "a/b") && matches("a/**/b", "a/c/d/b") && !matches("a/**/b", "ab")
        );
        assert!(matches("a/**", "a/b/c") && !matches("a/**", "a"));
    }

    #[test]
    fn one_star_and_a_class_stay_in_their_part() {
        assert!(!matches("a/*", "a/b/c") && matches("a/*", "a/b"));
        assert!(matches("*.py[co]", "x.pyo") && !matches("*.py[^co]", "x.pyc"));
        assert!(matches("a?c", "abc") && !matches("a?c", "a/c"));
    }

    #[test]
    fn an_escaped_name_matches_itself_alone() {
        for name in ["a[b].txt", "a*b", "with space ", "tab\t", "#a", "!a", r"a\b", "a.b+(c)|{d}$^"]
        {
            assert!(matches(&literal_pattern(name), name), "{name}");
        }
        assert!(
            !matches(&literal_pattern("a[b]"), "ab") && !matches(&literal_pattern("a*b"), "axb")
        );
    }
}
