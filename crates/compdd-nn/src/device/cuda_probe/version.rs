//! Versions of CUDA, as drivers and compilers say them.

use std::fmt;

/// A version such as 12.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// 12
    pub major: i32,
    /// 4
    pub minor: i32,
}

/// The oldest driver that the build serves: the version whose functions are called, `CUDARC_CUDA_VERSION` in
/// `.cargo/config.toml`.
pub const OLDEST_DRIVER: Version = Version { major: 12, minor: 0 };

impl Version {
    /// From the number of `cuDriverGetVersion`: a thousand times the major version and ten times the minor one.
    pub fn of_driver(number: i32) -> Self {
        Self { major: number / 1000, minor: number % 1000 / 10 }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_compared() {
        assert_eq!(Version::of_driver(12040).to_string(), "12.4");
        assert!(Version::of_driver(13000) > Version::of_driver(12090));
        assert!(Version::of_driver(11080) < OLDEST_DRIVER);
    }

    #[test]
    fn the_build_calls_the_functions_of_the_oldest_driver() {
        let settings = include_str!("../../../../../.cargo/config.toml");
        let number = format!("{}0{}0", OLDEST_DRIVER.major, OLDEST_DRIVER.minor);
        assert!(settings.contains(&format!("CUDARC_CUDA_VERSION = \"{number}\"")), "{settings}");
    }
}
