//! Rewrites what the parser does not know: here-documents in the middle of a
//! `RUN`, of which it knows those at the beginning, and `ENTRYPOINT []`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use crate::reference::regex;

/// A Dockerfile's text in which the bodies of those documents are comments.
#[derive(Debug)]
pub(crate) struct Masked {
    /// The text, with as many lines as before.
    pub(crate) text: String,
    /// The bodies, by the line of their instruction.
    pub(crate) bodies: BTreeMap<usize, String>,
}

/// Rewrites a Dockerfile, so that the parser reads it as BuildKit does.
pub(crate) fn mask(text: &str) -> Masked {
    let lines: Vec<&str> = text.lines().collect();
    let mut masked = Masked { text: String::with_capacity(text.len()), bodies: BTreeMap::new() };
    let mut at = 0;
    while at < lines.len() {
        let end = logical_end(&lines, at);
        let instruction = lines[at..end].join("\n");
        let body = body(&lines, &instruction, end);
        let (first, next) = (at + 1, body.map_or(end, |body| body + 1));
        lines[at..end].iter().for_each(|line| push(&mut masked.text, line));
        let hidden = body.is_some() && is_hidden(&instruction);
        for line in &lines[end..next] {
            push(&mut masked.text, if hidden { "#" } else { line });
        }
        if let Some(body) = body.filter(|_| hidden) {
            masked.bodies.insert(first, lines[end..body].join("\n"));
        }
        at = next;
    }
    masked
}

fn push(text: &mut String, line: &str) {
    static NOTHING: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?i)^\s*(?:ENTRYPOINT|CMD)\s*\[\s*\]\s*$"));
    // A list of one empty word means the same, and the parser takes it.
    let line = if NOTHING.is_match(line) { &line.replace(']', "\"\"]") } else { line };
    text.push_str(line);
    text.push('\n');
}

/// Returns the line after the last one of the instruction that begins at `start`.
fn logical_end(lines: &[&str], start: usize) -> usize {
    let is_comment = |line: &str| line.trim_start().starts_with('#');
    let goes_on = |line: &str| line.trim_end().ends_with(['\\', '`']);
    if is_comment(lines[start]) {
        return start + 1;
    }
    let mut end = start;
    while end < lines.len() && (goes_on(lines[end]) || (end > start && is_comment(lines[end]))) {
        end += 1;
    }
    (end + 1).min(lines.len())
}

fn words(instruction: &str) -> impl Iterator<Item = &str> {
    instruction.split_ascii_whitespace()
}

/// Returns the line of the word that ends the instruction's here-document.
fn body(lines: &[&str], instruction: &str, start: usize) -> Option<usize> {
    static OPEN: LazyLock<Regex> = LazyLock::new(|| regex(r#"(?:^|[^<])<<-?["']?([A-Za-z_]\w*)"#));
    let keyword = words(instruction).next()?.to_ascii_uppercase();
    if !["RUN", "COPY", "ADD"].contains(&keyword.as_str()) {
        return None;
    }
    let mut from = start;
    let mut last = None;
    // Several documents of one instruction follow each other.
    for open in OPEN.captures_iter(instruction) {
        let end = (from..lines.len()).find(|at| lines[*at].trim() == &open[1])?;
        from = end + 1;
        last = Some(end);
    }
    last
}

/// Returns whether the parser would not see the instruction's here-document.
fn is_hidden(instruction: &str) -> bool {
    let mut words = words(instruction);
    let run = words.next().is_some_and(|it| it.eq_ignore_ascii_case("RUN"));
    let mut rest = words.skip_while(|it| it.starts_with("--") || *it == "\\");
    run && rest.next().is_some_and(|it| !it.starts_with("<<"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_parser_does_not_know_is_hidden() {
        let text = "FROM a\nRUN bash -e <<'EOF'\necho\nEOF\nRUN <<X\nls\nX\nCOPY <<Y /y\nRUN no\nY\nUSER u\n";
        let masked = mask(text);
        let want =
            "FROM a\nRUN bash -e <<'EOF'\n#\n#\nRUN <<X\nls\nX\nCOPY <<Y /y\nRUN no\nY\nUSER u\n";
        assert_eq!(masked.text, want);
        assert_eq!(masked.bodies, BTreeMap::from([(2, "echo".to_owned())]));
    }

    #[test]
    fn a_document_without_an_end_is_left_to_the_parser() {
        let text = "FROM a\nRUN cat <<EOF\nhello\n";
        assert_eq!(mask(text).text, text);
    }
}
