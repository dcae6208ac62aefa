//! Several requests on one model: a thread that carries all of them forward, step by step.
//!
//! A step feeds every running request at least one token, so that none starves, and fills what room is left
//! with prompts, shared evenly. Requests come and go between steps. A request that is cancelled, or whose
//! sink says [`Flow::Stop`], is gone before the next step.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::thread::JoinHandle;

use crate::cache::Cache;
use crate::crew::Crew;
use crate::forward::{Buffers, Pass, Row};
use crate::kernel::Kernel;
use crate::model::Model;
use crate::sample::{Sampler, Sampling};
use crate::template::Prompt;
use crate::text::{Progress, Text};

/// A prompt to be answered.
#[derive(Debug, Clone)]
pub struct Request {
    /// From [`Model::prompt`] of the same model.
    pub prompt: Prompt,
    /// Tokens to generate at most; fewer when the context ends before.
    pub max_tokens: u32,
    /// How tokens are chosen.
    pub sampling: Sampling,
    /// Texts that end the answer and are not part of it; empty ones are ignored.
    pub stop: Vec<String>,
}

/// Why an answer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopReason {
    /// The model ended its turn.
    EndTurn,
    /// `max_tokens` or the end of the context was reached.
    MaxTokens,
    /// This stop sequence came.
    StopSequence(String),
}

/// What a [`Sink`] is told.
///
/// Output tokens are all that were generated, the one that ended the turn included, since each cost a step;
/// so do llama.cpp's server and vLLM count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece<'a> {
    /// More of the answer: whole characters, never empty.
    Text {
        /// The next part.
        text: &'a str,
        /// Tokens generated up to here.
        output_tokens: u32,
    },
    /// The answer is complete; nothing follows.
    Done {
        /// Why it ended.
        reason: StopReason,
        /// The length of the prompt.
        input_tokens: u32,
        /// Tokens generated in all.
        output_tokens: u32,
    },
    /// The answer broke off; nothing follows.
    Failed(String),
}

/// Whether a sink wants more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Go on.
    Continue,
    /// Cancel the request; the sink is called no more.
    Stop,
}

/// Takes an answer as it comes. Called from the runner's thread: it must not block, for all requests wait.
pub trait Sink: Send {
    /// Takes the next piece.
    fn piece(&mut self, piece: Piece<'_>) -> Flow;
}

/// Why a request was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// The prompt leaves no room for an answer.
    #[error("the prompt has {asked} tokens, and the model's context of {limit} has no room for an answer")]
    TooLong {
        /// Tokens of the prompt.
        asked: usize,
        /// Tokens of the context.
        limit: usize,
    },
    /// `max_tokens` is 0.
    #[error("max_tokens must be at least 1")]
    NothingAsked,
    /// The prompt was made by another model.
    #[error("the prompt was made for another model")]
    ForeignPrompt,
    /// As many requests wait as may.
    #[error("too many requests are waiting")]
    Busy,
    /// The runner is not running any more.
    #[error("the runner has stopped")]
    Stopped,
}

/// How a runner runs.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Threads that compute; 0 takes as many as there are cores.
    pub threads: usize,
    /// Requests that run at once; at least 1.
    pub batch_max: usize,
    /// Requests that wait for others to end, before more are refused.
    pub queue_max: usize,
}

impl Default for Options {
    /// All cores, 8 at once, 256 waiting.
    fn default() -> Options {
        Options { threads: 0, batch_max: 8, queue_max: 256 }
    }
}

/// Cancels its request when told so; dropping it changes nothing.
#[derive(Debug, Clone)]
pub struct Handle {
    cancelled: Arc<AtomicBool>,
}

impl Handle {
    /// Ends the request before the next step. Its sink is dropped without a further call.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
    }
}

/// Runs requests on one model, on threads of its own.
#[derive(Debug)]
pub struct Runner {
    model: Arc<Model>,
    kernel: Kernel,
    queue: Option<SyncSender<Ticket>>,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Rows a step has at most, unless more requests than that run.
const STEP_ROWS: usize = 64;

impl Runner {
    /// Starts the threads. If the system grants none, every submission says [`SubmitError::Stopped`].
    pub fn start(model: Arc<Model>, options: Options) -> Runner {
        Runner::start_on(model, options, Kernel::best())
    }

