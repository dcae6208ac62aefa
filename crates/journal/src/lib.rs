//! The durable seam: usage records, written before they are acknowledged.
