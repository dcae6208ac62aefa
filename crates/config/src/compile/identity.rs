//! From `[identity]` as written to the directory of those who can be known.

use super::{Compiler, Text};
use crate::file::{File, identity as raw};
use crate::problem::Problems;
use identity::{
    AccessKey, AwsRule, CallerKind, Directory, DirectoryBuilder, Issuer, KeySecret, Keys, Owner, Pattern,
    Rule, Scope, Source, SpiffeRule, VirtualKey,
};
use std::collections::BTreeMap;
use toml::Spanned;
use units::Timestamp;

/// How long fetched keys are believed unless the file says otherwise: a day.
const JWKS_MAX_AGE: u64 = 86_400;
const JWKS_MAX_AGE_MOST: u64 = 30 * 86_400;
const LIFETIME_MIN: u64 = 60;
const LIFETIME_MAX: u64 = 12 * 3_600;
/// AWS's own, in the regions that have long been on.
const STS_ADDRESSES: [&str; 17] = [
    "https://sts.amazonaws.com",
    "https://sts.us-east-1.amazonaws.com",
    "https://sts.us-east-2.amazonaws.com",
    "https://sts.us-west-1.amazonaws.com",
    "https://sts.us-west-2.amazonaws.com",
    "https://sts.ca-central-1.amazonaws.com",
    "https://sts.sa-east-1.amazonaws.com",
    "https://sts.eu-central-1.amazonaws.com",
    "https://sts.eu-north-1.amazonaws.com",
    "https://sts.eu-west-1.amazonaws.com",
    "https://sts.eu-west-2.amazonaws.com",
    "https://sts.eu-west-3.amazonaws.com",
    "https://sts.ap-northeast-1.amazonaws.com",
    "https://sts.ap-northeast-2.amazonaws.com",
    "https://sts.ap-south-1.amazonaws.com",
    "https://sts.ap-southeast-1.amazonaws.com",
    "https://sts.ap-southeast-2.amazonaws.com",
];

/// A rule's claims and patterns, as written.
type Allow = BTreeMap<String, raw::Patterns>;

/// The virtual keys of a configuration, for verbs that look after them.
#[derive(Debug)]
pub struct VirtualKeys {
    /// Those that are known, and nobody else.
    pub directory: Directory,
    /// The names of those whose secrets are not here.
    pub unread: Vec<String>,
}

impl File {
    /// The virtual keys alone, as far as their secrets are here; no other secret is read.
    ///
    /// # Errors
    /// As [`File::compile`], for these sections.
    pub fn virtual_keys(&self) -> Result<VirtualKeys, Problems> {
        let mut compiler = Compiler {
            file: self,
            secrets: &crate::Environment,
            problems: Vec::new(),
            read: Vec::new(),
            policies: Vec::new(),
        };
        let mut builder = Directory::builder();
        let mut unread = Vec::new();
        for key in &self.raw.identity.keys {
            let before = compiler.problems.len();
            let is_read = key.secret.as_ref().is_none_or(|secret| compiler.secret(secret).is_some());
            compiler.problems.truncate(before);
            if is_read {
                compiler.virtual_key(&mut builder, key);
            } else {
                unread.push(key.name.get_ref().clone());
            }
        }
        let Compiler { problems: list, .. } = compiler;
        if list.is_empty() {
            return Ok(VirtualKeys { directory: builder.build(), unread });
        }
        Err(Problems { path: self.path.clone(), text: self.text.clone(), list })
    }
}

