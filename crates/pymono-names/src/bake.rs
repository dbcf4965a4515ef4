//! Text in bake files.

/// Returns a text as bake takes it literally: in JSON too, it reads `${…}` and `%{…}`.
pub fn bake_literal(text: &str) -> String {
    text.replace("${", "$${").replace("%{", "%%{")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_an_expression() {
        assert_eq!(bake_literal("a${B}%{c} $D"), "a$${B}%%{c} $D");
    }
}
