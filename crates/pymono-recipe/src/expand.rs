//! Variables in a text: `$NAME`, `${NAME}`, `${NAME:-default}` and their kin.

use std::iter::Peekable;
use std::str::Chars;

/// How deep variables may lie in each other's defaults.
const DEPTH: usize = 16;
/// How long a text may get, in bytes: variables that name each other twice grow without end.
const LENGTH: usize = 64 * 1024;

/// The character that keeps a `$` from being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Escape {
    /// `\$`, as in Dockerfiles.
    Backslash,
    /// `$$`, as in compose files.
    Dollar,
}

/// A text with its variables replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Expanded {
    /// The text; a variable without a value is still there, as `${NAME}`.
    pub(crate) text: String,
    /// The variables without a value, in the order in which they stand.
    pub(crate) unknown: Vec<String>,
}

/// Replaces the variables of `text` by what `lookup` says.
///
/// Modifiers are those that both the [Dockerfile reference] and the [compose
/// specification] have: `:-`, `-`, `:+`, `+`, `:?` and `?`.
///
/// [Dockerfile reference]: https://docs.docker.com/reference/dockerfile/#environment-replacement
/// [compose specification]: https://github.com/compose-spec/compose-spec/blob/main/12-interpolation.md
pub(crate) fn expand(
    text: &str,
    escape: Escape,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Expanded {
    let mut expanded = Expanded::default();
    Expansion { escape, lookup, depth: 0 }.run(text, &mut expanded);
    expanded
}

struct Expansion<'a> {
    escape: Escape,
    lookup: &'a dyn Fn(&str) -> Option<String>,
    depth: usize,
}

impl Expansion<'_> {
    fn run(&self, text: &str, out: &mut Expanded) {
        let mut rest = text.chars().peekable();
        while let Some(next) = rest.next() {
            match next {
                '\\' if self.escape == Escape::Backslash && rest.peek() == Some(&'$') => {
                    out.text.extend(rest.next());
                }
                '$' if self.escape == Escape::Dollar && rest.peek() == Some(&'$') => {
                    out.text.extend(rest.next());
                }
                '$' => self.variable(&mut rest, out),
                next => out.text.push(next),
            }
        }
    }

    fn variable(&self, rest: &mut Peekable<Chars<'_>>, out: &mut Expanded) {
        if rest.next_if_eq(&'{').is_some() {
            let inner = braced(rest);
            let end = inner.find(|it: char| !is_name(it)).unwrap_or(inner.len());
            let (name, modifier) = inner.split_at(end);
            return self.modified(name, modifier, out);
        }
        let mut name = String::new();
        while let Some(next) = rest.next_if(|it| is_name(*it)) {
            name.push(next);
        }
        if name.is_empty() { out.text.push('$') } else { self.modified(&name, "", out) }
    }

    fn modified(&self, name: &str, modifier: &str, out: &mut Expanded) {
        let value = (self.lookup)(name).filter(|it| out.text.len() + it.len() <= LENGTH);
        let (empty_counts, modifier) =
            modifier.strip_prefix(':').map_or((false, modifier), |rest| (true, rest));
        let value = value.filter(|value| !empty_counts || !value.is_empty());
        let mut rest = modifier.chars();
        match (rest.next(), value) {
            (Some('+'), Some(_)) | (Some('-'), None) => self.deeper(rest.as_str(), out),
            (Some('+'), None) => {}
            (_, Some(value)) => out.text.push_str(&value),
            (_, None) => {
                out.text.push_str(&format!("${{{name}}}"));
                out.unknown.push(name.to_owned());
            }
        }
    }

    fn deeper(&self, text: &str, out: &mut Expanded) {
        if self.depth >= DEPTH {
            out.text.push_str(text);
            return;
        }
        Self { depth: self.depth + 1, ..*self }.run(text, out);
    }
}

fn is_name(it: char) -> bool {
    it.is_ascii_alphanumeric() || it == '_'
}

/// Returns the text up to the brace that closes, which is read too.
fn braced(rest: &mut Peekable<Chars<'_>>) -> String {
    let (mut inner, mut open) = (String::new(), 0_usize);
    for next in rest.by_ref() {
        match next {
            '{' => open += 1,
            '}' if open == 0 => break,
            '}' => open -= 1,
            _ => {}
        }
        inner.push(next);
    }
    inner
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, want: &str, unknown: &[&str]) {
        let lookup = |name: &str| match name {
            "TAG" => Some("3.12".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        let expanded = expand(text, Escape::Backslash, &lookup);
        assert_eq!((expanded.text.as_str(), expanded.unknown), (want, own(unknown)), "{text}");
    }

    fn own(words: &[&str]) -> Vec<String> {
        words.iter().map(|it| (*it).to_owned()).collect()
    }

    #[test]
    fn every_modifier_means_what_a_shell_means_by_it() {
        check("python:$TAG-slim", "python:3.12-slim", &[]);
        check("${TAG}x$NO_SUCH", "3.12x${NO_SUCH}", &["NO_SUCH"]);
        check("${EMPTY:-a}${EMPTY-b}${NONE:-${TAG}}", "a3.12", &[]);
        check("${TAG:+-t}${NONE:+-n}", "-t", &[]);
        check("${NONE:?must be set}", "${NONE}", &["NONE"]);
        check(r"\$TAG $ ${TAG", "$TAG $ 3.12", &[]);
    }

    #[test]
    fn compose_files_escape_by_a_second_dollar() {
        let expanded = expand("$$TAG $TAG", Escape::Dollar, &|_| Some("x".to_owned()));
        assert_eq!(expanded.text, "$TAG x");
    }

    #[test]
    fn variables_that_double_end_somewhere() {
        let mut value = "xx".to_owned();
        for _ in 0..64 {
            value = expand("$A$A", Escape::Backslash, &|_| Some(value.clone())).text;
        }
        assert!(value.len() < 2 * LENGTH);
    }

    #[test]
    fn defaults_within_defaults_end_somewhere() {
        let deep = "${A:-".repeat(5000) + &"}".repeat(5000);
        assert!(!expand(&deep, Escape::Dollar, &|_| None).text.is_empty());
    }
}
