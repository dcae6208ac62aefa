//! Compact bytes for frames: LEB128 numbers, length-prefixed text. Decoding never trusts a length.

use std::borrow::Borrow;
use std::sync::Arc;

/// The payload does not decode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Undecodable;

pub(crate) struct Encoder<'a>(pub &'a mut Vec<u8>);

impl Encoder<'_> {
    pub fn byte(&mut self, value: u8) {
        self.0.push(value);
    }

    pub fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            // The low seven bits; the mask makes the conversion exact.
            self.0.push(u8::try_from(value & 0x7f).unwrap_or(0) | 0x80);
            value >>= 7;
        }
        self.0.push(u8::try_from(value).unwrap_or(0));
    }

    pub fn signed(&mut self, value: i64) {
        self.number((value.cast_unsigned() << 1) ^ (value >> 63).cast_unsigned());
    }

    pub fn wide(&mut self, value: u128) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub fn text(&mut self, value: &str) {
        self.number(u64::try_from(value.len()).unwrap_or(u64::MAX));
        self.0.extend_from_slice(value.as_bytes());
    }

    pub fn option<T>(&mut self, value: Option<T>, encode: impl FnOnce(&mut Self, T)) {
        self.byte(u8::from(value.is_some()));
        if let Some(value) = value {
            encode(self, value);
        }
    }
}

pub(crate) struct Decoder<'a>(pub &'a [u8]);

impl<'a> Decoder<'a> {
    pub fn bytes(&mut self, count: usize) -> Result<&'a [u8], Undecodable> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Undecodable)?;
        self.0 = rest;
        Ok(taken)
    }

    pub fn byte(&mut self) -> Result<u8, Undecodable> {
        Ok(self.bytes(1)?[0])
    }

    pub fn number(&mut self) -> Result<u64, Undecodable> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return Err(Undecodable);
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Undecodable)
    }

    pub fn signed(&mut self) -> Result<i64, Undecodable> {
        let zigzag = self.number()?;
        Ok((zigzag >> 1).cast_signed() ^ -((zigzag & 1).cast_signed()))
    }

    pub fn wide(&mut self) -> Result<u128, Undecodable> {
        let bytes = <[u8; 16]>::try_from(self.bytes(16)?).map_err(|_| Undecodable)?;
        Ok(u128::from_le_bytes(bytes))
    }

    pub fn text(&mut self) -> Result<&'a str, Undecodable> {
        let length = usize::try_from(self.number()?).map_err(|_| Undecodable)?;
        std::str::from_utf8(self.bytes(length)?).map_err(|_| Undecodable)
    }

    /// A text, shared with `like` where it is the same: records of a busy plane repeat each other's names.
    pub fn shared(&mut self, like: Option<&Arc<str>>) -> Result<Arc<str>, Undecodable> {
        let text = self.text()?;
        Ok(like.filter(|like| ***like == *text).map_or_else(|| Arc::from(text), Arc::clone))
    }

    /// A name, shared with `like` where it is the same.
    pub fn name_like<T>(&mut self, like: Option<&T>) -> Result<T, Undecodable>
    where
        T: std::str::FromStr + Clone + Borrow<str>,
    {
        let text = self.text()?;
        match like {
            Some(like) if like.borrow() == text => Ok(like.clone()),
            _ => text.parse().map_err(|_| Undecodable),
        }
    }

    pub fn name<T: std::str::FromStr>(&mut self) -> Result<T, Undecodable> {
        self.text()?.parse().map_err(|_| Undecodable)
    }

    pub fn option<T>(
        &mut self,
        decode: impl FnOnce(&mut Self) -> Result<T, Undecodable>,
    ) -> Result<Option<T>, Undecodable> {
        match self.byte()? {
            0 => Ok(None),
            1 => decode(self).map(Some),
            _ => Err(Undecodable),
        }
    }
}
