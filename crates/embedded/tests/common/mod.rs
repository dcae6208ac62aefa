//! What the tests with the real model share: the file, and a sink that collects.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "the lints spare test functions only")]

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, OnceLock};

use embedded::{Flow, Model, Piece, Request, Role, Runner, Sampling, Sink, StopReason, Turn};

/// The model, or nothing (said once) where there is no file.
pub fn model() -> Option<Arc<Model>> {
    static MODEL: OnceLock<Option<Arc<Model>>> = OnceLock::new();
    MODEL
        .get_or_init(|| {
            let path = std::env::var_os("OFFTAKE_MODEL_FILE").map(PathBuf::from).or_else(|| {
                let cache = ".cache/offtake/models/SmolLM2-135M-Instruct.Q4_1.gguf";
                std::env::var_os("HOME").map(|home| PathBuf::from(home).join(cache))
            });
            let path = path.filter(|path| path.exists());
            if path.is_none() {
                println!("skipped: no model file");
            }
            path.map(|path| Arc::new(Model::load(&path).unwrap()))
        })
        .clone()
}

pub fn user(text: &str) -> Vec<Turn> {
    vec![Turn { role: Role::User, text: text.into() }]
}

pub fn request(model: &Model, text: &str, max_tokens: u32) -> Request {
    let prompt = model.prompt(&user(text)).unwrap();
    Request { prompt, max_tokens, sampling: Sampling::Greedy, stop: vec![] }
}

/// An answer as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub text: String,
    pub reason: StopReason,
    pub input_tokens: u32,
    pub output_tokens: u32,
}

/// What a [`Collector`] sends.
#[derive(Debug)]
pub enum Event {
    Text(String, u32),
    Done(StopReason, u32, u32),
    Failed(String),
    Dropped,
}

pub struct Collector(pub Sender<Event>);

impl Sink for Collector {
    fn piece(&mut self, piece: Piece<'_>) -> Flow {
        let event = match piece {
            Piece::Text { text, output_tokens } => Event::Text(text.into(), output_tokens),
            Piece::Done { reason, input_tokens, output_tokens } => {
                Event::Done(reason, input_tokens, output_tokens)
            }
            Piece::Failed(why) => Event::Failed(why),
        };
        if self.0.send(event).is_ok() { Flow::Continue } else { Flow::Stop }
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        let _ = self.0.send(Event::Dropped);
    }
}

pub fn submit(runner: &Runner, request: Request) -> Receiver<Event> {
    let (sender, events) = channel();
    runner.submit(request, Box::new(Collector(sender))).unwrap();
    events
}

pub fn collect(events: &Receiver<Event>) -> Answer {
    let mut text = String::new();
    let mut last = 0;
    loop {
        match events.recv().unwrap() {
            Event::Text(more, tokens) => {
                assert!(!more.is_empty() && tokens >= last, "{more:?} after {tokens}");
                text.push_str(&more);
                last = tokens;
            }
            Event::Done(reason, input_tokens, output_tokens) => {
                assert!(output_tokens >= last);
                return Answer { text, reason, input_tokens, output_tokens };
            }
            other => panic!("{other:?} after {text:?}"),
        }
    }
}

pub fn answer(runner: &Runner, request: Request) -> Answer {
    collect(&submit(runner, request))
}
