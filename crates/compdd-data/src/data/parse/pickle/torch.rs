//! What a pickle of `PyTorch` says of tensors: storages by key, and views of them. Everything else it may build, optimisers and arguments of
//! programs among it, is an opaque value: nothing is called, nothing is refused for being there.

use std::sync::Arc;

use half::{bf16, f16};

use super::{Node, machine::Machine, numpy::Callable};

/// Axes that a tensor may have; images have four.
const MOST_AXES: usize = 8;

/// A view of a storage: a tensor without its numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Which storage.
    pub storage: Arc<str>,
    /// What its numbers are.
    pub element: Element,
    /// The first number, counted in numbers.
    pub offset: usize,
    /// Numbers along each axis.
    pub shape: Vec<usize>,
    /// Numbers of the storage from one to the next along each axis.
    pub stride: Vec<usize>,
}

/// A storage that a pickle speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storage {
    /// Its key in the file.
    pub key: Arc<str>,
    /// What its numbers are.
    pub element: Element,
}

/// Types of numbers, as `PyTorch` names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Element {
    F64,
    F32,
    F16,
    Bf16,
    I64,
    I32,
    I16,
    I8,
    U8,
    Bool,
}

impl Element {
    /// The type of a storage, by the class that Python has for it.
    fn of_class(name: &str) -> Result<Self, String> {
        Ok(match name {
            "DoubleStorage" => Self::F64,
            "FloatStorage" => Self::F32,
            "HalfStorage" => Self::F16,
            "BFloat16Storage" => Self::Bf16,
            "LongStorage" => Self::I64,
            "IntStorage" => Self::I32,
            "ShortStorage" => Self::I16,
            "CharStorage" => Self::I8,
            "ByteStorage" => Self::U8,
            "BoolStorage" => Self::Bool,
            other => return Err(format!("it holds values of the type torch.{other}")),
        })
    }

    /// Bytes of a number.
    pub fn size(self) -> usize {
        match self {
            Self::F64 | Self::I64 => 8,
            Self::F32 | Self::I32 => 4,
            Self::F16 | Self::Bf16 | Self::I16 => 2,
            Self::I8 | Self::U8 | Self::Bool => 1,
        }
    }

    /// Little-endian numbers of this type in single precision. Integers of labels are far below the 24 bits that this keeps.
    pub fn floats(self, bytes: &[u8]) -> Vec<f32> {
        match self {
            Self::F64 => each(bytes, |b: [u8; 8]| f64::from_le_bytes(b) as f32),
            Self::F32 => each(bytes, f32::from_le_bytes),
            Self::F16 => each(bytes, |b: [u8; 2]| f16::from_le_bytes(b).to_f32()),
            Self::Bf16 => each(bytes, |b: [u8; 2]| bf16::from_le_bytes(b).to_f32()),
            Self::I64 => each(bytes, |b: [u8; 8]| i64::from_le_bytes(b) as f32),
            Self::I32 => each(bytes, |b: [u8; 4]| i32::from_le_bytes(b) as f32),
            Self::I16 => each(bytes, |b: [u8; 2]| f32::from(i16::from_le_bytes(b))),
            Self::I8 => each(bytes, |[b]: [u8; 1]| f32::from(b.cast_signed())),
            Self::U8 | Self::Bool => each(bytes, |[b]: [u8; 1]| f32::from(b)),
        }
    }
}

fn each<const N: usize>(bytes: &[u8], value: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    bytes.as_chunks::<N>().0.iter().map(|chunk| value(*chunk)).collect()
}

/// A name that means something in a pickle of `PyTorch`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// `(storage, offset, shape, stride, ...)`: makes a view.
    Tensor,
    /// `(tensor, ...)`: what is learned.
    Parameter,
    /// Makes a dictionary.
    OrderedDict,
    /// `(type, bytes)`: makes a number of `NumPy`.
    Scalar,
    /// A class of storages; only ever an argument.
    Class(Element),
}

