//! Keeps the house true: what the documents name exists, what must have a companion has one, and no file grows
//! into a street.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops, and says where")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use calls::prompt::{LANGUAGES, spoken_in};
use signin::interface::INTERFACES;

const FILE_LINES_MAX: usize = 700;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// Every file that git knows or would add.
fn files() -> Vec<String> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let files: Vec<_> =
        listed.lines().filter(|file| root().join(file).is_file()).map(str::to_owned).collect();
    assert!(files.len() > 20, "git lists no files here");
    files
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap()
}

#[test]
fn every_path_that_the_documents_name_exists() {
    let mut missing = Vec::new();
    for document in ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md", "SECURITY.md"] {
        let text = read(document);
        for quoted in text.split('`').skip(1).step_by(2) {
            let rooms =
                ["crates/", "docs/", "config/", "dist/", "interop/", "browser/", "bench/", "fuzz/", "xtask/"];
            let is_path =
                rooms.iter().any(|room| quoted.starts_with(room)) && !quoted.contains(['<', '*', ' ']);
            // The chapter on adding an interface invents one.
            if is_path && !quoted.contains("/foo/") && !root().join(quoted).exists() {
                missing.push(format!("{document}: {quoted}"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_page_about_a_login_interface_is_linked_in_the_readme() {
    let readme = read("README.md");
    let pages = files().into_iter().filter(|file| file.starts_with("docs/interfaces/"));
    let missing: Vec<_> = pages.filter(|page| !readme.contains(&format!("]({page})"))).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_listener_is_among_the_ports_that_operators_are_told() {
    let operations = read("docs/operations.md");
    let table = read("crates/server/src/listen/listener.rs");
    let keys = table.split("key: \"").skip(1).filter_map(|rest| rest.split('"').next());
    let sections: Vec<_> = keys.filter_map(|key| key.split('.').next()).collect();
    assert!(sections.len() > 3, "{sections:?}");
    let missing: Vec<_> =
        sections.into_iter().filter(|section| !operations.contains(&format!("(`[{section}]`"))).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn the_architecture_fits_on_150_lines() {
    assert!(read("ARCHITECTURE.md").lines().count() <= 150);
}

#[test]
fn every_login_interface_has_a_page_in_the_docs() {
    for row in INTERFACES {
        let page = format!("docs/interfaces/{}.md", row.name);
        assert!(root().join(&page).is_file(), "{page} is missing");
        assert!(read(&page).starts_with(&format!("# {}\n", row.title)), "{page} is called something else");
    }
}

#[test]
fn every_prompt_has_its_sound_in_every_language_and_no_sound_is_left_over() {
    let folder = |language: &str| root().join("crates/server/prompts").join(language);
    let names = |folder: &Path| -> BTreeSet<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let languages: BTreeSet<_> = LANGUAGES.iter().map(|language| language.code().to_owned()).collect();
    assert_eq!(names(&folder("")), languages);
    let mut total = 0;
    for language in LANGUAGES {
        let folder = folder(language.code());
        let wanted: BTreeSet<_> =
            spoken_in(language).map(|prompt| format!("{}.ulaw", prompt.name())).collect();
        let there = names(&folder);
        let (missing, left_over): (Vec<_>, Vec<_>) =
            (wanted.difference(&there).collect(), there.difference(&wanted).collect());
        assert!(missing.is_empty() && left_over.is_empty(), "missing {missing:?}, left over {left_over:?}");
        for name in &wanted {
            let bytes = fs::read(folder.join(name)).unwrap();
            // A tenth of a second is no word, and nobody listens to one sentence for ten seconds.
            assert!((800..80_000).contains(&bytes.len()), "{name} has {} bytes", bytes.len());
            assert!(bytes.iter().any(|byte| *byte < 0x90), "{name} is too soft to be heard");
            total += bytes.len();
        }
    }
    assert!(total <= 1_650_000, "{total} bytes of prompts are part of the program");
}

#[test]
fn every_protocol_has_vectors_and_a_fuzz_target() {
    let targets = fs::read_dir(root().join("fuzz/fuzz_targets")).unwrap();
    let targets: Vec<_> = targets.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    for entry in fs::read_dir(root().join("crates/wire/src")).unwrap() {
        let entry = entry.unwrap();
        if !entry.file_type().unwrap().is_dir() {
            continue;
        }
        let protocol = entry.file_name().into_string().unwrap();
        let vectors = root().join("crates/wire/vectors").join(&protocol);
        assert!(
            fs::read_dir(&vectors).is_ok_and(|mut files| files.next().is_some()),
            "{protocol} has no vectors"
        );
        assert!(targets.iter().any(|target| target.starts_with(&protocol)), "{protocol} has no fuzz target");
    }
}

#[test]
fn every_source_file_says_what_it_is_for_and_stays_readable() {
    let mut faults = Vec::new();
    for file in files().iter().filter(|file| file.ends_with(".rs")) {
        let text = read(file);
        let lines = text.lines().count();
        if lines > FILE_LINES_MAX {
            faults.push(format!("{file}: {lines} lines; a noun is missing"));
        }
        if !text.trim_start_matches("#![no_main]").trim_start().starts_with("//!") {
            faults.push(format!("{file}: does not open with //! what it is for"));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn no_room_is_a_drawer_and_no_test_is_switched_off() {
    let mut faults = Vec::new();
    for file in files() {
        let stem = Path::new(&file).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        if ["util", "utils", "common", "helper", "helpers", "misc"].contains(&stem) {
            faults.push(format!("{file}: a drawer, not a room"));
        }
        let is_code = [".rs", ".py", ".ts", ".js", ".mjs"].iter().any(|end| file.ends_with(end));
        if !is_code || file.ends_with("tidy.rs") {
            continue;
        }
        let text = read(&file);
        for switched_off in [
            "#[ignore",
            "todo!(",
            "unimplemented!(",
            ".skip(\"",
            "test.fixme",
            "test.skip",
            "pytest.mark.skip",
        ] {
            if text.contains(switched_off) {
                faults.push(format!("{file}: {switched_off}"));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
