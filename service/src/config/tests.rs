use std::time::Duration;

use super::*;

fn config(environment: &[(&str, &str)], file: Option<&str>) -> Result<Config, Vec<String>> {
    let environment = environment
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    Config::from_sources(environment, file).map_err(|error| error.faults)
}

fn faults(environment: &[(&str, &str)], file: Option<&str>) -> Vec<String> {
    config(environment, file).expect_err("this must not start")
}

#[test]
fn with_nothing_set_everything_is_embedded_and_local() {
    let config = config(&[], None).unwrap();
    assert_eq!(config.http.bind.to_string(), "127.0.0.1:3000");
    assert!(!config.http.published_on_loopback);
    assert_eq!(config.http.body_limit, 64 << 20);
    assert_eq!(&*config.database_url, "sqlite://data/palomar.db");
    assert!(config.smtp.is_empty());
    assert_eq!(config.mail_from, "Palomar <palomar@localhost>");
    assert_eq!(config.delivery.concurrency, 5);
    assert_eq!(config.delivery.window, 10);
    assert_eq!(config.delivery.lease, Duration::from_secs(20));
    assert_eq!(config.delivery.retry_schedule.len(), 9);
    assert_eq!(config.delivery.drain_deadline, Duration::from_secs(30));
    assert_eq!(config.log.format, LogFormat::Pretty);
    assert_eq!(config.log.filter, "info");
}

#[test]
fn the_manual_says_every_key() {
    for key in sources::KEYS {
        let key = key.to_lowercase();
        let says = |line: &str| {
            line.trim_start_matches("# ")
                .starts_with(&format!("{key} = "))
        };
        assert!(DEFAULTS.lines().any(says), "{key}");
    }
}

#[test]
fn the_environment_beats_the_file_which_beats_the_default() {
    let file = Some("worker_concurrency = 7\ndrain_deadline = \"9s\"");
    let config = config(&[("WORKER_CONCURRENCY", "8")], file).unwrap();
    assert_eq!(config.delivery.concurrency, 8);
    assert_eq!(config.delivery.window, 16);
    assert_eq!(config.delivery.drain_deadline, Duration::from_secs(9));
    assert_eq!(config.delivery.lease, Duration::from_secs(20));
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let config = config(&[("SMTP_URL", ""), ("HTTP_BIND", " ")], None).unwrap();
    assert!(config.smtp.is_empty());
    assert_eq!(config.http.bind.port(), 3000);
}

