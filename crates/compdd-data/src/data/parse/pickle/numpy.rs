//! What a pickle may call by name: the five functions with which `NumPy` makes an array out of bytes.

use std::borrow::Cow;

use super::{
    super::array::{Dtype, MOST_DIMENSIONS},
    Node,
    machine::Machine,
    torch::Known,
};

/// A name that a pickle may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Callable {
    /// Makes an empty array, which a later instruction fills.
    Reconstruct,
    /// The class of arrays; only ever an argument.
    NdArray,
    /// Makes a type.
    Dtype,
    /// Makes an array of bytes, a type and a shape (protocol 5).
    FromBuffer,
    /// Makes bytes of Latin-1 text: how Python 3 writes bytes for protocols below 3.
    Encode,
    /// What only pickles of `PyTorch` may use.
    Known(Known),
}

/// A type, or an array that has its elements (`Some`) or will get them (`None`).
#[derive(Debug)]
pub(super) enum Unfinished {
    Dtype(Dtype),
    Array(Option<Parts>),
}

/// An array whose elements are a value of the pickle.
#[derive(Debug)]
pub(super) struct Parts {
    pub dtype: Dtype,
    pub shape: Vec<usize>,
    pub fortran: bool,
    pub data: u32,
}

impl Callable {
    /// The allow list.
    pub fn find(module: &str, name: &str) -> Option<Self> {
        Some(match (module, name) {
            ("numpy.core.multiarray" | "numpy._core.multiarray", "_reconstruct") => Self::Reconstruct,
            ("numpy", "ndarray") => Self::NdArray,
            ("numpy", "dtype") => Self::Dtype,
            ("numpy.core.numeric" | "numpy._core.numeric", "_frombuffer") => Self::FromBuffer,
            ("_codecs", "encode") => Self::Encode,
            _ => return None,
        })
    }
}

/// The error is the reason.
type Made<'a> = Result<Node<'a>, String>;

impl<'a> Machine<'a> {
    /// The value of a call.
    pub(super) fn call(&mut self, callable: Callable, arguments: &[u32]) -> Made<'a> {
        match (callable, arguments) {
            (Callable::Known(known), arguments) => self.call_known(known, arguments),
            (Callable::Reconstruct, [class, _, _]) => match self.node(*class) {
                Node::Callable(Callable::NdArray) => Ok(Node::Numpy(Unfinished::Array(None))),
                other => Err(format!("_reconstruct is asked for {}, not for an array", other.kind())),
            },
            (Callable::Dtype, [name] | [name, _] | [name, _, _]) => {
                let name = self.text(*name).ok_or("the name of a type is no text")?;
                Ok(Node::Numpy(Unfinished::Dtype(Dtype::parse(name)?)))
            }
            (Callable::FromBuffer, [data, dtype, shape, order]) => {
                let fortran = match self.text(*order) {
                    Some("C") => false,
                    Some("F") => true,
                    _ => return Err("the order of an array is neither C nor F".into()),
                };
                self.array(*dtype, *shape, fortran, *data)
            }
            (Callable::Encode, [text, codec]) => {
                let (Node::Text(text), Some("latin1")) = (self.node(*text), self.text(*codec)) else {
                    return Err("encode is asked for something else than bytes of Latin-1 text".into());
                };
                let byte = |c: char| u8::try_from(u32::from(c)).map_err(|_| "text that is not Latin-1".to_owned());
                let bytes = text.chars().map(byte).collect::<Result<Vec<u8>, _>>()?;
                self.spend(bytes.len())?;
                Ok(Node::Bytes(Cow::Owned(bytes)))
            }
            (callable, arguments) => Err(format!("{callable:?} cannot be called with {} values", arguments.len())),
        }
    }

    /// Gives an object its state.
    pub(super) fn build(&self, object: u32, state: u32) -> Made<'a> {
        let Node::Tuple(state) = self.node(state) else {
            return Err(format!("the state of an object is {}, not a tuple", self.node(state).kind()));
        };
        match (self.node(object), state.as_slice()) {
            (
                Node::Numpy(Unfinished::Array(None)),
                [shape, dtype, fortran, data] | [_, shape, dtype, fortran, data],
            ) => {
                let fortran = self.truth(*fortran).ok_or("the order of an array is no truth value")?;
                self.array(*dtype, *shape, fortran, *data)
            }
            // Version, byte order, sub-array, names, fields, size, alignment, flags, and what newer versions add.
            (Node::Numpy(Unfinished::Dtype(dtype)), [_, order, sub, names, fields, ..]) => {
                if [sub, names, fields].iter().any(|&&part| !matches!(self.node(part), Node::None)) {
                    return Err("elements that are records are not supported".into());
                }
                match self.text(*order) {
                    Some("<" | "|" | "=") => Ok(Node::Numpy(Unfinished::Dtype(Dtype { big_endian: false, ..*dtype }))),
                    Some(">") => Ok(Node::Numpy(Unfinished::Dtype(Dtype { big_endian: true, ..*dtype }))),
                    _ => Err("the byte order of a type is unknown".into()),
                }
            }
            (other, state) => Err(format!("{} cannot be given a state of {} values", other.kind(), state.len())),
        }
    }

    /// An array with its elements; their number is checked.
    fn array(&self, dtype: u32, shape: u32, fortran: bool, data: u32) -> Made<'a> {
        let Node::Numpy(Unfinished::Dtype(dtype)) = *self.node(dtype) else {
            return Err(format!("the type of an array is {}", self.node(dtype).kind()));
        };
        let Node::Tuple(sides) = self.node(shape) else {
            return Err(format!("the shape of an array is {}, not a tuple", self.node(shape).kind()));
        };
        if sides.len() > MOST_DIMENSIONS {
            return Err(format!("an array has {} dimensions", sides.len()));
        }
        let side = |&at: &u32| match self.node(at) {
            Node::Int(side) => usize::try_from(*side).map_err(|_| format!("a side of an array is {side}")),
            other => Err(format!("a side of an array is {}", other.kind())),
        };
        let shape = sides.iter().map(side).collect::<Result<Vec<_>, _>>()?;
        let Node::Bytes(bytes) = self.node(data) else {
            return Err(format!("the elements of an array are {}, not bytes", self.node(data).kind()));
        };
        if dtype.bytes(&shape) != Some(bytes.len() as u64) {
            return Err(format!("an array of shape {shape:?} has {} bytes", bytes.len()));
        }
        Ok(Node::Numpy(Unfinished::Array(Some(Parts { dtype, shape, fortran, data }))))
    }
}
