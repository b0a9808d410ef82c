//! Style sheet, script and icon: built into the program, named by their SHA-256, so that browsers may keep them for ever.

use std::sync::OnceLock;

use sha2::{Digest, Sha256};

/// Policy that the pages are written for: nothing from outside, nothing inline.
pub const CONTENT_SECURITY_POLICY: &str =
    "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'";
/// Caching of an address that holds its own digest.
pub const CACHE_CONTROL: &str = "public, max-age=31536000, immutable";

/// One file.
#[derive(Debug)]
pub struct Asset {
    /// Name in the source tree.
    pub name: &'static str,
    /// Media type.
    pub content_type: &'static str,
    /// Content.
    pub bytes: &'static [u8],
    /// Address: `/assets/DIGEST/NAME`, with the first 32 hexadecimal digits of the SHA-256 of the content.
    pub path: String,
}

/// All files.
pub fn all() -> &'static [Asset] {
    static ASSETS: OnceLock<Vec<Asset>> = OnceLock::new();
    ASSETS.get_or_init(|| {
        let files: [(&str, &str, &[u8]); 3] = [
            ("app.css", "text/css; charset=utf-8", include_bytes!("../../../assets/app.css")),
            ("app.js", "text/javascript; charset=utf-8", include_bytes!("../../../assets/app.js")),
            ("icon.svg", "image/svg+xml", include_bytes!("../../../assets/icon.svg")),
        ];
        files
            .map(|(name, content_type, bytes)| Asset { name, content_type, bytes, path: format!("/assets/{}/{name}", digest(bytes)) })
            .into()
    })
}

/// The file at an address; an address with an old digest is not found.
pub fn find(path: &str) -> Option<&'static Asset> {
    all().iter().find(|asset| asset.path == path)
}

/// Address of a file by its name; the names are fixed above.
pub(super) fn href(name: &str) -> String {
    all().iter().find(|asset| asset.name == name).map(|asset| asset.path.clone()).unwrap_or_default()
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(16).fold(String::new(), |mut text, byte| {
        text.extend([format!("{byte:02x}")]);
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_asset_is_found_at_its_own_address_and_at_no_other() {
        for asset in all() {
            assert_eq!(find(&asset.path).map(|found| found.name), Some(asset.name));
            assert!(find(&asset.path.replace(&digest(asset.bytes), "0")).is_none());
            assert_eq!(href(asset.name), asset.path);
            assert_eq!(digest(asset.bytes).len(), 32);
        }
    }

    #[test]
    fn the_script_stays_small_and_calls_nobody() {
        let script = std::str::from_utf8(find(&href("app.js")).unwrap().bytes).unwrap();
        assert!(script.lines().count() <= 300);
        assert!(!script.contains("http:") && !script.contains("https:") && !script.contains("eval("));
    }
}