#[test]
fn every_fault_is_named_at_once() {
    let found = faults(
        &[
            ("HTTP_BIND", "3000"),
            ("WORKER_CONCURRENCY", "0"),
            ("RETRY_SCHEDULE", "1m soon"),
            ("BODY_LIMIT", "64 megs"),
            ("LOG_FORMAT", "xml"),
        ],
        Some("htp_bind = \"127.0.0.1:1\"\nmail_from = true"),
    );
    insta::assert_snapshot!(found.join("\n"), @r"
    palomar.toml: mail_from must be a text or a whole number
    palomar.toml: there is no setting htp_bind
    HTTP_BIND: “3000” is not an address and a port such as 127.0.0.1:3000
    BODY_LIMIT: “64 megs” is not a size such as 512KiB, 64MiB or 1GiB
    WORKER_CONCURRENCY: “0” is not a whole number from 1 to 1000
    RETRY_SCHEDULE: “soon” is not a duration such as 20s, 5m or 1h
    LOG_FORMAT: “xml” is not known; pretty and json are
    ");
}

#[test]
fn a_value_that_cannot_be_right_stops_the_start_and_names_its_key() {
    for (key, text) in [
        ("HTTP_BIND", "localhost"),
        ("LOCAL_MODE", "yes"),
        ("BODY_LIMIT", "12B"),
        ("BODY_LIMIT", "99999999999999999999GiB"),
        ("DATABASE_URL", "postgres://u:p@db/palomar"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "mysql://u:p@db"),
        ("DATABASE_URL", "mysql:///palomar"),
        ("DATABASE_URL", "mysql://u:p#1@db/palomar"),
        ("DATABASE_URL", "mysql://u:p@db/palomar?timeout=3"),
        ("DATABASE_URL", "mysql://u:p@db/palomar?ssl-mode=perhaps"),
        ("SMTP_URL", "mail.example.org"),
        ("SMTP_URL", "http://mail.example.org"),
        ("SMTP_URL", "smtp://"),
        ("MAIL_FROM", "nobody"),
        ("WORKER_CONCURRENCY", "many"),
        ("DELIVERY_WINDOW", "0"),
        ("DELIVERY_LEASE", "10ms"),
        ("RETRY_SCHEDULE", "1m 0s"),
        ("DRAIN_DEADLINE", "30"),
        ("RUST_LOG", "service=loud"),
        ("REDIS_URL", "localhost:6379"),
        ("REDIS_URL", "redis://"),
        ("REDIS_PREFIX", "a:b"),
        ("ADMIN_PASSWORD", "secret"),
    ] {
        let found = faults(&[(key, text)], None);
        assert!(
            found.iter().any(|fault| fault.starts_with(key)),
            "{key}={text}: {found:?}"
        );
    }
}

#[test]
fn other_machines_are_kept_out_unless_the_port_is_published_on_loopback_only() {
    for bind in ["127.0.0.1:3000", "127.9.9.9:0", "[::1]:3000"] {
        assert!(config(&[("HTTP_BIND", bind)], None).is_ok(), "{bind}");
    }
    for bind in ["0.0.0.0:3000", "[::]:3000", "192.168.1.7:80"] {
        let found = faults(&[("HTTP_BIND", bind)], None);
        assert_eq!(found.len(), 1, "{bind}");
        assert!(found[0].contains("this version has no accounts"));
        let published = ("LOCAL_MODE", "published-on-loopback");
        assert!(config(&[("HTTP_BIND", bind), published], None).is_ok());
    }
}

#[test]
fn a_real_server_needs_a_sender_others_can_answer() {
    let server = ("SMTP_URL", "smtp://mail.example.org");
    let found = faults(&[server], None);
    assert_eq!(found.len(), 1);
    assert!(found[0].contains("set MAIL_FROM"), "{found:?}");
    assert!(config(&[server, ("MAIL_FROM", "News <news@example.org>")], None).is_ok());
}

#[test]
fn a_password_is_shown_neither_in_debug_nor_in_a_fault() {
    let sender = ("MAIL_FROM", "a@example.org");
    let hidden = config(
        &[("SMTP_URL", "smtp://me:hunter2@h.example:587"), sender],
        None,
    )
    .unwrap();
    let shown = format!("{hidden:?}");
    assert!(shown.contains("smtp://h.example:587"), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
    let (database, redis) = (
        ("DATABASE_URL", "mysql://me:hunter2@db/palomar"),
        ("REDIS_URL", "redis://me:hunter2@cache:6380"),
    );
    let smtp = ("SMTP_URL", "smtp://h.example");
    let hidden = config(&[database, redis, smtp, sender], None).unwrap();
    let shown = format!("{hidden:?}");
    assert!(shown.contains("cache:6380"), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");

    for (key, text) in [
        ("SMTP_URL", "http://me:hunter2@h.example"),
        ("SMTP_URL", "smtp://me:hunter2@"),
        ("DATABASE_URL", "mysql://me:hunter2@db"),
        ("REDIS_URL", "http://me:hunter2@cache"),
    ] {
        let shown = faults(&[(key, text), sender], None).join("\n");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    let broken = Some("smtp_url = \"smtp://me:hunter2@h\nhttp_bind = 1");
    let shown = faults(&[], broken).join("\n");
    assert!(shown.starts_with("palomar.toml, line 1"), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn parts_that_cannot_work_together_stop_the_start() {
    let redis = ("REDIS_URL", "redis://127.0.0.1");
    let mysql = ("DATABASE_URL", "mysql://u:p@db/palomar?ssl-mode=required");
    let smtp = ("SMTP_URL", "smtp://h.example");
    let sender = ("MAIL_FROM", "a@example.org");

    let found = faults(&[redis, smtp, sender], None);
    assert_eq!(found.len(), 1);
    assert!(found[0].contains("SQLite"), "{found:?}");
    let found = faults(&[redis, mysql], None);
    assert_eq!(found.len(), 1);
    assert!(found[0].contains("set SMTP_URL"), "{found:?}");

    let together = config(&[redis, mysql, smtp, sender], None).unwrap();
    assert_eq!(together.redis.as_ref().unwrap().prefix, "palomar");
    assert!(together.for_worker().is_ok());
    let alone = config(&[mysql], None).unwrap().for_worker().unwrap_err();
    assert!(alone.faults[0].starts_with("REDIS_URL"), "{alone:?}");
}

#[test]
fn a_secret_can_come_from_a_file_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("smtp_url");
    std::fs::write(&path, "smtp://me:hunter2@h.example\n").unwrap();
    let path = path.to_str().unwrap();
    let sender = ("MAIL_FROM", "a@example.org");

    let from_file = config(&[("SMTP_URL_FILE", path), sender], None).unwrap();
    assert_eq!(
        from_file.smtp.first().map(|server| &*server.url),
        Some("smtp://me:hunter2@h.example")
    );
    let in_toml = format!("smtp_url_file = {path:?}");
    assert_eq!(config(&[sender], Some(&in_toml)).unwrap().smtp.len(), 1);

    let both = faults(
        &[("SMTP_URL", "smtp://h"), ("SMTP_URL_FILE", path), sender],
        None,
    );
    assert_eq!(both, ["SMTP_URL and SMTP_URL_FILE are both set; keep one"]);
    let missing = faults(&[("SMTP_URL_FILE", "/nowhere/at/all")], None);
    assert!(missing[0].starts_with("SMTP_URL_FILE: cannot read"));
}

const TWO_SERVERS: &str = r#"
mail_from = "a@example.org"
[[smtp]]
name = "news"
url = "smtp://one.example"
from_domains = ["example.org"]
connections = 3
limits = ["14/s", "50000/d"]
fallback = "second"
deadlines = { dot = "3m" }
[[smtp]]
name = "second"
url = "smtp://two.example"
"#;

#[test]
fn several_servers_stand_in_the_file_each_with_what_it_asks() {
    let config = config(&[], Some(TWO_SERVERS)).unwrap();
    let [news, second] = &config.smtp[..] else {
        panic!("{:?}", config.smtp);
    };
    let limits: Vec<_> = news.limits.iter().map(ToString::to_string).collect();
    assert_eq!(limits, ["14/s", "50000/d"]);
    assert_eq!(news.deadlines.dot, Duration::from_mins(3));
    assert_eq!(news.deadlines.mail, Duration::from_mins(5));
    assert!(news.sends_for("Example.org") && news.sends_for("news.example.org"));
    assert!(!news.sends_for("badexample.org") && second.sends_for("badexample.org"));
    assert_eq!(config.delivery.window, 2 * (3 + 5));
}

#[test]
fn smtp_url_stands_for_the_server_called_default() {
    let environment = [("SMTP_URL", "smtp://h.example")];
    let names = |file: &str| -> Vec<String> {
        let servers = config(&environment, Some(file)).unwrap().smtp;
        servers.into_iter().map(|server| server.name).collect()
    };
    assert_eq!(names(TWO_SERVERS), ["default", "news", "second"]);
    let called_default = TWO_SERVERS.replace("second", "default");
    assert_eq!(names(&called_default), ["news", "default"]);
}

#[test]
fn everything_wrong_with_a_server_is_named() {
    let file = r#"
mail_from = "a@example.org"
[[smtp]]
name = "news"
url = "smtp://one.example"
limits = ["14/s", "15/s", "many"]
max_messages = 0
[[smtp]]
name = "news"
url = "smtp://two.example"
fallback = "third"
[[smtp]]
nmae = "x"
"#;
    let faults = faults(&[], Some(file));
    let expected = [
        "[[smtp]] number 1: limits: “many” is not a limit such as 14/s, 100/m, 5000/h or 50000/d",
        "[[smtp]] number 1: max_messages: must be at least 1",
        "[[smtp]] number 3: unknown field `nmae`",
        "[[smtp]] news: fallback: there is no other server called third",
    ];
    for (fault, expected) in faults.iter().zip(expected) {
        assert!(fault.starts_with(expected), "{fault}");
    }
    assert_eq!(faults.len(), expected.len(), "{faults:?}");
}
