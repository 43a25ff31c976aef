//! The stack machine: instructions in, values out.

use std::{borrow::Cow, collections::HashMap};

use super::{super::ParseError, Dialect, MOST_VALUES, Node, Pickle, numpy::Callable, torch::Known};

/// The state of the machine while it runs over a file.
pub(super) struct Machine<'a> {
    bytes: &'a [u8],
    /// The next byte.
    at: usize,
    values: Vec<Node<'a>>,
    stack: Vec<u32>,
    /// Lengths of the stack when a mark was set.
    marks: Vec<usize>,
    memo: HashMap<u64, u32>,
    /// Bytes that were made rather than borrowed.
    made: usize,
    dialect: Dialect,
}

/// Bytes of a name of a module, a function, a type, an encoding.
const LONGEST_NAME: usize = 256;

type Done<T = ()> = Result<T, String>;

impl<'a> Machine<'a> {
    pub fn new(bytes: &'a [u8], dialect: Dialect) -> Self {
        let (values, stack, marks) = (Vec::new(), Vec::new(), Vec::new());
        Self { bytes, at: 0, values, stack, marks, memo: HashMap::new(), made: 0, dialect }
    }

    /// Runs to the end of the pickle.
    pub fn run(mut self) -> Result<Pickle<'a>, ParseError> {
        loop {
            let start = self.at as u64;
            match self.step() {
                Ok(false) => {}
                Ok(true) => {
                    let root = self.pop().map_err(|why| ParseError::byte(start, why))?;
                    return Ok(Pickle { values: self.values, root: root as usize, length: self.at });
                }
                Err(why) => return Err(ParseError::byte(start, why)),
            }
        }
    }

    /// Carries out one instruction; true at the end.
    fn step(&mut self) -> Done<bool> {
        let code = self.take(1)?[0];
        match code {
            b'.' => return Ok(true),
            0x80 => self.take(1).map(|_| ())?,
            0x95 => self.take(8).map(|_| ())?, // a frame, which only tells Python how much to read at once
            b'(' => {
                if self.marks.len() >= MOST_VALUES {
                    return Err(too_many());
                }
                self.marks.push(self.stack.len());
            }
            b'0' => self.pop().map(|_| ())?,
            b'1' => self.above_mark().map(|_| ())?,
            b'2' => self.top().and_then(|top| self.refer(top))?,
            b'N' => self.push(Node::None)?,
            0x88 => self.push(Node::Bool(true))?,
            0x89 => self.push(Node::Bool(false))?,
            b'I' | b'L' | b'J' | b'K' | b'M' | 0x8A | 0x8B | b'F' | b'G' => self.number(code)?,
            b'S' | b'T' | b'U' | b'B' | b'C' | 0x8E | 0x96 | b'V' | b'X' | 0x8C | 0x8D => self.characters(code)?,
            b']' => self.push(Node::List(Vec::new()))?,
            b')' => self.push(Node::Tuple(Vec::new()))?,
            b'}' => self.push(Node::Dict(Vec::new()))?,
            0x85..=0x87 => {
                let length = usize::from(code - 0x84);
                let start =
                    self.stack.len().checked_sub(length).filter(|&start| start >= self.floor()).ok_or_else(empty)?;
                let items = self.stack.split_off(start);
                self.push(Node::Tuple(items))?;
            }
            b't' => self.above_mark().and_then(|items| self.push(Node::Tuple(items)))?,
            b'l' => self.above_mark().and_then(|items| self.push(Node::List(items)))?,
            b'd' => self.above_mark().and_then(|items| pairs(&items)).and_then(|pairs| self.push(Node::Dict(pairs)))?,
            b'a' => {
                let item = self.pop()?;
                self.extend_list(vec![item])?;
            }
            b'e' => self.above_mark().and_then(|items| self.extend_list(items))?,
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.extend_dict(vec![(key, value)])?;
            }
            b'u' => self.above_mark().and_then(|items| pairs(&items)).and_then(|pairs| self.extend_dict(pairs))?,
            b'p' | b'q' | b'r' | 0x94 | b'g' | b'h' | b'j' => self.remember(code)?,
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.global(text(module)?, text(name)?)?;
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let parts =
                    self.text(module).zip(self.text(name)).map(|(module, name)| (module.to_owned(), name.to_owned()));
                let (module, name) = parts.ok_or("a global is not named by text")?;
                self.global(&module, &name)?;
            }
            b'R' => {
                let value = self.reduce()?;
                self.push(value)?;
            }
            b'b' => {
                let state = self.pop()?;
                let object = self.top()?;
                if self.dialect == Dialect::Plain || matches!(self.node(object), Node::Numpy(_)) {
                    let built = self.build(object, state);
                    self.values[object as usize] = self.or_opaque(built)?;
                }
            }
            _ if self.dialect == Dialect::Torch => self.torch(code)?,
            other => return Err(unknown(other)),
        }
        Ok(false)
    }

    /// What a call gives, without making it.
    fn reduce(&mut self) -> Done<Node<'a>> {
        let (arguments, callable) = (self.pop()?, self.pop()?);
        match (self.node(callable), self.node(arguments)) {
            (Node::Callable(callable), Node::Tuple(arguments)) => {
                let (callable, arguments) = (*callable, arguments.clone());
                let value = self.call(callable, &arguments);
                if matches!(callable, Callable::Known(_)) { value } else { self.or_opaque(value) }
            }
            _ if self.dialect == Dialect::Torch => Ok(Node::Opaque),
            (other, _) => Err(format!("{} is called", other.kind())),
        }
    }

    /// In a pickle of `PyTorch` what cannot be made is not needed.
    fn or_opaque(&self, made: Done<Node<'a>>) -> Done<Node<'a>> {
        if self.dialect == Dialect::Torch { Ok(made.unwrap_or(Node::Opaque)) } else { made }
    }

    /// Instructions that only `PyTorch`'s pickles may use: data beside the pickle, objects, sets.
    fn torch(&mut self, code: u8) -> Done {
        match code {
            b'Q' => {
                let node = self.persistent()?;
                self.push(node)
            }
            0x81 => {
                self.pop()?;
                self.pop()?;
                self.push(Node::Opaque)
            }
            0x92 => {
                for _ in 0..3 {
                    self.pop()?;
                }
                self.push(Node::Opaque)
            }
            0x8F => self.push(Node::Opaque),
            0x90 => self.above_mark().map(|_| ()),
            0x91 => self.above_mark().and_then(|_| self.push(Node::Opaque)),
            other => Err(unknown(other)),
        }
    }

    /// Pushes a number.
    fn number(&mut self, code: u8) -> Done {
        let integer =
            |text: &str| text.parse::<i64>().map_err(|_| format!("{:?} is no integer of 64 bits", short(text)));
        let node = match code {
            b'I' => match text(self.line()?)? {
                "00" => Node::Bool(false),
                "01" => Node::Bool(true),
                line => Node::Int(integer(line)?),
            },
            b'L' => {
                let line = text(self.line()?)?;
                Node::Int(integer(line.strip_suffix('L').unwrap_or(line))?)
            }
            b'F' => {
                let line = text(self.line()?)?;
                Node::Float(line.parse().map_err(|_| format!("{:?} is no number", short(line)))?)
            }
            b'G' => Node::Float(f64::from_bits(u64::from_be_bytes(self.array_of()?))),
            b'J' => Node::Int(i32::from_le_bytes(self.array_of()?).into()),
            b'K' => Node::Int(self.take(1)?[0].into()),
            b'M' => Node::Int(u16::from_le_bytes(self.array_of()?).into()),
            _ => {
                let length = self.length(if code == 0x8A { 1 } else { 4 })?;
                let digits = self.take(length)?;
                if digits.len() > 8 && self.dialect == Dialect::Torch {
                    return self.push(Node::Opaque);
                }
                if digits.len() > 8 {
                    return Err(format!("an integer of {} bytes is too large", digits.len()));
                }
                let negative = digits.last().is_some_and(|&top| top >= 0x80);
                let mut wide = [if negative { 0xFF } else { 0 }; 8];
                wide[..digits.len()].copy_from_slice(digits);
                Node::Int(i64::from_le_bytes(wide))
            }
        };
        self.push(node)
    }

    /// Pushes text or bytes.
    fn characters(&mut self, code: u8) -> Done {
        let node = match code {
            b'S' => {
                let line = self.line()?;
                let bytes = unquoted(line).ok_or("a string is not quoted as Python does it")?;
                self.spend(bytes.len())?;
                Node::Bytes(Cow::Owned(bytes))
            }
            b'V' => {
                let line = text(self.line()?)?;
                if line.contains('\\') {
                    return Err("text with escapes is not supported; pickle with protocol 2 or later".into());
                }
                Node::Text(Cow::Borrowed(line))
            }
            _ => {
                let length = self.length(match code {
                    b'U' | b'C' | 0x8C => 1,
                    b'T' | b'B' | b'X' => 4,
                    _ => 8,
                })?;
                let bytes = self.take(length)?;
                if matches!(code, b'X' | 0x8C | 0x8D) {
                    Node::Text(Cow::Borrowed(text(bytes)?))
                } else {
                    Node::Bytes(Cow::Borrowed(bytes))
                }
            }
        };
        self.push(node)
    }

    /// Stores the top of the stack under a number, or brings back what was stored.
    fn remember(&mut self, code: u8) -> Done {
        let index = match code {
            b'p' | b'g' => {
                let line = text(self.line()?)?;
                line.parse().map_err(|_| format!("{:?} is no place in the memo", short(line)))?
            }
            b'q' | b'h' => self.length(1)? as u64,
            b'r' | b'j' => self.length(4)? as u64,
            _ => self.memo.len() as u64,
        };
        if matches!(code, b'g' | b'h' | b'j') {
            let value = self.memo.get(&index).copied().ok_or_else(|| format!("nothing was stored as {index}"))?;
            return self.refer(value);
        }
        if self.memo.len() >= MOST_VALUES {
            return Err(too_many());
        }
        let top = self.top()?;
        self.memo.insert(index, top);
        Ok(())
    }

    fn global(&mut self, module: &str, name: &str) -> Done {
        let mut found = Callable::find(module, name);
        if self.dialect == Dialect::Torch && found.is_none() {
            found = Known::find(module, name)?.map(Callable::Known);
        }
        match (found, self.dialect) {
            (Some(callable), _) => self.push(Node::Callable(callable)),
            (None, Dialect::Torch) => self.push(Node::Opaque),
            (None, Dialect::Plain) => Err(format!(
                "asks for {}.{}, which is not needed for images and labels and is never called",
                short(module),
                short(name)
            )),
        }
    }

    fn extend_list(&mut self, mut items: Vec<u32>) -> Done {
        let list = self.top()?;
        match &mut self.values[list as usize] {
            Node::List(list) => list.append(&mut items),
            _ if self.dialect == Dialect::Torch => {}
            other => return Err(format!("{} is appended to", other.kind())),
        }
        Ok(())
    }

    fn extend_dict(&mut self, mut pairs: Vec<(u32, u32)>) -> Done {
        let dict = self.top()?;
        match &mut self.values[dict as usize] {
            Node::Dict(dict) => dict.append(&mut pairs),
            _ if self.dialect == Dialect::Torch => {}
            other => return Err(format!("{} is given keys", other.kind())),
        }
        Ok(())
    }

    /// A value.
    pub fn node(&self, at: u32) -> &Node<'a> {
        &self.values[at as usize]
    }

    /// A name: short text, or short text of Python 2.
    pub fn text(&self, at: u32) -> Option<&str> {
        let text = match self.node(at) {
            Node::Text(text) => text,
            Node::Bytes(bytes) if bytes.len() <= LONGEST_NAME => std::str::from_utf8(bytes).ok()?,
            _ => return None,
        };
        (text.len() <= LONGEST_NAME).then_some(text)
    }

    /// A truth value, also as the integer that Python 2 wrote.
    pub fn truth(&self, at: u32) -> Option<bool> {
        match self.node(at) {
            Node::Bool(value) => Some(*value),
            Node::Int(value @ (0 | 1)) => Some(*value == 1),
            _ => None,
        }
    }

    /// Accounts for bytes that are made. Python makes each once, from an instruction of at least that length.
    pub fn spend(&mut self, bytes: usize) -> Done {
        self.made += bytes;
        if self.made > self.bytes.len() { Err("the same bytes are made again and again".into()) } else { Ok(()) }
    }

    fn push(&mut self, node: Node<'a>) -> Done {
        if self.values.len() >= MOST_VALUES {
            return Err(too_many());
        }
        self.values.push(node);
        self.refer(self.values.len() as u32 - 1)
    }

    fn refer(&mut self, value: u32) -> Done {
        if self.stack.len() >= MOST_VALUES {
            return Err(too_many());
        }
        self.stack.push(value);
        Ok(())
    }

    /// The stack below the last mark is out of reach.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn top(&self) -> Done<u32> {
        self.stack[self.floor()..].last().copied().ok_or_else(empty)
    }

    pub(super) fn pop(&mut self) -> Done<u32> {
        let top = self.top()?;
        self.stack.pop();
        Ok(top)
    }

    fn above_mark(&mut self) -> Done<Vec<u32>> {
        let mark = self.marks.pop().ok_or("there is no mark on the stack")?;
        Ok(self.stack.split_off(mark))
    }

    fn take(&mut self, length: usize) -> Done<&'a [u8]> {
        let rest = &self.bytes[self.at..];
        let taken = rest.get(..length).ok_or_else(|| match rest.len() {
            0 => "the pickle ends before its end mark".to_owned(),
            left => format!("{length} bytes are announced, {left} are left"),
        })?;
        self.at += length;
        Ok(taken)
    }

    fn array_of<const N: usize>(&mut self) -> Done<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    /// A length of some bytes, least significant first.
    fn length(&mut self, bytes: usize) -> Done<usize> {
        let mut wide = [0; 8];
        wide[..bytes].copy_from_slice(self.take(bytes)?);
        usize::try_from(u64::from_le_bytes(wide)).map_err(|error| error.to_string())
    }

    /// A line of the protocol for humans, without its end.
    fn line(&mut self) -> Done<&'a [u8]> {
        let length = self.bytes[self.at..].iter().position(|&byte| byte == b'\n').ok_or("a line does not end")?;
        let line = self.take(length + 1)?;
        Ok(line[..length].strip_suffix(b"\r").unwrap_or(&line[..length]))
    }
}

