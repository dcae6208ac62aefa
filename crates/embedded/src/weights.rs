//! Weight matrices, repacked when they are read: 16 rows interleaved, so that each lane of a register
//! works on its own row and no sum crosses lanes.

use std::io::{Read, Seek};

use crate::arith::{BLOCK, LANES, half};
use crate::gguf::{Format, Gguf, LoadError, Tensor};

/// A block of 32 columns of 16 rows, 4 bits a weight: `scale * nibble + offset`.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Q4 {
    /// Line `i` holds of each row columns `4 i ..` in the low nibbles and `16 + 4 i ..` in the high ones.
    pub lines: [[u32; LANES]; 4],
    /// Finite half-precision numbers.
    pub scales: [u16; LANES],
    pub offsets: [u16; LANES],
}

/// A block of 32 columns of 16 rows, 8 bits a weight: `scale * (byte - 128)`.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(32))]
pub(crate) struct Q8 {
    /// Line `i` holds columns `4 i ..` of each row.
    pub lines: [[u32; LANES]; 8],
    /// Finite half-precision numbers.
    pub scales: [u16; LANES],
}

/// A matrix as the kernels read it. Rows past the last are zero up to a multiple of 16.
#[derive(Debug)]
pub(crate) struct Matrix {
    pub rows: usize,
    /// Blocks in a row.
    pub blocks: usize,
    pub data: Data,
}

#[derive(Debug)]
pub(crate) enum Data {
    Q4(Vec<Q4>),
    Q8(Vec<Q8>),
}

/// Bytes read from the file at a time: small enough to stay in the cache until repacked.
const PIECE: usize = 1 << 18;

impl Matrix {
    /// Reads and repacks the tensor `name`.
    pub(crate) fn read<R: Read + Seek>(
        file: &mut Gguf<R>,
        name: &str,
        columns: usize,
        rows: usize,
    ) -> Result<Matrix, LoadError> {
        let tensor = file.tensor(name, columns, rows)?;
        let blocks = columns / BLOCK;
        let data = match tensor.format {
            Format::Q4_1 => Data::Q4(pack(file, &tensor, blocks, pack_q4)?),
            Format::Q8_0 => Data::Q8(pack(file, &tensor, blocks, pack_q8)?),
            other => return Err(LoadError::Unsupported(format!("matrix `{name}` stored as {other:?}"))),
        };
        Ok(Matrix { rows, blocks, data }).and_then(|matrix| match matrix.is_finite() {
            true => Ok(matrix),
            false => Err(LoadError::Damaged(format!("the tensor `{name}` has a scale that is not finite"))),
        })
    }

    fn is_finite(&self) -> bool {
        let finite = |halves: &[u16; LANES]| halves.iter().all(|h| h & 0x7c00 != 0x7c00);
        match &self.data {
            Data::Q4(groups) => groups.iter().all(|g| finite(&g.scales) & finite(&g.offsets)),
            Data::Q8(groups) => groups.iter().all(|g| finite(&g.scales)),
        }
    }

    /// Row `row` as floats, appended to `out`: how an embedding is looked up.
    pub(crate) fn row(&self, row: usize, out: &mut Vec<f32>) {
        let (start, lane) = (row / LANES * self.blocks, row % LANES);
        for at in start..start + self.blocks {
            match &self.data {
                Data::Q4(groups) => {
                    let Q4 { lines, scales, offsets } = &groups[at];
                    let (scale, offset) = (half(scales[lane]), half(offsets[lane]));
                    for shift in [0, 4] {
                        let bytes = lines.iter().flat_map(|line| (line[lane] >> shift).to_le_bytes());
                        out.extend(bytes.map(|b| f32::from(b & 15) * scale + offset));
                    }
                }
                Data::Q8(groups) => {
                    let Q8 { lines, scales } = &groups[at];
                    let bytes = lines.iter().flat_map(|line| line[lane].to_le_bytes());
                    out.extend(bytes.map(|b| (f32::from(b) - 128.0) * half(scales[lane])));
                }
            }
        }
    }
}

