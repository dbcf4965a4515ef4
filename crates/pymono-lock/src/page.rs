//! A file that is being read.

use std::{cell::OnceCell, fmt};

use serde::{Deserialize, de::DeserializeOwned};
use toml::{
    Spanned,
    de::{DeTable, DeValue, Deserializer},
};

use crate::{LockError, LockFormat, Problem};

/// A file that is being read, which errors tell of.
pub(crate) struct Page<'a> {
    pub(crate) format: LockFormat,
    /// The path of the file, as its reader should see it.
    pub(crate) file: &'a str,
    pub(crate) text: &'a str,
    /// Where its lines start, as soon as somebody asks for a line.
    lines: OnceCell<Vec<usize>>,
}

/// Which versions of a format are known.
pub(crate) struct Versions {
    /// The keys that lead to the version.
    pub(crate) keys: &'static [&'static str],
    /// The numbers that a known version can start with.
    pub(crate) majors: &'static [&'static str],
    /// The known versions in words.
    pub(crate) known: &'static str,
}

impl<'a> Page<'a> {
    pub(crate) fn new(format: LockFormat, file: &'a str, text: &'a str) -> Self {
        Self { format, file, text, lines: OnceCell::new() }
    }

    /// Reads the text as TOML.
    pub(crate) fn toml<T: DeserializeOwned>(&self) -> Result<T, LockError> {
        self.read(self.table()?)
    }

    /// Reads the text as TOML that tells its version.
    ///
    /// A lock of another version is told from a torn one, whatever its shape.
    pub(crate) fn toml_of_version<T: DeserializeOwned>(
        &self,
        versions: &Versions,
    ) -> Result<T, LockError> {
        let table = self.table()?;
        let version = lookup(table.get_ref(), versions.keys);
        let found = version.and_then(|version| match version.get_ref() {
            DeValue::String(text) => Some(text.clone().into_owned()),
            DeValue::Integer(number) => Some(number.as_str().to_owned()),
            _ => None,
        });
        let major = found.as_deref().and_then(|found| found.split('.').next());
        if major.is_some_and(|major| versions.majors.contains(&major)) {
            return self.read(table);
        }
        let line = version.map(|version| self.line(version));
        Err(self.error(line, Problem::Version { found, known: versions.known }))
    }

