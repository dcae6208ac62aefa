//! One file becomes one immutable, versioned Snapshot, or an error that points at the line.