    pub(crate) fn start_on(model: Arc<Model>, options: Options, kernel: Kernel) -> Runner {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = if options.threads == 0 { cores() } else { options.threads };
        let (queue, tickets) = sync_channel(options.queue_max.max(1));
        let stopped = Arc::new(AtomicBool::new(false));
        let runs = Arc::clone(&model);
        let stop = Arc::clone(&stopped);
        let work = move || {
            let mut batch = Batch {
                crew: Crew::new(threads),
                buffers: Arc::default(),
                model: runs,
                kernel,
                threads,
                slots: Vec::new(),
            };
            batch.run(&tickets, options.batch_max.max(1), &stop);
        };
        let thread = std::thread::Builder::new().name("embedded-runner".into()).spawn(work).ok();
        Runner { model, kernel, queue: Some(queue), stopped, thread }
    }

    /// The instructions it computes with, as they are called; the answers do not depend on them.
    pub fn kernel(&self) -> &'static str {
        self.kernel.name()
    }

    /// Takes a request; its answer goes to `sink`.
    ///
    /// # Errors
    /// See [`SubmitError`]. Nothing has been computed then.
    pub fn submit(&self, request: Request, sink: Box<dyn Sink>) -> Result<Handle, SubmitError> {
        let shape = &self.model.shape;
        let asked = request.prompt.len();
        if asked >= shape.context {
            return Err(SubmitError::TooLong { asked, limit: shape.context });
        }
        if request.max_tokens == 0 {
            return Err(SubmitError::NothingAsked);
        }
        let known = |token: &u32| usize::try_from(*token).is_ok_and(|token| token < shape.vocabulary);
        if asked == 0 || !request.prompt.tokens.iter().all(known) {
            return Err(SubmitError::ForeignPrompt);
        }
        let cancelled = Arc::new(AtomicBool::new(false));
        let ticket = Ticket { request, sink, cancelled: Arc::clone(&cancelled) };
        let queue = self.queue.as_ref().ok_or(SubmitError::Stopped)?;
        match queue.try_send(ticket) {
            Ok(()) => Ok(Handle { cancelled }),
            Err(TrySendError::Full(_)) => Err(SubmitError::Busy),
            Err(TrySendError::Disconnected(_)) => Err(SubmitError::Stopped),
        }
    }

    /// Stops after the step under way. Requests that are not done are told [`Piece::Failed`].
    pub fn stop(mut self) {
        self.join();
    }

    fn join(&mut self) {
        self.stopped.store(true, Ordering::Release);
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // Had it panicked, the sinks are dropped and there is nothing to add.
            drop(thread.join());
        }
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.join();
    }
}

struct Ticket {
    request: Request,
    sink: Box<dyn Sink>,
    cancelled: Arc<AtomicBool>,
}

/// The requests under way.
struct Batch {
    model: Arc<Model>,
    kernel: Kernel,
    threads: usize,
    crew: Crew<Pass>,
    buffers: Arc<Buffers>,
    slots: Vec<Slot>,
}

impl Batch {
    fn run(&mut self, tickets: &Receiver<Ticket>, batch_max: usize, stopped: &AtomicBool) {
        while !stopped.load(Ordering::Acquire) && self.admit(tickets, batch_max) {
            self.slots.retain(|slot| !slot.cancelled.load(Ordering::Acquire));
            self.step();
        }
        for slot in &mut self.slots {
            slot.sink.piece(Piece::Failed(STOPPED.into()));
        }
        while let Ok(mut ticket) = tickets.try_recv() {
            ticket.sink.piece(Piece::Failed(STOPPED.into()));
        }
    }

    /// Fills free slots; waits when there is nothing to do. False when nothing can come any more.
    fn admit(&mut self, tickets: &Receiver<Ticket>, batch_max: usize) -> bool {
        while self.slots.len() < batch_max {
            let ticket = match tickets.try_recv() {
                Ok(ticket) => ticket,
                Err(TryRecvError::Empty) if self.slots.is_empty() => match tickets.recv() {
                    Ok(ticket) => ticket,
                    Err(_) => return false,
                },
                Err(_) => break,
            };
            if !ticket.cancelled.load(Ordering::Acquire) {
                self.slots.push(Slot::new(ticket, &self.model));
            }
        }
        true
    }

    fn step(&mut self) {
        let waiting: Vec<usize> = self.slots.iter().map(|slot| slot.pending.len()).collect();
        let shares = share_rows(&waiting, STEP_ROWS);
        let rows: Vec<Row> =
            self.slots.iter_mut().zip(&shares).flat_map(|(slot, share)| slot.take_rows(*share)).collect();
        if rows.is_empty() {
            return;
        }
        let pass = Arc::new(Pass::new(&self.model, self.kernel, self.threads, rows, &self.buffers));
        self.crew.walk(&pass);
        if pass.broken() {
            for mut slot in self.slots.drain(..) {
                slot.sink.piece(Piece::Failed("a step of the model failed".into()));
            }
            return;
        }
        let mut ready = self.slots.iter_mut().filter(|slot| slot.pending.is_empty());
        pass.each_logits(|logits| {
            if let Some(slot) = ready.next() {
                slot.advance(logits, &self.model);
            }
        });
        self.slots.retain(|slot| !slot.pending.is_empty());
    }
}

