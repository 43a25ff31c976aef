//! Python pickles, read as data: nothing in them is ever executed.
//!
//! A pickle is a program for a small stack machine (Python, `pickletools.py`), and unpickling one from elsewhere runs whatever
//! it says. This machine knows only the instructions that build plain values, and from the outside world only the five names by
//! which `NumPy` builds an array out of bytes; every other name is refused, or opaque where `PyTorch` wrote the pickle. Values are kept once and referred to by number, so that
//! sharing costs nothing, a cycle is harmless, and memory is bounded by the length of the file.

mod machine;
mod numpy;
mod torch;

use std::borrow::Cow;

use super::{ParseError, array::Array};
use machine::Machine;
use numpy::{Callable, Unfinished};
pub use torch::{Element, Storage, View};

/// Values and references that one pickle may have. CIFAR-100 has about 150 thousand.
const MOST_VALUES: usize = 1 << 22;

/// A pickle that was read: its values, which borrow text and bytes from the file.
#[derive(Debug)]
pub struct Pickle<'a> {
    values: Vec<Node<'a>>,
    root: usize,
    /// Bytes that it takes.
    length: usize,
}

/// What a pickle may contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialect {
    /// Plain values and arrays of `NumPy`; everything else is refused.
    Plain,
    /// Also tensors of `PyTorch`, whose numbers lie beside the pickle; everything else is opaque.
    Torch,
}

/// A value; other values are numbers.
#[derive(Debug)]
enum Node<'a> {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Bytes(Cow<'a, [u8]>),
    Text(Cow<'a, str>),
    List(Vec<u32>),
    Tuple(Vec<u32>),
    Dict(Vec<(u32, u32)>),
    /// One of the names that are allowed.
    Callable(Callable),
    /// A type or an array, finished or not.
    Numpy(Unfinished),
    /// Numbers that lie beside the pickle.
    Storage(Storage),
    /// A view of such numbers.
    Tensor(View),
    /// An object of Python that is not looked into.
    Opaque,
}

impl<'a> Pickle<'a> {
    /// Reads a whole pickle of any protocol from 0 to 5. What follows its end is ignored, as Python does.
    pub fn read(bytes: &'a [u8]) -> Result<Self, ParseError> {
        Machine::new(bytes, Dialect::Plain).run()
    }

    /// As [`read`](Self::read), a pickle that `torch.save` wrote: tensors are described, objects that are not known are opaque.
    pub fn read_torch(bytes: &'a [u8]) -> Result<Self, ParseError> {
        Machine::new(bytes, Dialect::Torch).run()
    }

    /// Bytes from its beginning to its end mark.
    pub fn length(&self) -> usize {
        self.length
    }

    /// The storages that it speaks of, in its order; one that it names twice is there twice.
    pub fn storages(&self) -> impl Iterator<Item = &Storage> {
        self.values.iter().filter_map(|node| if let Node::Storage(storage) = node { Some(storage) } else { None })
    }

    /// What was pickled.
    pub fn root(&self) -> Value<'_> {
        Value { pickle: self, at: self.root }
    }
}

/// A value of a pickle.
#[derive(Clone, Copy, Debug)]
pub struct Value<'p> {
    pickle: &'p Pickle<'p>,
    at: usize,
}

impl<'p> Value<'p> {
    fn node(self) -> &'p Node<'p> {
        &self.pickle.values[self.at]
    }

    fn other(self, at: u32) -> Self {
        Self { pickle: self.pickle, at: at as usize }
    }

    /// What it is, in a word.
    pub fn kind(self) -> &'static str {
        self.node().kind()
    }

    /// Whether it is Python's `None`.
    pub fn is_none(self) -> bool {
        matches!(self.node(), Node::None)
    }

    /// A truth value.
    pub fn as_bool(self) -> Option<bool> {
        if let Node::Bool(value) = self.node() { Some(*value) } else { None }
    }

    /// An integer.
    pub fn as_int(self) -> Option<i64> {
        if let Node::Int(value) = self.node() { Some(*value) } else { None }
    }

    /// A number with a fraction.
    pub fn as_float(self) -> Option<f64> {
        if let Node::Float(value) = self.node() { Some(*value) } else { None }
    }

    /// Bytes; text of Python 2 is bytes too.
    pub fn as_bytes(self) -> Option<&'p [u8]> {
        if let Node::Bytes(bytes) = self.node() { Some(bytes) } else { None }
    }

    /// Text of Python 3, or of Python 2 where it is UTF-8.
    pub fn as_text(self) -> Option<&'p str> {
        match self.node() {
            Node::Text(text) => Some(text),
            Node::Bytes(bytes) => std::str::from_utf8(bytes).ok(),
            _ => None,
        }
    }

    /// The members of a list or a tuple.
    pub fn items(self) -> Option<impl ExactSizeIterator<Item = Value<'p>>> {
        match self.node() {
            Node::List(items) | Node::Tuple(items) => Some(items.iter().map(move |&at| self.other(at))),
            _ => None,
        }
    }

    /// What a dictionary has under a key of text; the last where it is there twice.
    pub fn get(self, key: &str) -> Option<Value<'p>> {
        let Node::Dict(pairs) = self.node() else { return None };
        let found = pairs.iter().rev().find(|(name, _)| self.other(*name).as_text() == Some(key));
        found.map(|(_, value)| self.other(*value))
    }

    /// The pairs of a dictionary whose keys are text.
    pub fn entries(self) -> impl Iterator<Item = (&'p str, Value<'p>)> {
        let pairs = if let Node::Dict(pairs) = self.node() { pairs.as_slice() } else { &[] };
        pairs.iter().filter_map(move |(name, value)| Some((self.other(*name).as_text()?, self.other(*value))))
    }

    /// A tensor.
    pub fn as_tensor(self) -> Option<&'p View> {
        if let Node::Tensor(view) = self.node() { Some(view) } else { None }
    }

    /// An array.
    pub fn as_array(self) -> Option<Array<'p>> {
        match self.node() {
            Node::Numpy(Unfinished::Array(Some(parts))) => Some(Array {
                dtype: parts.dtype,
                shape: parts.shape.clone(),
                fortran: parts.fortran,
                data: Cow::Borrowed(self.other(parts.data).as_bytes()?),
            }),
            _ => None,
        }
    }
}

impl Node<'_> {
    fn kind(&self) -> &'static str {
        match self {
            Node::None => "None",
            Node::Bool(_) => "a truth value",
            Node::Int(_) => "an integer",
            Node::Float(_) => "a number",
            Node::Bytes(_) => "bytes",
            Node::Text(_) => "text",
            Node::List(_) => "a list",
            Node::Tuple(_) => "a tuple",
            Node::Dict(_) => "a dictionary",
            Node::Callable(_) => "a function",
            Node::Numpy(Unfinished::Dtype(_)) => "a type of NumPy",
            Node::Numpy(Unfinished::Array(_)) => "an array",
            Node::Storage(_) => "a storage",
            Node::Tensor(_) => "a tensor",
            Node::Opaque => "an object of Python",
        }
    }
}

#[cfg(test)]
pub mod made;
#[cfg(test)]
mod tests;
