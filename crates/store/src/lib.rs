//! The only SQL: books kept in SQLite.
