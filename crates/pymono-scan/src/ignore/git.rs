//! Lines of `.gitignore` files, translated.

use pymono_names::TreePath;
use pymono_workspace::literal_pattern;

use super::docker;

/// Returns the pattern for a line of the `.gitignore` in `folder`, in `.dockerignore` syntax
/// from the tree's root; nothing for a line that ignores nothing.
pub(super) fn translate(line: &str, folder: &TreePath) -> Option<String> {
    let parts = parts(line)?;
    let folder = folder.parts().map(literal_pattern);
    Some(folder.chain(parts.iter().map(|part| part_of(part))).collect::<Vec<_>>().join("/"))
}

/// Returns the patterns for a line of a `.gitignore` above the root, from where `below` leads to it.
pub(super) fn translate_above(line: &str, below: &[String]) -> Vec<String> {
    let Some(parts) = parts(line) else { return Vec::new() };
    let mut found = Vec::new();
    descend(&parts, below, &mut found);
    found.sort();
    found.dedup();
    let join =
        |parts: &[&str]| parts.iter().map(|part| part_of(part)).collect::<Vec<_>>().join("/");
    found.iter().map(|parts| join(parts)).collect()
}

/// Collects what is left of a pattern after it matched the folders in `below`.
fn descend<'a>(parts: &[&'a str], below: &[String], found: &mut Vec<Vec<&'a str>>) {
    match (parts, below) {
        // It matches the root itself or a folder above, and then there is no tree.
        ([], _) => {}
        (_, []) => found.push(parts.to_vec()),
        (["**", rest @ ..], [_, deeper @ ..]) => {
            descend(parts, deeper, found);
            descend(rest, below, found);
        }
        ([first, rest @ ..], [folder, deeper @ ..]) => {
            if docker::Matcher::new(&[part_of(first)]).matches(folder) {
                descend(rest, deeper, found);
            }
        }
    }
}

/// Returns the parts of a line's pattern, `**` before those that match at any depth.
///
/// That a pattern with `/` at its end matches folders only cannot be said, and
/// what a line with `!` takes back is listed by name.
fn parts(line: &str) -> Option<Vec<&str>> {
    let line = line.strip_suffix('\r').unwrap_or(line);
    let pattern = without_spaces(line);
    if pattern.is_empty() || pattern.starts_with(['#', '!']) {
        return None;
    }
    let anchored = pattern.trim_end_matches('/').contains('/');
    let parts = pattern.split('/').filter(|part| !part.is_empty());
    let parts: Vec<&str> = (!anchored).then_some("**").into_iter().chain(parts).collect();
    (parts != ["**"]).then_some(parts)
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
fn part_of(part: &str) -> String {
    if part == "**" {
        return part.to_owned();
    }
    let mut text = String::new();
    let mut chars = part.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => text.push_str(
                &chars.next().map(|c| literal_pattern(&c.to_string())).unwrap_or_default(),
            ),
            // Within a part, several stars are one.
            '*' if text.ends_with('*') && !text.ends_with("\\*") => {}
            '*' | '?' => text.push(c),
            '[' => match class(&mut chars.clone()) {
                Some((class, length)) => {
                    text.push_str(&class);
                    chars.by_ref().take(length).for_each(drop);
                }
                // A class that does not end matches nothing; as a character it drops nothing else.
                None => text.push_str(&literal_pattern("[")),
            },
            c => text.push_str(&literal_pattern(&c.to_string())),
        }
    }
    text
}

/// Returns a class from behind its bracket, and its length there.
fn class(chars: &mut dyn Iterator<Item = char>) -> Option<(String, usize)> {
    let mut text = String::from("[");
    let mut escaped = false;
    for (at, c) in chars.enumerate() {
        match c {
            '!' | '^' if at == 0 => text.push('^'),
            ']' if !escaped && text.len() > 1 && text != "[^" => return Some((text + "]", at + 1)),
            ']' => text.push_str("\\]"),
            c => text.push(c),
        }
        escaped = c == '\\' && !escaped;
    }
    None
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
        for line in ["", "   ", "# x", "!keep", "/"] {
            assert_eq!(at(".", line), None, "{line:?}");
        }
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
        assert_eq!(at(".", "[a").as_deref(), Some(r"**/\[a"));
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
