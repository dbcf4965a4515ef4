//! The part of `.dockerignore` syntax that pymono writes, and what it matches.
//!
//! The subset, checked against a real `docker buildx build`: literal characters;
//! `\` before one that has a meaning; `\x09` for a control character; `*` and `?`, which stop at `/`; `[…]` and
//! `[^…]`; `**` as a whole part, for any number of folders, none included. A
//! pattern that matches a folder drops all that lies in it. There is no `!`.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

use regex::{RegexSet, RegexSetBuilder};

/// What is not a letter that stands for itself.
const SPECIAL: [char; 4] = ['*', '?', '[', '\\'];

/// Patterns that are matched together.
///
/// They are kept by the folder that a pattern begins with, as most come from a `.gitignore` somewhere in
/// the tree: a path is held against those of the folders that it lies in, and of thousands those are few.
#[derive(Debug)]
pub(super) struct Matcher<'a>(BTreeMap<&'a str, Patterns<'a>>);

/// What patterns that begin with one folder say of what lies in it.
#[derive(Debug, Default)]
struct Patterns<'a> {
    /// Those for a path from the folder on.
    paths: Forms<'a>,
    /// Those for the last part of a path, at any depth.
    last_parts: Forms<'a>,
}

/// Patterns for the same thing.
#[derive(Debug, Default)]
struct Forms<'a> {
    literal: BTreeSet<&'a str>,
    others: Vec<&'a str>,
    /// The others, compiled when they are wanted first.
    set: OnceLock<RegexSet>,
}

/// The patterns that may match what lies in one folder.
pub(super) struct Here<'a> {
    /// How much of a path is the folder that patterns begin with, with the `/` behind it; and those.
    patterns: Vec<(usize, &'a Patterns<'a>)>,
}

impl<'a> Matcher<'a> {
    /// Returns what matches some patterns. One that cannot be compiled matches everything in the folder that
    /// it begins with, so that what it may drop is kept.
    pub(super) fn new(patterns: &'a [String]) -> Self {
        let mut folders = BTreeMap::<&str, Patterns<'_>>::new();
        for pattern in patterns {
            let literal = pattern.find(SPECIAL).unwrap_or(pattern.len());
            let (folder, rest) = match pattern[..literal].rfind('/') {
                Some(end) => (&pattern[..end], &pattern[end + 1..]),
                None => ("", pattern.as_str()),
            };
            let patterns = folders.entry(folder).or_default();
            match rest.strip_prefix("**/").filter(|rest| !rest.contains('/') && *rest != "**") {
                Some(part) => patterns.last_parts.add(part),
                None => patterns.paths.add(rest),
            }
        }
        Self(folders)
    }

    /// Returns what may match in a folder, empty for the root.
    pub(super) fn within(&self, folder: &str) -> Here<'_> {
        let on_way = folder.match_indices('/').map(|(end, _)| &folder[..end]).chain([folder]);
        let on_way = on_way.filter(|folder| !folder.is_empty());
        let deeper = on_way.filter_map(|above| Some((above.len() + 1, self.0.get(above)?)));
        Here { patterns: self.0.get("").map(|it| (0, it)).into_iter().chain(deeper).collect() }
    }

    /// Returns whether some pattern matches the very path.
    pub(super) fn matches(&self, path: &str) -> bool {
        self.within(path.rsplit_once('/').map_or("", |(folder, _)| folder)).matches(path)
    }
}

impl Here<'_> {
    /// Returns whether some pattern matches the very path, which lies in the folder.
    pub(super) fn matches(&self, path: &str) -> bool {
        self.patterns.iter().any(|(folder, patterns)| patterns.matches(&path[*folder..]))
    }
}

impl Patterns<'_> {
    fn matches(&self, path: &str) -> bool {
        let last_part = path.rsplit_once('/').map_or(path, |(_, last)| last);
        self.paths.matches(path) || self.last_parts.matches(last_part)
    }
}

impl<'a> Forms<'a> {
    fn add(&mut self, pattern: &'a str) {
        if pattern.contains(SPECIAL) {
            self.others.push(pattern);
        } else {
            self.literal.insert(pattern);
        }
    }

    fn matches(&self, text: &str) -> bool {
        let set = || self.set.get_or_init(|| compiled(&self.others));
        self.literal.contains(text) || (!self.others.is_empty() && set().is_match(text))
    }
}

/// Compiles patterns; where one cannot be compiled, another one that matches everything is there for it.
fn compiled(patterns: &[&str]) -> RegexSet {
    let forms: Vec<String> = patterns.iter().map(|pattern| form(pattern)).collect();
    set(&forms).unwrap_or_else(|_| {
        let compiles = |form: &String| regex::Regex::new(form).is_ok();
        let checked: Vec<String> = forms.into_iter().filter(compiles).collect();
        set(&[checked, vec![String::new()]].concat()).expect("each of them compiles")
    })
}

/// Compiles any number of expressions: the usual limit is for what strangers send, and the lines of a tree
/// are as many as they are.
pub(super) fn set(forms: &[String]) -> Result<RegexSet, regex::Error> {
    RegexSetBuilder::new(forms).size_limit(usize::MAX).build()
}

/// Returns the regular expression of a pattern.
pub(super) fn form(pattern: &str) -> String {
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
        assert!(matches("a/**/x", "a/x") && matches("a/**/x", "a/b/x") && !matches("a/**/x", "x"));
        assert!(matches("**/**", "a/b") && matches("**/a/x", "b/a/x") && !matches("**/a/x", "x"));
    }

    #[test]
    fn any_number_of_patterns_is_matched() {
        let in_one = (0..3_000).map(|number| format!("**/out-{number}/[^a]?/*.log"));
        let in_many = (0..3_000).map(|number| format!("service-{number}/**/*.log"));
        let patterns: Vec<String> = in_one.chain(in_many).collect();
        let matcher = Matcher::new(&patterns);
        for path in ["out-2999/bc/x.log", "a/out-0/bc/x.log", "service-2999/a/b/x.log"] {
            assert!(matcher.matches(path), "{path}");
        }
        for path in ["out-3000/bc/x.log", "out-0/ac/x.log", "service-3000/x.log", "service-0"] {
            assert!(!matcher.matches(path), "{path}");
        }
    }

    #[test]
    fn a_pattern_that_cannot_be_compiled_matches_everything() {
        assert!(matches("a[z-a]", "whatever"));
        assert!(Matcher::new(&["a[z-a]".to_owned(), "b".to_owned()]).matches("whatever"));
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
