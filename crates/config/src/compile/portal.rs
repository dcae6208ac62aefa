//! From `[portal]` as written to what people meet.

use super::{Compiler, Text};
use crate::file::portal as raw;
use crate::portal::{Forwarded, KeySource, Login, Origin, Portal};
use identity::{AssertionRule, Audience, People, RoleRule, Rule};
use toml::Spanned;

const SESSION_HOURS: u64 = 8;
const SESSION_HOURS_MAX: u64 = 24 * 7;

/// What is known of an access proxy before anything is configured.
struct Proxy {
    kind: &'static str,
    header: Option<&'static str>,
    issuer: Option<&'static str>,
    /// Its keys; `{issuer}` stands for the issuer.
    keys: Option<&'static str>,
    algorithms: &'static [&'static str],
}

const PROXIES: [Proxy; 5] = [
    Proxy {
        kind: "aws-alb",
        header: Some("x-amzn-oidc-data"),
        issuer: None,
        keys: None,
        algorithms: &["ES256"],
    },
    Proxy {
        kind: "google-iap",
        header: Some("x-goog-iap-jwt-assertion"),
        issuer: Some("https://cloud.google.com/iap"),
        keys: Some("https://www.gstatic.com/iap/verify/public_key-jwk"),
        algorithms: &["ES256"],
    },
    Proxy {
        kind: "cloudflare-access",
        header: Some("cf-access-jwt-assertion"),
        issuer: None,
        keys: Some("{issuer}/cdn-cgi/access/certs"),
        algorithms: &["RS256"],
    },
    Proxy {
        kind: "azure",
        header: Some("x-ms-token-aad-id-token"),
        issuer: None,
        keys: Some("{tenant}/discovery/v2.0/keys"),
        algorithms: &["RS256"],
    },
    Proxy { kind: "jwt", header: None, issuer: None, keys: None, algorithms: &["RS256", "ES256"] },
];

/// Where people's names come from, as written in either section.
struct Named<'a> {
    at: &'a Text,
    organisation: (Option<&'a Text>, Option<&'a Text>),
    team: (Option<&'a Text>, Option<&'a Text>),
    subject: Option<&'a Text>,
    roles: &'a [raw::Role],
}

