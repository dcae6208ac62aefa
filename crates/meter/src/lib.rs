//! Observe: what a model call used, read from the events in passing.
