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
    /// Returns what the engine answers; nothing where it does not, or not to the end.
    pub(crate) fn get(&mut self, path: &str) -> Option<Vec<u8>> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: docker\r\n\r\n");
        self.dialogue.ask(request.as_bytes(), |answer| read(answer)).ok()
    }
}

/// Reads an answer, and no more than that.
fn read(mut answer: &mut dyn BufRead) -> io::Result<Vec<u8>> {
    let status = line(answer)?;
    if status.split(' ').nth(1) != Some("200") {
        return Err(io::Error::other(status));
    }
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
    if is_whole { Ok(body) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
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
    const WHOLE: &str = "HTTP/1.1 200 OK\r\nContent-Type: x\r\ncontent-length: 3\r\n\r\nabc";

    #[test]
    fn answers_are_read_one_after_another() {
        let both = format!("{CHUNKED}{WHOLE}{CHUNKED}");
        let mut stream = both.as_bytes();
        for expected in ["ab\ncde", "abc", "ab\ncde"] {
            assert_eq!(read(&mut stream).unwrap(), expected.as_bytes());
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
        assert!(
            read(&mut "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".as_bytes()).is_err()
        );
    }
}
