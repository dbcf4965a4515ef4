//! Reads a lock of uv and closes it for every member below `services/`, again and again: `close LOCK TIMES`.
//!
//! Prints how long each time took, reading included, in milliseconds, and how
//! many closures and pins there were. `cargo xtask bench locks` runs it.
#![expect(clippy::print_stdout, reason = "what is measured goes to the chore that asked")]

use std::{error::Error, fs, time::Instant};

use pymono_lock::{Lock, Selection};
use pymono_names::{Libc, Platform, Target};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(path), Some(times)) = (arguments.next(), arguments.next()) else {
        return Err("usage: close LOCK TIMES".into());
    };
    let target = Target { python: "3.12".parse()?, platform: Platform::Amd64, libc: Libc::Glibc };
    for _ in 0..times.parse()? {
        let start = Instant::now();
        let (closures, pins) = close(&path, target)?;
        println!("{} {closures} {pins}", start.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(())
}

/// Returns the number of closures, and of the pins in all of them.
fn close(path: &str, target: Target) -> Result<(usize, usize), Box<dyn Error>> {
    let lock = Lock::parse(path, &fs::read_to_string(path)?)?;
    let services = lock.local_packages().filter(|local| local.path.starts_with("services/"));
    let (mut closures, mut pins) = (0, 0);
    for service in services {
        let closure = lock.close(&Selection::production(service.name.clone()), &target)?;
        closures += 1;
        pins += closure.pins.len();
    }
    Ok((closures, pins))
}
