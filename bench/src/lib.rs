//! What a call costs, in ratios: a double of the vendors' APIs, a bare proxy and a load generator.
//!
//! The double speaks the Anthropic Messages and the OpenAI chat wire, keeps its own meter, and breaks on
//! demand; tests of other rooms start it in process ([`double::Double`]). The bare proxy is the least a
//! gateway can do with the same libraries, and so the measure of what ours does on top.
//! Nothing here is part of the product, and nothing here leaves loopback unless told to.

pub mod cpu;
pub mod double;
pub mod histogram;
pub mod load;
pub mod proxy;
mod serve;
