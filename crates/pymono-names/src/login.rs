//! URLs and the credentials that people write into them.

use std::fmt;

/// The user name and password in a URL, `https://user:password@host`.
///
/// Neither is ever printed: a build gets them as secrets, or not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Login {
    /// The user name.
    pub user: Option<Credential>,
    /// The password or token.
    pub password: Option<Credential>,
}

/// One half of a login.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Credential {
    /// The name of an environment variable that holds it, written `${NAME}`.
    Variable(String),
    /// The text itself.
    Literal(String),
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => f.debug_tuple("Variable").field(name).finish(),
            Self::Literal(_) => f.write_str("Literal(…)"),
        }
    }
}

impl Login {
    /// Parts a URL into what may be written down and the login in it.
    ///
    /// The user name of an SSH URL stays: it is part of the address.
    pub fn split(url: &str) -> (String, Self) {
        let whole = || (url.to_owned(), Self::default());
        let Some((scheme, rest)) = url.split_once("://") else { return whole() };
        if scheme.ends_with("ssh") {
            return whole();
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let Some(at) = rest[..end].rfind('@') else { return whole() };
        let (user, password) = match rest[..at].split_once(':') {
            Some((user, password)) => (user, Some(password)),
            None => (&rest[..at], None),
        };
        let login =
            Self { user: Credential::read(user), password: password.and_then(Credential::read) };
        (format!("{scheme}://{}", &rest[at + 1..]), login)
    }

    /// Returns true if a password is written out in it.
    pub fn is_written_out(&self) -> bool {
        matches!(self.password, Some(Credential::Literal(_)))
    }

    /// Returns `text` with the login of each URL in it left out.
    pub fn without_any(text: &str) -> String {
        let mut clean = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find("://") {
            let start = rest[..at]
                .rfind(|c: char| !is_of_scheme(c))
                .map_or(0, |last| last + rest[last..].chars().next().map_or(1, char::len_utf8));
            let length = rest[start..].find(ends_url).unwrap_or(rest.len() - start);
            clean += &rest[..start];
            clean += &Self::split(&rest[start..start + length]).0;
            rest = &rest[start + length..];
        }
        clean + rest
    }
}

impl Credential {
    fn read(text: &str) -> Option<Self> {
        let name = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
        match name {
            Some(name) if is_variable(name) => Some(Self::Variable(name.to_owned())),
            _ if text.is_empty() => None,
            _ => Some(Self::Literal(text.to_owned())),
        }
    }
}

fn is_variable(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn is_of_scheme(c: char) -> bool {
    c.is_ascii_alphanumeric() || "+-.".contains(c)
}

fn ends_url(c: char) -> bool {
    c.is_whitespace() || "\"'`<>,;".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_parted_from_its_url() {
        for (url, clean, user, password) in [
            ("https://h/simple", "https://h/simple", None, None),
            ("https://bob@h/simple", "https://h/simple", Some("bob"), None),
            ("https://bob:p:w@h:8/a@b", "https://h:8/a@b", Some("bob"), Some("p:w")),
            ("https://bob:p@w@h", "https://h", Some("bob"), Some("p@w")),
            ("git+https://:token@h/r.git", "git+https://h/r.git", None, Some("token")),
            ("ssh://git@h/r.git", "ssh://git@h/r.git", None, None),
            ("wheels/x@1", "wheels/x@1", None, None),
        ] {
            let literal = |text: Option<&str>| text.map(|text| Credential::Literal(text.into()));
            let login = Login { user: literal(user), password: literal(password) };
            assert_eq!(Login::split(url), (clean.to_owned(), login), "{url}");
        }
    }

    #[test]
    fn a_variable_is_no_password_that_is_written_out() {
        let (url, login) = Login::split("https://${USER}:${PASS_2}@h/simple");
        assert_eq!(url, "https://h/simple");
        assert_eq!(login.password, Some(Credential::Variable("PASS_2".into())));
        assert!(!login.is_written_out());
        assert!(Login::split("https://u:x${A}@h").1.is_written_out());
    }

    #[test]
    fn a_text_keeps_all_but_the_logins_in_it() {
        let text = "é x @ git+https://u:p@h/r@1, `https://t@h2/` and ssh://git@h";
        let clean = "é x @ git+https://h/r@1, `https://h2/` and ssh://git@h";
        assert_eq!(Login::without_any(text), clean);
        assert_eq!(Login::without_any("://u:p@h é://u:p@h"), "://h é://h");
    }

    #[test]
    fn no_password_is_shown_by_debug() {
        let (_, login) = Login::split("https://bob:hidden@h");
        assert!(!format!("{login:?}").contains("hidden"));
    }
}
