//! One pass through the model for a batch of tokens, each of its own sequence at its own position.
//!
//! The weights are read once a pass, whatever the number of rows. Each row is computed apart from the
//! others and in a fixed float order, so its logits depend neither on its company in the batch, nor on the
//! number of threads, nor on how a prompt was cut. Between sections results lie in buffers behind locks:
//! a thread computes into its own scratch space and holds a lock only to copy.

use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::arith::{Activations, Attention, BLOCK, LANES};
use crate::cache::Cache;
use crate::crew::{Gates, Walk};
use crate::kernel::{Kernel, Multiply, Task};
use crate::model::{Layer, Model, Shape};
use crate::weights::Matrix;

/// One token of a pass.
#[derive(Debug)]
pub(crate) struct Row {
    pub cache: Arc<Cache>,
    pub token: u32,
    pub position: usize,
    /// Whether the logits after this token are wanted.
    pub wanted: bool,
}

/// Where sections leave their results; each holds row after row.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    residual: RwLock<Vec<f32>>,
    normal: RwLock<Vec<Activations>>,
    query: RwLock<Vec<f32>>,
    attended: RwLock<Vec<Activations>>,
    gated: RwLock<Vec<Activations>>,
    logits: RwLock<Vec<f32>>,
}

/// A thread's own room for results, kept from pass to pass.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    first: Vec<f32>,
    second: Vec<f32>,
    activations: Vec<Activations>,
    scores: Vec<f32>,
}

/// A batch on its way through the model.
#[derive(Debug)]
pub(crate) struct Pass {
    model: Arc<Model>,
    kernel: Kernel,
    threads: usize,
    rows: Vec<Row>,
    /// Cosine and sine for each row and pair of a head's numbers.
    turns: Vec<(f32, f32)>,
    buffers: Arc<Buffers>,
    gates: Gates,
}

/// Rows of a matrix that are computed together, at least: a block of the next product's input.
const UNIT: usize = BLOCK;
const UNIT_GROUPS: usize = UNIT / LANES;
const SECTIONS_PER_LAYER: usize = 7;
const SECTIONS_AFTER: usize = 2;
/// Chunks a thread gets of a section on average: more even out, fewer cost less to claim.
const CHUNKS_PER_THREAD: usize = 3;
/// Results a chunk has at most, so that they stay in the cache.
const CHUNK_RESULTS: usize = 1 << 14;

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

/// Copies `part`, `width` numbers a row, to column `from` of each row of `whole`.
fn put<T: Copy>(whole: &mut [T], whole_width: usize, from: usize, part: &[T], width: usize) {
    for (whole, part) in whole.chunks_exact_mut(whole_width).zip(part.chunks_exact(width)) {
        whole[from..from + width].copy_from_slice(part);
    }
}

impl Pass {
    pub(crate) fn new(
        model: &Arc<Model>,
        kernel: Kernel,
        threads: usize,
        rows: Vec<Row>,
        buffers: &Arc<Buffers>,
    ) -> Pass {
        let shape = &model.shape;
        let (count, blocks) = (rows.len(), shape.width / BLOCK);
        let wanted = rows.iter().filter(|row| row.wanted).count();
        let mut residual = write(&buffers.residual);
        residual.clear();
        for row in &rows {
            model.embedding.row(usize::try_from(row.token).unwrap_or_default(), &mut residual);
        }
        drop(residual);
        write(&buffers.normal).resize(count * blocks, Activations::default());
        write(&buffers.query).resize(count * shape.width, 0.0);
        write(&buffers.attended).resize(count * blocks, Activations::default());
        write(&buffers.gated).resize(count * shape.hidden / BLOCK, Activations::default());
        write(&buffers.logits).resize(wanted * shape.vocabulary, 0.0);
        let turns = rows.iter().flat_map(|row| rotary_turns(row.position, shape)).collect();
        let gates = Gates::new(model.layers.len() * SECTIONS_PER_LAYER + SECTIONS_AFTER);
        Pass { model: Arc::clone(model), kernel, threads, rows, turns, buffers: Arc::clone(buffers), gates }
    }

    /// Calls `each` with the logits of each wanted row in turn.
    pub(crate) fn each_logits(&self, each: impl FnMut(&[f32])) {
        read(&self.buffers.logits).chunks_exact(self.model.shape.vocabulary).for_each(each);
    }

    /// Whether a thread panicked on the way: then there are no results.
    pub(crate) fn broken(&self) -> bool {
        self.gates.broken()
    }

    /// Shares `units`, of `results` numbers each, out among the threads.
    fn share(&self, gate: usize, units: usize, results: usize, mut work: impl FnMut(Range<usize>)) {
        let chunks = if self.threads == 1 { 1 } else { self.threads * CHUNKS_PER_THREAD };
        let size = units.div_ceil(chunks).min(CHUNK_RESULTS / results.max(1)).max(1);
        self.gates.section(gate, units.div_ceil(size), |chunk| {
            work(chunk * size..units.min((chunk + 1) * size));
        });
    }

