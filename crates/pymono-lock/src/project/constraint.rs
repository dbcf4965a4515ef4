//! Ranges of versions as Poetry writes them.

use pep440_rs::Version;
use pep440_rs::VersionSpecifiers;

/// Reads [Poetry's ranges] as alternatives, of which none means every version.
///
/// `^1.2` is everything up to the next number that promises to break things,
/// `~1.2` up to the next minor one, `||` stands between alternatives.
///
/// [Poetry's ranges]: https://python-poetry.org/docs/dependency-specification/#version-constraints
pub fn ranges(text: &str) -> Result<Vec<VersionSpecifiers>, String> {
    let mut ranges = Vec::new();
    for alternative in text.split("||").flat_map(|part| part.split('|')) {
        let comparisons: Vec<_> =
            words(alternative).iter().map(|word| comparison(word)).collect::<Result<_, _>>()?;
        let comparisons: Vec<_> = comparisons.into_iter().flatten().collect();
        if comparisons.is_empty() {
            return Ok(Vec::new());
        }
        let range: Result<VersionSpecifiers, _> = comparisons.join(", ").parse();
        ranges.push(range.map_err(|error| error.to_string())?);
    }
    Ok(ranges)
}

/// Returns the comparisons of a range, between which there are commas or spaces.
fn words(range: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in range.split([',', ' ', '\t']).filter(|word| !word.is_empty()) {
        let only_sign = |word: &String| word.chars().all(|letter| "<>=!~^".contains(letter));
        match words.last_mut().filter(|last| only_sign(last)) {
            Some(sign) => sign.push_str(word),
            None => words.push(word.to_owned()),
        }
    }
    words
}

/// Returns one comparison in the words of PEP 440; nothing if every version passes.
fn comparison(word: &str) -> Result<Option<String>, String> {
    if word == "*" {
        return Ok(None);
    }
    if let Some(version) = word.strip_prefix('^') {
        return upto(version, first_that_counts).map(Some);
    }
    if let Some(version) = word.strip_prefix('~').filter(|rest| !rest.starts_with('=')) {
        return upto(version, |release| usize::from(release.len() > 1)).map(Some);
    }
    Ok(Some(match word.chars().next() {
        Some('=') if !word.starts_with("==") => format!("={word}"),
        Some('<' | '>' | '=' | '!' | '~') => word.to_owned(),
        _ => format!("=={}", word.replace(".x", ".*")),
    }))
}

/// Writes the range from a version to the one in which the number at `step` is one higher.
fn upto(version: &str, step: impl Fn(&[u64]) -> usize) -> Result<String, String> {
    let version: Version = version.parse().map_err(|_| format!("`{version}` is no version"))?;
    let release = version.release();
    let step = step(release);
    let mut next: Vec<_> = release.iter().take(step + 1).copied().collect();
    if let Some(last) = next.last_mut() {
        *last = last.saturating_add(1);
    }
    let next: Vec<_> = next.iter().map(ToString::to_string).collect();
    Ok(format!(">={version}, <{}", next.join(".")))
}

/// Returns the place of the first number that is not 0, or else of the last.
fn first_that_counts(release: &[u64]) -> usize {
    let first = release.iter().position(|number| *number != 0);
    first.unwrap_or_else(|| release.len().saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_mean_what_poetry_documents() {
        for (text, expected) in [
            ("*", ""),
            ("^1.2.3", ">=1.2.3, <2"),
            ("^0.2.3", ">=0.2.3, <0.3"),
            ("^0.0.3", ">=0.0.3, <0.0.4"),
            ("^0.0", ">=0.0, <0.1"),
            ("^0", ">=0, <1"),
            ("~1.2.3", ">=1.2.3, <1.3"),
            ("~1", ">=1, <2"),
            ("~=1.4", "~=1.4"),
            ("1.2", "==1.2"),
            ("=1.2", "==1.2"),
            ("1.*", "==1.*"),
            (">= 1.0 <2,!=1.5", ">=1.0, !=1.5, <2"),
            ("<1 || >=2,<3", "<1 or >=2, <3"),
            ("<1 || *", ""),
        ] {
            let shown: Vec<_> = ranges(text).unwrap().iter().map(ToString::to_string).collect();
            assert_eq!(shown.join(" or "), expected, "{text}");
        }
        for text in ["^", "^x", "<empty>", "1.2 or 3", "==", "é"] {
            assert!(ranges(text).is_err(), "{text}");
        }
    }
}
