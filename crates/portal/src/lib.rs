//! What people see: the portal's pages and their data.
