//! What it costs to decide on a call once its caller is known: who, may they, and where. 10,000 principals, 200 policies,
//! 100 backends.
//!
//! `cargo run --release -p bench --example deciding`
#![allow(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::print_stdout,
    reason = "a measurement for people"
)]

use config::{Environment, File, Snapshot};
use geography::Restrictions;
use http::{HeaderMap, HeaderName, HeaderValue};
use identity::{Authentication, Head, Principal};
use policy::Action;
use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};
use units::{Clock as _, ModelName, SystemClock, Timestamp};

const PRINCIPALS: usize = 10_000;
const POLICIES: usize = 200;
const BACKENDS: usize = 100;
const ROUNDS: usize = 21;

fn key(number: usize) -> String {
    format!("a key that nobody guesses, number {number}")
}

fn sha256(text: &str) -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    hash.as_ref().iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// A hundred organisations of ten teams of ten; every fifth organisation is declared; every team has a policy of its own
/// in turn; one model at every backend, all over the world.
fn configuration() -> (String, String) {
    let mut text = String::from("[policy]\nfiles = [\"p.cedar\"]\n[residency]\ncountry = \"DE\"\n");
    for organisation in 0..100 {
        writeln!(
            text,
            "[[residency.organisation]]\nname = \"org-{organisation}\"\ncountry = \"DE\"\nowners = []\nowners_rest_checked = true\nowners_source = \"register\"\nowners_date = \"2026-10-01\""
        )
        .unwrap();
    }
    text += "[[residency.basis]]\nid = \"DPA-1\"\nkind = \"DPA\"\nparty = \"aws\"\n";
    for number in 0..PRINCIPALS {
        let (organisation, team) = (number / 100, number / 10 % 10);
        let hash = sha256(&key(number));
        writeln!(
            text,
            "[[identity.key]]\nname = \"key-{number}\"\nsha256 = \"{hash}\"\norganisation = \"org-{organisation}\"\nteam = \"team-{team}\""
        )
        .unwrap();
    }
    let regions = ["eu-central-1", "eu-west-3", "eu-west-1", "us-east-1", "ap-northeast-1"];
    let mut names = Vec::new();
    for number in 0..BACKENDS {
        let region = regions[number % regions.len()];
        writeln!(text, "[[backend]]\nname = \"backend-{number}\"\nkind = \"echo\"\nregion = \"{region}\"")
            .unwrap();
        names.push(format!("\"backend-{number}\""));
    }
    writeln!(text, "[[model]]\nname = \"claude\"\nbackends = [{}]", names.join(", ")).unwrap();
    let mut policies = String::new();
    for number in 0..POLICIES {
        let (organisation, team) = (number / 2, number % 10);
        let kind = if number % 10 == 9 { "forbid" } else { "permit" };
        let what = match number % 10 {
            9 => "resource == Offtake::Backend::\"backend-1\"",
            _ => "resource",
        };
        writeln!(
            policies,
            "@id(\"p-{number}\") {kind} (principal in Offtake::Organisation::\"org-{organisation}\", action, {what}) when {{ principal.team like \"team-{}*\" || context.method == \"virtual-key\" }};",
            team
        )
        .unwrap();
    }
    (text, policies)
}

/// What a call is decided by, as the gateway asks it.
struct Call<'a> {
    snapshot: &'a Snapshot,
    model: ModelName,
    now: Timestamp,
}

impl Call<'_> {
    fn who(&self, headers: &HeaderMap) -> std::sync::Arc<Principal> {
        let head = Head { method: "POST", path: "/v1/messages", query: None, headers };
        match self.snapshot.directory.authenticate(&head, self.now).unwrap() {
            Authentication::Known(principal) => principal,
            Authentication::AwaitsBody(_) => unreachable!(),
        }
    }

    /// Everything: who, may they, where, and which backends are left. The number of those.
    fn decide(&self, headers: &HeaderMap) -> usize {
        let principal = self.who(headers);
        let policy = &self.snapshot.policy;
        let grant = policy.authorize(&principal, Action::InvokeModel, &self.model).unwrap();
        let residency = &self.snapshot.residency;
        let narrowing = residency.attached(&grant.policies, Restrictions::default());
        let lawful = residency.lawful(&principal.organisation, &self.model, &narrowing, self.now).unwrap();
        let backends = &self.snapshot.models[&self.model].backends;
        let names = backends.iter().map(|backend| &backend.name);
        let barred = policy.barred(&principal, Action::InvokeModel, (&self.model, names));
        let lawful = backends.iter().filter(|backend| lawful.allows(&backend.name));
        lawful.filter(|one| barred.iter().all(|(name, _)| *name != one.name)).count()
    }
}

fn main() {
    let home = tempfile::tempdir().unwrap();
    let (text, policies) = configuration();
    std::fs::write(home.path().join("p.cedar"), policies).unwrap();
    let file = File::parse(Path::new(&home.path().join("offtake.toml")), text).unwrap();
    let snapshot = file.compile(&Environment, None).unwrap();
    let call = Call { snapshot: &snapshot, model: "claude".parse().unwrap(), now: SystemClock.now() };
    let headers = |number: usize| {
        let mut headers = HeaderMap::new();
        let value = HeaderValue::from_str(&key(number)).unwrap();
        headers.insert(HeaderName::from_static("x-api-key"), value);
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        headers
    };
    let callers: Vec<HeaderMap> = (0..PRINCIPALS).map(headers).collect();
    let began = Instant::now();
    let left: usize = callers.iter().map(|headers| call.decide(headers)).sum();
    let first = began.elapsed() / u32::try_from(PRINCIPALS).unwrap();
    println!(
        "{PRINCIPALS} principals, {POLICIES} policies, {BACKENDS} backends, {} left on average",
        left / PRINCIPALS
    );
    println!("the first call of a caller   {:8.2} µs", micros(first));
    println!(
        "who                          {:8.2} µs",
        micros(median(&callers, |headers| {
            black_box(call.who(headers));
        }))
    );
    println!(
        "who, may they, and where     {:8.2} µs",
        micros(median(&callers, |headers| {
            black_box(call.decide(headers));
        }))
    );
}

fn micros(time: Duration) -> f64 {
    time.as_nanos() as f64 / 1000.0
}

/// The median round's time for one caller; each round goes through all callers, so that memory is as cold as it would be.
fn median(callers: &[HeaderMap], mut decide: impl FnMut(&HeaderMap)) -> Duration {
    let mut rounds: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let began = Instant::now();
            callers.iter().for_each(&mut decide);
            began.elapsed() / u32::try_from(callers.len()).unwrap()
        })
        .collect();
    rounds.sort_unstable();
    rounds[ROUNDS / 2]
}
