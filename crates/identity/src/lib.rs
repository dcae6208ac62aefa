//! Authenticate: a proof becomes a [`Principal`].
//!
//! A caller proves who it is with what it already has: a virtual key, one of our own short-lived tokens, a JWT of
//! an issuer that the operator named, or an AWS signature (version 4). [`Directory`] knows them all and is never
//! changed once built; what it remembers between calls (verified tokens, the day's signing keys) is bounded.
//!
//! Stays true: keys and time are passed in; nothing that a token names is ever fetched; no header is believed
//! that the proof does not cover; no secret reaches an error's text; a proof is remembered by the hash of all of
//! it, never of a part.

#[cfg(test)]
extern crate self as identity; // so that tests/wire serves both kinds of test

mod access_key;
mod assertion;
mod bedrock_key;
mod cache;
mod claims;
mod credential;
mod digest;
mod directory;
mod exchange;
mod failure;
mod form;
mod issuer;
mod keys;
mod person;
mod principal;
mod role;
mod rule;
mod scope;
mod sigv4;
mod source;
mod spiffe;
mod sts;
mod sts_proof;
mod temporary;
mod token;
mod weak;
#[cfg(test)]
mod wycheproof;

pub use access_key::{AccessKey, SKEW_SECONDS_MAX};
pub use assertion::{Assertion, AssertionRule, Assertions, Audience, signing_key};
pub use credential::Head;
pub use directory::{
    Authentication, BuildError, Directory, DirectoryBuilder, Given, KeySecret, Known, VirtualKey,
};
pub use exchange::{OWN_AUDIENCE, Subject, TokenRequest};
pub use failure::{Failure, Kind, Lack, Lacking};
pub use issuer::Issuer;
pub use keys::Keys;
pub use person::{People, Person, RoleRule};
pub use principal::{CallerKind, Method, Owner, Principal};
pub use role::Role;
pub use rule::{Pattern, Rule, Template};
pub use scope::{ACTIONS, Scope};
pub use sigv4::sign::{Signer, ToSign};
pub use sigv4::{SERVICES, SigV4Pending};
pub use source::Source;
pub use spiffe::{Certificate, SpiffeRule, is_trust_domain};
pub use sts::{Assumed, StsRequest, WebIdentity};
pub use sts_proof::{AwsRule, SERVER_HEADER, StsProof, UsedProofs, make as make_sts_proof};
pub use temporary::TemporaryKey;
pub use token::IssuedToken;