fn pairs(items: &[u32]) -> Done<Vec<(u32, u32)>> {
    let (pairs, rest) = items.as_chunks::<2>();
    if !rest.is_empty() {
        return Err("a key of a dictionary has no value".into());
    }
    Ok(pairs.iter().map(|&[key, value]| (key, value)).collect())
}

fn text(bytes: &[u8]) -> Done<&str> {
    std::str::from_utf8(bytes).map_err(|_| "text is not UTF-8".into())
}

/// As much of foreign text as a message shows.
fn short(text: &str) -> String {
    text.chars().take(60).collect::<String>().escape_debug().to_string()
}

fn unknown(code: u8) -> String {
    format!("instruction {:?} builds no plain data", char::from(code))
}

fn empty() -> String {
    "the stack is empty".into()
}

fn too_many() -> String {
    format!("more than {MOST_VALUES} values")
}

/// The bytes of a string as Python 2 shows it: in quotes, with escapes.
fn unquoted(line: &[u8]) -> Option<Vec<u8>> {
    let quote = *line.first().filter(|quote| matches!(quote, b'\'' | b'"'))?;
    let inner = line[1..].strip_suffix(&[quote])?;
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner.iter();
    while let Some(&byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        bytes.push(match rest.next()? {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'x' => {
                let digits = [*rest.next()?, *rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            plain @ (b'\\' | b'\'' | b'"') => *plain,
            _ => return None,
        });
    }
    Some(bytes)
}
