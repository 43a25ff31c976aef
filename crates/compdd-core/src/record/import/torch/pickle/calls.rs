//! The calls of a program that are understood without being made: those that rebuild tensors, and numbers of numpy.

use pytorch_reader::DType;
use std::rc::Rc;

use super::{Described, Object};

/// Images have four.
const MOST_AXES: usize = 8;

/// What a function of a name gives for its arguments; the result of one that is not known is opaque.
pub(super) fn result(name: &str, arguments: &[Object]) -> Result<Object, String> {
    Ok(match name {
        "torch._utils._rebuild_tensor" | "torch._utils._rebuild_tensor_v2" => rebuild(arguments)?,
        "_codecs.encode" => latin(arguments),
        "numpy.dtype" => match arguments.first() {
            Some(Object::Text(name)) => Object::NumpyType(name.clone()),
            _ => Object::Opaque,
        },
        "numpy.core.multiarray.scalar" | "numpy._core.multiarray.scalar" => scalar(arguments),
        "torch._utils._rebuild_parameter" => arguments.first().cloned().unwrap_or(Object::Opaque),
        _ => Object::Opaque,
    })
}

/// `(text, "latin1")`: how bytes are written before the third version of the language.
fn latin(arguments: &[Object]) -> Object {
    let [Object::Text(text), Object::Text(code)] = arguments else { return Object::Opaque };
    let bytes: Option<Rc<[u8]>> = text.chars().map(|letter| u8::try_from(letter).ok()).collect();
    bytes.filter(|_| &**code == "latin1").map_or(Object::Opaque, Object::Bytes)
}

/// `(type, bytes)`: a number of numpy, little-endian. Of types other than 64-bit ones nothing is made.
fn scalar(arguments: &[Object]) -> Object {
    let [Object::NumpyType(name), Object::Bytes(bytes)] = arguments else { return Object::Opaque };
    match (&**name, <[u8; 8]>::try_from(&**bytes)) {
        ("i8", Ok(bytes)) => Object::Int(i64::from_le_bytes(bytes)),
        ("f8", Ok(bytes)) => Object::Float(f64::from_le_bytes(bytes)),
        _ => Object::Opaque,
    }
}

/// `(storage, offset, shape, stride, ...)`.
fn rebuild(arguments: &[Object]) -> Result<Object, String> {
    let [Object::Storage { key, dtype }, Object::Int(offset), Object::Tuple(shape, _), Object::Tuple(stride, _), ..] =
        arguments
    else {
        return Err("it describes a tensor in an unknown way".to_owned());
    };
    if shape.len().max(stride.len()) > MOST_AXES {
        return Err("it describes a tensor of more than eight axes".to_owned());
    }
    let size = |object: &Object| match object {
        Object::Int(value) => usize::try_from(*value).map_err(|_| "a tensor has a negative size".to_owned()),
        _ => Err("a tensor has a size that is no number".to_owned()),
    };
    Ok(Object::Tensor(Described {
        storage: key.clone(),
        dtype: *dtype,
        offset: size(&Object::Int(*offset))?,
        shape: shape.iter().map(size).collect::<Result<_, _>>()?,
        stride: stride.iter().map(size).collect::<Result<_, _>>()?,
    }))
}

/// The type of the values of a storage, by the class that Python has for it.
pub(super) fn storage_type(name: &str) -> Result<DType, String> {
    Ok(match name {
        "torch.DoubleStorage" => DType::F64,
        "torch.FloatStorage" => DType::F32,
        "torch.HalfStorage" => DType::F16,
        "torch.BFloat16Storage" => DType::BF16,
        "torch.LongStorage" => DType::I64,
        "torch.IntStorage" => DType::I32,
        "torch.ShortStorage" => DType::I16,
        "torch.CharStorage" => DType::I8,
        "torch.ByteStorage" => DType::U8,
        "torch.BoolStorage" => DType::Bool,
        other => return Err(format!("it holds values of the type {other}")),
    })
}
