//! Files of environment variables, as they lie beside compose files.

use crate::{
    Arguments,
    expand::{Escape, expand},
};

/// Reads a `.env` file; a line that sets no variable is left out.
///
/// The rules are those of [compose]: `NAME=value`, `export` before it or not,
/// no variables within single quotes, and a comment behind a space.
///
/// [compose]: https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/
pub fn parse_env_file(text: &str) -> Arguments {
    let mut variables = Arguments::new();
    for line in text.lines() {
        let line = line.trim_start_matches('\u{feff}').trim();
        let line = line.strip_prefix("export ").unwrap_or(line);
        let Some((name, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) else {
            continue;
        };
        let value = value.trim();
        let quoted = |quote: char| value.strip_prefix(quote)?.split(quote).next();
        let value = if let Some(value) = quoted('\'') {
            value.to_owned()
        } else {
            let plain = || value.split(" #").next().unwrap_or_default().trim_end();
            let value = quoted('"').unwrap_or_else(plain);
            expand(value, Escape::Backslash, &|name| variables.get(name).cloned()).text
        };
        variables.insert(name.trim().to_owned(), value);
    }
    variables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_read_with_quotes_and_comments() {
        let text = "# no\nexport A=1\nB = \"x # y\" # z\nC='$A'\nD=${A}-$B # c\nnothing\nE=\n";
        let shown: Vec<_> =
            parse_env_file(text).into_iter().map(|(name, it)| format!("{name}={it}")).collect();
        assert_eq!(shown, ["A=1", "B=x # y", "C=$A", "D=1-x # y", "E="]);
    }
}
