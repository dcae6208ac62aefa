//! Deals as data: terms, commitments, tranches; what a charge draws down.
