//! Authenticate: a proof becomes a Principal. SigV4, JWT and virtual keys.
