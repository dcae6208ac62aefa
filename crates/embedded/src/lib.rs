//! Generate: a small runner for Llama-family GGUF models on the CPU.
