//! From the size of an artifact to what its bytes cost.

use std::time::Duration;

/// Distributions smaller than this are mostly Python, which byte code doubles.
const SMALL: u64 = 1_000_000;

/// The size of an artifact where its lock does not tell: the median of 31 popular wheels.
const UNKNOWN: u64 = 850_000;

/// Milliseconds to unpack, compile and write a megabyte: between 13 (botocore, scipy) and 62
/// (pandas) were measured.
const INSTALLED: f64 = 25.0;

/// Milliseconds to push a megabyte of a layer and to pull it once, at 1 Gbit/s.
const STORED: f64 = 16.0;

/// The bytes of a distribution, estimated from those of its artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    artifact: u64,
}

impl Size {
    /// The size of an artifact of so many bytes; 0 where that is not known.
    pub(crate) fn of(artifact: u64) -> Self {
        Self { artifact: if artifact == 0 { UNKNOWN } else { artifact } }
    }

    /// Returns the bytes in a file system, byte code included.
    ///
    /// The factors were measured: see the text of the module above.
    pub(crate) fn installed(self) -> u64 {
        self.times(80, 39)
    }

    /// Returns the bytes of its part of a layer, as a registry stores it.
    pub(crate) fn stored(self) -> u64 {
        self.times(26, 13)
    }

    /// Returns the artifact's bytes times as many tenths, for small and for other artifacts.
    fn times(self, small: u64, other: u64) -> u64 {
        self.artifact / 10 * if self.artifact < SMALL { small } else { other }
    }

    /// Returns how often such a distribution's pin changes in a month, where its own history
    /// is not known.
    pub(crate) fn volatility(self) -> f64 {
        match self.artifact {
            0..100_000 => 0.06,
            100_000..1_000_000 => 0.10,
            _ => 0.18,
        }
    }

    /// Returns what its bytes cost once, in milliseconds.
    #[expect(clippy::cast_precision_loss, reason = "no artifact has 2⁵² bytes")]
    pub(crate) fn work(self) -> f64 {
        let megabytes = |bytes: u64| bytes as f64 / 1e6;
        megabytes(self.installed()) * INSTALLED + megabytes(self.stored()) * STORED
    }

    /// Returns the same in whole milliseconds.
    pub(crate) fn milliseconds(self) -> u64 {
        let duration = Duration::try_from_secs_f64(self.work() / 1000.0).unwrap_or(Duration::MAX);
        u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
    }

    /// Returns the nearest power of two: a new version that is a little bigger changes nothing.
    pub(crate) fn rounded(self) -> Self {
        let below = 1_u64 << self.artifact.ilog2();
        // Nearest as ratios go: the middle of two powers is √2 from either.
        let up = u128::from(self.artifact).pow(2) >= 2 * u128::from(below).pow(2);
        Self { artifact: if up { below * 2 } else { below } }
    }
}
