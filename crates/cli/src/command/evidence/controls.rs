//! Controls that questionnaires ask for, and how this configuration meets each: it is read, not claimed.
//!
//! Numbers: ISO/IEC 27001:2022 Annex A; AICPA Trust Services Criteria 2017 (2022 points of focus), as SOC 2 reports use
//! them; CSA Cloud Controls Matrix 4, as the CAIQ asks by.

use config::Snapshot;
use serde::Serialize;

/// One control.
#[derive(Debug, Serialize)]
pub struct Control {
    /// What is asked for.
    pub asked: &'static str,
    pub iso_27001: &'static str,
    pub soc_2: &'static str,
    pub ccm: &'static str,
    /// `met`, `partly` or `elsewhere`.
    pub state: &'static str,
    /// How, or who has to.
    pub how: String,
}

/// What the configuration says, as far as controls hang on it.
struct Said<'a> {
    snapshot: &'a Snapshot,
    issuers: usize,
    tls: bool,
    keys: usize,
}

/// All controls, by this configuration.
pub fn controls(snapshot: &Snapshot) -> Vec<Control> {
    let keys = snapshot
        .directory
        .known()
        .into_iter()
        .filter(|known| known.principal.method == identity::Method::VirtualKey);
    let said = Said {
        snapshot,
        tls: snapshot.disclosed["tls"] == true,
        issuers: snapshot.directory.issuers().count(),
        keys: keys.count(),
    };
    vec![
        said.authentication(),
        said.keys(),
        said.access(),
        said.people(),
        logging(),
        said.integrity(),
        said.transmission(),
        said.location(),
        said.retention(),
        subprocessors(),
        changes(),
        minimisation(),
    ]
}

const fn state(met: bool) -> &'static str {
    if met { "met" } else { "partly" }
}

impl Said<'_> {
    fn authentication(&self) -> Control {
        Control {
            asked: "Every caller is authenticated, by identities that are managed in one place",
            iso_27001: "A.5.16, A.8.5",
            soc_2: "CC6.1, CC6.2",
            ccm: "IAM-14, IAM-16",
            state: state(self.issuers > 0),
            how: match self.issuers {
                0 => "each call carries exactly one proof that is checked; no identity provider is configured, so callers \
                      are keys in the configuration"
                    .to_owned(),
                count => format!("each call carries exactly one proof that is checked; {count} issuer rules name who may be believed"),
            },
        }
    }

    fn keys(&self) -> Control {
        Control {
            asked: "Secrets are protected, and can be ended",
            iso_27001: "A.5.17",
            soc_2: "CC6.1",
            ccm: "IAM-15, CEK-10",
            state: "met",
            how: format!(
                "{} virtual keys, kept as SHA-256 only; vendors' keys by reference to the environment or a file, never in \
                 the configuration, a log or a record; a key is ended within a second and stays so",
                self.keys
            ),
        }
    }

    fn access(&self) -> Control {
        let restricting = self.snapshot.policy.is_restricting();
        Control {
            asked: "Access is given by policy, the least that is needed, denied where nothing says otherwise",
            iso_27001: "A.5.15, A.5.18",
            soc_2: "CC6.1, CC6.3",
            ccm: "IAM-05, IAM-16",
            state: state(restricting),
            how: if restricting {
                "Cedar policies, checked against their schema before they are used; what none permits is denied; the \
                 policies that permitted a call stand in its record"
                    .to_owned()
            } else {
                "no policies are configured: whoever is authenticated may call every model".to_owned()
            },
        }
    }

    fn people(&self) -> Control {
        let known = self.snapshot.portal.knows_people();
        Control {
            asked: "Administrators and readers prove who they are",
            iso_27001: "A.8.2, A.8.5",
            soc_2: "CC6.1",
            ccm: "IAM-09, IAM-14",
            state: state(known),
            how: if known {
                "people log in at the company's own provider, or are vouched for by its access proxy; roles by claims"
                    .to_owned()
            } else {
                "no login is configured: the portal answers this machine's loopback only".to_owned()
            },
        }
    }

    fn integrity(&self) -> Control {
        let strict = self.snapshot.durable_strictly;
        Control {
            asked: "Records are complete, and cannot be altered unseen",
            iso_27001: "A.5.33, A.8.15",
            soc_2: "PI1.4, CC7.2",
            ccm: "LOG-02, LOG-09",
            state: state(strict),
            how: format!(
                "an append-only journal with checksums, folded into a double-entry ledger under a Merkle root (RFC 6962); \
                 `offtake ledger verify` and signed bundles prove it; a killed process loses nothing, and a power cut {}",
                if strict {
                    "loses nothing either"
                } else {
                    "at most the last 5 ms (`durability = \"strict\"` for none)"
                }
            ),
        }
    }

    fn transmission(&self) -> Control {
        let plain = self.snapshot.backends.iter().filter(|backend| plain(&backend.kind));
        let plain: Vec<&str> = plain.map(|backend| backend.name.as_str()).collect();
        Control {
            asked: "Data in transit is encrypted",
            iso_27001: "A.8.20, A.8.24",
            soc_2: "CC6.7",
            ccm: "CEK-03, DSP-10",
            state: state(self.tls && plain.is_empty()),
            how: format!(
                "to backends: {}; from callers: {}",
                if plain.is_empty() {
                    "TLS for all that leave the machine".to_owned()
                } else {
                    format!("TLS, except in plain HTTP to {}", plain.join(", "))
                },
                if self.tls {
                    "TLS 1.2 or 1.3, ended by the plane itself"
                } else {
                    "plain HTTP to the plane; a proxy before it has to end TLS"
                }
            ),
        }
    }

    fn retention(&self) -> Control {
        let kept = self.snapshot.retention.iter().flat_map(|retention| &retention.keep);
        let kept: Vec<String> = kept
            .map(|keep| {
                let team = keep.team.as_ref().map_or("*", units::Team::as_str);
                format!("{}/{team} for {} days", keep.organisation, keep.days)
            })
            .collect();
        let content = match kept.is_empty() {
            true => {
                "prompts and answers are held in memory while a call lasts, and written nowhere".to_owned()
            }
            false => format!(
                "prompts and answers of {} are kept encrypted (AES-256-GCM), and deleted by destroying their keys, with a chained \
                 log of deletions and readings; nobody else's are written",
                kept.join(", ")
            ),
        };
        Control {
            asked: "Data is kept no longer than needed, and deleted for good",
            iso_27001: "A.8.10",
            soc_2: "C1.2, P4.2",
            ccm: "DSP-16",
            state: "partly",
            how: format!("{content}; records hold none, and are kept until the data directory is removed"),
        }
    }

    fn location(&self) -> Control {
        let settings = self.snapshot.residency.settings();
        Control {
            asked: "Data is processed and kept in known places, lawfully",
            iso_27001: "A.5.31, A.5.34",
            soc_2: "P6.1",
            ccm: "DSP-19",
            state: state(settings.always),
            how: if settings.always {
                "each call's lawful backends are worked out before it leaves, failover included; places claimed and \
                 observed stand in its record"
                    .to_owned()
            } else {
                "residency is decided for calls that ask for it, and not for others".to_owned()
            },
        }
    }
}

