//! Authorize: a principal and an intent become a Grant with evidence.
