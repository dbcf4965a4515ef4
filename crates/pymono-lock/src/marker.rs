//! Markers, with the two lists that `pylock.toml` adds to them.

use std::collections::BTreeSet;

use pep508_rs::{ExtraName, MarkerEnvironment, MarkerExpression, MarkerTree, Pep508Error};

use crate::GroupName;

/// How many parentheses a marker may have in each other.
///
/// Readers of markers call themselves for each, so without a limit a torn
/// file could use up the stack. Tools write two or three.
const DEEPEST: usize = 64;

/// How many comparisons a marker may have that becomes one decision diagram.
///
/// With this many a diagram takes milliseconds, and twice that for each two more.
const MOST_COMPARISONS: usize = 16;

/// What markers see.
pub(crate) struct Scene {
    /// The target.
    pub(crate) environment: MarkerEnvironment,
    /// The extras that are wanted.
    pub(crate) extras: Vec<ExtraName>,
    /// The groups that are wanted.
    pub(crate) groups: BTreeSet<GroupName>,
}

impl Scene {
    /// Makes a scene in which `extras` are wanted and no groups.
    pub(crate) fn with_extras(environment: &MarkerEnvironment, extras: Vec<ExtraName>) -> Self {
        Self { environment: environment.clone(), extras, groups: BTreeSet::new() }
    }
}

/// A marker that [PEP 751](https://packaging.python.org/en/latest/specifications/pylock-toml/#packages-marker)
/// allows: what PEP 508 defines, and membership in `extras` and `dependency_groups`.
#[derive(Clone, Debug)]
pub(crate) enum Condition {
    /// A comparison as PEP 508 defines it.
    Plain(MarkerTree),
    /// `'x' in extras`, or `not in`.
    Member { name: ExtraName, of: List, expected: bool },
    /// All must hold.
    All(Vec<Condition>),
    /// One must hold.
    Any(Vec<Condition>),
}

/// A list that a marker can ask for its members.
#[derive(Clone, Copy, Debug)]
pub(crate) enum List {
    Extras,
    Groups,
}

impl Condition {
    /// Reads a marker; the error says what is wrong with it.
    ///
    /// Only comparisons are left to `pep508_rs`. It keeps whole markers as
    /// decision diagrams, which grow with two to the power of their
    /// comparisons where these are in an unlucky order: a line of a torn file
    /// could use up time and memory.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let tokens = tokens(text)?;
        let mut parser = Parser { text, tokens: &tokens, at: 0 };
        let condition = parser.any()?;
        match parser.tokens.get(parser.at) {
            // What consists of comparisons without a meaning alone holds.
            None => Ok(condition.unwrap_or(Self::All(Vec::new()))),
            Some(token) => Err(format!("`{}` was not expected", token.text(text))),
        }
    }

    /// Returns true if the marker holds in `scene`.
    pub(crate) fn holds(&self, scene: &Scene) -> bool {
        match self {
            Self::Plain(tree) => tree.evaluate(&scene.environment, &scene.extras),
            Self::Member { name, of, expected } => {
                let found = match of {
                    List::Extras => scene.extras.contains(name),
                    List::Groups => scene.groups.contains(name),
                };
                found == *expected
            }
            Self::All(parts) => parts.iter().all(|part| part.holds(scene)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(scene)),
        }
    }
}

/// Reads a marker of a manifest as a decision diagram, whose meaning can be compared.
///
/// One that could grow beyond all bounds is refused, see [`Condition::parse`].
pub(crate) fn diagram(text: &str) -> Result<MarkerTree, String> {
    let tokens = tokens(text)?;
    let joints = tokens.iter().filter(|token| matches!(token.text(text), "and" | "or"));
    if joints.count() >= MOST_COMPARISONS {
        return Err("it has too many comparisons".into());
    }
    text.parse().map_err(|error: Pep508Error| error.message.to_string())
}

/// A piece of a marker, by the bytes that it spans: a parenthesis, a string or a word.
#[derive(Clone, Copy)]
struct Token {
    start: usize,
    end: usize,
}

impl Token {
    fn text(self, marker: &str) -> &str {
        &marker[self.start..self.end]
    }
}