    fn table(&self) -> Result<Spanned<DeTable<'a>>, LockError> {
        DeTable::parse(self.text).map_err(|error| self.torn_toml(&error))
    }

    fn read<T: DeserializeOwned>(&self, table: Spanned<DeTable<'a>>) -> Result<T, LockError> {
        T::deserialize(Deserializer::from(table)).map_err(|error| self.torn_toml(&error))
    }

    fn torn_toml(&self, error: &toml::de::Error) -> LockError {
        let start = error.span().map(|span| span.start);
        let package = start.and_then(|start| package_at(self.text, start)).map(str::to_owned);
        self.torn(start.map(|start| self.line_at(start)), package, error.message())
    }

    /// Makes the error of a text that has not the format's shape.
    pub(crate) fn torn(
        &self,
        line: Option<usize>,
        package: Option<String>,
        reason: impl fmt::Display,
    ) -> LockError {
        self.check_merged().err().unwrap_or_else(|| {
            self.error(line, Problem::Torn { package, reason: first_line(&reason.to_string()) })
        })
    }

    /// Makes sure that the text has no lines by which git marks the two sides of a conflict.
    pub(crate) fn check_merged(&self) -> Result<(), LockError> {
        let marks = |line: &str| {
            ["<<<<<<<", "|||||||", ">>>>>>>"].iter().any(|mark| line.starts_with(mark))
                || line == "======="
        };
        match self.text.lines().position(marks) {
            None => Ok(()),
            Some(above) => Err(self.error(above + 1, Problem::MergeConflict)),
        }
    }

    /// Reads a part of the text as JSON: the text itself, or the entry of a package.
    pub(crate) fn json<'p, T: Deserialize<'p>>(
        &self,
        part: &'p str,
        package: Option<&str>,
    ) -> Result<T, LockError> {
        serde_json::from_str(part).map_err(|error| {
            let line = self.line_of_part(part) + error.line().saturating_sub(1);
            let reason = error.to_string();
            let reason = reason.rsplit_once(" at line ").map_or(&*reason, |(reason, _)| reason);
            self.torn(Some(line), package.map(str::to_owned), reason)
        })
    }

    /// Returns the line at which a part of the text starts.
    pub(crate) fn line_of_part(&self, part: &str) -> usize {
        self.line_at(part.as_ptr().addr().saturating_sub(self.text.as_ptr().addr()))
    }

    /// Returns the line of a byte, counted from 1.
    pub(crate) fn line_at(&self, byte: usize) -> usize {
        let lines = self.lines.get_or_init(|| {
            let ends = self.text.match_indices('\n').map(|(end, _)| end + 1);
            std::iter::once(0).chain(ends).collect()
        });
        lines.partition_point(|start| *start <= byte)
    }

    /// Returns the line at which a value starts.
    pub(crate) fn line<T>(&self, at: &Spanned<T>) -> usize {
        self.line_at(at.span().start)
    }

    /// Returns the line in which some text stands for the first time.
    pub(crate) fn find(&self, text: &str) -> Option<usize> {
        self.text.find(text).map(|byte| self.line_at(byte))
    }

    /// Makes the error of a problem in `line`.
    pub(crate) fn error(&self, line: impl Into<Option<usize>>, problem: Problem) -> LockError {
        let Self { format, file, .. } = *self;
        LockError { format, file: file.to_owned(), line: line.into(), problem }
    }

    /// Makes the error of a value that does not follow its specification.
    pub(crate) fn invalid(
        &self,
        line: impl Into<Option<usize>>,
        what: impl Into<String>,
        text: &str,
        reason: impl fmt::Display,
    ) -> LockError {
        let (what, text, reason) = (what.into(), text.to_owned(), first_line(&reason.to_string()));
        self.error(line, Problem::Invalid { what, text, reason })
    }
}

fn lookup<'t, 'i>(table: &'t DeTable<'i>, keys: &[&str]) -> Option<&'t Spanned<DeValue<'i>>> {
    let (first, rest) = keys.split_first()?;
    let value = table.get(*first)?;
    if rest.is_empty() { Some(value) } else { lookup(value.get_ref().as_table()?, rest) }
}

/// Returns the name in the entry that a byte is in, as tools write entries.
fn package_at(text: &str, byte: usize) -> Option<&str> {
    // The error may be at the head of the entry itself.
    let line_end = text.get(byte..)?.find('\n').map_or(text.len(), |end| byte + end);
    let heads = ["[[package]]", "[[packages]]"];
    let head = heads.iter().filter_map(|head| text[..line_end].rfind(head)).max()?;
    let (_, entry) = text[head..].split_once('\n')?;
    let end = entry.find("\n[[").or_else(|| entry.find("\n[metadata")).unwrap_or(entry.len());
    let is_in_entry = byte <= text.len() - entry.len() + end;
    let name = entry[..end].lines().find_map(|line| line.strip_prefix("name = \""))?;
    name.strip_suffix('"').filter(|_| is_in_entry)
}

/// Returns what a parser says in its first line; what follows repeats the text with a mark below it.
fn first_line(reason: &str) -> String {
    reason.lines().next().unwrap_or_default().trim_end_matches(':').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_counted_from_one_wherever_the_byte_is() {
        let page = Page::new(LockFormat::Uv, "uv.lock", "ä\nb");
        assert_eq!([0, 1, 2, 3, 99].map(|byte| page.line_at(byte)), [1, 1, 1, 2, 2]);
    }
}
