//! The folder where compiled kernels and the results of tuning outlive the process, below the user's cache.

use cubecl::config::{CubeClRuntimeConfig, RuntimeConfig as _, cache::CacheConfig};
use etcetera::BaseStrategy as _;

use super::Version;

/// Has `CubeCL` keep what it compiles and tunes, in a file for each card, driver and compiler: a kernel is PTX, which
/// another compiler makes differently and an older driver refuses, and what was fastest on one card says nothing of another.
/// Without a cache folder of the user's, that of the system for temporary files serves. Only the first call of a process
/// counts, and only before its first device opens.
pub fn keep(card: &str, driver: Version, compiler: Version) {
    let mut config = CubeClRuntimeConfig::default().override_from_env();
    config.compilation.cache = true;
    config.environment.name = format!("{card}_driver-{driver}_nvrtc-{compiler}");
    config.environment.path = etcetera::choose_base_strategy()
        .map_or(CacheConfig::Global, |base| CacheConfig::Directory(base.cache_dir().join("compdd/kernels")));
    if !CubeClRuntimeConfig::try_set(config) {
        tracing::debug!("a device is open already: compiled kernels stay where they were");
    }
}
