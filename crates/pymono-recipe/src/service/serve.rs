//! The port that a command listens on, and the path that tells its health.

use std::{collections::BTreeMap, sync::LazyLock};

use regex::Regex;

use crate::{
    Command,
    expand::{Escape, expand},
    reference::regex,
};

/// Returns the port that a command names, its variables replaced.
pub(crate) fn port(command: &Command, env: &BTreeMap<String, String>) -> Option<u16> {
    static FLAG: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?:^|\s)(?:--(?:[a-z]+[.-])?port|-p)[ =](\d{2,5})(?:\s|$)"));
    static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r#"(?:^|[\s='"])(?:tcp://)?(?:\d+\.\d+\.\d+\.\d+|\[::\d?\]|localhost|\*)?:(\d{2,5})(?:[\s'"]|$)"#,
        )
    });
    let text =
        expand(&command.exec().join(" "), Escape::Backslash, &|name| env.get(name).cloned()).text;
    let found = FLAG.captures(&text).or_else(|| ADDRESS.captures(&text))?;
    found[1].parse().ok()
}

/// Returns the path of the URL that a health check asks for.
pub(crate) fn health_path(test: &Command) -> Option<String> {
    static URL: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r#"(?:https?://)?(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::[^/\s'")]+)?(/[^\s'")|;]*)"#,
        )
    });
    let text = test.words.join(" ");
    URL.captures(&text).map(|it| it[1].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Form;

    fn command(text: &str) -> Command {
        Command { form: Form::Shell, words: vec![text.to_owned()], line: 1 }
    }

    #[test]
    fn ports_are_found_in_flags_and_addresses() {
        let env = BTreeMap::from([("PORT".to_owned(), "9000".to_owned())]);
        for (text, want) in [
            ("uvicorn a:app --host 0.0.0.0 --port 8000", Some(8000)),
            ("gunicorn -b :$PORT app:app", Some(9000)),
            ("gunicorn --bind=0.0.0.0:80 app:app", Some(80)),
            ("python manage.py runserver 0.0.0.0:8000", Some(8000)),
            ("streamlit run app.py --server.port=8501", Some(8501)),
            ("flask run -p 5000", Some(5000)),
            ("gunicorn app:app -w 4", None),
            ("gunicorn -b :${NONE} app:app", None),
            ("celery -A proj worker --broker redis://redis:6379/0", None),
        ] {
            assert_eq!(port(&command(text), &env), want, "{text}");
        }
    }

    #[test]
    fn the_path_of_a_health_check_is_that_of_its_url() {
        let path = |text: &str| health_path(&command(text));
        assert_eq!(
            path("curl -f http://localhost:8000/health-check || exit 1").as_deref(),
            Some("/health-check")
        );
        assert_eq!(path("curl --silent localhost:80/up").as_deref(), Some("/up"));
        assert_eq!(path("python -c \"urlopen('http://127.0.0.1/x?y')\"").as_deref(), Some("/x?y"));
        assert_eq!(path("pg_isready"), None);
    }
}