impl Compiler<'_> {
    pub(super) fn portal(&mut self) -> Option<Portal> {
        let raw = &self.file.raw.portal;
        let playground = raw.playground.as_ref().and_then(|raw| self.player(raw));
        let address = match &raw.address {
            Some(address) => Some(self.origin(address)?),
            None => None,
        };
        let login = match &raw.login {
            Some(login) => Some(self.login(login)?),
            None => None,
        };
        let forwarded = match &raw.forwarded {
            Some(forwarded) => Some(self.forwarded(forwarded)?),
            None => None,
        };
        let at = raw.login.as_ref().map(|login| &login.issuer);
        let at = at.or(raw.forwarded.as_ref().map(|forwarded| &forwarded.kind));
        if let (Some(at), None) = (at, &address) {
            self.problem(at, "the portal needs an address that people reach it at").hint =
                Some("write `address = \"https://offtake.example.com\"` in `[portal]`".to_owned());
        }
        Some(Portal { playground, address, login, forwarded })
    }

    fn login(&mut self, raw: &raw::Login) -> Option<Login> {
        let issuer = self.endpoint(&raw.issuer)?;
        let client_secret = match &raw.client_secret {
            Some(secret) => Some(self.secret(secret)?),
            None => None,
        };
        let scopes = match &raw.scopes {
            Some(scopes) => scopes.iter().map(|scope| scope.get_ref().clone()).collect(),
            None => ["openid", "profile", "email"].map(str::to_owned).to_vec(),
        };
        if !scopes.iter().any(|scope| scope == "openid") {
            self.problem(&raw.issuer, "the scopes of a login need `openid`");
        }
        let algorithms = raw.algorithms.clone().unwrap_or_else(|| vec!["RS256".to_owned()]);
        let people = self.people(
            "portal login",
            &Named {
                at: &raw.issuer,
                organisation: (raw.organisation.as_ref(), raw.organisation_claim.as_ref()),
                team: (raw.team.as_ref(), raw.team_claim.as_ref()),
                subject: raw.subject_claim.as_ref(),
                roles: &raw.roles,
            },
        )?;
        self.algorithms(&raw.issuer, &algorithms);
        Some(Login {
            issuer,
            client_id: raw.client_id.get_ref().clone(),
            client_secret,
            terminal_client_id: raw.terminal_client_id.as_ref().map(|id| id.get_ref().clone()),
            scopes,
            algorithms,
            userinfo: raw.userinfo,
            session_seconds: self.session_seconds(raw.session_hours.as_ref()),
            people,
        })
    }

    fn session_seconds(&mut self, hours: Option<&Spanned<u64>>) -> i64 {
        let given = hours.map_or(SESSION_HOURS, |hours| *hours.get_ref());
        if let Some(hours) = hours.filter(|_| !(1..=SESSION_HOURS_MAX).contains(&given)) {
            self.problem(hours, format!("`{given}` is outside 1 to {SESSION_HOURS_MAX}"));
        }
        i64::try_from(given.min(SESSION_HOURS_MAX)).unwrap_or(8) * 3_600
    }

    fn forwarded(&mut self, raw: &raw::Forwarded) -> Option<Forwarded> {
        let kinds = PROXIES.each_ref().map(|proxy| proxy.kind);
        self.one_of(&raw.kind, "kind of access proxy", &kinds);
        let proxy = PROXIES.iter().find(|proxy| proxy.kind == raw.kind.get_ref())?;
        let issuer = self.needed(raw, "issuer", raw.issuer.as_ref(), proxy.issuer)?;
        let header = self.needed(raw, "header", raw.header.as_ref(), proxy.header)?.to_ascii_lowercase();
        let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
        if header.is_empty() || !header.chars().all(plain) {
            let at = raw.header.as_ref().unwrap_or(&raw.kind);
            self.problem(at, format!("`{header}` is no name of a header"));
        }
        let audience = match (proxy.kind, &raw.signer) {
            ("aws-alb", _) => Audience::Balancer {
                signer: self.needed(raw, "signer", raw.signer.as_ref(), None)?,
                client: raw.audience.as_ref().map(|client| client.get_ref().clone()),
            },
            (_, None) => Audience::Claim(self.needed(raw, "audience", raw.audience.as_ref(), None)?),
            (_, Some(signer)) => {
                self.problem(signer, "only `aws-alb` names a signer");
                return None;
            }
        };
        let own = || proxy.algorithms.iter().map(|name| (*name).to_owned()).collect();
        let algorithms = raw.algorithms.clone().unwrap_or_else(own);
        self.algorithms(&raw.kind, &algorithms);
        let people = self.people(
            "portal forwarded",
            &Named {
                at: &raw.kind,
                organisation: (raw.organisation.as_ref(), raw.organisation_claim.as_ref()),
                team: (raw.team.as_ref(), raw.team_claim.as_ref()),
                subject: raw.subject_claim.as_ref(),
                roles: &raw.roles,
            },
        )?;
        let keys = self.keys(raw, proxy, &issuer)?;
        let rule = AssertionRule { name: "portal forwarded".to_owned(), issuer, audience, algorithms };
        // A set at hand is read now, so that a mistake in it shows here.
        if let (KeySource::Text(text), Some(at)) = (&keys, &raw.keys)
            && let Err(error) = identity::Assertions::new(rule.clone(), text)
        {
            self.problem(at, error);
        }
        Some(Forwarded { header, rule, keys, people })
    }

    fn needed(
        &mut self,
        raw: &raw::Forwarded,
        field: &str,
        given: Option<&Text>,
        default: Option<&str>,
    ) -> Option<String> {
        let found = given.map(|given| given.get_ref().as_str()).or(default).map(str::to_owned);
        if found.is_none() {
            self.problem(
                &raw.kind,
                format!("a forwarded identity of `{}` needs `{field}`", raw.kind.get_ref()),
            );
        }
        found
    }

    fn keys(&mut self, raw: &raw::Forwarded, proxy: &Proxy, issuer: &str) -> Option<KeySource> {
        let each = |address: String| match proxy.kind {
            "aws-alb" => KeySource::EachAt(address),
            _ => KeySource::Address(address),
        };
        match (&raw.keys, proxy.keys) {
            (Some(keys), _) if keys.get_ref().contains("://") => self.endpoint(keys).map(each),
            (Some(keys), _) => self.include(keys, "key set").map(KeySource::Text),
            (None, Some(known)) => {
                let issuer = issuer.trim_end_matches('/');
                let tenant = issuer.strip_suffix("/v2.0").unwrap_or(issuer);
                let address = known.replace("{issuer}", issuer).replace("{tenant}", tenant);
                if !address.starts_with("https://") {
                    let at = raw.issuer.as_ref().unwrap_or(&raw.kind);
                    self.problem(
                        at,
                        format!("`{issuer}` is no address, so `keys` has to say where its keys are"),
                    );
                    return None;
                }
                Some(KeySource::Address(address))
            }
            (None, None) => self.needed(raw, "keys", None, None).map(KeySource::Text),
        }
    }

    fn people(&mut self, name: &str, named: &Named<'_>) -> Option<People> {
        let organisation = self.rule(named.at, "organisation", named.organisation.0, named.organisation.1);
        let team = self.rule(named.at, "team", named.team.0, named.team.1);
        let subject = named.subject.map_or("sub", |claim| claim.get_ref().as_str());
        let mut roles = Vec::new();
        for raw in named.roles {
            match raw.role.get_ref().parse() {
                Ok(role) => {
                    roles.push(RoleRule { role, required: raw.required.clone().into_iter().collect() });
                }
                Err(error) => {
                    self.problem(&raw.role, error).hint =
                        Some("write one of `viewer`, `finops`, `compliance`, `admin`".to_owned());
                }
            }
        }
        if named.roles.is_empty() {
            self.problem(named.at, "nobody would have a role in the portal").hint =
                Some("add `role = [{ role = \"viewer\", required = { groups = \"staff\" } }]`".to_owned());
        }
        let subject = Rule::Claim(subject.to_owned());
        Some(People { name: name.to_owned(), organisation: organisation?, team: team?, subject, roles })
    }

    fn algorithms(&mut self, at: &Text, names: &[String]) {
        let known = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];
        for name in names.iter().filter(|name| !known.contains(&name.as_str())) {
            self.problem(at, format!("`{name}` is no algorithm that a signature is believed by")).hint =
                Some(format!("write some of {}", known.join(", ")));
        }
        if names.is_empty() {
            self.problem(at, "no signature would be believed: `algorithms` is empty");
        }
    }

    /// An address that is asked: over TLS, or on this machine.
    pub(super) fn endpoint(&mut self, text: &Text) -> Option<String> {
        if Origin::of(text.get_ref()).is_some_and(|(_, path)| !path.contains('?')) {
            return Some(text.get_ref().clone());
        }
        self.problem(text, format!("`{}` is no address that can be trusted", text.get_ref())).hint = Some(
            "write `https://host`, with a port or path if need be; `http://` only for this machine"
                .to_owned(),
        );
        None
    }

    fn origin(&mut self, text: &Text) -> Option<Origin> {
        let origin = Origin::of(text.get_ref().trim_end_matches('/')).filter(|(_, path)| path.is_empty());
        if origin.is_none() {
            self.problem(text, format!("`{}` is no address that people can be sent to", text.get_ref()))
                .hint = Some(
                "write `https://host[:port]`, without a path; `http://` only for this machine".to_owned(),
            );
        }
        origin.map(|(origin, _)| origin)
    }
}
