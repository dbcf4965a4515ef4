//! Text in bake files.

/// Returns a text as bake takes it literally: in JSON too, it reads `${…}` and `%{…}`.
pub fn bake_literal(text: &str) -> String {
    text.replace("${", "$${").replace("%{", "%%{")
}
