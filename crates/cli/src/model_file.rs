//! Finding an embedded model's file: on this machine, or on a model hub, from which it is fetched once.
//!
//! What comes over a network takes its place in the user's cache only when its SHA-256 is the one configured. The
//! hub is the one that `HF_ENDPOINT` names, as its own tools have it. Redirects are followed here, and only here:
//! hubs answer with the address of a store, and the hash says whether the store gave the right bytes.

use crate::failure::Failure;
use crate::place;
use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use config::ModelFile;
use http::header::{CONTENT_LENGTH, LOCATION};
use http::{Request, Response, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const HUB: &str = "https://huggingface.co";
const REDIRECTS_MAX: u8 = 5;
const TELL_EVERY: Duration = Duration::from_secs(2);

/// The file on this machine, fetched and verified if need be.
///
/// # Errors
/// When it is not there and cannot be fetched, or is not the one that was meant.
pub fn locate(model: &ModelFile, sha256: Option<&str>) -> Result<PathBuf, Failure> {
    let (path, origin) = match model {
        ModelFile::Path(path) => (path.clone(), None),
        ModelFile::Hub { repository, file } => {
            let name = format!("{repository}/{file}").replace('/', "--");
            (place::model_cache().join(name), Some((repository, file)))
        }
    };
    if let (false, Some((repository, file))) = (path.is_file(), origin) {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::failed)?;
        runtime.block_on(fetch(repository, file, &path, sha256.unwrap_or_default()))?;
    } else if let Some(wanted) = sha256 {
        check(&path, &hash(&path)?, wanted)?;
    }
    Ok(path)
}

async fn fetch(repository: &str, file: &str, path: &Path, sha256: &str) -> Result<(), Failure> {
    let hub =
        std::env::var("HF_ENDPOINT").ok().filter(|hub| !hub.is_empty()).unwrap_or_else(|| HUB.to_owned());
    let address = format!("{}/{repository}/resolve/main/{file}", hub.trim_end_matches('/'));
    let cannot =
        |why: String| Failure::failed(format!("the model `{repository}/{file}` cannot be fetched: {why}"));
    let response = open(&address).await.map_err(cannot)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(|error| cannot(format!("{}: {error}", folder.display())))?;
    let partial = path.with_extension(format!("part-{}", std::process::id()));
    let fetched = save(response, &partial, file).await;
    let done = fetched
        .map_err(cannot)
        .and_then(|found| check(&partial, &found, sha256))
        .and_then(|()| std::fs::rename(&partial, path).map_err(Failure::failed));
    if done.is_err() {
        let _ = std::fs::remove_file(&partial);
    }
    done
}

/// The answer at an address, behind any redirects.
async fn open(address: &str) -> Result<Response<Incoming>, String> {
    let mut at: Uri = address.parse().map_err(|_| format!("`{address}` is not an address"))?;
    for _ in 0..=REDIRECTS_MAX {
        let client = upstream::Client::new(&at.to_string(), Duration::from_secs(10), Duration::from_secs(60))
            .map_err(|error| error.to_string())?;
        let request =
            Request::get(at.clone()).body(Full::new(Bytes::new())).map_err(|error| error.to_string())?;
        let response = client.send(request).await.map_err(|error| error.to_string())?;
        if !response.status().is_redirection() {
            let status = response.status();
            return if status.is_success() {
                Ok(response)
            } else {
                Err(format!("the hub answered {status}"))
            };
        }
        let next = response.headers().get(LOCATION).and_then(|next| next.to_str().ok()).unwrap_or_default();
        at = behind(&at, next).ok_or_else(|| format!("the hub redirects to `{next}`"))?;
    }
    Err("the hub redirects without end".to_owned())
}

/// Where a redirect leads: a whole address, or a path on the same host.
fn behind(from: &Uri, next: &str) -> Option<Uri> {
    if next.starts_with('/') {
        return format!("{}://{}{next}", from.scheme_str()?, from.authority()?).parse().ok();
    }
    // A secure address never leads to one that is not.
    let allowed =
        next.starts_with("https://") || next.starts_with("http://") && from.scheme_str() == Some("http");
    if allowed { next.parse().ok() } else { None }
}

