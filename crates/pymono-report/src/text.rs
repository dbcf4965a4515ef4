//! Small pieces of text.

use std::time::Duration;

use bytesize::ByteSize;

/// Returns `text` in a form that cannot change a terminal's state or the order in which it is read.
///
/// Colors and other escape sequences are dropped, a tab becomes spaces, and any
/// other control character, line breaks too, is shown as its escape.
pub fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for character in console::strip_ansi_codes(text).chars() {
        match character {
            '\t' => printable.push_str("    "),
            _ if character.is_control() || is_direction(character) => {
                printable.extend(character.escape_unicode());
            }
            _ => printable.push(character),
        }
    }
    printable
}

/// Returns true for the characters that override the direction of text, and can so disguise it.
fn is_direction(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Returns a time as people read it: `0.4 s`, `12.3 s`, `2 min 03 s`.
pub fn duration(duration: Duration) -> String {
    let tenths = (duration.as_millis() + 50) / 100;
    if tenths < 600 {
        return format!("{}.{} s", tenths / 10, tenths % 10);
    }
    let seconds = tenths / 10;
    format!("{} min {:02} s", seconds / 60, seconds % 60)
}

/// Returns a number of bytes as people read it: `12.3 MB`.
pub fn bytes(bytes: u64) -> String {
    ByteSize::b(bytes).display().si().to_string()
}

/// Returns a number with its noun: `1 service`, `6 services`.
pub fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// Returns the name of a step as people read it: without what would move the
/// cursor, and without the instruction's flags, of which a mount alone can fill a line.
pub(crate) fn step_name(name: &str) -> String {
    let is_instruction = |word: &&str| matches!(*word, "RUN" | "COPY" | "ADD");
    let words: Vec<&str> = name.split_whitespace().collect();
    let head = words.iter().position(is_instruction).map_or(words.len(), |place| place + 1);
    let rest = words[head..].iter().skip_while(|word| word.starts_with("--"));
    let shown: Vec<&str> = words[..head].iter().chain(rest).copied().collect();
    printable(&shown.join(" "))
}

/// Returns the beginning of `text`, at most `width` columns wide, with `…` where something is left out.
pub(crate) fn shortened(text: &str, width: usize) -> String {
    console::truncate_str(text, width, "…").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_log_can_move_the_cursor() {
        assert_eq!(printable("\u{1b}[31mred\u{1b}[0m\tx\u{7}\rüber"), "red    x\\u{7}\\u{d}über");
        assert_eq!(printable("a\u{202e}b\u{9b}2J"), "a\\u{202e}b");
        assert!(!printable("\u{1b}]0;title\u{7}x\u{1b}").chars().any(char::is_control));
    }

    #[test]
    fn a_step_is_told_by_its_command() {
        let name =
            "[deps-api 1/1] RUN --mount=type=cache,id=a,target=/b     uv pip install --no-deps x";
        assert_eq!(step_name(name), "[deps-api 1/1] RUN uv pip install --no-deps x");
        assert_eq!(step_name("[internal] load build context"), "[internal] load build context");
    }

    #[test]
    fn times_are_short() {
        for (milliseconds, text) in [
            (0, "0.0 s"),
            (960, "1.0 s"),
            (12_340, "12.3 s"),
            (59_960, "1 min 00 s"),
            (123_400, "2 min 03 s"),
        ] {
            assert_eq!(duration(Duration::from_millis(milliseconds)), text);
        }
    }
}
