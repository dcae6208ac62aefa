//! The bare pass-through proxy on a socket. Its address is the first line on standard output.

use clap::Parser;
use http::uri::Authority;
use std::io::{self, Write};
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// Passes every request on to one upstream, and does nothing else: the baseline.
#[derive(Parser)]
struct Args {
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:9200")]
    listen: SocketAddr,
    /// The upstream, as host:port
    #[arg(long, default_value = "127.0.0.1:9100")]
    upstream: Authority,
}

/// As many threads as there are cores, as a gateway would.
#[tokio::main]
async fn main() -> io::Result<()> {
    let args = Args::parse();
    let listener = TcpListener::bind(args.listen).await?;
    println!("{}", listener.local_addr()?);
    io::stdout().flush()?;
    bench::proxy::run(listener, args.upstream).await;
    Ok(())
}
