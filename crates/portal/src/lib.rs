//! What people see at `/`: data in, pages and their files out.
//!
//! Whoever serves the portal fills in an [`Overview`] and asks for a [`page`], a [`fragment`] of it for a
//! live update, the records behind a figure ([`usage_page`]), or the same as JSON. Nothing here does I/O,
//! reads a clock or knows who may look.
//!
//! What stays true: a page is complete without JavaScript; everything a view holds is escaped; no script or
//! style stands in a page ([`content_security_policy`] forbids it); each figure made of calls links to them.

mod access;
mod asset;
mod chart;
mod json;
mod link;
mod page;
mod parts;
mod residency;
mod show;
mod usage;
pub mod view;

pub use access::{access_json, access_page};
pub use asset::{Asset, asset};
pub use json::{call_json, fragments_json, overview_json};
pub use link::UsageFilter;
pub use page::{message_page, page};
pub use parts::{FRAGMENTS, fragment};
pub use residency::{residency_json, residency_page};
pub use usage::{UsageContext, usage_page};
pub use view::*;

/// The `content-security-policy` for every page: only our own files, nothing inline, no frames.
pub const fn content_security_policy() -> &'static str {
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
}