/// Packs 16 rows at a time with `each`, which appends a group's blocks; the last group is filled with zeros.
fn pack<R: Read + Seek, T>(
    file: &mut Gguf<R>,
    tensor: &Tensor,
    blocks: usize,
    each: fn(&[u8], usize, &mut Vec<T>),
) -> Result<Vec<T>, LoadError> {
    let (_, block_bytes) = tensor.format.block();
    let row_bytes = blocks * usize::try_from(block_bytes).unwrap_or_default();
    let group_bytes = row_bytes * LANES;
    let mut packed = Vec::with_capacity(tensor.rows.div_ceil(LANES) * blocks);
    let mut padded = Vec::new();
    file.read_pieces(tensor, (PIECE / group_bytes).max(1) * group_bytes, |piece| {
        let (groups, rest) = piece.split_at(piece.len() / group_bytes * group_bytes);
        for group in groups.chunks_exact(group_bytes) {
            each(group, row_bytes, &mut packed);
        }
        if !rest.is_empty() {
            padded.extend_from_slice(rest);
            padded.resize(group_bytes, 0);
            each(&padded, row_bytes, &mut packed);
        }
    })?;
    Ok(packed)
}

fn pack_q4(group: &[u8], row_bytes: usize, packed: &mut Vec<Q4>) {
    for at in (0..row_bytes).step_by(20) {
        let mut block = Q4 { lines: [[0; LANES]; 4], scales: [0; LANES], offsets: [0; LANES] };
        for (lane, row) in group.chunks_exact(row_bytes).enumerate() {
            let (head, quants) = row[at..at + 20].split_at(4);
            block.scales[lane] = u16::from_le_bytes([head[0], head[1]]);
            block.offsets[lane] = u16::from_le_bytes([head[2], head[3]]);
            for (line, four) in block.lines.iter_mut().zip(quants.as_chunks::<4>().0) {
                line[lane] = u32::from_le_bytes(*four);
            }
        }
        packed.push(block);
    }
}

fn pack_q8(group: &[u8], row_bytes: usize, packed: &mut Vec<Q8>) {
    for at in (0..row_bytes).step_by(34) {
        let mut block = Q8 { lines: [[0; LANES]; 8], scales: [0; LANES] };
        for (lane, row) in group.chunks_exact(row_bytes).enumerate() {
            let (head, quants) = row[at..at + 34].split_at(2);
            block.scales[lane] = u16::from_le_bytes([head[0], head[1]]);
            for (line, four) in block.lines.iter_mut().zip(quants.as_chunks::<4>().0) {
                // Signed bytes become unsigned with 128 added.
                line[lane] = u32::from_le_bytes(*four) ^ 0x8080_8080;
            }
        }
        packed.push(block);
    }
}

/// A vector of floats, stored as F32 or F16.
pub(crate) fn read_vector<R: Read + Seek>(
    file: &mut Gguf<R>,
    name: &str,
    length: usize,
) -> Result<Vec<f32>, LoadError> {
    let tensor = file.tensor(name, length, 1)?;
    let mut vector = Vec::with_capacity(length);
    file.read_pieces(&tensor, PIECE, |piece| match tensor.format {
        Format::F32 => vector.extend(piece.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b))),
        _ => vector.extend(piece.as_chunks().0.iter().map(|b| half(u16::from_le_bytes(*b)))),
    })?;
    if !matches!(tensor.format, Format::F32 | Format::F16) {
        return Err(LoadError::Unsupported(format!("vector `{name}` stored as {:?}", tensor.format)));
    }
    if !vector.iter().all(|x| x.is_finite()) {
        return Err(LoadError::Damaged(format!("the tensor `{name}` has a number that is not finite")));
    }
    Ok(vector)
}
