//! Files as `torch.save` writes them: a zip archive with a pickle that describes tensors, and their bytes beside it.
//!
//! Source: the format of `PyTorch` 1.6 and later, as `torch.load(..., weights_only=True)` reads it; the pickle is of protocol 2 and names nothing but
//! the four functions that rebuild tensors.

use std::io::{self, Cursor, Write as _};

use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

/// What a file holds.
pub enum Value<'a> {
    /// A tensor.
    Tensor(Tensor<'a>),
    /// A list.
    List(Vec<Value<'a>>),
    /// A dictionary.
    Dict(Vec<(&'static str, Value<'a>)>),
}

/// A tensor, row-major.
pub struct Tensor<'a> {
    /// Elements along each axis.
    pub shape: Vec<usize>,
    /// The elements.
    pub elements: Elements<'a>,
}

/// The elements of a tensor.
pub enum Elements<'a> {
    /// `torch.float32`.
    Float(&'a [f32]),
    /// `torch.int64`.
    Long(&'a [i64]),
}

impl Elements<'_> {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Float(values) => bytemuck::cast_slice(values),
            Self::Long(values) => bytemuck::cast_slice(values),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Float(values) => values.len(),
            Self::Long(values) => values.len(),
        }
    }

    fn storage(&self) -> &'static str {
        match self {
            Self::Float(_) => "FloatStorage",
            Self::Long(_) => "LongStorage",
        }
    }
}

/// The bytes of a file.
pub fn file(value: &Value<'_>) -> io::Result<Vec<u8>> {
    let mut pickle = Pickle { program: vec![0x80, 2], storages: Vec::new() };
    pickle.value(value);
    pickle.program.push(b'.');
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default())
        .with_alignment(64);
    let mut entry = |name: &str, bytes: &[u8]| {
        zip.start_file(format!("archive/{name}"), options).map_err(io::Error::other)?;
        zip.write_all(bytes)
    };
    entry("data.pkl", &pickle.program)?;
    entry("byteorder", b"little")?;
    for (key, bytes) in pickle.storages.iter().enumerate() {
        entry(&format!("data/{key}"), bytes)?;
    }
    entry("version", b"3\n")?;
    Ok(zip.finish().map_err(io::Error::other)?.into_inner())
}

/// A program of the pickle machine under way, and the storages that it names by their numbers.
struct Pickle<'a> {
    program: Vec<u8>,
    storages: Vec<&'a [u8]>,
}

impl<'a> Pickle<'a> {
    fn value(&mut self, value: &'a Value<'_>) {
        match value {
            Value::Tensor(tensor) => self.tensor(tensor),
            Value::List(items) => {
                self.program.extend(b"](");
                for item in items {
                    self.value(item);
                }
                self.program.push(b'e');
            }
            Value::Dict(entries) => {
                self.program.extend(b"}(");
                for (key, item) in entries {
                    self.text(key);
                    self.value(item);
                }
                self.program.push(b'u');
            }
        }
    }

    fn tensor(&mut self, tensor: &'a Tensor<'_>) {
        self.program.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
        self.text("storage");
        self.program.extend(format!("ctorch\n{}\n", tensor.elements.storage()).bytes());
        self.text(&self.storages.len().to_string());
        self.text("cpu");
        self.whole(tensor.elements.len());
        self.program.extend(b"tQ");
        self.whole(0);
        self.sizes(&tensor.shape);
        let axes = 0..tensor.shape.len();
        self.sizes(&axes.map(|axis| tensor.shape[axis + 1..].iter().product()).collect::<Vec<_>>());
        // No gradient, and an empty ordered dictionary of hooks.
        self.program.extend(b"\x89ccollections\nOrderedDict\n)RtR");
        self.storages.push(tensor.elements.bytes());
    }

    fn text(&mut self, text: &str) {
        self.program.push(b'X');
        self.program.extend((text.len() as u32).to_le_bytes());
        self.program.extend(text.bytes());
    }

    /// A whole number as a long of eight bytes.
    fn whole(&mut self, number: usize) {
        self.program.extend([0x8A, 8]);
        self.program.extend((number as u64).to_le_bytes());
    }

    fn sizes(&mut self, sizes: &[usize]) {
        self.program.push(b'(');
        for &size in sizes {
            self.whole(size);
        }
        self.program.push(b't');
    }
}
