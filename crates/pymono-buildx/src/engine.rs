//! The engine's own interface, which the client passes on.
//!
//! `docker info` takes 0.1 s, in which it looks at all plugins, and each further question a client more. With a
//! connection passed on (`docker system dial-stdio`, which clients themselves start on the other side of SSH) both
//! answers are there in 0.025 s. The client goes on finding the engine: contexts, TLS and SSH are its matter.
//!
//! The interface is <https://docs.docker.com/reference/api/engine/>, of whichever version the engine has.

use std::io::{self, BufRead, Read};

use chunked_transfer::Decoder;
use pymono_exec::{Dialogue, Interrupt};

use crate::Docker;

/// A connection to the engine.
#[derive(Debug)]
pub(crate) struct Engine {
    dialogue: Dialogue,
}

impl Docker {
    /// Connects to the engine; nothing where the client cannot start.
    pub(crate) fn engine(&self, interrupt: &Interrupt) -> Option<Engine> {
        let args = ["system", "dial-stdio"].map(str::to_owned).to_vec();
        let dialogue = self.invocation(args).converse(interrupt).ok()?;
        Some(Engine { dialogue })
    }
}

impl Engine {
    /// Returns what the engine has at a path; nothing where it has nothing, or does not answer to the end.
    pub(crate) fn get(&mut self, path: &str) -> Option<Vec<u8>> {
        let (status, body) = self.ask("GET", path)?;
        (status == 200).then_some(body)
    }

    /// Gives an image one more name, in a repository and with a tag, if there is such an image.
    pub(crate) fn tag(&mut self, reference: &str, repository: &str, tag: &str) -> Option<()> {
        let path = format!("/images/{reference}/tag?repo={repository}&tag={tag}");
        self.ask("POST", &path).map(drop)
    }

    /// Takes a name away if there is such a name, and the image with it if that is its last one and no container has it.
    pub(crate) fn untag(&mut self, reference: &str) -> Option<()> {
        self.ask("DELETE", &format!("/images/{reference}")).map(drop)
    }

    /// Returns the status and the body of an answer.
    fn ask(&mut self, method: &str, path: &str) -> Option<(u16, Vec<u8>)> {
        let length = if method == "POST" { "Content-Length: 0\r\n" } else { "" };
        let request = format!("{method} {path} HTTP/1.1\r\nHost: docker\r\n{length}\r\n");
        self.dialogue.ask(request.as_bytes(), |answer| read(answer)).ok()
    }
}

/// Reads an answer, and no more than that.
fn read(mut answer: &mut dyn BufRead) -> io::Result<(u16, Vec<u8>)> {
    let first = line(answer)?;
    let status = first.split(' ').nth(1).and_then(|it| it.parse().ok());
    let status = status.ok_or_else(|| io::Error::other(first))?;
    let mut length = None;
    loop {
        let header = line(answer)?.to_ascii_lowercase();
        match header.split_once(':').map(|(name, value)| (name, value.trim())) {
            Some(("content-length", value)) => length = value.parse::<u64>().ok(),
            Some(_) => {}
            None => break,
        }
    }
    let mut body = Vec::new();
    let is_whole = if let Some(length) = length {
        u64::try_from(answer.take(length).read_to_end(&mut body)?) == Ok(length)
    } else {
        let mut chunks = Decoder::new(&mut answer);
        chunks.read_to_end(&mut body)?;
        chunks.remaining_chunks_size().is_none()
    };
    if is_whole { Ok((status, body)) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// Reads a line of the head, without its end.
fn line(answer: &mut dyn BufRead) -> io::Result<String> {
    let mut line = String::new();
    match answer.read_line(&mut line)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(line.trim_end().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHUNKED: &str =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab\ncd\r\n1\r\ne\r\n0\r\n\r\n";
    const WHOLE: &str = "HTTP/1.1 404 Not Found\r\nContent-Type: x\r\ncontent-length: 3\r\n\r\nabc";

    #[test]
    fn answers_are_read_one_after_another() {
        let both = format!("{CHUNKED}{WHOLE}{CHUNKED}");
        let mut stream = both.as_bytes();
        for expected in [(200, "ab\ncde"), (404, "abc"), (200, "ab\ncde")] {
            let (status, body) = read(&mut stream).unwrap();
            assert_eq!((status, &*String::from_utf8_lossy(&body)), expected);
        }
        assert!(read(&mut stream).is_err());
    }

    #[test]
    fn an_answer_that_breaks_off_is_none() {
        for whole in [CHUNKED, WHOLE] {
            for end in 0..whole.len() {
                assert!(read(&mut &whole.as_bytes()[..end]).is_err(), "{end} of {whole:?}");
            }
        }
    }
}
