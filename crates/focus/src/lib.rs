//! FOCUS cost exports, read into facts of spend.