/// Takes a marker apart, which must not be nested too deep.
fn tokens(text: &str) -> Result<Vec<Token>, String> {
    // PEP 508 has no others, and its parser panics at some of them.
    if !text.is_ascii() {
        return Err("it has letters that are not ASCII".into());
    }
    let mut tokens = Vec::new();
    let mut depth = 0_usize;
    let mut start = 0;
    while let Some(first) = text[start..].chars().next() {
        let rest = &text[start..];
        let length = match first {
            '(' | ')' => 1,
            '"' | '\'' => {
                2 + rest[1..].find(first).ok_or_else(|| "a string has no end".to_owned())?
            }
            _ if first.is_whitespace() => first.len_utf8(),
            _ => rest.find(ends_word).unwrap_or(rest.len()),
        };
        depth = match first {
            '(' => depth + 1,
            ')' => depth.saturating_sub(1),
            _ => depth,
        };
        if depth > DEEPEST {
            return Err("it has too many parentheses in each other".into());
        }
        if !first.is_whitespace() {
            tokens.push(Token { start, end: start + length });
        }
        start += length;
    }
    Ok(tokens)
}

fn ends_word(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '(' | ')' | '"' | '\'')
}

struct Parser<'a> {
    text: &'a str,
    tokens: &'a [Token],
    at: usize,
}

impl<'a> Parser<'a> {
    fn any(&mut self) -> Result<Option<Condition>, String> {
        self.joined("or", Self::all, Condition::Any)
    }

    fn all(&mut self) -> Result<Option<Condition>, String> {
        self.joined("and", Self::one, Condition::All)
    }

    /// Reads parts with a word between them, of which those are left out that have no meaning.
    fn joined(
        &mut self,
        word: &str,
        part: impl Fn(&mut Self) -> Result<Option<Condition>, String>,
        join: impl Fn(Vec<Condition>) -> Condition,
    ) -> Result<Option<Condition>, String> {
        let mut parts = Vec::from_iter(part(self)?);
        while self.take(word) {
            parts.extend(part(self)?);
        }
        Ok(if parts.len() > 1 { Some(join(parts)) } else { parts.pop() })
    }

    fn one(&mut self) -> Result<Option<Condition>, String> {
        if self.take("(") {
            let inner = self.any()?;
            return if self.take(")") { Ok(inner) } else { Err("a `)` is missing".into()) };
        }
        let first = self.at;
        while self.peek().is_some_and(|word| !matches!(word, "and" | "or" | "(" | ")")) {
            self.at += 1;
        }
        self.comparison(&self.tokens[first..self.at])
    }

    /// Reads what stands between `and` and `or`; a comparison may have no meaning.
    fn comparison(&self, tokens: &[Token]) -> Result<Option<Condition>, String> {
        let words: Vec<_> = tokens.iter().map(|token| token.text(self.text)).collect();
        let (name, of, expected) = match words[..] {
            [name, "in", of] => (name, list(of), true),
            [name, "not", "in", of] => (name, list(of), false),
            _ => ("", None, true),
        };
        match (of, tokens) {
            (Some(of), _) => Ok(Some(Condition::Member { name: unquoted(name)?, of, expected })),
            (None, [first, .., last]) => plain(&self.text[first.start..last.end]),
            (None, _) => Err("a comparison is missing".into()),
        }
    }

    fn peek(&self) -> Option<&'a str> {
        self.tokens.get(self.at).map(|token| token.text(self.text))
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.peek() == Some(word);
        self.at += usize::from(found);
        found
    }
}

/// Reads a comparison that PEP 508 defines; one of two texts, for example, has no meaning.
fn plain(text: &str) -> Result<Option<Condition>, String> {
    let expression = MarkerExpression::parse_reporter(text, &mut |_, _| {})
        .map_err(|error| error.message.to_string())?;
    Ok(expression.map(|expression| Condition::Plain(MarkerTree::expression(expression))))
}

fn list(word: &str) -> Option<List> {
    match word {
        "extras" => Some(List::Extras),
        "dependency_groups" => Some(List::Groups),
        _ => None,
    }
}

