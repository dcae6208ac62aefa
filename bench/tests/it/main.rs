//! The double, the proxy and the load against one another, in process.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod common;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod proxy_and_load;
