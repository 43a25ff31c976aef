//! Acceptance checks of the specification and properties, on tiny networks and images.

mod distances;
mod pixels;
mod recipes;
mod runs;
