//! Messages of failed builds: how to read them, and which faults pass by themselves.

/// Faults of daemon, network and registry that a second try often does not meet again.
///
/// - `no such job`, `inconsistent graph state`: the daemon lost track of a build
///   among many (docker/buildx#3810).
/// - `failed to prepare extraction snapshot`: of two images that share layers and
///   are loaded at once, one's clean-up took a layer that the other had counted on.
/// - `pymono-held`: an image's second name was given to it and to the image before it at once.
/// - the rest: a connection or a registry was cut off or overloaded.
const TRANSIENT: &[&str] = &[
    "no such job",
    "inconsistent graph state",
    "failed to prepare extraction snapshot",
    "image \"docker.io/library/pymono-held:",
    "connection reset",
    "broken pipe",
    "unexpected eof",
    "error reading from server: eof",
    "tls handshake timeout",
    "i/o timeout",
    "transport is closing",
    "500 internal server error",
    "502 bad gateway",
    "503 service unavailable",
    "504 gateway timeout",
    "429 too many requests",
];

/// What BuildKit says of a command that ran and failed, before its exit code.
const FAILED_COMMAND: &str = " did not complete successfully: ";

/// Returns true if the same build may well succeed when it is tried again.
///
/// A command that ran and failed is not tried again, whatever it printed:
/// `words` hold no output of commands.
pub(crate) fn is_transient(words: &str) -> bool {
    let words = words.to_lowercase();
    !words.contains(&format!("{FAILED_COMMAND}exit code"))
        && TRANSIENT.iter().any(|fault| words.contains(fault))
}

/// Returns the client's last words, without the marks that it puts before them.
pub(crate) fn message<'a>(
    text: impl DoubleEndedIterator<Item = &'a str> + Clone,
) -> Option<String> {
    let lines: Vec<&str> = text.filter(|line| !line.trim().is_empty()).collect();
    let error = lines.iter().rposition(|line| line.starts_with("ERROR: "));
    let words = match error {
        Some(index) => lines[index..].join("\n"),
        // Without the mark, it is docker itself that complains.
        None => lines.last().copied()?.to_owned(),
    };
    Some(shorten(&words))
}

/// Returns `error` without what the reader knows: the wrapping, and the command that the step's name shows.
pub(crate) fn shorten(error: &str) -> String {
    let mut error = error;
    for mark in
        ["ERROR: ", "failed to build: ", "failed to solve: ", "failed to compute cache key: "]
    {
        error = error.strip_prefix(mark).unwrap_or(error);
    }
    if let Some((_, code)) = error.rsplit_once(FAILED_COMMAND) {
        return code.to_owned();
    }
    match error
        .strip_prefix("failed to calculate checksum of ref ")
        .and_then(|rest| rest.split_once(": "))
    {
        Some((_, reason)) => reason.to_owned(),
        None => error.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_of_the_way_are_tried_again() {
        for words in [
            "ERROR: failed to build: failed to receive status: rpc error: code = Unknown desc = no such job abc",
            "failed to prepare extraction snapshot \"extract-1 sha256:2d\": parent snapshot sha256:93 does not exist: not found",
            "ERROR: failed to solve: failed to create image: image \"docker.io/library/pymono-held:0a\": already exists",
            "failed to solve: unexpected status from PUT request to https://r.example/v2/a: 503 Service Unavailable",
            "failed to copy: read tcp 10.0.0.1:5->10.0.0.2:443: read: connection reset by peer",
            "failed to receive status: rpc error: code = Unavailable desc = error reading from server: EOF",
            "httpReadSeeker: failed open: unexpected EOF",
        ] {
            assert!(is_transient(words), "{words}");
        }
    }

    #[test]
    fn a_failed_command_is_never_tried_again() {
        let words = "process \"/bin/sh -c curl x || echo connection reset\" did not complete successfully: exit code: 1";
        assert!(!is_transient(words));
        assert!(!is_transient("failed to solve: \"/nothere\": not found"));
    }

    #[test]
    fn a_message_says_what_the_step_does_not() {
        assert_eq!(
            shorten("process \"/bin/sh -c false\" did not complete successfully: exit code: 1"),
            "exit code: 1"
        );
        assert_eq!(
            shorten("failed to calculate checksum of ref a::b: \"/x\": not found"),
            "\"/x\": not found"
        );
        let text = ["WARNING: x", "ERROR: failed to build: failed to solve: a", "b"];
        assert_eq!(message(text.into_iter()).as_deref(), Some("a\nb"));
        assert_eq!(
            message(["", "docker: unknown command"].into_iter()).as_deref(),
            Some("docker: unknown command")
        );
        assert_eq!(message([""].into_iter()), None);
    }
}
