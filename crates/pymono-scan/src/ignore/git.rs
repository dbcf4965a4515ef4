//! Lines of `.gitignore` files, translated.

use std::collections::BTreeSet;

use pymono_names::TreePath;
use pymono_workspace::literal_pattern;

use super::{class, docker};

/// Returns the pattern for a line of the `.gitignore` in `folder`, in `.dockerignore` syntax
/// from the tree's root; nothing for a line that ignores nothing.
pub(super) fn translate(line: &str, folder: &TreePath) -> Option<String> {
    let parts = parts(line)?;
    let folder = folder.parts().map(literal_pattern);
    Some(folder.chain(parts).collect::<Vec<_>>().join("/"))
}

/// Returns the patterns for a line of a `.gitignore` above the root, from where `below` leads to it.
pub(super) fn translate_above(line: &str, below: &[String]) -> Vec<String> {
    let Some(parts) = parts(line) else { return Vec::new() };
    let mut found = BTreeSet::new();
    descend(&parts, below, &mut found);
    found.into_iter().collect()
}

/// Collects what is left of a pattern after it matched the folders in `below`.
fn descend(parts: &[String], below: &[String], found: &mut BTreeSet<String>) {
    match (parts, below) {
        // It matches the root itself or a folder above, and then there is no tree.
        ([], _) => {}
        (_, []) => _ = found.insert(parts.join("/")),
        ([first, rest @ ..], [_, deeper @ ..]) if first == "**" => {
            descend(parts, deeper, found);
            descend(rest, below, found);
        }
        ([first, rest @ ..], [folder, deeper @ ..]) => {
            if docker::Matcher::new(std::slice::from_ref(first)).matches(folder) {
                descend(rest, deeper, found);
            }
        }
    }
}

/// Returns the parts of a line's pattern, translated, `**` before those that match at any depth.
///
/// That a pattern with `/` at its end matches folders only cannot be said, and
/// what a line with `!` takes back is listed by name.
fn parts(line: &str) -> Option<Vec<String>> {
    let line = line.strip_suffix('\r').unwrap_or(line);
    let pattern = without_spaces(line);
    if pattern.is_empty() || pattern.starts_with(['#', '!']) {
        return None;
    }
    let pattern = pattern.strip_suffix('/').unwrap_or(pattern);
    let anywhere = (!pattern.contains('/')).then(|| Some("**".to_owned()));
    let pattern = pattern.strip_prefix('/').unwrap_or(pattern);
    anywhere.into_iter().chain(pattern.split('/').map(part_of)).collect()
}

/// Returns the line without spaces at its end, which count only after a backslash.
fn without_spaces(line: &str) -> &str {
    let trimmed = line.trim_end_matches(' ');
    let backslashes = trimmed.bytes().rev().take_while(|byte| *byte == b'\\').count();
    if backslashes % 2 == 1 && trimmed.len() < line.len() {
        &line[..=trimmed.len()]
    } else {
        trimmed
    }
}

/// Translates one part: the same wildcards, but other classes, other escapes.
///
/// Nothing for a part that no name matches. Docker would take some of those for
/// something else: it resolves `.` and `..`, and drops empty parts.
fn part_of(part: &str) -> Option<String> {
    let stars = part.len() > 1 && part.bytes().all(|byte| byte == b'*');
    if stars {
        return Some("**".to_owned());
    }
    let mut text = String::new();
    let mut chars = part.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            // Within a part, several stars are one.
            '*' => {
                while chars.next_if_eq(&'*').is_some() {}
                text.push('*');
            }
            '?' => text.push('?'),
            '[' => text.push_str(&class::translate(&mut chars)?),
            '\\' => text.push_str(&literal_pattern(&chars.next()?.to_string())),
            c => text.push_str(&literal_pattern(&c.to_string())),
        }
    }
    (!["", ".", ".."].contains(&text.as_str())).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(folder: &str, line: &str) -> Option<String> {
        translate(line, &folder.parse().unwrap())
    }

    #[test]
    fn a_pattern_without_a_slash_matches_at_any_depth() {
        assert_eq!(at(".", "build/").as_deref(), Some("**/build"));
        assert_eq!(at("libs/core", "*.so").as_deref(), Some("libs/core/**/*.so"));
    }

    #[test]
    fn a_pattern_with_a_slash_stays_where_it_is() {
        assert_eq!(at(".", "/dist").as_deref(), Some("dist"));
        assert_eq!(at("libs", "core/gen/").as_deref(), Some("libs/core/gen"));
        assert_eq!(at(".", "a/**/b").as_deref(), Some("a/**/b"));
        assert_eq!(at(".", "**/logs/x").as_deref(), Some("**/logs/x"));
        assert_eq!(at(".", "logs/**").as_deref(), Some("logs/**"));
    }

    #[test]
    fn what_ignores_nothing_gives_nothing() {
        for line in ["", "   ", "# x", "!keep", "/", "[a", "a\\", "a//b", "x[/]y"] {
            assert_eq!(at(".", line), None, "{line:?}");
        }
    }

    #[test]
    fn a_line_with_dots_for_folders_drops_nothing() {
        for line in [".", "..", "./src", "src/../src", "/.", "src/.", r"\./src"] {
            assert_eq!(at(".", line), None, "{line:?}");
        }
        assert_eq!(at(".", "..x/.y").as_deref(), Some("..x/.y"));
    }

    #[test]
    fn any_number_of_stars_beyond_one_is_two() {
        assert_eq!(at(".", "a/***/b").as_deref(), Some("a/**/b"));
        assert_eq!(at(".", "a***b").as_deref(), Some("**/a*b"));
    }

    #[test]
    fn characters_keep_their_meaning() {
        assert_eq!(at(".", "*.py[!co]").as_deref(), Some("**/*.py[^co]"));
        assert_eq!(at(".", r"a\ ").as_deref(), Some("**/a[ ]"));
        assert_eq!(at(".", "a  ").as_deref(), Some("**/a"));
        assert_eq!(at(".", r"\#x").as_deref(), Some(r"**/\#x"));
        assert_eq!(at(".", r"/\!x").as_deref(), Some(r"\!x"));
        assert_eq!(at(".", "a**b").as_deref(), Some("**/a*b"));
        assert_eq!(at("[x]", "a").as_deref(), Some(r"\[x\]/**/a"));
        assert_eq!(at(".", r"\\**").as_deref(), Some(r"**/\\*"));
        assert_eq!(at(".", "*\t").as_deref(), Some(r"**/*\x09"));
    }

    #[test]
    fn a_pattern_from_above_is_seen_from_the_root() {
        let below = ["sub".to_owned(), "deep".to_owned()];
        assert_eq!(translate_above("*.log", &below), ["**/*.log"]);
        assert_eq!(translate_above("/sub/deep/gen", &below), ["gen"]);
        assert_eq!(translate_above("/other/gen", &below), [""; 0]);
        assert_eq!(translate_above("s*/**/gen", &below), ["**/gen"]);
        assert_eq!(translate_above("**/deep/gen", &below), ["**/deep/gen", "gen"]);
    }
}
