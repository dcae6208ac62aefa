//! The files a page needs, inside the binary: nothing is fetched from anywhere else.

/// A file to serve under `/assets/`.
#[derive(Debug, Clone)]
pub struct Asset {
    /// For `content-type`.
    pub content_type: &'static str,
    /// The file.
    pub bytes: &'static [u8],
    /// For `etag`, quoted: a hash of the bytes, so that a browser asks again and is told nothing changed.
    pub etag: String,
}

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// The file at this path (`/assets/portal.css`), also at the address browsers try unasked (`/favicon.ico`).
pub fn asset(path: &str) -> Option<Asset> {
    let (content_type, bytes): (_, &'static [u8]) = match path {
        "/assets/portal.css" => (CSS, include_bytes!("../assets/portal.css")),
        "/assets/parts.css" => (CSS, include_bytes!("../assets/parts.css")),
        "/assets/theme.js" => (JS, include_bytes!("../assets/theme.js")),
        "/assets/live.js" => (JS, include_bytes!("../assets/live.js")),
        "/assets/stream.js" => (JS, include_bytes!("../assets/stream.js")),
        "/assets/playground.js" => (JS, include_bytes!("../assets/playground.js")),
        "/assets/favicon.svg" | "/favicon.ico" => (SVG, include_bytes!("../assets/favicon.svg")),
        _ => return None,
    };
    Some(Asset { content_type, bytes, etag: format!("\"{:016x}\"", fnv1a(bytes)) })
}

/// FNV-1a, 64 bits: tells versions of our own files apart; it is no defence against anyone.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
