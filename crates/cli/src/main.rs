//! The `offtake` binary.
fn main() {}
