//! Fuzzes one target, led by which code an input reaches.
#![no_main]

use std::sync::LazyLock;

use pymono_fuzz::Target;

/// The target that the environment names.
static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var("PYMONO_FUZZ_TARGET").expect("PYMONO_FUZZ_TARGET is set");
    Target::named(&name).expect("PYMONO_FUZZ_TARGET is a target")
});

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    (TARGET.run)(&String::from_utf8_lossy(input));
});