/// Writes the bytes as they come, and gives their hash.
async fn save(response: Response<Incoming>, partial: &Path, name: &str) -> Result<String, String> {
    let total = response.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let mut out = File::create(partial).map_err(|error| error.to_string())?;
    let mut context = Context::new(&SHA256);
    let mut body = response.into_body();
    let (mut bytes, mut told) = (0_u64, Instant::now());
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| error.to_string())?;
        let chunk: &[u8] = frame.data_ref().map_or(&[], |chunk| chunk);
        context.update(chunk);
        out.write_all(chunk).map_err(|error| error.to_string())?;
        bytes += u64::try_from(chunk.len()).unwrap_or(0);
        if told.elapsed() > TELL_EVERY {
            told = Instant::now();
            say(name, bytes, total);
        }
    }
    Ok(hex(context))
}

#[expect(clippy::print_stderr, reason = "a person waits")]
fn say(name: &str, bytes: u64, total: Option<u64>) {
    let megabytes = bytes / 1_000_000;
    match total.filter(|total| *total > 0) {
        Some(total) => eprintln!("fetching {name}: {megabytes} MB, {} %", bytes * 100 / total),
        None => eprintln!("fetching {name}: {megabytes} MB"),
    }
}

fn hash(path: &Path) -> Result<String, Failure> {
    let failed = |error| Failure::unusable(format!("`{}`: {error}", path.display()));
    let mut file = File::open(path).map_err(failed)?;
    let mut context = Context::new(&SHA256);
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer).map_err(failed)? {
            0 => return Ok(hex(context)),
            count => context.update(buffer.get(..count).unwrap_or_default()),
        }
    }
}

fn hex(context: Context) -> String {
    context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn check(path: &Path, found: &str, wanted: &str) -> Result<(), Failure> {
    if found == wanted {
        return Ok(());
    }
    Err(Failure::unusable(format!(
        "`{}` is not the model that was meant: its SHA-256 is {found}, not {wanted}",
        path.display()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead as _, BufReader};
    use std::net::TcpListener;

    #[test]
    fn a_redirect_never_leaves_tls() {
        let secure: Uri = "https://hub.example/a".parse().unwrap();
        assert_eq!(behind(&secure, "/b").unwrap().to_string(), "https://hub.example/b");
        assert!(behind(&secure, "http://hub.example/b").is_none());
        assert!(behind(&secure, "file:///etc/passwd").is_none());
    }

    /// A hub that redirects once and then serves these bytes, twice.
    fn hub(bytes: &'static [u8]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for stream in listener.incoming().take(4) {
                let mut stream = stream.unwrap();
                let mut line = String::new();
                BufReader::new(&stream).read_line(&mut line).unwrap();
                if line.contains("/resolve/main/") {
                    stream.write_all(b"HTTP/1.1 302 Found\r\nlocation: /store\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
                } else {
                    let head = format!(
                        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                        bytes.len()
                    );
                    stream.write_all(&[head.as_bytes(), bytes].concat()).unwrap();
                }
            }
        });
        address
    }

    #[tokio::test]
    async fn what_a_hub_gives_is_kept_only_when_it_is_what_was_meant() {
        let folder = tempfile::tempdir().unwrap();
        let address = hub(b"a model");
        let response = open(&format!("{address}/owner/name/resolve/main/m.gguf")).await.unwrap();
        let partial = folder.path().join("m.part");
        let found = save(response, &partial, "m.gguf").await.unwrap();
        assert_eq!(std::fs::read(&partial).unwrap(), b"a model");
        assert!(check(&partial, &found, &hash(&partial).unwrap()).is_ok());
        let Err(Failure::Unusable(text)) = check(&partial, &found, &"0".repeat(64)) else {
            panic!("accepted")
        };
        assert!(text.contains("not the model that was meant"), "{text}");
    }
}
