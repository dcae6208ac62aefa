//! Generate: a small runner for Llama-family GGUF models on the CPU.
//!
//! [`Model::load`] reads a file, [`Model::prompt`] makes a conversation into tokens, and a [`Runner`] answers
//! several of them at once, piece by piece. It computes, and does nothing else: no sockets, no clock, no
//! randomness but the seed it is given. The same file, prompt, sampling and seed give the same answer on
//! every machine, alone or in a batch, on any number of threads.

#[cfg(test)]
mod agreement;
mod arith;
mod cache;
mod crew;
mod forward;
mod gguf;
mod kernel;
mod letters;
mod model;
mod runner;
mod sample;
mod template;
mod text;
mod tokenizer;
mod weights;

pub use gguf::LoadError;
pub use model::Model;
pub use runner::{Flow, Handle, Options, Piece, Request, Runner, Sink, StopReason, SubmitError};
pub use sample::Sampling;
pub use template::{Prompt, PromptError, Role, Turn};
