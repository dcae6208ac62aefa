//! Tokens a second: reading a prompt of 200 tokens, generating 128 greedily, and four requests at once.
//!
//! `cargo run --release -p embedded --example speed -- MODEL_FILE [THREADS] [ROUNDS]` prints one line of JSON a
//! round, for `bench/compare.py` to read.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant;

use embedded::{Flow, Model, Options, Piece, Prompt, Request, Role, Runner, Sampling, Sink, Turn};

const PROMPT_TOKENS: usize = 200;
const OUTPUT_TOKENS: u32 = 128;
const TOGETHER: u32 = 4;

struct Clock(Sender<(Instant, u32)>);

impl Sink for Clock {
    fn piece(&mut self, piece: Piece<'_>) -> Flow {
        if let Piece::Text { output_tokens, .. } | Piece::Done { output_tokens, .. } = piece {
            let _ = self.0.send((Instant::now(), output_tokens));
        }
        Flow::Continue
    }
}

/// A prompt as near above 200 tokens as words allow, to which the model has much to say.
fn prompt(model: &Model) -> Result<Prompt, Box<dyn std::error::Error>> {
    let mut text = String::from("Continue this story at great length.");
    loop {
        let prompt = model.prompt(&[Turn { role: Role::User, text: text.clone() }])?;
        if prompt.len() >= PROMPT_TOKENS {
            return Ok(prompt);
        }
        text.push_str(" The old fox walked on through the snow.");
    }
}

fn start(runner: &Runner, prompt: &Prompt) -> Result<Receiver<(Instant, u32)>, embedded::SubmitError> {
    let (sender, pieces) = channel();
    let request = Request {
        prompt: prompt.clone(),
        max_tokens: OUTPUT_TOKENS,
        sampling: Sampling::Greedy,
        stop: vec![],
    };
    runner.submit(request, Box::new(Clock(sender)))?;
    Ok(pieces)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("the model file is missing")?;
    let threads = arguments.next().map_or(Ok(1), |n| n.parse())?;
    let rounds = arguments.next().map_or(Ok(1), |n| n.parse::<u32>())?;
    let begun = Instant::now();
    let model = Arc::new(Model::load(Path::new(&file))?);
    let load_ms = begun.elapsed().as_secs_f64() * 1e3;
    let runner = Runner::start(Arc::clone(&model), Options { threads, ..Options::default() });
    let prompt = prompt(&model)?;
    for _ in 0..rounds {
        let begun = Instant::now();
        let pieces: Vec<_> = start(&runner, &prompt)?.iter().collect();
        let [(first, before), .., (last, tokens)] = pieces[..] else { return Err("no answer".into()) };
        let prefill = prompt.len() as f64 / (first - begun).as_secs_f64();
        let decode = f64::from(tokens - before) / (last - first).as_secs_f64();
        // All four have read their prompt when the last of them begins to speak.
        let streams = (0..TOGETHER).map(|_| start(&runner, &prompt)).collect::<Result<Vec<_>, _>>()?;
        let streams: Vec<Vec<_>> = streams.iter().map(|stream| stream.iter().collect()).collect();
        let from = streams.iter().filter_map(|s| s.first()).map(|(at, _)| *at).max().ok_or("no answer")?;
        let to = streams.iter().filter_map(|s| s.last()).map(|(at, _)| *at).max().ok_or("no answer")?;
        let counted = |stream: &Vec<(Instant, u32)>| {
            let before = stream.iter().filter(|(at, _)| *at <= from).map(|(_, n)| *n).max().unwrap_or(0);
            stream.last().map_or(0, |(_, n)| n - before)
        };
        let together = f64::from(streams.iter().map(counted).sum::<u32>()) / (to - from).as_secs_f64();
        println!(
            "{{\"kernel\":\"{}\",\"threads\":{threads},\"load_ms\":{load_ms:.0},\"prompt\":{},\"tokens\":{tokens},\
             \"prefill\":{prefill:.1},\"decode\":{decode:.1},\"together\":{together:.1}}}",
            runner.kernel(),
            prompt.len(),
        );
    }
    runner.stop();
    Ok(())
}
