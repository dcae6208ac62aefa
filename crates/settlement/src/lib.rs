//! Settle: the journal folded into charges, postings and positions.
