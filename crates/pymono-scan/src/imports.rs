//! What a Python file imports, read as text: no Python is run.

use std::collections::BTreeMap;

/// Returns what a file imports by absolute name, each with the first line that does, from 1.
///
/// `from a.b import c` counts as `a.b.c`: whether `c` is a module, who has the
/// files can tell. What is imported for type checkers only, or may be missing
/// because an `ImportError` is caught, is left out.
pub(crate) fn imports(text: &str) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    let mut optional: Option<usize> = None;
    for Statement { line, indent, text } in statements(text) {
        if optional.is_some_and(|block| indent <= block) {
            optional = None;
        }
        if optional.is_none() && is_optional_block(&text) {
            optional = Some(indent);
        }
        if optional.is_none() {
            for module in imported(&text) {
                found.entry(module).or_insert(line);
            }
        }
    }
    found
}

/// Returns true for the head of a block whose imports are not needed to run.
fn is_optional_block(text: &str) -> bool {
    let head = text.trim_end_matches(':').trim();
    head == "try" || (head.starts_with("if ") && head.ends_with("TYPE_CHECKING"))
}

/// Returns the modules, or names in them, that a statement imports.
fn imported(statement: &str) -> Vec<String> {
    if let Some(names) = statement.strip_prefix("import ") {
        return names.split(',').filter_map(first_word).map(str::to_owned).collect();
    }
    let Some((module, names)) =
        statement.strip_prefix("from ").and_then(|rest| rest.split_once(" import"))
    else {
        return Vec::new();
    };
    let module = module.trim();
    if module.starts_with('.') || module.is_empty() {
        return Vec::new();
    }
    let names = names.trim().trim_start_matches('(').trim_end_matches(')');
    let whole = |name: &str| match first_word(name) {
        Some("*") | None => module.to_owned(),
        Some(name) => format!("{module}.{name}"),
    };
    names.split(',').filter(|name| !name.trim().is_empty()).map(whole).collect()
}

fn first_word(text: &str) -> Option<&str> {
    text.split_whitespace().next()
}

/// One statement without comments and with its strings empty.
struct Statement {
    line: usize,
    indent: usize,
    text: String,
}

/// Returns the statements of a file, those over several lines as one.
fn statements(text: &str) -> Vec<Statement> {
    let mut reader = Reader::default();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        rest = reader.take(next, rest);
    }
    reader.end();
    reader.statements
}

#[derive(Default)]
struct Reader {
    statements: Vec<Statement>,
    /// The statement that is being read.
    text: String,
    /// Where it began.
    start: usize,
    line: usize,
    /// How many brackets are open.
    depth: usize,
}

impl Reader {
    /// Takes what begins with `next` off `rest`, and returns what is left.
    fn take<'a>(&mut self, next: char, rest: &'a str) -> &'a str {
        let after = &rest[next.len_utf8()..];
        match next {
            '#' => return &rest[rest.find('\n').unwrap_or(rest.len())..],
            '"' | '\'' => return self.string(rest),
            '\\' if after.starts_with('\n') => {
                self.line += 1;
                self.text.push(' ');
                return &after[1..];
            }
            '\n' if self.depth > 0 => self.text.push(' '),
            '\n' | ';' => self.end(),
            '(' | '[' | '{' => self.depth += 1,
            ')' | ']' | '}' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        if !matches!(next, '\n' | ';') {
            self.text.push(next);
        }
        if next == '\n' {
            self.line += 1;
        }
        if self.text.trim().is_empty() {
            self.start = self.line;
        }
        after
    }

    /// Passes a string literal by.
    fn string<'a>(&mut self, rest: &'a str) -> &'a str {
        let quote = &rest[..1];
        let triple = quote.repeat(3);
        let delimiter = if rest.starts_with(&triple) { triple.as_str() } else { quote };
        let mut at = delimiter.len();
        while at < rest.len() && !rest[at..].starts_with(delimiter) {
            // A string of one line ends with it, closed or not.
            if delimiter.len() == 1 && rest[at..].starts_with('\n') {
                return &rest[at..];
            }
            let mut letters = rest[at..].chars();
            let escape = letters.next() == Some('\\');
            at = rest.len() - letters.as_str().len();
            if escape {
                at += letters.next().map_or(0, char::len_utf8);
            }
        }
        let end = (at + delimiter.len()).min(rest.len());
        self.line += rest[..end].matches('\n').count();
        self.text.push_str("\"\"");
        &rest[end..]
    }

    fn end(&mut self) {
        let text = std::mem::take(&mut self.text);
        let indent = text.len() - text.trim_start().len();
        if !text.trim().is_empty() {
            let text = text.trim().to_owned();
            self.statements.push(Statement { line: self.start + 1, indent, text });
        }
        self.depth = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(String, usize)> {
        imports(text).into_iter().collect()
    }

    #[test]
    fn every_form_of_an_import_is_read() {
        let text = "\"\"\"Doc.\n\nimport not_this\n\"\"\"\nimport os, core.db as db\nfrom a.b import (\n    c,  # import nor_this\n    d as e,\n)\n\
                    from x import *; import y\ndef f():\n    from late import it\n    s = 'import no'\nfrom . import near\nfrom .near import far\nfrom z \\\n    import w\n";
        let expected = [
            ("a.b.c", 6),
            ("a.b.d", 6),
            ("core.db", 5),
            ("late.it", 12),
            ("os", 5),
            ("x", 10),
            ("y", 10),
            ("z.w", 16),
        ];
        assert_eq!(found(text), expected.map(|(name, line)| (name.to_owned(), line)));
    }

    #[test]
    fn what_may_be_missing_is_left_out() {
        let text = "try:\n    import fast\nexcept ImportError:\n    import slow\nif typing.TYPE_CHECKING:\n    import types_only\nimport core\n";
        assert_eq!(found(text), [("core".to_owned(), 7), ("slow".to_owned(), 4)]);
    }

    #[test]
    fn what_is_no_python_ends() {
        for text in [
            "'",
            "\"\"\"",
            "\\",
            "(((\nimport a",
            "import",
            "from x import",
            "import ä\u{301}, ",
            "'\\",
        ] {
            let _ = imports(text);
        }
    }
}
