//! Submissions with every kind of fault.

mod bands;
mod checks;