    /// Rows `units` of `matrix` times all of `tokens`, into `out`.
    fn multiply(&self, matrix: &Matrix, units: &Range<usize>, tokens: &[Activations], out: &mut Vec<f32>) {
        let groups = units.start * UNIT_GROUPS..(units.end * UNIT_GROUPS).min(matrix.rows.div_ceil(LANES));
        out.resize(tokens.len() / matrix.blocks * groups.len() * LANES, 0.0);
        self.kernel.run(Task::Multiply(Multiply { matrix, groups, tokens, out }));
    }

    fn layer(&self, at: usize, scratch: &mut Scratch) {
        let layer = &self.model.layers[at];
        let gate = at * SECTIONS_PER_LAYER;
        self.normalise(gate, &layer.attention_norm, scratch);
        self.project(gate + 1, at, scratch);
        self.attend(gate + 2, at, scratch);
        self.add(gate + 3, &layer.attention_output, &self.buffers.attended, scratch);
        self.normalise(gate + 4, &layer.hidden_norm, scratch);
        self.hide(gate + 5, layer, scratch);
        self.add(gate + 6, &layer.down, &self.buffers.gated, scratch);
    }

    fn normalise(&self, gate: usize, gain: &[f32], scratch: &mut Scratch) {
        let width = self.model.shape.width;
        let blocks = width / BLOCK;
        self.share(gate, self.rows.len(), width, |rows| {
            scratch.activations.resize(rows.len() * blocks, Activations::default());
            let residual = read(&self.buffers.residual);
            let lines = residual[rows.start * width..].chunks_exact(width);
            for (x, out) in lines.zip(scratch.activations.chunks_exact_mut(blocks)) {
                self.kernel.run(Task::Normalise { x, gain, epsilon: self.model.shape.epsilon, out });
            }
            write(&self.buffers.normal)[rows.start * blocks..rows.end * blocks]
                .copy_from_slice(&scratch.activations);
        });
    }

    /// Queries, keys and values; the units of the three matrices are counted through.
    fn project(&self, gate: usize, at: usize, scratch: &mut Scratch) {
        let shape = &self.model.shape;
        let layer = &self.model.layers[at];
        let (queries, keys) = (shape.width / UNIT, shape.key_width() / UNIT);
        self.share(gate, queries + 2 * keys, self.rows.len() * UNIT, |units| {
            let part = |start: usize, length: usize| {
                units.start.clamp(start, start + length) - start
                    ..units.end.clamp(start, start + length) - start
            };
            let normal = read(&self.buffers.normal);
            let mut run = |matrix: &Matrix, units: Range<usize>, store: &dyn Fn(usize, usize, &mut [f32])| {
                if !units.is_empty() {
                    self.multiply(matrix, &units, &normal, &mut scratch.first);
                    store(units.start * UNIT, units.len() * UNIT, &mut scratch.first);
                }
            };
            run(&layer.query, part(0, queries), &|from, width, out| self.store_query(from, width, out));
            run(&layer.key, part(queries, keys), &|from, width, out| self.store_key(at, from, width, out));
            run(&layer.value, part(queries + keys, keys), &|from, width, out| {
                self.store_value(at, from, width, out);
            });
        });
    }

    /// Turns each pair of numbers by its row's position. `from` is the column of the first.
    fn rotate(&self, from: usize, width: usize, out: &mut [f32]) {
        let pairs = self.model.shape.head_width / 2;
        for (line, turns) in out.chunks_exact_mut(width).zip(self.turns.chunks_exact(pairs)) {
            let turns = turns.iter().cycle().skip(from / 2 % pairs);
            for ([a, b], (cos, sin)) in line.as_chunks_mut().0.iter_mut().zip(turns) {
                (*a, *b) = (*a * cos - *b * sin, *a * sin + *b * cos);
            }
        }
    }

    fn store_query(&self, from: usize, width: usize, out: &mut [f32]) {
        let shape = &self.model.shape;
        self.rotate(from, width, out);
        #[expect(clippy::cast_precision_loss, reason = "a head is narrow")]
        let scale = 1.0 / (shape.head_width as f32).sqrt();
        for x in out.iter_mut() {
            *x *= scale;
        }
        put(&mut write(&self.buffers.query), shape.width, from, out, width);
    }

    fn store_key(&self, layer: usize, from: usize, width: usize, out: &mut [f32]) {
        let head_width = self.model.shape.head_width;
        self.rotate(from, width, out);
        for (row, line) in self.rows.iter().zip(out.chunks_exact(width)) {
            let mut heads = write(&row.cache.layers[layer]);
            for (at, unit) in (from..).step_by(UNIT).zip(line.chunks_exact(UNIT)) {
                heads[at / head_width].put_key(row.position, head_width, at % head_width, unit);
            }
        }
    }

    fn store_value(&self, layer: usize, from: usize, width: usize, out: &mut [f32]) {
        let head_width = self.model.shape.head_width;
        for (row, line) in self.rows.iter().zip(out.chunks_exact(width)) {
            let mut heads = write(&row.cache.layers[layer]);
            for (at, unit) in (from..).step_by(UNIT).zip(line.chunks_exact(UNIT)) {
                heads[at / head_width].put_value(row.position, head_width, at % head_width, unit);
            }
        }
    }