impl Known {
    /// What a name means, if it is known.
    pub fn find(module: &str, name: &str) -> Result<Option<Self>, String> {
        Ok(match (module, name) {
            ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2") => Some(Self::Tensor),
            ("torch._utils", "_rebuild_parameter") => Some(Self::Parameter),
            ("collections", "OrderedDict") => Some(Self::OrderedDict),
            ("numpy.core.multiarray" | "numpy._core.multiarray", "scalar") => Some(Self::Scalar),
            ("torch", class) if class.ends_with("Storage") => Some(Self::Class(Element::of_class(class)?)),
            _ => None,
        })
    }
}

impl<'a> Machine<'a> {
    /// The value of a call of a known name.
    pub(super) fn call_known(&mut self, known: Known, arguments: &[u32]) -> Result<Node<'a>, String> {
        Ok(match (known, arguments) {
            (Known::Tensor, [storage, offset, shape, stride, ..]) => self.view([*storage, *offset, *shape, *stride])?,
            (Known::Parameter, [tensor, ..]) => match self.node(*tensor) {
                Node::Tensor(view) => Node::Tensor(view.clone()),
                _ => Node::Opaque,
            },
            (Known::OrderedDict, []) => Node::Dict(Vec::new()),
            (Known::Scalar, [dtype, bytes]) => self.scalar(*dtype, *bytes),
            _ => Node::Opaque,
        })
    }

    fn view(&self, [storage, offset, shape, stride]: [u32; 4]) -> Result<Node<'a>, String> {
        let (Node::Storage(storage), Node::Tuple(shape), Node::Tuple(stride)) =
            (self.node(storage), self.node(shape), self.node(stride))
        else {
            return Err("it describes a tensor in an unknown way".to_owned());
        };
        if shape.len().max(stride.len()) > MOST_AXES {
            return Err(format!("it describes a tensor of more than {MOST_AXES} axes"));
        }
        let size = |at: &u32| match self.node(*at) {
            Node::Int(value) => usize::try_from(*value).map_err(|_| format!("a tensor has the size {value}")),
            other => Err(format!("a tensor has a size that is {}", other.kind())),
        };
        Ok(Node::Tensor(View {
            storage: storage.key.clone(),
            element: storage.element,
            offset: size(&offset)?,
            shape: shape.iter().map(size).collect::<Result<_, _>>()?,
            stride: stride.iter().map(size).collect::<Result<_, _>>()?,
        }))
    }

    /// A number of `NumPy`, little-endian. Of types other than those of eight bytes nothing is made.
    fn scalar(&self, dtype: u32, bytes: u32) -> Node<'a> {
        use super::super::array::{Dtype, Kind};
        let (Node::Numpy(super::numpy::Unfinished::Dtype(dtype)), Node::Bytes(bytes)) =
            (self.node(dtype), self.node(bytes))
        else {
            return Node::Opaque;
        };
        match (*dtype, <[u8; 8]>::try_from(&**bytes)) {
            (Dtype { kind: Kind::Signed, big_endian: false, .. }, Ok(bytes)) => Node::Int(i64::from_le_bytes(bytes)),
            (Dtype { kind: Kind::Float, big_endian: false, .. }, Ok(bytes)) => Node::Float(f64::from_le_bytes(bytes)),
            _ => Node::Opaque,
        }
    }

    /// `("storage", class, key, device, length)`: data that lie beside the pickle; the device does not matter here.
    pub(super) fn persistent(&mut self) -> Result<Node<'a>, String> {
        let unknown = || "it refers to an unknown kind of data".to_owned();
        let id = self.pop()?;
        let Node::Tuple(parts) = self.node(id) else { return Err(unknown()) };
        let &[_, class, key, ..] = &parts[..] else { return Err(unknown()) };
        match (self.node(class), self.text(key)) {
            (Node::Callable(Callable::Known(Known::Class(element))), Some(key)) => {
                Ok(Node::Storage(Storage { key: key.into(), element: *element }))
            }
            _ => Err(unknown()),
        }
    }
}
