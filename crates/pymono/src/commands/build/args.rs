//! What `pymono build` is asked for.

use std::num::NonZeroUsize;

use clap::{Args, ValueEnum};
use pymono_names::Platform;

use crate::{changes::OnUnknown, load::LockArgs, summary::SummaryArgs};

/// Build images
///
/// Every service is one `docker buildx build`; stages that services share run
/// once. Without `--push` images are loaded into the local engine.
#[derive(Debug, Args)]
pub(crate) struct BuildArgs {
    /// A service to build, by name or path (can be repeated)
    #[arg(value_name = "SERVICE", conflicts_with_all = ["all", "changed"])]
    pub(super) services: Vec<String>,
    /// Build every service
    #[arg(long, conflicts_with = "changed")]
    pub(super) all: bool,
    /// Build a stage of the plan and no image, into the cache that `--cache-to` names (can be repeated)
    ///
    /// `pymono matrix` names those that pay to be built before its other jobs. All are one build, for
    /// which `{service}` stands for `shared.stages`.
    #[arg(long = "stage", value_name = "STAGE", conflicts_with_all = ["services", "all", "changed", "summary", "test", "push", "load", "tags", "reuse_from", "registry", "compression", "provenance", "sbom", "force"])]
    pub(super) stages: Vec<String>,
    /// Build the services whose inputs differ from the last commit in common with REF
    ///
    /// Without REF it is what the CI service tells of the run, or else the remote's default branch.
    #[arg(long, value_name = "REF", num_args = 0..=1, require_equals = true, default_missing_value = "auto")]
    pub(super) changed: Option<String>,
    /// What to do where that commit cannot be read
    #[arg(long, value_name = "WHAT", default_value = "error", requires = "changed")]
    pub(super) on_unknown: OnUnknown,
    #[command(flatten)]
    pub(super) summary: SummaryArgs,
    /// In the summary, compare with the last commit in common with REF, as `pymono affected` does
    #[arg(long, value_name = "REF", requires = "summary", conflicts_with_all = ["changed", "test"])]
    pub(super) base: Option<String>,
    /// Build images that exist already, too
    #[arg(long)]
    pub(super) force: bool,
    /// Build at most N images at a time, each by a docker client of its own
    ///
    /// By default one client builds up to 50 images at once, which share what is sent to BuildKit, and
    /// BuildKit decides what runs beside what. Set it where all that at once is too much for the machine.
    #[arg(short, long, value_name = "N")]
    pub(super) jobs: Option<NonZeroUsize>,
    #[command(flatten)]
    pub(super) on_failure: OnFailureArgs,
    /// Print the docker commands and run none
    #[arg(long)]
    pub(super) dry_run: bool,
    /// How progress is shown on standard error
    #[arg(long, value_name = "HOW", default_value = "auto")]
    pub(super) progress: ProgressStyle,
    #[command(flatten)]
    pub(super) locks: LockArgs,
    #[command(flatten)]
    pub(super) sameness: SamenessArgs,
    #[command(flatten)]
    pub(super) image: ImageArgs,
    #[command(flatten)]
    pub(super) buildx: BuildxArgs,
}

/// What a failed image means for the others; the last flag counts.
#[derive(Debug, Args)]
pub(super) struct OnFailureArgs {
    /// Build the others when an image fails, the default
    #[arg(long, overrides_with = "fail_fast")]
    pub(super) keep_going: bool,
    /// Stop the others when an image fails
    #[arg(long, overrides_with = "keep_going")]
    pub(super) fail_fast: bool,
}

/// What makes images the same everywhere.
#[derive(Debug, Args)]
#[command(next_help_heading = "Images")]
pub(super) struct SamenessArgs {
    /// Give each image the digest that it has on every machine and day
    ///
    /// Needs `pymono.lock`. Layers are the same everywhere without it, too, but for files of a service
    /// that is copied and not installed; the image itself says when it was made.
    #[arg(long, conflicts_with_all = ["provenance", "sbom"])]
    pub(super) reproducible: bool,
}

