//! The part of the pickle language that describes one tensor or one number.

mod calls;
#[cfg(test)]
mod tests;

use pytorch_reader::DType;
use std::{collections::HashMap, rc::Rc};

use crate::limits;

/// The root object of a file.
#[derive(Debug)]
pub(super) enum Root {
    /// A tensor, or a parameter that wraps one.
    Tensor(Described),
    /// A Python number.
    Number(f64),
    /// A dictionary, a list: somebody else's business.
    Other,
}

/// A view of a storage.
#[derive(Debug, Clone)]
pub(super) struct Described {
    pub storage: Rc<str>,
    pub dtype: DType,
    pub offset: usize,
    pub shape: Vec<usize>,
    pub stride: Vec<usize>,
}

/// Shared, so that a program cannot grow by copying what it remembers.
#[derive(Debug, Clone)]
enum Object {
    Int(i64),
    Float(f64),
    Text(Rc<str>),
    Global(Rc<str>),
    /// Owns what it holds, to a depth of [`MOST_NESTED`].
    Tuple(Rc<[Object]>, usize),
    Storage {
        key: Rc<str>,
        dtype: DType,
    },
    Tensor(Described),
    Bytes(Rc<[u8]>),
    /// The name of a type of numbers, such as `i8`: a signed one of eight bytes.
    NumpyType(Rc<str>),
    /// Position in [`Machine::lists`]: lists may hold each other without ownership going in circles.
    List(usize),
    Opaque,
}

/// Tuples in tuples: a tensor needs two. What owns itself layer after layer is freed layer after layer, on the stack.
const MOST_NESTED: usize = limits::NESTED.most as usize;

/// More tensors than any file of experts holds: 10 experts, 101 snapshots, 62 tensors are 62 620.
const MOST_TENSORS: usize = limits::TENSORS.most as usize;

/// Runs the program of `data.pkl`. Opcodes outside the subset end it with an error; nothing is imported or called.
pub(super) fn run(program: &[u8]) -> Result<Root, String> {
    let (_, root) = Machine::new(program).finish()?;
    Ok(match root {
        Object::Tensor(tensor) => Root::Tensor(tensor),
        Object::Int(value) => Root::Number(value as f64),
        Object::Float(value) => Root::Number(value),
        _ => Root::Other,
    })
}

/// Runs the program of a file that holds a list of lists of lists of tensors: experts, snapshots, parameters.
pub(super) fn run_nested(program: &[u8]) -> Result<Vec<Vec<Vec<Described>>>, String> {
    let (machine, root) = Machine::new(program).finish()?;
    let mut count = 0;
    let mut nested = Vec::new();
    for expert in machine.items(&root, "it is no list of experts")? {
        let mut snapshots = Vec::new();
        for snapshot in machine.items(expert, "an expert is no list of snapshots")? {
            let items = machine.items(snapshot, "a snapshot is no list of tensors")?;
            count += items.len() + 1;
            if count > MOST_TENSORS {
                return Err(format!("it describes more than {MOST_TENSORS} tensors"));
            }
            let tensors = items.iter().map(|item| match item {
                Object::Tensor(tensor) => Ok(tensor.clone()),
                _ => Err("a snapshot holds something else than tensors".to_owned()),
            });
            snapshots.push(tensors.collect::<Result<_, _>>()?);
        }
        nested.push(snapshots);
    }
    Ok(nested)
}

/// An entry of a list.
#[derive(Debug)]
pub(super) enum Item {
    Tensor(Described),
    /// Whole numbers in a list or a tuple.
    Integers(Vec<i64>),
    /// Anything else, nothing among it.
    Other,
}

/// Runs the program of a file that holds a list of tensors and of lists of numbers: a minibatch of views.
pub(super) fn run_list(program: &[u8]) -> Result<Vec<Item>, String> {
    let (machine, root) = Machine::new(program).finish()?;
    let entry = |object: &Object| match object {
        Object::Tensor(tensor) => Item::Tensor(tensor.clone()),
        list => {
            let number = |item: &Object| if let Object::Int(value) = item { Some(*value) } else { None };
            let numbers = machine.items(list, "").ok().and_then(|items| items.iter().map(number).collect());
            numbers.map_or(Item::Other, Item::Integers)
        }
    };
    Ok(machine.items(&root, "it is no list")?.iter().map(entry).collect())
}

