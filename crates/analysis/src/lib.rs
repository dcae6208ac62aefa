//! A deal's analysis as a document: terminal, Markdown, HTML with charts, PDF; pure.

pub mod document;
mod drawing;
pub mod render;

pub use document::Document;
