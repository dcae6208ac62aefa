//! Serve: the life of one request, from the caller's bytes to a metered response.
