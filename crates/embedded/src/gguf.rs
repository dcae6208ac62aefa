//! Reads the head of a GGUF file: metadata and the list of tensors.
//!
//! The file is untrusted. Every count, length and offset is checked against the bytes that are really
//! there before anything is allocated or read, so a damaged file gives a [`LoadError`] and never a panic
//! or a huge allocation. Layout: the GGUF specification, versions 2 and 3, little-endian.

use std::collections::HashMap;
use std::io::{Read, Seek, SeekFrom};

/// Why a model file could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file could not be read.
    #[error("the model file cannot be read")]
    Io(#[from] std::io::Error),
    /// The file does not start with the GGUF magic.
    #[error("not a GGUF file")]
    NotGguf,
    /// The file ends inside something it announced.
    #[error("the file ends inside {0}")]
    Truncated(&'static str),
    /// A field contradicts the format or another field.
    #[error("the file is damaged: {0}")]
    Damaged(String),
    /// A key or tensor the model needs is not there.
    #[error("the file has no `{0}`")]
    Missing(String),
    /// A sound file of a kind this runner does not run.
    #[error("not supported: {0}")]
    Unsupported(String),
}

/// A metadata value; arrays of numbers other than whole ones are read past, not kept.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Int(i128),
    Float(f64),
    Bool(bool),
    Text(String),
    Texts(Vec<String>),
    Ints(Vec<i64>),
    Skipped,
}

/// How a tensor's numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    F32,
    F16,
    Q4_1,
    Q8_0,
}

impl Format {
    fn from_code(code: u32) -> Option<Format> {
        match code {
            0 => Some(Format::F32),
            1 => Some(Format::F16),
            3 => Some(Format::Q4_1),
            8 => Some(Format::Q8_0),
            _ => None,
        }
    }

    /// (numbers, bytes) of one block.
    pub(crate) fn block(self) -> (u64, u64) {
        match self {
            Format::F32 => (1, 4),
            Format::F16 => (1, 2),
            Format::Q4_1 => (32, 20),
            Format::Q8_0 => (32, 34),
        }
    }
}

/// A tensor's place in the file. A vector has one row.
#[derive(Debug, Clone)]
pub(crate) struct Tensor {
    pub format: Format,
    pub columns: usize,
    pub rows: usize,
    /// From the start of the file, in bytes.
    pub offset: u64,
    pub bytes: u64,
}

/// The head of a GGUF file over its source.
#[derive(Debug)]
pub(crate) struct Gguf<R> {
    source: R,
    metadata: HashMap<String, Value>,
    tensors: HashMap<String, Tensor>,
}

const ENTRIES_MAX: u64 = 1 << 16;
const ALIGNMENT_DEFAULT: u64 = 32;

impl<R: Read + Seek> Gguf<R> {
    /// Reads the head and checks that every tensor lies inside the file.
    pub(crate) fn read(mut source: R) -> Result<Gguf<R>, LoadError> {
        let length = source.seek(SeekFrom::End(0))?;
        source.seek(SeekFrom::Start(0))?;
        let mut head = Head { source: std::io::BufReader::with_capacity(1 << 18, source), length, at: 0 };
        if length < 4 || &head.array::<4>("the magic")? != b"GGUF" {
            return Err(LoadError::NotGguf);
        }
        let version = head.u32()?;
        if !(2..=3).contains(&version) {
            return Err(LoadError::Unsupported(format!("GGUF version {version}")));
        }
        let (tensor_count, key_count) = (head.u64()?, head.u64()?);
        if tensor_count > ENTRIES_MAX || key_count > ENTRIES_MAX {
            return Err(LoadError::Damaged("more than 65536 tensors or keys".into()));
        }
        let mut metadata = HashMap::new();
        for _ in 0..key_count {
            let key = head.text()?;
            let value = head.value()?;
            if metadata.insert(key.clone(), value).is_some() {
                return Err(LoadError::Damaged(format!("the key `{key}` comes twice")));
            }
        }
        let alignment = match metadata.get("general.alignment") {
            None => ALIGNMENT_DEFAULT,
            Some(Value::Int(a)) if (1..=1 << 20).contains(a) => {
                u64::try_from(*a).unwrap_or(ALIGNMENT_DEFAULT)
            }
            Some(_) => return Err(LoadError::Damaged("`general.alignment` is out of range".into())),
        };
        let mut tensors = HashMap::new();
        for _ in 0..tensor_count {
            let (name, tensor) = head.tensor()?;
            if tensors.insert(name.clone(), tensor).is_some() {
                return Err(LoadError::Damaged(format!("the tensor `{name}` comes twice")));
            }
        }
        if tensors.values().map(|t| u128::from(t.bytes)).sum::<u128>() > u128::from(length) {
            return Err(LoadError::Damaged("the tensors together are larger than the file".into()));
        }
        let start = head.at.next_multiple_of(alignment);
        for (name, tensor) in &mut tensors {
            let offset = tensor.offset.checked_add(start);
            let end = offset.and_then(|o| o.checked_add(tensor.bytes));
            match (offset, end) {
                (Some(offset), Some(end)) if end <= length => tensor.offset = offset,
                _ => return Err(LoadError::Damaged(format!("the tensor `{name}` lies outside the file"))),
            }
        }
        Ok(Gguf { source: head.source.into_inner(), metadata, tensors })
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        self.metadata.get(key)
    }

