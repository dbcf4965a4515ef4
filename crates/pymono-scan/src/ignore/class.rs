//! Bracket expressions: as git reads them, written so that Docker reads them alike.
//!
//! Docker hands a pattern to two readers, Go's `filepath.Match` and a regular
//! expression, and refuses the whole ignore file if one of them stumbles. So a
//! class is taken apart and written anew, with all in it escaped that could
//! mean something to either.

use std::{iter::Peekable, str::Chars};

use pymono_workspace::literal_pattern;

/// Returns the class whose opening bracket was just read, in `.dockerignore` syntax.
///
/// Nothing if it never ends, which matches nothing, or holds what Docker has no
/// words for. Git compares bytes, so that is so for whatever is not ASCII.
pub(super) fn translate(chars: &mut Peekable<Chars<'_>>) -> Option<String> {
    let negated = chars.next_if(|c| ['!', '^'].contains(c)).is_some();
    let mut ranges = Vec::new();
    // What a `-` reaches back to; not a range, and not a named class.
    let mut previous = None;
    // A bracket that closes nothing yet is a character.
    let mut c = chars.next()?;
    loop {
        if c == '-' && previous.is_some() && chars.peek().is_some_and(|next| *next != ']') {
            let (first, last) = (previous.take()?, literal(chars)?);
            // A range in the wrong order is empty, but its first character counts all the same.
            if first < last {
                ranges.pop();
                ranges.push((first, last));
            }
        } else if let Some(named) = named(c, chars) {
            ranges.extend_from_slice(members(&named)?);
            previous = None;
        } else {
            let c = if c == '\\' { chars.next()? } else { c };
            ranges.push((c, c));
            previous = Some(c);
        }
        c = chars.next()?;
        if c == ']' {
            return written(negated, &ranges);
        }
    }
}

/// Returns the next character, or that behind a backslash.
fn literal(chars: &mut Peekable<Chars<'_>>) -> Option<char> {
    chars.next().and_then(|c| if c == '\\' { chars.next() } else { Some(c) })
}

/// Returns the name in `[:name:]`, of which `c` may be the first character; takes nothing else.
fn named(c: char, chars: &mut Peekable<Chars<'_>>) -> Option<String> {
    let rest: String = chars.clone().collect();
    let (inner, _) = rest.strip_prefix(':').filter(|_| c == '[')?.split_once(']')?;
    let name = inner.strip_suffix(':')?;
    chars.nth(name.len() + 2)?;
    Some(name.to_owned())
}

/// Returns what a named class holds for git, which knows ASCII alone.
fn members(name: &str) -> Option<&'static [(char, char)]> {
    Some(match name {
        "alnum" => &[('a', 'z'), ('A', 'Z'), ('0', '9')],
        "alpha" => &[('a', 'z'), ('A', 'Z')],
        "blank" => &[(' ', ' '), ('\t', '\t')],
        "digit" => &[('0', '9')],
        "lower" => &[('a', 'z')],
        // Git's own table: neither vertical tab nor form feed.
        "space" => &[(' ', ' '), ('\t', '\t'), ('\r', '\r')],
        "upper" => &[('A', 'Z')],
        "xdigit" => &[('a', 'f'), ('A', 'F'), ('0', '9')],
        _ => return None,
    })
}

fn written(negated: bool, ranges: &[(char, char)]) -> Option<String> {
    if !ranges.iter().all(|(first, last)| first.is_ascii() && last.is_ascii()) {
        return None;
    }
    let mut text = String::from(if negated { "[^" } else { "[" });
    for (first, last) in ranges {
        push(&mut text, *first);
        if first != last {
            text.push('-');
            push(&mut text, *last);
        }
    }
    Some(text + "]")
}

fn push(text: &mut String, c: char) {
    if c == ' ' {
        text.push(c);
    } else if c.is_ascii_alphanumeric() || c.is_ascii_control() {
        text.push_str(&literal_pattern(&c.to_string()));
    } else {
        text.extend(['\\', c]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(text: &str) -> Option<String> {
        translate(&mut text.strip_prefix('[').unwrap().chars().peekable())
    }

    #[test]
    fn every_member_stands_for_itself() {
        assert_eq!(class("[abc]").as_deref(), Some("[abc]"));
        assert_eq!(class("[!a-c]").as_deref(), Some("[^a-c]"));
        assert_eq!(class("[]a]").as_deref(), Some(r"[\]a]"));
        assert_eq!(class(r"[\]]").as_deref(), Some(r"[\]]"));
        assert_eq!(class("[[]").as_deref(), Some(r"[\[]"));
        assert_eq!(class("[a-]").as_deref(), Some(r"[a\-]"));
        assert_eq!(class("[*?^]").as_deref(), Some(r"[\*\?\^]"));
        assert_eq!(class("[[:digit:]x]").as_deref(), Some("[0-9x]"));
    }

    #[test]
    fn what_matches_nothing_or_has_no_words_is_nothing() {
        for text in ["[", "[]", "[a", "[a\\", "[ä]", "[[:punct:]]", "[[:none:]]"] {
            assert_eq!(class(text), None, "{text}");
        }
        assert_eq!(class("[z-ab]").as_deref(), Some("[zb]"));
    }
}
