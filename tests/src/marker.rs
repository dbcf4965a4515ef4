//! What markers see on a target, written down without pymono's own reading of them.

use pep508_rs::{MarkerEnvironment, MarkerEnvironmentBuilder};
use pymono_names::Target;

/// Returns the marker environment of `CPython` on `target`, with a patch version that is later than all.
pub fn environment(target: Target) -> MarkerEnvironment {
    let full = format!("3.{}.99", target.python.minor);
    MarkerEnvironmentBuilder {
        implementation_name: "cpython",
        implementation_version: &full,
        os_name: "posix",
        platform_machine: target.platform.machine(),
        platform_python_implementation: "CPython",
        platform_release: "",
        platform_system: "Linux",
        platform_version: "",
        python_full_version: &full,
        python_version: &format!("3.{}", target.python.minor),
        sys_platform: "linux",
    }
    .try_into()
    .unwrap()
}
