//! Renders every page with generated data into a folder, to look at them in a browser without a server.
//!
//! `cargo run -p zhixin-gateway --example page_gallery -- DIR` writes `DIR/NAME.LANG.html` and the assets beside them, with
//! links to the assets made relative, so that the files open from disk.

use std::fs;
use std::path::PathBuf;

use zhixin_gateway::pages::views;
use zhixin_gateway::text::Lang;

#[path = "page_gallery/samples.rs"]
#[expect(clippy::wildcard_imports, reason = "the samples fill nearly every view struct; a list of them would say nothing")]
mod samples;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("usage: page_gallery DIR")?);
    for asset in views::assets::all() {
        let path = folder.join(asset.path.trim_start_matches('/'));
        fs::create_dir_all(path.parent().ok_or("an asset without a folder")?)?;
        fs::write(path, asset.bytes)?;
    }
    for lang in [Lang::Zh, Lang::En] {
        for (name, page) in samples::pages(lang) {
            let html = page?.replace("\"/assets/", "\"assets/");
            fs::write(folder.join(format!("{name}.{}.html", lang.tag())), html)?;
        }
    }
    Ok(())
}
