//! Acceptance checks of the activation maps (G1 to G14 of their specification, A6 of the trajectory methods).
