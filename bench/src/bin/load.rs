//! The load generator. Prints what came of it, and what it cost each process that is named.

use bench::cpu;
use bench::load::{Figures, Plan, run};
use bytes::Bytes;
use clap::Parser;
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Sends requests over keep-alive connections, each its next one when the last is answered.
#[derive(Parser)]
struct Args {
    /// Where to, such as http://127.0.0.1:9100/v1/messages
    #[arg(long)]
    url: Uri,
    /// Requests in flight at a time
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=4096))]
    connections: u32,
    /// Stop after so many requests
    #[arg(long, default_value_t = u64::MAX, hide_default_value = true)]
    requests: u64,
    /// Stop after so many seconds
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Requests sent beforehand and not counted
    #[arg(long, default_value_t = 0)]
    warmup: u64,
    /// The answers are event streams
    #[arg(long)]
    stream: bool,
    /// A header, as `name: value`
    #[arg(long = "header", value_name = "HEADER", value_parser = header)]
    headers: Vec<(HeaderName, HeaderValue)>,
    /// A file with the body of every request
    #[arg(long)]
    body: PathBuf,
    /// A process whose processor time is measured, as NAME=PID
    #[arg(long = "pid", value_name = "NAME=PID", value_parser = process)]
    processes: Vec<(String, u32)>,
    /// Milliseconds after the last answer that still count as its cost, for work done afterwards
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=60_000))]
    settle: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let (name, value) = text.split_once(':').ok_or("no `:` in the header")?;
    let name = name.trim().parse().map_err(|_| "no header name")?;
    Ok((name, value.trim().parse().map_err(|_| "no header value")?))
}

fn process(text: &str) -> Result<(String, u32), String> {
    let (name, pid) = text.split_once('=').ok_or("no `=` between name and pid")?;
    Ok((name.to_owned(), pid.parse().map_err(|_| "no process id")?))
}

#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    figures: Figures,
    /// Processor time in microseconds: in all, by whole answer, by event.
    cpu: BTreeMap<String, Cost>,
}

#[derive(Serialize)]
struct Cost {
    micros: u64,
    per_call: f64,
    per_event: Option<f64>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let args = Args::parse();
    let plan = Plan {
        url: args.url,
        headers: args.headers.into_iter().collect::<HeaderMap>(),
        body: Bytes::from(std::fs::read(&args.body)?),
        stream: args.stream,
        connections: args.connections,
        requests: args.requests,
        time: Duration::from_secs(args.seconds),
    };
    if args.warmup > 0 {
        run(Plan { requests: args.warmup, ..plan.clone() }).await;
    }
    let before = times(&args.processes)?;
    let figures = run(plan).await.figures();
    tokio::time::sleep(Duration::from_millis(args.settle)).await;
    let after = times(&args.processes)?;
    let cpu = args.processes.iter().zip(before.iter().zip(after)).map(|((name, _), (before, after))| {
        let micros = after.saturating_sub(*before);
        let per_event = (figures.events > 0).then(|| ratio(micros, figures.events));
        (name.clone(), Cost { micros, per_call: ratio(micros, figures.answered), per_event })
    });
    let report = Report { cpu: cpu.collect(), figures };
    if args.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print(&report);
    }
    Ok(())
}

fn times(processes: &[(String, u32)]) -> io::Result<Vec<u64>> {
    processes.iter().map(|(_, pid)| cpu::micros(*pid)).collect()
}

fn ratio(micros: u64, count: u64) -> f64 {
    Duration::from_micros(micros).as_secs_f64() * 1e6
        / f64::from(u32::try_from(count).unwrap_or(u32::MAX)).max(1.0)
}

fn print(report: &Report) {
    let figures = &report.figures;
    println!(
        "{} answered, {} errors, {} truncated, {} events in {:.2} s: {:.0} requests/s",
        figures.answered,
        figures.errors,
        figures.truncated,
        figures.events,
        figures.seconds,
        figures.requests_per_second
    );
    println!(
        "latency us: p50 {} p90 {} p99 {} max {}; first byte: p50 {} p99 {}",
        figures.latency_p50,
        figures.latency_p90,
        figures.latency_p99,
        figures.latency_max,
        figures.first_byte_p50,
        figures.first_byte_p99
    );
    for (name, cost) in &report.cpu {
        let event = cost.per_event.map_or_else(String::new, |event| format!(", {event:.2} us an event"));
        println!("cpu {name}: {:.2} us a call{event}", cost.per_call);
    }
}
