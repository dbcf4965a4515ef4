//! Counts what is sent to a server, by standing before it.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use anyhow::{Context, Result};

/// Passes connections on, and counts what clients send. Ends with the program.
pub(super) struct Counter {
    port: u16,
    sent: Arc<AtomicU64>,
}

impl Counter {
    /// Stands before the server at `address`, on a free port of this machine alone.
    pub(super) fn start(address: &str) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free")?;
        let port = listener.local_addr()?.port();
        let sent = Arc::new(AtomicU64::new(0));
        let (address, count) = (address.to_owned(), Arc::clone(&sent));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // One that is cut off asks again, and the push fails if it has no luck.
                drop(pass_on(client, &address, &count));
            }
        });
        Ok(Self { port, sent })
    }

    /// Where it stands.
    pub(super) fn address(&self) -> String {
        format!("{}:{}", Ipv4Addr::LOCALHOST, self.port)
    }

    /// The bytes that were sent so far; headers are a few thousandths of them.
    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }
}

fn pass_on(client: TcpStream, address: &str, count: &Arc<AtomicU64>) -> io::Result<()> {
    let server = TcpStream::connect(address)?;
    let (up, down) = ((client.try_clone()?, server.try_clone()?), (server, client));
    let count = Arc::clone(count);
    thread::spawn(move || copy(up.0, up.1, |bytes| _ = count.fetch_add(bytes, Ordering::Relaxed)));
    thread::spawn(move || copy(down.0, down.1, |_| ()));
    Ok(())
}

/// Copies until one side has no more, tells how much each time, and says so to the other side.
fn copy(mut from: TcpStream, mut to: TcpStream, tell: impl Fn(u64)) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        tell(count as u64);
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    // It may be gone already.
    drop(to.shutdown(Shutdown::Write));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_up_is_counted_and_what_comes_down_is_not() {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = server.local_addr().unwrap().to_string();
        let answer = thread::spawn(move || {
            let (mut stream, _) = server.accept().unwrap();
            let mut asked = Vec::new();
            stream.read_to_end(&mut asked).unwrap();
            stream.write_all(&[0; 1000]).unwrap();
            asked
        });
        let counter = Counter::start(&address).unwrap();
        let mut client = TcpStream::connect(counter.address()).unwrap();
        client.write_all(b"seven b").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let mut answered = Vec::new();
        client.read_to_end(&mut answered).unwrap();
        assert_eq!(answer.join().unwrap(), b"seven b");
        assert_eq!((answered.len(), counter.sent()), (1000, 7));
    }
}
