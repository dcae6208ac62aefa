//! A deal's analysis as a document: terminal, Markdown, HTML with charts, PDF; pure.
