//! Rate: usage and a dated price book become an exact charge.
