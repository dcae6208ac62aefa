//! A deal's analysis as a document: terminal, Markdown, HTML with charts, PDF; pure.

mod compare;
mod deal;
pub mod document;
mod drawing;
pub mod render;
mod words;

pub use compare::compare;
pub use deal::Sources;
pub use document::Document;
