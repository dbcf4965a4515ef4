//! Logical lines, and the options in them.

/// A line without comments, made of one line of the file or of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Logical {
    /// The line of the file that it starts in, counted from 1.
    pub(super) line: usize,
    pub(super) text: String,
}

/// Joins what a backslash at the end of a line holds together, and leaves comments out.
///
/// A comment runs from a `#` in front or after a space to the end of the
/// joined line, and a line that is all comment ends what was to be joined.
pub(super) fn logical_lines(text: &str) -> Vec<Logical> {
    let mut lines = Vec::new();
    let mut open: Option<Logical> = None;
    for (ix, line) in text.lines().enumerate() {
        let is_comment = line.trim_start().starts_with('#');
        let (part, goes_on) = match line.strip_suffix('\\') {
            Some(part) if !is_comment => (part, true),
            _ => (line, false),
        };
        let logical = open.get_or_insert_with(|| Logical { line: ix + 1, text: String::new() });
        // The space keeps a comment apart from what it follows.
        logical.text += if is_comment { " " } else { "" };
        logical.text += part;
        if !goes_on {
            lines.extend(open.take());
        }
    }
    lines.extend(open);
    let without_comment = |logical: Logical| {
        let text = without_comment(&logical.text).trim().to_owned();
        (!text.is_empty()).then_some(Logical { text, ..logical })
    };
    lines.into_iter().filter_map(without_comment).collect()
}

fn without_comment(text: &str) -> &str {
    let starts =
        |(at, _): &(usize, &str)| text[..*at].chars().next_back().is_none_or(char::is_whitespace);
    text.match_indices('#').find(starts).map_or(text, |(at, _)| &text[..at])
}

/// An option of a line, with its value if it takes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Flag {
    Include(String),
    Constrain(String),
    Editable(String),
    Index(String),
    ExtraIndex(String),
    FindLinks(String),
    NoIndex,
    Hash(String),
    /// One that changes nothing in what is pinned.
    Other,
}

/// Reads the options that a line consists of, or ends in; the error is one that is not known.
pub(super) fn flags(text: &str) -> Result<Vec<Flag>, String> {
    let mut words = shlex::split(text).ok_or_else(|| text.to_owned())?.into_iter();
    let mut flags = Vec::new();
    while let Some(word) = words.next() {
        let (option, given) = split_option(&word);
        let mut value = || given.clone().or_else(|| words.next()).ok_or_else(|| word.clone());
        flags.push(match option {
            "-r" | "--requirement" => Flag::Include(value()?),
            "-c" | "--constraint" => Flag::Constrain(value()?),
            "-e" | "--editable" => Flag::Editable(value()?),
            "-i" | "--index-url" | "--pypi-url" => Flag::Index(value()?),
            "--extra-index-url" => Flag::ExtraIndex(value()?),
            "-f" | "--find-links" => Flag::FindLinks(value()?),
            "--hash" => Flag::Hash(value()?),
            "--no-index" => Flag::NoIndex,
            "--no-binary" | "--only-binary" | "--trusted-host" | "--use-feature"
            | "--config-settings" | "--config-setting" | "-C" | "--global-option"
            | "--install-option" | "--build-option" => {
                value()?;
                Flag::Other
            }
            "--pre"
            | "--prefer-binary"
            | "--require-hashes"
            | "--use-pep517"
            | "--no-use-pep517"
            | "--no-build-isolation" => Flag::Other,
            _ => return Err(word),
        });
    }
    Ok(flags)
}

/// Splits `--option=value` and `-rvalue`.
fn split_option(word: &str) -> (&str, Option<String>) {
    if word.starts_with("--") {
        return match word.split_once('=') {
            Some((option, value)) => (option, Some(value.to_owned())),
            None => (word, None),
        };
    }
    match word.char_indices().nth(2) {
        Some((at, _)) => (&word[..at], Some(word[at..].trim_start_matches('=').to_owned())),
        None => (word, None),
    }
}

/// Splits a requirement from the options that follow it.
pub(super) fn split_flags(text: &str) -> (&str, &str) {
    let at = text.match_indices(" -").find(|(at, _)| {
        let next = text[at + 2..].chars().next();
        next.is_some_and(|next| next == '-' || next == 'C')
    });
    at.map_or((text, ""), |(at, _)| text.split_at(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_joined_before_comments_go() {
        let text = "a==1 \\\n    --hash=sha256:00 # why\n\n# all \\\nb#c\n  # x\nd \\\n# e\nf\\";
        let lines: Vec<_> =
            logical_lines(text).into_iter().map(|line| (line.line, line.text)).collect();
        let expected = [(1, "a==1     --hash=sha256:00"), (5, "b#c"), (7, "d"), (9, "f")];
        assert_eq!(lines, expected.map(|(line, text)| (line, text.to_owned())));
    }

    #[test]
    fn an_option_takes_its_value_in_three_ways() {
        let include = |path: &str| Flag::Include(path.to_owned());
        for text in ["-r a b.txt", "-ra b.txt", "--requirement=a b.txt"] {
            let text = text.replace("a b", "a-b");
            assert_eq!(flags(&text).unwrap(), [include("a-b.txt")]);
        }
        assert_eq!(flags("-r 'a b.txt' --pre").unwrap(), [include("a b.txt"), Flag::Other]);
        for unknown in ["--what", "-r", "-é", "--hash", "word"] {
            assert_eq!(flags(unknown).unwrap_err(), unknown);
        }
        assert!(flags("-r 'a").is_err());
    }
}