    fn attend(&self, gate: usize, layer: usize, scratch: &mut Scratch) {
        let Shape { heads, key_heads, head_width, .. } = self.model.shape;
        let blocks = head_width / BLOCK;
        // A unit is one head of one row; in order, they are the blocks of the result in order.
        self.share(gate, self.rows.len() * heads, 1, |units| {
            scratch.activations.resize(units.len() * blocks, Activations::default());
            let query = read(&self.buffers.query);
            for (unit, out) in units.clone().zip(scratch.activations.chunks_exact_mut(blocks)) {
                let row = &self.rows[unit / heads];
                let memory = read(&row.cache.layers[layer]);
                let head = &memory[unit % heads / (heads / key_heads)];
                self.kernel.run(Task::Attend(Attention {
                    query: &query[unit * head_width..][..head_width],
                    keys: &head.keys,
                    values: &head.values,
                    length: row.position + 1,
                    scores: &mut scratch.scores,
                    out,
                }));
            }
            write(&self.buffers.attended)[units.start * blocks..units.end * blocks]
                .copy_from_slice(&scratch.activations);
        });
    }

    /// Adds `matrix` times `input` to the residual.
    fn add(&self, gate: usize, matrix: &Matrix, input: &RwLock<Vec<Activations>>, scratch: &mut Scratch) {
        let width = self.model.shape.width;
        self.share(gate, width / UNIT, self.rows.len() * UNIT, |units| {
            self.multiply(matrix, &units, &read(input), &mut scratch.first);
            let mut residual = write(&self.buffers.residual);
            let lines = scratch.first.chunks_exact(units.len() * UNIT);
            for (residual, line) in residual.chunks_exact_mut(width).zip(lines) {
                for (x, add) in residual[units.start * UNIT..].iter_mut().zip(line) {
                    *x += add;
                }
            }
        });
    }

    /// The hidden part of the feed-forward network.
    fn hide(&self, gate: usize, layer: &Layer, scratch: &mut Scratch) {
        let hidden = self.model.shape.hidden / BLOCK;
        self.share(gate, hidden, self.rows.len() * UNIT, |units| {
            let normal = read(&self.buffers.normal);
            self.multiply(&layer.gate, &units, &normal, &mut scratch.first);
            self.multiply(&layer.up, &units, &normal, &mut scratch.second);
            let out = &mut scratch.activations;
            out.resize(self.rows.len() * units.len(), Activations::default());
            self.kernel.run(Task::Gate { gate: &scratch.first, up: &scratch.second, out });
            put(&mut write(&self.buffers.gated), hidden, units.start, out, units.len());
        });
    }

    /// Logits of the wanted rows.
    fn finish(&self, gate: usize, scratch: &mut Scratch) {
        let Shape { width, vocabulary, epsilon, .. } = self.model.shape;
        let blocks = width / BLOCK;
        let wanted: Vec<usize> = (0..self.rows.len()).filter(|row| self.rows[*row].wanted).collect();
        self.gates.section(gate, 1, |_| {
            let residual = read(&self.buffers.residual);
            let mut normal = write(&self.buffers.normal);
            for (row, out) in wanted.iter().zip(normal.chunks_exact_mut(blocks)) {
                let x = &residual[row * width..][..width];
                self.kernel.run(Task::Normalise { x, gain: &self.model.output_norm, epsilon, out });
            }
        });
        self.share(gate + 1, vocabulary.div_ceil(UNIT), wanted.len() * UNIT, |units| {
            let normal = read(&self.buffers.normal);
            let tokens = &normal[..wanted.len() * blocks];
            self.multiply(self.model.head(), &units, tokens, &mut scratch.first);
            let from = units.start * UNIT;
            let mut logits = write(&self.buffers.logits);
            let lines = scratch.first.chunks_exact((scratch.first.len() / wanted.len().max(1)).max(1));
            for (logits, line) in logits.chunks_exact_mut(vocabulary).zip(lines) {
                let last = vocabulary.min(from + line.len());
                logits[from..last].copy_from_slice(&line[..last - from]);
            }
        });
    }
}

impl Walk for Pass {
    type Scratch = Scratch;

    fn walk(&self, scratch: &mut Scratch) {
        for layer in 0..self.model.layers.len() {
            self.layer(layer, scratch);
        }
        if self.rows.iter().any(|row| row.wanted) {
            self.finish(self.model.layers.len() * SECTIONS_PER_LAYER, scratch);
        }
    }
}

/// Cosine and sine of the angle by which each pair of a head's numbers is turned at `position`.
fn rotary_turns(position: usize, shape: &Shape) -> impl Iterator<Item = (f32, f32)> {
    let (base, width) = (shape.rope_base, shape.head_width);
    #[expect(clippy::cast_precision_loss, reason = "positions and widths are far below 2^52")]
    #[expect(clippy::cast_possible_truncation, reason = "single precision is what the pass computes in")]
    (0..width).step_by(2).map(move |at| {
        let angle = position as f64 * base.powf(-(at as f64) / width as f64);
        let (sin, cos) = angle.sin_cos();
        (cos as f32, sin as f32)
    })
}
