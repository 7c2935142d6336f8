//! Where whatever strangers say may be seen: pages, exports, the log.

use serde_json::Value;

use super::reader::{is_treacherous, markup_with, table};
use crate::{browser::Browser, machine::Machine};

/// Every page on which something of a phone stands.
pub(super) async fn pages(browser: &mut Browser) {
    for path in [
        "/status",
        "/status/phones",
        "/status/calls",
        "/status/quarantine",
        "/status/old-codes",
        "/status/blacklists",
        "/manager/audit",
        "/manager/audit?what=phones",
        "/manager/users",
        "/manager/doctor?q=205",
        "/manager/doctor?q=201",
    ] {
        let page = browser.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        let found = markup_with(&page.body, "smg");
        assert!(found.is_empty(), "{path}: {found:?}");
        for tag in ["<script>alert", "<img src=x", "<svg/onload", "<b id", "<h1>smg", "<!-- smg"] {
            assert!(!page.body.contains(tag), "{path}: {tag}");
        }
        let bad = page.body.chars().find(|c| is_treacherous(*c) && !matches!(c, '\n' | '\t' | '\r'));
        assert_eq!(bad, None, "{path}");
    }
}

/// The audit as a table and as lines: how many rows.
pub(super) fn exported(machine: &Machine) -> usize {
    let text = machine.say(&["export", "audit"]).done();
    let rows = table(&text.replace("\r\n", "\n").replace('\n', "\r\n"))
        .unwrap_or_else(|problem| panic!("{problem}"));
    for row in &rows {
        assert_eq!(row.len(), rows[0].len(), "{row:?}");
        for cell in row {
            assert!(!cell.starts_with(['=', '+', '-', '@']), "{row:?}");
            assert_eq!(cell.chars().find(|c| is_treacherous(*c)), None, "{row:?}");
        }
    }
    let lines = machine.say(&["export", "audit", "--format", "jsonl"]).done();
    for line in lines.lines() {
        let row: Value = serde_json::from_str(line).unwrap_or_else(|problem| panic!("{problem}: {line}"));
        assert!(row["event"]["action"].is_string() && row["number"].is_u64(), "{line}");
    }
    assert!(lines.lines().count().abs_diff(rows.len() - 1) <= 1, "an export is a row itself");
    let tail = machine.say(&["audit", "tail", "-n", "5000"]).done();
    assert_eq!(tail.chars().find(|c| is_treacherous(*c) && *c != '\n'), None);
    rows.len() - 1
}

/// Every line of the log from here on is one that the program itself began; how many.
pub(super) fn log_is_whole(machine: &Machine, format: &str, from: usize) -> usize {
    let log = machine.log().split_off(from);
    assert!(!log.contains("smg"), "what strangers call themselves is in the log");
    for line in log.split('\n').filter(|line| !line.is_empty()) {
        assert_eq!(line.chars().find(|c| is_treacherous(*c)), None, "{line:?}");
        if format == "json" {
            let row: Value = serde_json::from_str(line).unwrap_or_else(|problem| panic!("{problem}: {line}"));
            assert!(row["timestamp"].is_string() && row["level"].is_string(), "{line}");
        } else {
            let mut words = line.split_ascii_whitespace();
            let at = words.next().unwrap_or_default();
            assert!(at.starts_with("20") && at.ends_with('Z') && at.len() >= 20, "{line:?}");
            let level = words.next().unwrap_or_default();
            assert!(["ERROR", "WARN", "INFO", "DEBUG"].contains(&level), "{line:?}");
        }
    }
    log.lines().count()
}