const STOPPED: &str = "the runner was stopped";

/// How many of its waiting tokens each request may feed: one at least, and together at most `most` if that
/// allows one each. What a short one leaves goes to the longer ones.
fn share_rows(waiting: &[usize], most: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..waiting.len()).collect();
    order.sort_by_key(|at| waiting[*at]);
    let (mut shares, mut left) = (vec![0; waiting.len()], most);
    for (done, at) in order.into_iter().enumerate() {
        shares[at] = waiting[at].min((left / (waiting.len() - done)).max(1));
        left = left.saturating_sub(shares[at]);
    }
    shares
}

/// A request under way.
struct Slot {
    /// Tokens to feed: first the prompt, then the last token generated. Empty only within a step, and at the end.
    pending: VecDeque<u32>,
    position: usize,
    cache: Arc<Cache>,
    sampler: Sampler,
    text: Text,
    sink: Box<dyn Sink>,
    cancelled: Arc<AtomicBool>,
    input_tokens: u32,
    output_tokens: u32,
    output_max: u32,
}

impl Slot {
    fn new(ticket: Ticket, model: &Model) -> Slot {
        let Ticket { request, sink, cancelled } = ticket;
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let room = count(model.shape.context.saturating_sub(request.prompt.len()));
        Slot {
            input_tokens: count(request.prompt.len()),
            pending: request.prompt.tokens.into(),
            position: 0,
            cache: Arc::new(Cache::new(model.layers.len(), &model.shape)),
            sampler: Sampler::new(request.sampling),
            text: Text::new(request.stop),
            sink,
            cancelled,
            output_tokens: 0,
            output_max: request.max_tokens.min(room),
        }
    }

    /// The next `count` tokens as rows; logits are wanted of the last one there is.
    fn take_rows(&mut self, count: usize) -> Vec<Row> {
        let all = count == self.pending.len();
        let (cache, start) = (&self.cache, self.position);
        self.position += count;
        let row = |(at, token)| Row {
            cache: Arc::clone(cache),
            token,
            position: start + at,
            wanted: all && at + 1 == count,
        };
        self.pending.drain(..count).enumerate().map(row).collect()
    }

    /// Takes the next token. What is left to feed afterwards is empty if the answer has ended.
    fn advance(&mut self, logits: &[f32], model: &Model) {
        let token = self.sampler.next(logits);
        self.output_tokens += 1;
        if model.tokenizer.ends_turn(token) {
            return self.end(StopReason::EndTurn);
        }
        match self.text.push(model.tokenizer.decode(token)) {
            Progress::Text(text) => {
                if self.give(&text) == Flow::Stop {
                    return;
                }
            }
            Progress::Stopped { text, stop } => {
                if self.give(&text) == Flow::Continue {
                    self.end(StopReason::StopSequence(stop));
                }
                return;
            }
        }
        if self.output_tokens >= self.output_max {
            return self.end(StopReason::MaxTokens);
        }
        self.pending.push_back(token);
    }

    fn give(&mut self, text: &str) -> Flow {
        if text.is_empty() {
            return Flow::Continue;
        }
        self.sink.piece(Piece::Text { text, output_tokens: self.output_tokens })
    }

    fn end(&mut self, reason: StopReason) {
        let rest = self.text.finish();
        if self.give(&rest) == Flow::Continue {
            let (input_tokens, output_tokens) = (self.input_tokens, self.output_tokens);
            self.sink.piece(Piece::Done { reason, input_tokens, output_tokens });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::share_rows;

    #[test]
    fn no_request_starves_another() {
        let check = |waiting: &[usize], most, expected: &[usize]| {
            assert_eq!(share_rows(waiting, most), expected, "{waiting:?}");
        };
        check(&[], 8, &[]);
        check(&[100], 8, &[8]);
        check(&[1, 100], 8, &[1, 7]);
        check(&[100, 1, 100], 9, &[4, 1, 4]);
        check(&[100, 3, 1, 100], 16, &[6, 3, 1, 6]);
        check(&[1, 1, 1, 50], 2, &[1, 1, 1, 1]);
    }
}
