//! Files that look as if they held a secret.

use crate::litter::is_litter_name;
use pymono_names::TreePath;

/// Names of files that hold secrets, whatever is in them.
const NAMES: [&str; 10] = [
    ".env",
    ".netrc",
    ".pypirc",
    ".git-credentials",
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    "credentials.json",
    "kubeconfig",
];

/// Endings of files of which most hold a key.
const ENDINGS: [&str; 4] = [".key", ".p12", ".pfx", ".kdbx"];

/// Endings of files that show how such a file would look.
const SAMPLES: [&str; 5] = [".example", ".sample", ".template", ".dist", ".tmpl"];

/// Returns what a file looks like, judged by its name; nothing if it looks harmless.
pub(crate) fn by_name(path: &TreePath) -> Option<String> {
    let name = path.file_name()?;
    if SAMPLES.iter().any(|ending| name.ends_with(ending)) {
        return None;
    }
    let is_env = name.starts_with(".env") && is_litter_name(name);
    let is_key = ENDINGS.iter().any(|ending| name.ends_with(ending));
    (is_env || is_key || NAMES.contains(&name)).then(|| format!("a file named `{name}`"))
}

/// Returns true for a file whose content tells whether it is a secret.
pub(crate) fn is_worth_reading(path: &TreePath) -> bool {
    path.as_str().strip_suffix(".pem").is_some()
}

/// Returns what a file looks like, judged by its text.
pub(crate) fn by_text(text: &str) -> Option<String> {
    let begins = |line: &&str| line.starts_with("-----BEGIN") && line.contains("PRIVATE KEY-----");
    text.lines().find(begins).map(|_| "a private key".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looks(path: &str) -> bool {
        by_name(&path.parse().unwrap()).is_some()
    }

    #[test]
    fn samples_and_certificates_are_harmless() {
        assert!(
            ["api/.env", ".env.production", "a/id_rsa", "tls/server.key"].into_iter().all(looks)
        );
        assert!(![".env.example", "api/env.py", "a/key.py", "tls/ca.pem"].into_iter().any(looks));
        assert!(by_text("x\n-----BEGIN RSA PRIVATE KEY-----\n").is_some());
        assert!(by_text("-----BEGIN CERTIFICATE-----\n").is_none());
    }
}