    pub(crate) fn text(&self, key: &str) -> Result<&str, LoadError> {
        match self.metadata.get(key) {
            Some(Value::Text(text)) => Ok(text),
            Some(_) => Err(LoadError::Damaged(format!("`{key}` is not text"))),
            None => Err(LoadError::Missing(key.into())),
        }
    }

    /// A whole number from 1 to `most`.
    pub(crate) fn count(&self, key: &str, most: usize) -> Result<usize, LoadError> {
        match self.metadata.get(key) {
            Some(Value::Int(n)) => match usize::try_from(*n) {
                Ok(n) if (1..=most).contains(&n) => Ok(n),
                _ => Err(LoadError::Damaged(format!("`{key}` is {n}, and must be from 1 to {most}"))),
            },
            Some(_) => Err(LoadError::Damaged(format!("`{key}` is not a whole number"))),
            None => Err(LoadError::Missing(key.into())),
        }
    }

    pub(crate) fn float(&self, key: &str) -> Result<f64, LoadError> {
        match self.metadata.get(key) {
            Some(Value::Float(x)) if x.is_finite() => Ok(*x),
            Some(_) => Err(LoadError::Damaged(format!("`{key}` is not a finite number"))),
            None => Err(LoadError::Missing(key.into())),
        }
    }

    /// Takes a list of texts out, since vocabularies are long and needed once.
    pub(crate) fn take_texts(&mut self, key: &str) -> Result<Vec<String>, LoadError> {
        match self.metadata.remove(key) {
            Some(Value::Texts(texts)) => Ok(texts),
            Some(_) => Err(LoadError::Damaged(format!("`{key}` is not a list of texts"))),
            None => Err(LoadError::Missing(key.into())),
        }
    }

    pub(crate) fn tensor_names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// The tensor `name`, which must have this shape.
    pub(crate) fn tensor(&self, name: &str, columns: usize, rows: usize) -> Result<Tensor, LoadError> {
        let tensor = self.tensors.get(name).ok_or_else(|| LoadError::Missing(name.into()))?;
        if (tensor.columns, tensor.rows) != (columns, rows) {
            return Err(LoadError::Damaged(format!(
                "the tensor `{name}` is {} by {}, and must be {columns} by {rows}",
                tensor.columns, tensor.rows
            )));
        }
        Ok(tensor.clone())
    }

    /// Calls `each` with the tensor's bytes, `piece` at a time (the last call may have fewer).
    pub(crate) fn read_pieces(
        &mut self,
        tensor: &Tensor,
        piece: usize,
        mut each: impl FnMut(&[u8]),
    ) -> Result<(), LoadError> {
        self.source.seek(SeekFrom::Start(tensor.offset))?;
        let mut left = usize::try_from(tensor.bytes).map_err(|_| LoadError::Truncated("a tensor"))?;
        let mut buffer = vec![0; piece.min(left)];
        while left > 0 {
            let now = piece.min(left);
            self.source.read_exact(&mut buffer[..now]).map_err(|_| LoadError::Truncated("a tensor"))?;
            each(&buffer[..now]);
            left -= now;
        }
        Ok(())
    }
}

struct Head<R> {
    source: R,
    length: u64,
    at: u64,
}

impl<R: Read> Head<R> {
    fn claim(&mut self, bytes: u64, what: &'static str) -> Result<usize, LoadError> {
        match self.at.checked_add(bytes) {
            Some(end) if end <= self.length => self.at = end,
            _ => return Err(LoadError::Truncated(what)),
        }
        usize::try_from(bytes).map_err(|_| LoadError::Truncated(what))
    }

    fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], LoadError> {
        let mut bytes = [0; N];
        self.claim(N as u64, what)?;
        self.source.read_exact(&mut bytes).map_err(|_| LoadError::Truncated(what))?;
        Ok(bytes)
    }

    fn u32(&mut self) -> Result<u32, LoadError> {
        Ok(u32::from_le_bytes(self.array("a number")?))
    }

    fn u64(&mut self) -> Result<u64, LoadError> {
        Ok(u64::from_le_bytes(self.array("a number")?))
    }

    fn text(&mut self) -> Result<String, LoadError> {
        let length = self.u64()?;
        let mut bytes = vec![0; self.claim(length, "a text")?];
        self.source.read_exact(&mut bytes).map_err(|_| LoadError::Truncated("a text"))?;
        String::from_utf8(bytes).map_err(|_| LoadError::Damaged("a text is not UTF-8".into()))
    }

    fn value(&mut self) -> Result<Value, LoadError> {
        match self.u32()? {
            ARRAY => self.list(),
            kind => self.scalar(kind),
        }
    }

    fn scalar(&mut self, kind: u32) -> Result<Value, LoadError> {
        let what = "a metadata value";
        Ok(match kind {
            0 => Value::Int(self.array::<1>(what)?[0].into()),
            1 => Value::Int(i8::from_le_bytes(self.array(what)?).into()),
            2 => Value::Int(u16::from_le_bytes(self.array(what)?).into()),
            3 => Value::Int(i16::from_le_bytes(self.array(what)?).into()),
            4 => Value::Int(u32::from_le_bytes(self.array(what)?).into()),
            5 => Value::Int(i32::from_le_bytes(self.array(what)?).into()),
            6 => Value::Float(f32::from_le_bytes(self.array(what)?).into()),
            7 => Value::Bool(self.array::<1>(what)?[0] != 0),
            8 => Value::Text(self.text()?),
            10 => Value::Int(u64::from_le_bytes(self.array(what)?).into()),
            11 => Value::Int(i64::from_le_bytes(self.array(what)?).into()),
            12 => Value::Float(f64::from_le_bytes(self.array(what)?)),
            _ => return Err(LoadError::Damaged(format!("unknown metadata type {kind}"))),
        })
    }

    fn list(&mut self) -> Result<Value, LoadError> {
        let (kind, count) = (self.u32()?, self.u64()?);
        // The smallest element of each kind bounds the count by what the file can hold.
        let smallest = match kind {
            0 | 1 | 7 => 1,
            2 | 3 => 2,
            4..=6 => 4,
            8 | 10..=12 => 8,
            _ => return Err(LoadError::Unsupported(format!("a metadata list of type {kind}"))),
        };
        if count.checked_mul(smallest).is_none_or(|bytes| bytes > self.length - self.at) {
            return Err(LoadError::Truncated("a metadata list"));
        }
        if kind == 8 {
            return (0..count).map(|_| self.text()).collect::<Result<_, _>>().map(Value::Texts);
        }
        let mut ints = Vec::new();
        for _ in 0..count {
            if let Value::Int(n) = self.scalar(kind)? {
                ints.push(i64::try_from(n).map_err(|_| LoadError::Damaged("a number is too big".into()))?);
            }
        }
        Ok(if matches!(kind, 6 | 7 | 12) { Value::Skipped } else { Value::Ints(ints) })
    }

    fn tensor(&mut self) -> Result<(String, Tensor), LoadError> {
        let name = self.text()?;
        let damaged = |why: &str| LoadError::Damaged(format!("the tensor `{name}` {why}"));
        let dimensions = self.u32()?;
        if !(1..=2).contains(&dimensions) {
            return Err(damaged("has neither one dimension nor two"));
        }
        let columns = self.u64()?;
        let rows = if dimensions == 2 { self.u64()? } else { 1 };
        let code = self.u32()?;
        let format = Format::from_code(code)
            .ok_or_else(|| LoadError::Unsupported(format!("tensor `{name}` is stored as type {code}")))?;
        let (numbers, bytes) = format.block();
        if columns == 0 || rows == 0 || columns % numbers != 0 {
            return Err(damaged("is not a whole number of blocks"));
        }
        let bytes = (columns / numbers).checked_mul(rows).and_then(|blocks| blocks.checked_mul(bytes));
        let bytes = bytes.filter(|b| *b <= self.length).ok_or_else(|| damaged("is larger than the file"))?;
        let narrow = |n: u64| usize::try_from(n).map_err(|_| damaged("is too large"));
        let (columns, rows) = (narrow(columns)?, narrow(rows)?);
        Ok((name.clone(), Tensor { format, columns, rows, offset: self.u64()?, bytes }))
    }
}

const ARRAY: u32 = 9;