fn unquoted(word: &str) -> Result<ExtraName, String> {
    let inner =
        ['"', '\''].iter().find_map(|quote| word.strip_prefix(*quote)?.strip_suffix(*quote));
    let inner = inner.ok_or_else(|| format!("`{word}` is no string"))?;
    // The parser of names takes none for one.
    let inner = Some(inner).filter(|inner| !inner.is_empty()).ok_or("a name is missing")?;
    inner.parse().map_err(|_| format!("`{inner}` is no name"))
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::select};
    use pymono_names::{Libc, Platform, Target};

    use super::*;
    use crate::environment::environment;

    fn target() -> Target {
        Target { python: "3.12".parse().unwrap(), platform: Platform::Amd64, libc: Libc::Glibc }
    }

    fn holds(marker: &str) -> bool {
        let scene = Scene {
            environment: environment(target()),
            extras: vec!["my-extra".parse().unwrap()],
            groups: BTreeSet::from(["docs".parse().unwrap()]),
        };
        Condition::parse(marker).unwrap().holds(&scene)
    }

    #[test]
    fn a_marker_can_ask_for_what_is_wanted() {
        for marker in [
            "'My_Extra' in extras",
            "\"docs\" in dependency_groups",
            "'x' not in extras and 'my-extra'in extras",
            "('x' in extras or 'docs' in dependency_groups) and python_version >= '3.12'",
            "python_version < '3' or (sys_platform == 'linux' and (('docs' in dependency_groups)))",
            "sys_platform == 'linux'",
            "os_name == 'extras' or 'docs' in dependency_groups",
        ] {
            assert!(holds(marker), "{marker}");
        }
        for marker in [
            "'docs' in extras",
            "'my-extra' in dependency_groups",
            "'my-extra' in extras and sys_platform == 'win32'",
            "'x' in extras or 'x' in dependency_groups and python_version >= '3.12'",
            "os_name == 'extras'",
        ] {
            assert!(!holds(marker), "{marker}");
        }
    }

    #[test]
    fn a_long_marker_is_read_and_asked_in_time() {
        // As one decision diagram it would have two to the power of 2000 nodes.
        let pairs: Vec<_> = (0..2000)
            .map(|ix| format!("('{ix}' in platform_version and extra == 'e{ix}')"))
            .collect();
        let start = std::time::Instant::now();
        assert!(!holds(&pairs.join(" or ")));
        assert!(holds(&format!("{} or extra == 'my-extra'", pairs.join(" or "))));
        assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
    }

    #[test]
    fn a_long_marker_becomes_no_diagram() {
        let of = |count: usize| vec!["os_name == 'nt'"; count].join(" or ");
        assert!(diagram(&of(MOST_COMPARISONS)).is_ok());
        assert_eq!(diagram(&of(MOST_COMPARISONS + 1)).unwrap_err(), "it has too many comparisons");
        assert!(diagram("os_name == 'ä'").is_err());
    }

    #[test]
    fn a_comparison_without_a_meaning_is_left_out() {
        for marker in ["'a' == 'b'", "'a' == 'b' and sys_platform == 'linux'", "os_name ~= 'nt'"] {
            assert!(holds(marker), "{marker}");
        }
        for marker in ["'a' == 'b' or sys_platform == 'win32'", "('a' == 'b') and os_name == 'nt'"]
        {
            assert!(!holds(marker), "{marker}");
        }
    }

    /// A marker that PEP 508 allows, of a few comparisons.
    fn marker() -> impl Strategy<Value = String> {
        let comparison = select(vec![
            "python_version >= '3.12'",
            "python_version < '3.12'",
            "python_full_version == '3.12.*'",
            "python_version in '3.11 3.12'",
            "'3.10' <= python_version",
            "sys_platform == 'linux'",
            "sys_platform != 'linux'",
            "'win' in sys_platform",
            "platform_machine not in 'x86_64 aarch64'",
            "extra == 'my-extra'",
            "extra != 'other'",
            "'a' == 'b'",
            "python_version == 'three'",
            "implementation_name == 'pypy'",
        ]);
        let comparison = comparison.prop_map(str::to_owned);
        comparison.prop_recursive(4, 12, 3, |inner| {
            (prop::collection::vec(inner, 1..4), any::<bool>(), any::<bool>()).prop_map(
                |(parts, or, parentheses)| {
                    let joined = parts.join(if or { " or " } else { " and " });
                    if parentheses { format!("({joined})") } else { joined }
                },
            )
        })
    }

    proptest! {
        #[test]
        fn a_marker_means_what_the_library_for_it_says(text in marker()) {
            let tree: MarkerTree = text.parse().unwrap();
            let extras = ["my-extra".parse().unwrap()];
            prop_assert_eq!(holds(&text), tree.evaluate(&environment(target()), &extras));
        }
    }

    #[test]
    fn what_is_no_marker_is_refused_with_a_reason() {
        for (marker, reason) in [
            ("'x' in extras and", "a comparison is missing"),
            ("('x' in extras", "a `)` is missing"),
            ("'x' in extras)", "`)` was not expected"),
            ("x in extras", "`x` is no string"),
            ("'' in extras", "a name is missing"),
            ("'x", "a string has no end"),
            ("os_name == 'nt'ä", "it has letters that are not ASCII"),
            (&"(".repeat(100_000), "it has too many parentheses in each other"),
        ] {
            assert_eq!(Condition::parse(marker).unwrap_err(), reason);
        }
        assert!(Condition::parse("").is_err());
        assert!(Condition::parse("extras == 'x'").is_err());
    }
}
