//! What the ignore file of a context keeps from a build.
//!
//! The rules are those of `BuildKit` (<https://docs.docker.com/build/concepts/context/#dockerignore-files>): of all lines
//! that match a path or a folder that it lies in, the last one decides, and with `!` it takes the path in. One
//! thing it does that is nowhere written: a line that would change nothing about a folder is not held against
//! it, and so does not count for what lies there. With `**`, `!**/*.py` and `tests` in this order, `tests/x.py` is sent.

use std::collections::BTreeMap;

use regex::RegexSet;

use super::docker;

/// The lines of an ignore file.
#[derive(Debug)]
pub(crate) struct ContextRules {
    forms: RegexSet,
    /// Of each line whether it takes in what it matches.
    takes_in: Vec<bool>,
}

/// Answers for the paths of one context; those for folders are remembered.
#[derive(Debug)]
pub(crate) struct Sieve<'a> {
    rules: &'a ContextRules,
    /// Which lines match, by folder.
    folders: BTreeMap<String, Vec<bool>>,
}

impl ContextRules {
    /// Reads an ignore file; nothing where a line is not certainly understood as `BuildKit` does.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (mut forms, mut takes_in) = (Vec::new(), Vec::new());
        for line in text.strip_prefix('\u{feff}').unwrap_or(text).lines() {
            if line.starts_with('#') || line.trim().is_empty() {
                continue;
            }
            let line = line.trim();
            let pattern = line.strip_prefix('!').map(str::trim);
            let cleaned = cleaned(pattern.unwrap_or(line))?;
            if !cleaned.is_empty() {
                forms.push(docker::form(&cleaned));
                takes_in.push(pattern.is_some());
            }
        }
        Some(Self { forms: docker::set(&forms).ok()?, takes_in })
    }

    /// Returns what tells of paths whether they are sent.
    pub(crate) fn sieve(&self) -> Sieve<'_> {
        Sieve { rules: self, folders: BTreeMap::new() }
    }
}

impl Sieve<'_> {
    /// Returns whether a path, as seen from the context, is not sent.
    pub(crate) fn leaves_out(&mut self, path: &str) -> bool {
        self.look(path).0
    }

    /// Returns whether a path is left out, and which lines match it.
    fn look(&mut self, path: &str) -> (bool, Vec<bool>) {
        let above = path.rsplit_once('/').map(|(folder, _)| self.lines_of(folder));
        let own = self.rules.forms.matches(path);
        let (mut left_out, mut lines) = (false, Vec::new());
        for (line, takes_in) in self.rules.takes_in.iter().enumerate() {
            let inherited = above.as_ref().is_some_and(|above| above[line]);
            let matches = inherited || (*takes_in == left_out && own.matched(line));
            if matches {
                left_out = !takes_in;
            }
            lines.push(matches);
        }
        (left_out, lines)
    }

    fn lines_of(&mut self, folder: &str) -> Vec<bool> {
        if let Some(known) = self.folders.get(folder) {
            return known.clone();
        }
        let (_, lines) = self.look(folder);
        self.folders.insert(folder.to_owned(), lines.clone());
        lines
    }
}

/// Returns a pattern without what changes nothing in it, empty for one that matches nothing; nothing at all for
/// one with a form that may mean something else to `BuildKit`.
fn cleaned(pattern: &str) -> Option<String> {
    let parts = pattern.split('/').filter(|part| !matches!(*part, "" | "."));
    let parts: Vec<&str> = parts.collect();
    let odd = |part: &&str| {
        *part == ".." || part.contains('\\') || (part.contains("**") && *part != "**")
    };
    let unsure = pattern.is_empty() || parts.iter().any(odd);
    // A class may hold what separates parts elsewhere.
    let split = parts.iter().any(|part| part.matches('[').count() != part.matches(']').count());
    (!unsure && !split).then(|| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left_out<'a>(text: &str, paths: &[&'a str]) -> Vec<&'a str> {
        let rules = ContextRules::parse(text).unwrap();
        let mut sieve = rules.sieve();
        paths.iter().copied().filter(|path| sieve.leaves_out(path)).collect()
    }

    #[test]
    fn the_last_line_that_matches_a_path_or_a_folder_above_it_decides() {
        let text = "# notes\n*\n!src\nsrc/**/tests\n!src/app/tests/data\n  \n**/*.py[co]\n";
        let paths = [
            "README.md",
            "src",
            "src/app/main.py",
            "src/app/main.pyc",
            "src/app/tests/x.py",
            "src/app/tests/data/y.json",
            "docs/a/b.md",
        ];
        let out = ["README.md", "src/app/main.pyc", "src/app/tests/x.py", "docs/a/b.md"];
        assert_eq!(left_out(text, &paths), out);
    }

    #[test]
    fn a_line_that_changes_nothing_about_a_folder_does_not_count_in_it() {
        let paths = ["tests/x.py", "tests/x.txt", "x.py"];
        assert_eq!(left_out("**\n!**/*.py\ntests\n", &paths), ["tests/x.txt"]);
        assert_eq!(left_out("*.txt\n!**/*.py\ntests\n", &paths), ["tests/x.py", "tests/x.txt"]);
    }

    #[test]
    fn what_changes_nothing_in_a_line_is_dropped() {
        for line in ["/docs", "docs/", "./docs", "docs", " docs ", "\u{feff}docs"] {
            assert_eq!(
                left_out(line, &["docs/a", "a/docs/b", "docs"]),
                ["docs/a", "docs"],
                "{line}"
            );
        }
        assert_eq!(left_out(".\n/\n", &["a", "b/c"]), Vec::<&str>::new());
    }

    #[test]
    fn a_file_with_a_line_that_is_not_certain_decides_nothing() {
        for line in ["a**b", "../x", r"a\*b", "!", "a[/]b", "a[b"] {
            assert!(ContextRules::parse(&format!("docs\n{line}\n")).is_none(), "{line}");
        }
    }
}
