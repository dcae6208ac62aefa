//! Vendors' wire formats to and from one canonical conversation.