/// Whether calls to it leave the machine in plain HTTP.
fn plain(kind: &config::BackendKind) -> bool {
    let (config::BackendKind::Anthropic { base_url, .. } | config::BackendKind::OpenAi { base_url, .. }) =
        kind
    else {
        return false;
    };
    let host = base_url.strip_prefix("http://").map(|rest| rest.split(['/', ':']).next().unwrap_or_default());
    host.is_some_and(|host| !matches!(host, "127.0.0.1" | "localhost" | "[" | "[::1]"))
}

fn logging() -> Control {
    Control {
        asked: "Who did what and when is on record",
        iso_27001: "A.8.15",
        soc_2: "CC7.2",
        ccm: "LOG-08",
        state: "met",
        how: "each call has a record of caller, proof, decision, policies, configuration and catalogue version, places, tokens \
              and charge; calls that were turned away are counted by their reason"
            .to_owned(),
    }
}

fn subprocessors() -> Control {
    Control {
        asked: "Processors and sub-processors are known and disclosed",
        iso_27001: "A.5.19, A.5.22",
        soc_2: "CC9.2",
        ccm: "DSP-13, DSP-14, STA-07",
        state: "met",
        how: "the table of processors above, made from the configuration that serves".to_owned(),
    }
}

fn changes() -> Control {
    Control {
        asked: "Changes are controlled, and can be traced",
        iso_27001: "A.8.9, A.8.32",
        soc_2: "CC8.1",
        ccm: "CCC-04",
        state: "met",
        how: "one file, checked whole before it serves; each version has a hash that stands in the records, and what it decided \
              by is kept; who changed the file is for version control to say"
            .to_owned(),
    }
}

fn minimisation() -> Control {
    Control {
        asked: "Personal data is kept to what is needed",
        iso_27001: "A.5.34",
        soc_2: "P3.1",
        ccm: "DSP-08, DSP-12",
        state: "met",
        how: "records hold the caller's name as the identity provider gives it, and nothing of what was asked or answered; \
              nothing is sent anywhere but to the backend that serves the call"
            .to_owned(),
    }
}
