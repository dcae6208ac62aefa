//! Writes the portal's pages in several states, with their files, into a folder, to look at them without a
//! server: `cargo run -p portal --example preview -- FOLDER`.

mod people;
mod sample;

use portal::{PageOptions, UsageContext, UsageFilter};
use std::path::Path;

fn main() -> std::io::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "preview".to_owned());
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder.join("assets"))?;
    let states = [
        ("empty", sample::empty()),
        ("few", sample::few()),
        ("busy", sample::busy()),
        ("bare", sample::bare()),
        ("hostile", sample::hostile()),
    ];
    for (name, view) in &states {
        write(folder, name, &portal::page(view, &PageOptions::default()))?;
    }
    let few = sample::few();
    let context = UsageContext {
        as_of: few.as_of,
        visitor: few.visitor.clone(),
        older: few.recent.last().map(|row| row.request_id),
    };
    let filter = UsageFilter { model: Some("claude-demo".to_owned()), ..UsageFilter::default() };
    write(folder, "usage", &portal::usage_page(&few.recent, &filter, &context))?;
    for (name, (access, residency)) in [("people", people::usual()), ("people-hostile", people::hostile())] {
        write(folder, &format!("{name}-access"), &portal::access_page(&access))?;
        write(folder, &format!("{name}-residency"), &portal::residency_page(&residency))?;
    }
    std::fs::write(folder.join("fragments.json"), portal::fragments_json(&few))?;
    for file in
        ["portal.css", "parts.css", "theme.js", "live.js", "stream.js", "playground.js", "favicon.svg"]
    {
        if let Some(asset) = portal::asset(&format!("/assets/{file}")) {
            std::fs::write(folder.join("assets").join(file), asset.bytes)?;
        }
    }
    Ok(())
}

/// The page with its files beside it rather than at the root, once for each theme.
fn write(folder: &Path, name: &str, page: &str) -> std::io::Result<()> {
    let page = page.replace("\"/assets/", "\"assets/");
    std::fs::write(folder.join(format!("{name}.html")), &page)?;
    let dark = page.replace("<html lang=\"en\">", "<html lang=\"en\" data-theme=\"dark\">");
    std::fs::write(folder.join(format!("{name}-dark.html")), dark)
}