struct Machine<'a> {
    input: &'a [u8],
    stack: Vec<Object>,
    marks: Vec<usize>,
    memo: HashMap<usize, Object>,
    lists: Vec<Vec<Object>>,
}

impl<'a> Machine<'a> {
    fn new(program: &'a [u8]) -> Self {
        Self { input: program, stack: Vec::new(), marks: Vec::new(), memo: HashMap::new(), lists: Vec::new() }
    }

    /// Runs to the end; the machine and its last object.
    fn finish(mut self) -> Result<(Self, Object), String> {
        while !self.step()? {}
        let root = self.pop()?;
        Ok((self, root))
    }

    /// What a list or a tuple holds.
    fn items<'m>(&'m self, object: &'m Object, otherwise: &str) -> Result<&'m [Object], String> {
        match object {
            Object::List(at) => Ok(&self.lists[*at]),
            Object::Tuple(items, _) => Ok(items),
            _ => Err(otherwise.to_owned()),
        }
    }

    /// Appends to the list on top of the stack; any other container stays opaque.
    fn append(&mut self, items: Vec<Object>) {
        if let Some(Object::List(at)) = self.stack.last() {
            self.lists[*at].extend(items);
        }
    }

    /// One instruction; true at the end of the program.
    fn step(&mut self) -> Result<bool, String> {
        match self.take(1)?[0] {
            b'.' => return Ok(true),
            0x80 => drop(self.take(1)?),
            0x95 => drop(self.take(8)?),
            b'(' => self.marks.push(self.stack.len()),
            b']' => {
                self.stack.push(Object::List(self.lists.len()));
                self.lists.push(Vec::new());
            }
            b'N' | b'}' | 0x88 | 0x89 => self.stack.push(Object::Opaque),
            b')' => self.stack.push(Object::Tuple(Rc::new([]), 1)),
            b'K' => self.integer::<1>()?,
            b'M' => self.integer::<2>()?,
            b'J' => {
                let value = i32::from_le_bytes(self.array::<4>()?);
                self.stack.push(Object::Int(value.into()));
            }
            0x8a => self.long()?,
            b'G' => {
                let value = f64::from_be_bytes(self.array::<8>()?);
                self.stack.push(Object::Float(value));
            }
            0x8c => self.text::<1>()?,
            b'X' => self.text::<4>()?,
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.stack.push(Object::Global(format!("{module}.{name}").into()));
            }
            0x93 => self.stack_global()?,
            b'q' => self.store::<1>()?,
            b'r' => self.store::<4>()?,
            0x94 => {
                let top = self.top()?.clone();
                self.memo.insert(self.memo.len(), top);
            }
            b'h' => self.fetch::<1>()?,
            b'j' => self.fetch::<4>()?,
            0x85 => self.tuple(1)?,
            0x86 => self.tuple(2)?,
            0x87 => self.tuple(3)?,
            b't' => {
                let items = self.since_mark()?;
                self.push_tuple(items)?;
            }
            b'Q' => self.persistent()?,
            b'R' => self.reduce()?,
            b'e' => {
                let items = self.since_mark()?;
                self.append(items);
            }
            b'a' => {
                let item = self.pop()?;
                self.append(vec![item]);
            }
            // Filling a dictionary, setting attributes: the container stays opaque.
            b'u' => drop(self.since_mark()?),
            b's' => drop((self.pop()?, self.pop()?)),
            b'b' => drop(self.pop()?),
            other => return Err(format!("it uses the pickle instruction 0x{other:02x}")),
        }
        Ok(false)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], String> {
        let (head, tail) = self.input.split_at_checked(count).ok_or("its description ends early")?;
        self.input = tail;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        self.take(N)?.try_into().map_err(|_| "its description ends early".to_owned())
    }

    /// An unsigned little-endian number of up to eight bytes.
    fn number(&mut self, bytes: usize) -> Result<usize, String> {
        Ok(self.take(bytes)?.iter().rev().fold(0, |n, b| (n << 8) | usize::from(*b)))
    }

    fn integer<const N: usize>(&mut self) -> Result<(), String> {
        let value = self.number(N)?;
        self.stack.push(Object::Int(value as i64));
        Ok(())
    }

    fn long(&mut self) -> Result<(), String> {
        let length = self.number(1)?;
        let bytes = self.take(length)?;
        if length > 8 {
            return Err("it holds an integer of more than 64 bits".to_owned());
        }
        let negative = bytes.last().is_some_and(|b| b & 0x80 != 0);
        let mut value = [if negative { 0xff } else { 0 }; 8];
        value[..length].copy_from_slice(bytes);
        self.stack.push(Object::Int(i64::from_le_bytes(value)));
        Ok(())
    }

    fn text<const N: usize>(&mut self) -> Result<(), String> {
        let length = self.number(N)?;
        let text = String::from_utf8_lossy(self.take(length)?);
        self.stack.push(Object::Text(text.into()));
        Ok(())
    }

    fn line(&mut self) -> Result<String, String> {
        let end = self.input.iter().position(|b| *b == b'\n').ok_or("its description ends early")?;
        let line = String::from_utf8_lossy(self.take(end)?).into_owned();
        self.take(1)?;
        Ok(line)
    }

    fn top(&self) -> Result<&Object, String> {
        self.stack.last().ok_or_else(underflow)
    }

    fn pop(&mut self) -> Result<Object, String> {
        self.stack.pop().ok_or_else(underflow)
    }

    fn store<const N: usize>(&mut self) -> Result<(), String> {
        let slot = self.number(N)?;
        let top = self.top()?.clone();
        self.memo.insert(slot, top);
        Ok(())
    }

    fn fetch<const N: usize>(&mut self) -> Result<(), String> {
        let slot = self.number(N)?;
        let item = self.memo.get(&slot).ok_or("its description refers to nothing")?.clone();
        self.stack.push(item);
        Ok(())
    }

    fn since_mark(&mut self) -> Result<Vec<Object>, String> {
        let mark = self.marks.pop().filter(|m| *m <= self.stack.len()).ok_or_else(underflow)?;
        Ok(self.stack.split_off(mark))
    }

    fn tuple(&mut self, count: usize) -> Result<(), String> {
        let start = self.stack.len().checked_sub(count).ok_or_else(underflow)?;
        let items = self.stack.split_off(start);
        self.push_tuple(items)
    }

    fn push_tuple(&mut self, items: Vec<Object>) -> Result<(), String> {
        let depth = |item: &Object| if let Object::Tuple(_, depth) = item { *depth } else { 0 };
        let depth = 1 + items.iter().map(depth).max().unwrap_or(0);
        if depth > MOST_NESTED {
            return Err(format!("it nests tuples more than {MOST_NESTED} deep"));
        }
        self.stack.push(Object::Tuple(items.into(), depth));
        Ok(())
    }

    fn stack_global(&mut self) -> Result<(), String> {
        let (Object::Text(name), Object::Text(module)) = (self.pop()?, self.pop()?) else { return Err(underflow()) };
        self.stack.push(Object::Global(format!("{module}.{name}").into()));
        Ok(())
    }

    /// `("storage", type, key, device, length)`; the device does not matter here.
    fn persistent(&mut self) -> Result<(), String> {
        let Object::Tuple(parts, _) = self.pop()? else {
            return Err("it refers to an unknown kind of data".to_owned());
        };
        let (Some(Object::Global(kind)), Some(Object::Text(key))) = (parts.get(1), parts.get(2)) else {
            return Err("it refers to an unknown kind of data".to_owned());
        };
        let object = Object::Storage { key: key.clone(), dtype: calls::storage_type(kind)? };
        self.stack.push(object);
        Ok(())
    }

    /// What a call gives, without making it.
    fn reduce(&mut self) -> Result<(), String> {
        let (arguments, function) = (self.pop()?, self.pop()?);
        let result = match (function, arguments) {
            (Object::Global(name), Object::Tuple(arguments, _)) => calls::result(&name, &arguments)?,
            _ => Object::Opaque,
        };
        self.stack.push(result);
        Ok(())
    }
}

fn underflow() -> String {
    "its description is not well-formed".to_owned()
}
