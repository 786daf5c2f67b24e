//! The three places settings come from, brought together.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::ErrorKind,
};

use super::{ConfigError, DEFAULTS};

/// Every key, as its environment variable is called; in TOML it is the same in lower case.
pub(super) const KEYS: [&str; 18] = [
    "HTTP_BIND",
    "LOCAL_MODE",
    "BODY_LIMIT",
    "IMPORT_LIMIT",
    "DATABASE_URL",
    "REDIS_URL",
    "REDIS_PREFIX",
    "SMTP_URL",
    "MAIL_FROM",
    "WORKER_CONCURRENCY",
    "DELIVERY_WINDOW",
    "DELIVERY_LEASE",
    "DELIVERY_UNCERTAIN",
    "RETRY_SCHEDULE",
    "DRAIN_DEADLINE",
    "LOG_DIR",
    "LOG_FORMAT",
    "RUST_LOG",
];

/// Those whose value may hold a password: `NAME_FILE` reads them from a file.
const SECRETS: [&str; 3] = ["DATABASE_URL", "REDIS_URL", "SMTP_URL"];

/// Variables that promise something this version does not do. Passing over them in silence
/// would leave a person believing that it does.
const UNSUPPORTED: [(&str, &str); 2] = [
    ("ADMIN_EMAIL", "there are no accounts"),
    ("ADMIN_PASSWORD", "there are no accounts"),
];

const FILE: &str = "palomar.toml";

/// What is set, the strongest source having won, and the faults found so far.
pub(super) struct Settings {
    values: BTreeMap<&'static str, String>,
    /// The entries of `[[smtp]]`.
    smtp: Vec<toml::Value>,
    faults: Vec<String>,
}

impl Settings {
    /// Brings the environment, the file and the defaults together.
    pub(super) fn collect(
        environment: impl Iterator<Item = (String, String)>,
        file: Option<&str>,
    ) -> Self {
        let mut settings = Self {
            values: BTreeMap::new(),
            smtp: Vec::new(),
            faults: Vec::new(),
        };
        settings.add_toml("default.toml", DEFAULTS);
        if let Some(text) = file {
            settings.add_toml(FILE, text);
        }
        settings.add_environment(environment);
        settings
    }

    /// The value of a key that has a default. None, and a fault is kept, when it cannot be read.
    pub(super) fn required<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        if !self.values.contains_key(key) {
            self.fault(format!("{key}: is not set"));
        }
        self.optional(key, read)
    }

    /// The value of a key, if it is set. None too, and a fault is kept, when it cannot be read.
    pub(super) fn optional<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        match read(self.values.get(key)?) {
            Ok(value) => Some(value),
            Err(message) => {
                self.fault(format!("{key}: {message}"));
                None
            }
        }
    }

    /// Whether a key is set at all.
    pub(super) fn is_set(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }

    /// Whether any SMTP server is set up.
    pub(super) fn has_smtp(&self) -> bool {
        self.is_set("SMTP_URL") || !self.smtp.is_empty()
    }

    /// The entries of `[[smtp]]`, as they were written.
    pub(super) fn take_smtp(&mut self) -> Vec<toml::Value> {
        std::mem::take(&mut self.smtp)
    }

    /// The value of a key as it was written, if it is set.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    /// Keeps a fault.
    pub(super) fn fault(&mut self, sentence: String) {
        self.faults.push(sentence);
    }

    /// Every fault found.
    pub(super) fn into_faults(self) -> Vec<String> {
        self.faults
    }

    fn add_toml(&mut self, file: &str, text: &str) {
        let table = match text.parse::<toml::Table>() {
            Ok(table) => table,
            Err(error) => {
                // Not the error's own Display: it repeats the line, which may hold a password.
                let line = error
                    .span()
                    .and_then(|span| text.get(..span.start))
                    .map_or(1, |before| before.matches('\n').count() + 1);
                self.fault(format!("{file}, line {line}: {}", error.message()));
                return;
            }
        };
        let mut entries = Vec::new();
        for (key, value) in table {
            match value {
                toml::Value::String(text) => entries.push((key, text)),
                toml::Value::Integer(number) => entries.push((key, number.to_string())),
                toml::Value::Array(servers) if key == "smtp" => self.smtp = servers,
                _ => self.fault(format!("{file}: {key} must be a text or a whole number")),
            }
        }
        self.add(entries, str::to_lowercase, Some(file));
    }

    fn add_environment(&mut self, environment: impl Iterator<Item = (String, String)>) {
        let entries: Vec<_> = environment.collect();
        for (key, why) in UNSUPPORTED {
            if entries
                .iter()
                .any(|(name, text)| name == key && !text.trim().is_empty())
            {
                self.fault(format!("{key}: is not supported by this version; {why}"));
            }
        }
        self.add(entries, str::to_owned, None);
    }

    /// Takes the entries of one source over those of the sources before. `spell` is how this
    /// source writes a key. A source that is all ours, a `file`, may hold no key we don't know.
    fn add(
        &mut self,
        entries: Vec<(String, String)>,
        spell: impl Fn(&str) -> String,
        file: Option<&str>,
    ) {
        let mut secrets_from_files = BTreeSet::new();
        let mut secrets = BTreeSet::new();
        for (name, text) in entries {
            let is = |key: &&&'static str| spell(key) == name;
            let is_file = |key: &&&'static str| spell(&format!("{key}_FILE")) == name;
            let text = text.trim().to_owned();
            if let Some(&key) = KEYS.iter().find(is) {
                if !text.is_empty() {
                    secrets.insert(key);
                    self.values.insert(key, text);
                }
            } else if let Some(&key) = SECRETS.iter().find(is_file) {
                if !text.is_empty() {
                    secrets_from_files.insert(key);
                    self.add_secret(key, &name, &text);
                }
            } else if let Some(file) = file {
                self.fault(format!("{file}: there is no setting {name}"));
            }
        }
        for key in secrets.intersection(&secrets_from_files) {
            let (name, by_file) = (spell(key), spell(&format!("{key}_FILE")));
            self.fault(format!("{name} and {by_file} are both set; keep one"));
        }
    }

    fn add_secret(&mut self, key: &'static str, name: &str, path: &str) {
        match std::fs::read_to_string(path) {
            Ok(text) => {
                self.values.insert(key, text.trim().to_owned());
            }
            Err(error) => self.fault(format!("{name}: cannot read {path}: {error}")),
        }
    }
}

/// The text of `palomar.toml`, or of the file that `PALOMAR_CONFIG` names; only the latter
/// must exist.
pub(super) fn find_file(environment: &[(String, String)]) -> Result<Option<String>, ConfigError> {
    let named = environment
        .iter()
        .find(|(name, text)| name == "PALOMAR_CONFIG" && !text.is_empty())
        .map(|(_, text)| text.as_str());
    match std::fs::read_to_string(named.unwrap_or(FILE)) {
        Ok(text) => Ok(Some(text)),
        Err(error) if named.is_none() && error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let (name, path) = named.map_or((FILE, FILE), |path| ("PALOMAR_CONFIG", path));
            Err(ConfigError {
                faults: vec![format!("{name}: cannot read {path}: {error}")],
            })
        }
    }
}
