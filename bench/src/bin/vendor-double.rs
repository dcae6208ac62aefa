//! A double of the vendors' APIs on a socket. Its address is the first line on standard output.

use bench::double::Double;
use clap::Parser;
use std::io::{self, Write};
use std::net::SocketAddr;

/// A double of the Anthropic and OpenAI APIs, with a meter (`GET /meter`) and faults on demand.
#[derive(Parser)]
struct Args {
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:9100")]
    listen: SocketAddr,
    /// The key it wants
    #[arg(long, env = "VENDOR_KEY", hide_env_values = true, default_value = "vendor-key")]
    key: String,
    /// Output tokens of an answer when no order says
    #[arg(long, default_value_t = 20)]
    tokens: u32,
    /// Orders for models whose name begins with PREFIX, such as `slow-:slow=20;tokens=100`
    #[arg(long, value_name = "PREFIX:ORDERS", value_parser = when)]
    when: Vec<(String, String)>,
}

fn when(text: &str) -> Result<(String, String), String> {
    let (prefix, orders) = text.split_once(':').ok_or("no `:` between prefix and orders")?;
    Ok((prefix.to_owned(), orders.to_owned()))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let args = Args::parse();
    let double = Double { key: args.key, tokens: args.tokens, when: args.when };
    let running = double.start(args.listen).await?;
    println!("{}", running.address());
    io::stdout().flush()?;
    tokio::signal::ctrl_c().await
}