/// What becomes of images.
#[derive(Debug, Args)]
#[command(next_help_heading = "Images")]
pub(super) struct ImageArgs {
    /// Push images to their registry
    #[arg(long)]
    pub(super) push: bool,
    /// Load images into the local engine, the default without `--push`
    #[arg(long)]
    pub(super) load: bool,
    /// Run the configured tests on what the images have, and make no image
    ///
    /// What passed and did not change is not run again; `--no-cache` runs everything.
    #[arg(long, conflicts_with_all = ["push", "load", "tags", "reuse_from", "registry", "compression", "cache_to", "provenance", "sbom", "force", "reproducible"])]
    pub(super) test: bool,
    /// Tag images with TAG in place of the configured tags (can be repeated)
    #[arg(short, long = "tag", value_name = "TAG", value_parser = tag)]
    pub(super) tags: Vec<String>,
    /// Put REGISTRY before images' names in place of the configured one
    #[arg(long, value_name = "REGISTRY", value_parser = registry)]
    pub(super) registry: Option<String>,
    /// With `--push`, look for images that exist in REGISTRY in place of their own (can be repeated)
    ///
    /// What is found there is trusted as if it was built here: name a registry that only trusted jobs
    /// can write to.
    #[arg(long, value_name = "REGISTRY", value_parser = registry)]
    pub(super) reuse_from: Vec<String>,
    /// Compress layers that are made as METHOD says, `gzip` or `zstd`, perhaps with a level such as `zstd:9`
    ///
    /// In place of the configured one. With zstd, images are built and pulled faster and are smaller; engines and services that
    /// are some years old do not read it.
    #[arg(long, value_name = "METHOD", value_parser = compression)]
    pub(super) compression: Option<String>,
    /// Build for PLATFORM in place of the configured ones (can be repeated)
    #[arg(long = "platform", value_name = "PLATFORM", value_delimiter = ',')]
    pub(super) platforms: Vec<Platform>,
}

/// What is passed on to buildx as it is.
#[derive(Debug, Args)]
#[command(next_help_heading = "Passed on to buildx")]
pub(super) struct BuildxArgs {
    /// The builder
    #[arg(long, value_name = "NAME")]
    pub(super) builder: Option<String>,
    /// A secret, such as `id=netrc,src=.netrc` (can be repeated)
    #[arg(long = "secret", value_name = "SECRET")]
    pub(super) secrets: Vec<String>,
    /// An SSH agent or key, such as `default` (can be repeated)
    #[arg(long, value_name = "SSH")]
    pub(super) ssh: Vec<String>,
    /// A cache to read, with `{service}` for the name of each target (can be repeated)
    #[arg(long, value_name = "CACHE")]
    pub(super) cache_from: Vec<String>,
    /// A cache to write, with `{service}` for the name of each target (can be repeated)
    ///
    /// Images are built at once: without `{service}` all of them write to the same place.
    #[arg(long, value_name = "CACHE")]
    pub(super) cache_to: Vec<String>,
    /// The provenance attestation; none by default, so that an unchanged image keeps its digest
    #[arg(long, value_name = "PROVENANCE")]
    pub(super) provenance: Option<String>,
    /// The SBOM attestation
    #[arg(long, value_name = "SBOM")]
    pub(super) sbom: Option<String>,
    /// Run every step even if its result is known, with empty cache mounts
    #[arg(long)]
    pub(super) no_cache: bool,
    /// Ask the registry for newer base images
    #[arg(long)]
    pub(super) pull: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ProgressStyle {
    /// Live lines on a terminal, plain ones elsewhere
    Auto,
    /// Plain lines
    Plain,
    /// One JSON event a line, on standard output
    Json,
}

/// Reads a tag, by the rule that configured ones follow.
fn tag(text: &str) -> Result<String, String> {
    pymono_scan::check_tag(text).map(|()| text.to_owned())
}

/// Reads how layers are compressed, by the rule that a configured one follows.
fn compression(text: &str) -> Result<String, String> {
    pymono_scan::check_compression(text).map(|()| text.to_owned())
}

/// Reads what stands before an image's name, by the rule that a configured one follows.
fn registry(text: &str) -> Result<String, String> {
    let text = text.trim_end_matches('/');
    pymono_scan::check_registry(text).map(|()| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_no_reference() {
        assert!(tag("v1.2_rc-3").is_ok());
        for text in ["", ".x", "-x", "a:b", "a/b", "a b"] {
            assert!(tag(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_registry_may_have_a_port_and_a_path() {
        assert_eq!(registry("127.0.0.1:5000/team/").as_deref(), Ok("127.0.0.1:5000/team"));
        for text in ["", "/", "a b", "https://x.example", "foo:bar//x"] {
            assert!(registry(text).is_err(), "{text}");
        }
    }
}
