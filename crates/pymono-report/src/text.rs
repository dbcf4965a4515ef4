//! Small pieces of text.

use std::time::Duration;

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

/// Returns a number with its noun: `1 service`, `6 services`.
pub fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
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