impl Compiler<'_> {
    pub(super) fn directory(&mut self, token_key: Option<&[u8]>) -> Option<Directory> {
        let raw = &self.file.raw.identity;
        let mut builder = Directory::builder();
        for key in &raw.keys {
            self.virtual_key(&mut builder, key);
        }
        for key in &raw.access_keys {
            self.access_key(&mut builder, key);
        }
        for issuer in &raw.issuers {
            self.issuer(&mut builder, issuer);
        }
        self.aws(&mut builder);
        for rule in &raw.spiffe {
            if let Some(made) = self.spiffe_rule(rule) {
                let added = builder.add_spiffe_rule(made);
                self.built(&rule.name, added.map(drop));
            }
        }
        self.token(&mut builder, token_key);
        Some(builder.build())
    }

    fn virtual_key(&mut self, builder: &mut DirectoryBuilder, raw: &raw::Key) {
        let owner = self.owner(&raw.organisation, &raw.team, raw.subject.as_ref().unwrap_or(&raw.name));
        let expires = self.moment(raw.expires.as_ref());
        let scope = self.scope(raw.scope.as_ref());
        let (secret, at) = match (&raw.secret, &raw.sha256) {
            (Some(reference), None) => (self.secret(reference), reference),
            (None, Some(hash)) => (None, hash),
            _ => {
                let message = format!("key `{}` needs one of `secret` and `sha256`", raw.name.get_ref());
                self.problem(&raw.name, message).hint =
                    Some("`offtake key new` makes a key and its `sha256`".to_owned());
                return;
            }
        };
        let given = match (&secret, &raw.sha256) {
            (Some(secret), _) => KeySecret::Text(secret.expose().as_bytes()),
            (None, Some(hash)) => KeySecret::Sha256(hash.get_ref()),
            (None, None) => return,
        };
        if let (Some(owner), Some(expires), Some(scope)) = (owner, expires, scope) {
            let name = raw.name.get_ref();
            let added = builder.add_virtual_key(VirtualKey { name, secret: given, owner, expires, scope });
            self.built(at, added.map(drop));
        }
    }

    fn access_key(&mut self, builder: &mut DirectoryBuilder, raw: &raw::AccessKey) {
        let owner = self.owner(&raw.organisation, &raw.team, raw.subject.as_ref().unwrap_or(&raw.id));
        let expires = self.moment(raw.expires.as_ref());
        if let (Some(owner), Some(secret), Some(expires)) = (owner, self.secret(&raw.secret), expires) {
            let key = AccessKey {
                id: raw.id.get_ref().clone(),
                secret: secret.expose().to_owned(),
                session_token: None,
                owner,
                expires,
            };
            let added = builder.add_access_key(key);
            self.built(&raw.id, added.map(drop));
        }
    }

    /// Our own tokens: the key that signs them, and how long they last.
    fn token(&mut self, builder: &mut DirectoryBuilder, given: Option<&[u8]>) {
        let raw = self.file.raw.identity.token.as_ref();
        if let Some(lifetime) = raw.and_then(|raw| raw.lifetime_seconds.as_ref())
            && let Some(seconds) = self.seconds(lifetime, LIFETIME_MIN, LIFETIME_MAX)
        {
            builder.token_lifetime_seconds(seconds);
        }
        match raw.and_then(|raw| raw.key.as_ref()) {
            Some(key) => {
                if let Some(secret) = self.secret(key) {
                    let added = builder.add_token_key(secret.expose().as_bytes());
                    self.built(key, added.map(drop));
                }
            }
            None => {
                if let Some(Err(error)) = given.map(|key| builder.add_token_key(key).map(drop)) {
                    self.problems.push(crate::Problem::whole(error.to_string()));
                }
            }
        }
    }

    fn issuer(&mut self, builder: &mut DirectoryBuilder, raw: &raw::Issuer) {
        let keys = self.issuer_keys(raw);
        let name = &raw.name;
        let organisation =
            self.rule(name, "organisation", raw.organisation.as_ref(), raw.organisation_claim.as_ref());
        let team = self.rule(name, "team", raw.team.as_ref(), raw.team_claim.as_ref());
        let subject = match (&raw.subject, &raw.subject_claim) {
            (None, None) => Some(Rule::Claim("sub".to_owned())),
            (fixed, claim) => self.rule(name, "subject", fixed.as_ref(), claim.as_ref()),
        };
        let scope = self.scope(raw.scope.as_ref());
        let kind = self.caller_kind(raw.kind.as_ref());
        if let (Some(keys), Some(organisation), Some(team), Some(subject), Some(scope)) =
            (keys, organisation, team, subject, scope)
        {
            let issuer = Issuer {
                name: name.get_ref().clone(),
                url: raw.issuer.get_ref().clone(),
                audience: raw.audience.get_ref().clone(),
                algorithms: raw.algorithms.get_ref().clone(),
                keys,
                organisation,
                team,
                subject,
                kind,
                required: raw.required.clone().into_iter().collect(),
                allowed: self.allowed(name, &raw.allow),
                scope,
            };
            let added = builder.add_issuer(issuer);
            self.built(name, added.map(drop));
        }
    }

    /// Whether callers are programs, as when nothing is said, or people.
    fn caller_kind(&mut self, kind: Option<&Text>) -> CallerKind {
        let Some(kind) = kind else { return CallerKind::default() };
        let words = CallerKind::ALL.map(|(_, word)| word);
        self.one_of(kind, "kind of caller", &words);
        let found = CallerKind::ALL.iter().find(|(_, word)| word == kind.get_ref());
        found.map_or_else(CallerKind::default, |(kind, _)| *kind)
    }

    /// Where the issuer's keys are: in a file, at an address, or where the issuer says.
    fn issuer_keys(&mut self, raw: &raw::Issuer) -> Option<Keys> {
        let discovered = raw.discovery.as_ref().is_some_and(|yes| *yes.get_ref());
        let source = match (&raw.jwks, &raw.jwks_url, discovered) {
            (Some(file), None, false) => {
                if let Some(age) = &raw.jwks_max_age_seconds {
                    self.problem(age, "keys that are read from a file do not grow old");
                }
                return self.include(file, "key set").map(Keys::Here);
            }
            (None, Some(address), false) => Source::Address(self.endpoint(address)?),
            (None, None, true) => Source::Issuer(self.endpoint(&raw.issuer)?),
            _ => {
                let message = format!(
                    "issuer `{}` needs one of `jwks`, `jwks_url` and `discovery = true`",
                    raw.name.get_ref()
                );
                self.problem(&raw.name, message).hint = Some(
                    "`discovery = true` asks the issuer itself where its keys are, and fetches them"
                        .to_owned(),
                );
                return None;
            }
        };
        let seconds = match &raw.jwks_max_age_seconds {
            Some(age) => self.seconds(age, 1, JWKS_MAX_AGE_MOST)?,
            None => i64::try_from(JWKS_MAX_AGE).ok()?,
        };
        Some(Keys::Fetched { source, seconds_max: seconds })
    }

    fn allowed(&mut self, at: &Text, raw: &Allow) -> Vec<(String, Vec<Pattern>)> {
        let mut allowed = Vec::new();
        for (claim, patterns) in raw {
            let patterns = match patterns {
                raw::Patterns::One(one) => std::slice::from_ref(one),
                raw::Patterns::Several(several) => several.as_slice(),
            };
            if patterns.is_empty() {
                self.problem(at, format!("nothing would be allowed: `{claim}` has no pattern"));
            }
            allowed.push((claim.clone(), patterns.iter().map(Pattern::new).collect()));
        }
        allowed
    }

    /// AWS identities that are proved by AWS's security token service.
    fn aws(&mut self, builder: &mut DirectoryBuilder) {
        let raw = &self.file.raw.identity;
        let Some(sts) = &raw.sts else {
            if let Some(first) = raw.aws.first() {
                self.problem(&first.name, "an AWS identity needs `[identity.sts]`").hint = Some(
                    "write `server = \"a name of this plane\"` there: proofs are signed for that name"
                        .to_owned(),
                );
            }
            return;
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:/".contains(&byte);
        let server = sts.server.get_ref();
        if server.is_empty() || !server.bytes().all(plain) {
            let message = format!("`{server}` is no name that a proof can be signed for");
            self.problem(&sts.server, message).hint = Some("write letters, digits and `-._:/`".to_owned());
        }
        let addresses = match &sts.addresses {
            None => STS_ADDRESSES.map(str::to_owned).to_vec(),
            Some(given) => given.iter().filter_map(|address| self.endpoint(address)).collect(),
        };
        builder.believe_sts(server, addresses);
        for rule in &raw.aws {
            if let Some(rule) = self.aws_rule(rule) {
                let name = rule.0;
                let added = builder.add_aws_rule(rule.1);
                self.built(name, added.map(drop));
            }
        }
    }

    fn aws_rule<'a>(&mut self, raw: &'a raw::AwsIdentity) -> Option<(&'a Text, AwsRule)> {
        for account in raw.accounts.get_ref() {
            let digits = account.get_ref();
            if digits.len() != 12 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                self.problem(account, format!("`{digits}` is no account: those have twelve digits"));
            }
        }
        if raw.accounts.get_ref().is_empty() {
            self.problem(&raw.accounts, "nobody would be known: `accounts` is empty");
        }
        let organisation = self.rule(&raw.name, "organisation", Some(&raw.organisation), None);
        let team = self.rule(&raw.name, "team", Some(&raw.team), None);
        let subject = match &raw.subject {
            Some(subject) => self.rule(&raw.name, "subject", Some(subject), None),
            None => Some(Rule::Claim("name".to_owned())),
        };
        let rule = AwsRule {
            name: raw.name.get_ref().clone(),
            accounts: raw.accounts.get_ref().iter().map(|account| account.get_ref().clone()).collect(),
            allowed: self.allowed(&raw.name, &raw.allow),
            organisation: organisation?,
            team: team?,
            subject: subject?,
            scope: self.scope(raw.scope.as_ref())?,
        };
        Some((&raw.name, rule))
    }

    fn spiffe_rule(&mut self, raw: &raw::Spiffe) -> Option<SpiffeRule> {
        if !identity::is_trust_domain(raw.trust_domain.get_ref()) {
            let message = format!("`{}` is no trust domain", raw.trust_domain.get_ref());
            self.problem(&raw.trust_domain, message).hint =
                Some("write it without `spiffe://` and without a path, such as `acme.example`".to_owned());
        }
        if self.file.raw.listen.tls.as_ref().is_none_or(|tls| tls.client_ca.is_none()) {
            self.problem(&raw.name, "a SPIFFE rule needs `[listen.tls]` with a `client_ca`").hint = Some(
                "name the bundle of the trust domain there: nobody else's certificates are believed"
                    .to_owned(),
            );
        }
        let organisation = self.rule(&raw.name, "organisation", Some(&raw.organisation), None);
        let team = self.rule(&raw.name, "team", Some(&raw.team), None);
        let subject = match &raw.subject {
            Some(subject) => self.rule(&raw.name, "subject", Some(subject), None),
            None => Some(Rule::Claim("name".to_owned())),
        };
        Some(SpiffeRule {
            name: raw.name.get_ref().clone(),
            trust_domain: raw.trust_domain.get_ref().clone(),
            allowed: self.allowed(&raw.name, &raw.allow),
            organisation: organisation?,
            team: team?,
            subject: subject?,
            kind: self.caller_kind(raw.kind.as_ref()),
            scope: self.scope(raw.scope.as_ref())?,
        })
    }

    /// A name of a rule: with claims in braces, or the claim alone.
    pub(super) fn rule(
        &mut self,
        at: &Text,
        what: &str,
        fixed: Option<&Text>,
        claim: Option<&Text>,
    ) -> Option<Rule> {
        match (fixed, claim) {
            (Some(fixed), None) => match Rule::parse(fixed.get_ref()) {
                Ok(rule) => Some(rule),
                Err(error) => {
                    self.problem(fixed, error).hint =
                        Some("write a claim as `{claim}`, and a brace itself twice".to_owned());
                    None
                }
            },
            (None, Some(claim)) => Some(Rule::Claim(claim.get_ref().clone())),
            _ => {
                let message = format!("issuer `{}` needs one of `{what}` and `{what}_claim`", at.get_ref());
                self.problem(at, message);
                None
            }
        }
    }

    pub(super) fn owner(&mut self, organisation: &Text, team: &Text, subject: &Text) -> Option<Owner> {
        let organisation = self.name(organisation);
        let team = self.name(team);
        let subject = self.name(subject);
        Some(Owner { organisation: organisation?, team: team?, subject: subject? })
    }

    /// When something ends; none when that is not said. Nothing when it cannot be read.
    fn moment(&mut self, text: Option<&Text>) -> Option<Option<Timestamp>> {
        text.map_or(Some(None), |text| self.parsed(text).map(Some))
    }

    /// What a credential may be used for at most; none for everything.
    fn scope(&mut self, text: Option<&Text>) -> Option<Option<Scope>> {
        let Some(text) = text else { return Some(None) };
        match Scope::parse(text.get_ref()) {
            Ok(Some(scope)) => Some(Some(scope)),
            Ok(None) => {
                self.problem(text, "a scope names something").hint = Some(scope_words());
                None
            }
            Err(word) => {
                self.problem(text, format!("`{word}` is no word of a scope")).hint = Some(scope_words());
                None
            }
        }
    }

    fn seconds(&mut self, given: &Spanned<u64>, least: u64, most: u64) -> Option<i64> {
        if !(least..=most).contains(given.get_ref()) {
            self.problem(given, format!("`{}` is outside {least} to {most}", given.get_ref()));
            return None;
        }
        i64::try_from(*given.get_ref()).ok()
    }
}

fn scope_words() -> String {
    let actions: Vec<String> = identity::ACTIONS.iter().map(|action| format!("`{action}`")).collect();
    format!("write {} or `model:NAME`, with spaces between them", actions.join(", "))
}
