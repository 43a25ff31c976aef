//! Stands before NVIDIA's run-time compiler (`libnvrtc.so`): the real one compiles, this library writes down what and how long.
//!
//! [`program`] has the functions that a program calls, [`real`] the way to the real library, [`journal`] the files. Only what
//! `CubeCL` calls is here.
//!
//! | variable | says |
//! |---|---|
//! | `NVRTC_REAL` | the real library |
//! | `NVRTC_JOURNAL` | the file that gets a line for each compilation, as JSON, after those that are there |
//! | `NVRTC_FAILED` | the folder that gets source and log of a kernel that does not compile |
//! | `NVRTC_KEEP` | a folder of compiled kernels: what lies there is taken instead of compiled, and counts with the time that it took then |

mod journal;
mod program;
mod real;
