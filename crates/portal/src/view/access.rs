//! The data of the access page.

use super::Visitor;
use units::Timestamp;

/// Who may call what, by which proof, and when they last did.
#[derive(Debug, Clone)]
pub struct AccessView {
    /// The moment it is true for.
    pub as_of: Timestamp,
    /// Who is looking.
    pub visitor: Visitor,
    /// Whether policies say who may call what; otherwise whoever is authenticated may call everything.
    pub policies: bool,
    /// Keys that the configuration names.
    pub credentials: Vec<CredentialRow>,
    /// Callers by token that were seen, the latest first.
    pub callers: Vec<CallerRow>,
    /// How many more there were.
    pub more_callers: u64,
    /// Issuers whose tokens are believed.
    pub issuers: Vec<IssuerRow>,
    /// Who is logged in to the portal.
    pub people: Vec<PersonRow>,
    /// Keys that were revoked, the latest first.
    pub revocations: Vec<RevocationRow>,
}

/// What somebody may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowed {
    /// Every model there is, which are so many.
    All(u64),
    /// These models.
    Some(Vec<String>),
}

/// A key that the configuration names.
#[derive(Debug, Clone)]
pub struct CredentialRow {
    /// Its name.
    pub name: String,
    /// What kind of proof it is.
    pub proof: String,
    /// Whom it speaks for.
    pub caller: String,
    /// What it may call.
    pub allowed: Allowed,
    /// When it was last used.
    pub last_used: Option<Timestamp>,
    /// How many calls were made with it.
    pub calls: u64,
    /// When it ends.
    pub expires: Option<Timestamp>,
    /// Whether it is good.
    pub state: CredentialState,
    /// What a form names it by to revoke it; none for what cannot be revoked here, or is already.
    pub handle: Option<String>,
}

/// Whether a key is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialState {
    /// It is.
    Active,
    /// It ended when it was meant to.
    Expired,
    /// It was ended.
    Revoked,
}

/// A caller who was seen with a token.
#[derive(Debug, Clone)]
pub struct CallerRow {
    /// Organisation, team and name.
    pub caller: String,
    /// What kind of proof it was.
    pub proof: String,
    /// What they may call.
    pub allowed: Allowed,
    /// When they last did.
    pub last_used: Option<Timestamp>,
    /// How many calls they made.
    pub calls: u64,
}

/// An issuer whose tokens are believed.
#[derive(Debug, Clone)]
pub struct IssuerRow {
    /// The rule's name.
    pub name: String,
    /// The issuer.
    pub issuer: String,
    /// For whom its tokens have to be.
    pub audience: String,
    /// Whom they name, with claims in braces.
    pub callers: String,
    /// What else must be true of them.
    pub required: Vec<String>,
}

/// Somebody who is logged in to the portal.
#[derive(Debug, Clone)]
pub struct PersonRow {
    /// Who.
    pub person: String,
    /// What they do.
    pub roles: Vec<String>,
    /// When the session ends.
    pub until: Timestamp,
}

/// A key that was revoked.
#[derive(Debug, Clone)]
pub struct RevocationRow {
    /// When, as RFC 3339.
    pub at: String,
    /// The key's name.
    pub key: String,
    /// Whom it spoke for.
    pub of: String,
    /// Who revoked it.
    pub by: String,
    /// Why.
    pub reason: String,
}
