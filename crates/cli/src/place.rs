//! Places on this machine: caches, data directories, the running demo, secrets of the plane's own.

use crate::failure::Failure;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::collections::HashMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// A folder of the XDG base directory specification, or its place in the home directory.
fn base(variable: &str, in_home: &str) -> PathBuf {
    match std::env::var_os(variable) {
        Some(path) if !path.is_empty() => PathBuf::from(path),
        _ => PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(in_home),
    }
}

/// Where the demo keeps its data unless told otherwise.
pub fn demo_data() -> PathBuf {
    base("XDG_DATA_HOME", ".local/share").join("offtake/demo")
}

/// Where models are kept.
pub fn model_cache() -> PathBuf {
    base("XDG_CACHE_HOME", ".cache").join("offtake/models")
}

/// Where what this user configured is kept.
pub fn config_home() -> PathBuf {
    base("XDG_CONFIG_HOME", ".config").join("offtake")
}

/// Where `offtake token` keeps its tokens.
pub fn token_cache() -> PathBuf {
    base("XDG_CACHE_HOME", ".cache").join("offtake/tokens")
}

/// Where `cargo xtask demo` puts the embedded model.
pub fn cached_model() -> PathBuf {
    model_cache().join("SmolLM2-135M-Instruct.Q4_1.gguf")
}

fn demo_pointer() -> PathBuf {
    base("XDG_CACHE_HOME", ".cache").join("offtake/last-demo")
}

/// Remembers where the last demo keeps its data, so that `ask` finds it.
pub fn remember_demo(data: &Path) {
    let pointer = demo_pointer();
    let written = std::fs::create_dir_all(pointer.parent().unwrap_or(&pointer))
        .and_then(|()| std::fs::write(&pointer, data.as_os_str().as_encoded_bytes()));
    if let Err(error) = written {
        tracing::debug!(%error, "the demo's place was not remembered; `ask` needs --url and a token");
    }
}

/// The data directory of the last demo.
pub fn last_demo() -> PathBuf {
    std::fs::read_to_string(demo_pointer()).map_or_else(|_| demo_data(), PathBuf::from)
}

/// What the last demo wrote down for its clients.
pub fn demo_variables() -> HashMap<String, String> {
    let text = std::fs::read_to_string(last_demo().join("demo.env")).unwrap_or_default();
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// How a person at this terminal calls this program: by name where it is on the path, else by where it is.
pub fn own_name() -> String {
    let Ok(own) = std::env::current_exe() else { return "offtake".to_owned() };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join("offtake")).find(|file| file.is_file());
    if found.is_some_and(|found| found.canonicalize().ok() == own.canonicalize().ok()) {
        return "offtake".to_owned();
    }
    let here = std::env::current_dir().unwrap_or_default();
    own.strip_prefix(&here).unwrap_or(&own).display().to_string()
}

/// Random bytes from the system.
pub fn random<const N: usize>() -> Result<[u8; N], Failure> {
    let mut random = [0; N];
    aws_lc_rs::rand::fill(&mut random).map_err(|_| Failure::failed("the system gives no random bytes"))?;
    Ok(random)
}

/// So many random bytes from the system, as URL-safe text.
pub fn random_text<const N: usize>() -> Result<String, Failure> {
    Ok(URL_SAFE_NO_PAD.encode(random::<N>()?))
}

/// Writes a file that only its owner may read: whole, or (on a full disk) not at all.
pub fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let mut file =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(bytes)?;
    std::fs::rename(new, path)
}

/// Writes a file whole and durably, or leaves what was there; its folder is made where it is missing.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let written = || {
        std::fs::create_dir_all(path.parent().unwrap_or(path))?;
        let mut file = std::fs::File::create(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&new, path)
    };
    written().map_err(|error| Failure::failed(format!("{}: {error}", path.display())))
}

/// The key that signs the plane's own tokens, kept in its data directory; made at the first start.
pub fn token_key(data: &Path) -> Result<Vec<u8>, Failure> {
    let path = data.join("token.key");
    let failed = |error| Failure::failed(format!("{}: {error}", path.display()));
    if !path.exists() {
        write_private(&path, random_text::<32>()?.as_bytes()).map_err(failed)?;
    }
    std::fs::read(&path).map_err(failed)
}
