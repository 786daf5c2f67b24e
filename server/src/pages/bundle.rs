//! The browser's half of the pages, as Trunk built it.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use leptos::config::LeptosOptions;

/// Below the site's folder, and the address of its files.
const PACKAGE: &str = "pkg";
const WASM_SUFFIX: &str = "_bg.wasm";

/// Where the bundle is and what its hashed files are called.
#[derive(Clone, Debug)]
pub struct Bundle {
    site: Arc<Path>,
    stem: Arc<str>,
    stylesheet: Arc<str>,
}

impl Bundle {
    /// Looks for the bundle in `site`. Where it is missing a warning says so, and the pages work
    /// as they do without JavaScript.
    pub fn find(site: impl Into<PathBuf>) -> Self {
        let site: PathBuf = site.into();
        let names = names_in(&site.join(PACKAGE));
        let wasm = names.iter().find_map(|name| {
            name.starts_with("app")
                .then(|| name.strip_suffix(WASM_SUFFIX))?
        });
        let stylesheet = names
            .iter()
            .find(|name| name.starts_with("main") && name.strip_suffix(".css").is_some());
        if wasm.is_none() || stylesheet.is_none() {
            tracing::warn!(
                folder = %site.join(PACKAGE).display(),
                "the browser bundle is not built: pages come without styles and don't move; \
                 `make run` builds it"
            );
        }
        Self {
            stem: wasm.unwrap_or("app").into(),
            stylesheet: format!(
                "/{PACKAGE}/{}",
                stylesheet.map_or("main.css", String::as_str)
            )
            .into(),
            site: site.into(),
        }
    }

    /// The folder whose files are served.
    pub fn folder(&self) -> PathBuf {
        self.site.join(PACKAGE)
    }

    /// The stylesheet's address.
    pub fn stylesheet(&self) -> &str {
        &self.stylesheet
    }

    /// What Leptos must know to name the bundle's files. The site's root is always said: its
    /// default is the working folder, with everything in it.
    pub fn options(&self) -> LeptosOptions {
        LeptosOptions::builder()
            .output_name(Arc::clone(&self.stem))
            .site_root(self.site.to_string_lossy())
            .site_pkg_dir(PACKAGE)
            .build()
    }
}

/// The names of a folder's files. Trunk empties it before it builds, so only one build is there.
fn names_in(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashed_names_are_found_by_what_they_are() {
        let site = tempfile::tempdir().unwrap();
        let package = site.path().join(PACKAGE);
        fs::create_dir(&package).unwrap();
        for name in [
            "app-3f2a_bg.wasm",
            "app-3f2a_bg.wasm.br",
            "app-3f2a.js",
            "main-77.css",
        ] {
            fs::write(package.join(name), "").unwrap();
        }
        let bundle = Bundle::find(site.path());
        assert_eq!(&*bundle.options().output_name, "app-3f2a");
        assert_eq!(bundle.stylesheet(), "/pkg/main-77.css");
    }

    #[test]
    fn without_a_bundle_pages_are_still_told_where_it_would_be() {
        let bundle = Bundle::find("/nowhere/at/all");
        assert_eq!(&*bundle.options().site_root, "/nowhere/at/all");
        assert_eq!(bundle.stylesheet(), "/pkg/main.css");
    }
}
