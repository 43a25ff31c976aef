//! [`ParseError`]: why some bytes are not what they should be, and where.

use std::{fmt, io};

/// Why bytes were refused, in one line without the name of a file: whoever opened it adds that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// Where, if it is one place.
    pub at: Option<At>,
    /// What is wrong.
    pub why: String,
}

/// A place in what was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// A byte, counted from 0.
    Byte(u64),
    /// A line of text, counted from 1.
    Line(u64),
}

impl ParseError {
    /// An error of the whole.
    pub fn new(why: impl Into<String>) -> Self {
        Self { at: None, why: why.into() }
    }

    /// An error at a byte, counted from 0.
    pub fn byte(at: u64, why: impl Into<String>) -> Self {
        Self { at: Some(At::Byte(at)), why: why.into() }
    }

    /// An error in a line, counted from 1.
    pub fn line(at: u64, why: impl Into<String>) -> Self {
        Self { at: Some(At::Line(at)), why: why.into() }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            None => f.write_str(&self.why),
            Some(At::Byte(at)) => write!(f, "{} (at byte {at})", self.why),
            Some(At::Line(at)) => write!(f, "line {at}: {}", self.why),
        }
    }
}

impl std::error::Error for ParseError {}

impl From<io::Error> for ParseError {
    fn from(error: io::Error) -> Self {
        Self::new(error.to_string())
    }
}
