//! The environment that markers see.

use pep508_rs::{MarkerEnvironment, MarkerEnvironmentBuilder};
use pymono_names::Target;

/// Returns the marker environment of `CPython` on `target`.
///
/// Nothing of the machine that this runs on goes in. The kernel's release and
/// version are empty, since an image cannot know which kernel will run it.
pub(crate) fn environment(target: Target) -> MarkerEnvironment {
    let full = target.python.full_version();
    let builder = MarkerEnvironmentBuilder {
        implementation_name: "cpython",
        implementation_version: &full,
        os_name: "posix",
        platform_machine: target.platform.machine(),
        platform_python_implementation: "CPython",
        platform_release: "",
        platform_system: "Linux",
        platform_version: "",
        python_full_version: &full,
        python_version: &target.python.minor_version(),
        sys_platform: "linux",
    };
    builder.try_into().expect("three numbers with dots between them are a version")
}
