//! Import and export: bad files, bad rows, files that were cut off.

use std::{os::unix::fs::PermissionsExt, process::Stdio};

use crate::machine::{Machine, Said, mode, pause, signal};

/// line, column and problem of each rejected row.
fn rejected(machine: &Machine, file: &str) -> Vec<(u64, String, String)> {
    let mut reader = csv::Reader::from_path(machine.path(&format!("{file}.rejected.csv"))).unwrap();
    let rows = reader.records().map(|row| {
        let row = row.unwrap();
        assert!(!row[4].is_empty(), "a remedy: {row:?}");
        (row[0].parse().unwrap(), row[2].to_owned(), row[3].to_owned())
    });
    rows.collect()
}

#[test]
fn users_are_made_and_a_second_import_changes_nothing() {
    for machine in Machine::both() {
        let text = "\u{feff}name;full_name;extension;login_code;user_password;phone_password\r\n\
                    ann;\"Smith; Ann\";201;48213;;generate\r\nbob;Bob;202;generate;;\r\n";
        let file = machine.file("users.csv", text);
        let said = machine.say(&["import", &file]).done();
        assert!(said.contains("2 users made, 0 changed, 0 already as wanted, 0 refused."), "{said}");
        let secrets = machine.read("users.csv.secrets.csv");
        assert_eq!(mode(&machine.path("users.csv.secrets.csv")), 0o600);
        assert_eq!(secrets.lines().count(), 3, "{secrets}");
        assert!(!secrets.contains("48213"), "what was in the file is not repeated");
        assert!(!machine.path("users.csv.rejected.csv").exists());
        let shown = machine.say(&["user", "show", "ann", "--json"]).done();
        assert!(shown.contains("Smith; Ann"), "{shown}");

        let again = machine.say(&["import", &file]).done();
        assert!(again.contains("0 users made, 0 changed, 2 already as wanted, 0 refused."), "{again}");
        assert_eq!(machine.read("users.csv.secrets.csv"), secrets);
        // The secrets file is itself a file to import: it holds what is in force.
        let made = machine.path("users.csv.secrets.csv");
        let of_secrets = machine.say(&["import", made.to_str().unwrap()]).done();
        assert!(of_secrets.contains("0 changed, 2 already as wanted"), "{of_secrets}");

        let file = machine.file("users.csv", "name,extension\nAnn,203\n");
        let changed = machine.say(&["import", &file]).done();
        assert!(changed.contains("0 users made, 1 changed, 0 already as wanted"), "{changed}");
    }
}

#[test]
fn a_password_that_is_set_already_is_not_set_again() {
    let machine = Machine::running();
    let file = machine.file("users.csv", "name,user_password\nann,four odd words here\n");
    machine.say(&["import", &file]).done();
    let set_at = machine.say(&["user", "show", "ann", "--json"]).done();
    let again = machine.say(&["import", &file]).done();
    assert!(again.contains("1 already as wanted"), "{again}");
    assert_eq!(machine.say(&["user", "show", "ann", "--json"]).done(), set_at);
}

#[test]
fn a_first_secret_is_made_only_where_none_is_set() {
    let machine = Machine::running();
    machine
        .told(&["user", "add", "ann", "--extension", "201", "--login-code", "ask", "--stdin"], "48213\n")
        .done();
    let file = machine.file("users.csv", "name,extension,login_code\nann,201,generate\n");
    let said = machine.say(&["import", &file]);
    assert!(said.err.contains("1 secrets are left as they were"), "{said:?}");
    assert!(said.done().contains("1 already as wanted"));
    assert!(!machine.path("users.csv.secrets.csv").exists(), "nothing was made");
}

#[test]
fn a_phone_password_is_set_where_the_row_makes_the_extension() {
    let machine = Machine::running();
    machine.say(&["user", "add", "ann"]).done();
    let file = machine.file("users.csv", "name,extension,phone_password\nann,201,generate\nbob,,generate\n");
    machine.say(&["import", &file]).refused();
    let shown = machine.say(&["extension", "show", "201", "--json"]).done();
    assert!(!shown.contains("\"phone_password_set_at\":null"), "{shown}");
    let secrets = machine.read("users.csv.secrets.csv");
    assert!(secrets.contains("ann,201,,,") && !secrets.contains("bob"), "{secrets}");
    assert_eq!(
        rejected(&machine, "users.csv"),
        [(3, "phone_password".into(), "A phone password needs an extension.".into())]
    );
}

#[test]
fn each_bad_row_is_named_and_the_others_are_taken() {
    for machine in Machine::both() {
        let mut text = b"name,full_name,extension,login_code\n".to_vec();
        text.extend(b"ann,Ann,201,48213\n");
        text.extend(b"bob,Bob,20a,48213\n");
        text.extend(b"eve,Eve,203,1234\n");
        text.extend(b",Nobody,204,\n");
        text.extend(b"ANN,Other,205,\n");
        text.extend(b"kim,Kim,201,\n");
        text.extend(b"too,many,206,,\n");
        text.extend(b"few\n");
        text.extend(b"j\xf6rg,Joerg,207,\n");
        text.extend(vec![b'x'; 10_000_000]);
        text.extend(b"\n\nlast,\"Last, with \"\"quotes\"\"\",209,\n");
        text.extend(b"\"never closed,x,210,\n");
        let file = machine.file("users.csv", text);
        let said = machine.say(&["import", &file]);
        assert!(said.out.contains("2 users made, 0 changed, 0 already as wanted, 10 refused."), "{said:?}");
        said.refused();
        assert_eq!(machine.users(), ["ann", "last"]);
        let flaws = rejected(&machine, "users.csv");
        let of = |line| {
            let flaw =
                flaws.iter().find(|(at, ..)| *at == line).unwrap_or_else(|| panic!("{line}: {flaws:?}"));
            (flaw.1.as_str(), flaw.2.as_str())
        };
        assert_eq!(of(3), ("extension", "An extension number is 1 to 15 digits."));
        assert_eq!(of(4).0, "login_code");
        assert_eq!(of(5), ("name", "Give a name."));
        assert_eq!(of(6), ("name", "line 2 has the same name"));
        assert_eq!(of(7), ("extension", "line 2 has the same extension"));
        assert_eq!(of(8).1, "the row has 5 fields, and there are 4 columns");
        assert_eq!(of(9).1, "the row has 1 fields, and there are 4 columns");
        assert_eq!(of(10), ("name", "the text is not UTF-8"));
        assert_eq!(of(11).1, "the row is longer than 16384 bytes");
        assert_eq!(of(14).1, "a quotation mark is opened and never closed");
    }
}

#[test]
fn a_file_that_cannot_be_meant_is_refused_as_a_whole() {
    let machine = Machine::running();
    let cases = [
        ("", "it is empty"),
        ("extension\n201\n", "the column name is missing"),
        ("name,pasword\nann,x\n", "there is no column \"pasword\""),
        ("name,name\nann,ann\n", "the column name is there twice"),
    ];
    for (text, why) in cases {
        let file = machine.file("users.csv", text);
        let said = machine.say(&["import", &file]).wrong();
        assert!(said.contains(why) && said.contains("help:"), "{said}");
    }
    machine.say(&["import", "/nowhere/users.csv"]).wrong();
    machine.say(&["import", machine.data().to_str().unwrap()]).wrong();
    let rows: String = (0..1_000_001).map(|_| "a\n").collect();
    let file = machine.file("users.csv", format!("name\n{rows}"));
    assert!(machine.say(&["import", &file]).wrong().contains("more than 1000000 rows"));
    assert!(machine.users().is_empty());
}

#[test]
fn a_rehearsal_says_what_would_be_done_and_does_nothing() {
    let machine = Machine::running();
    machine.say(&["user", "add", "ann", "--extension", "201"]).done();
    let file =
        machine.file("users.csv", "name,extension,login_code\nann,201,48213\nbob,202,generate\neve,x,\n");
    let said = machine.say(&["import", "--dry-run", &file]);
    assert!(said.out.contains("1 users made, 1 changed, 0 already as wanted, 1 refused."), "{said:?}");
    assert_eq!(said.code, 1);
    assert_eq!(machine.users(), ["ann"]);
    assert!(!machine.path("users.csv.secrets.csv").exists());
}

#[test]
fn an_import_that_was_stopped_is_whole_so_far_and_goes_on_where_it_was() {
    let machine = Machine::running();
    let rows: String = (0..4000).map(|i| format!("user{i},User {i},{},generate\n", 10_000 + i)).collect();
    let file = machine.file("users.csv", format!("name,full_name,extension,login_code\n{rows}"));
    let mut command = machine.command(&["import", &file]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while machine.users().len() < 100 {
        pause();
    }
    signal(&child, "INT");
    let said = Said::of(child);
    assert!(said.err.contains("Stopped. Every row so far is whole"), "{said:?}");
    assert_eq!(said.code, 1);
    let so_far = machine.users().len();
    assert!((100..4000).contains(&so_far), "{so_far}");
    let entries = machine.say(&["user", "list", "--json"]).done();
    assert!(
        entries
            .lines()
            .all(|user| !user.contains("null,\"user_password") && !user.contains("\"extension\":null"))
    );
    let secrets_before = machine.read("users.csv.secrets.csv");

    // Whoever ran it may even have been killed: half a row at the end, and a mode that was lost.
    let secrets = machine.path("users.csv.secrets.csv");
    std::fs::write(&secrets, format!("{secrets_before}user3999,1399")).unwrap();
    std::fs::set_permissions(&secrets, std::fs::Permissions::from_mode(0o644)).unwrap();
    let said = machine.say(&["import", &file]).done();
    assert!(said.contains(&format!("{so_far} already as wanted, 0 refused.")), "{so_far}: {said}");
    assert_eq!(machine.users().len(), 4000);
    assert_eq!(mode(&secrets), 0o600);
    let after = machine.read("users.csv.secrets.csv");
    assert_eq!(after.lines().count(), 4001);
    let codes = secrets_before.lines().skip(1).take(so_far);
    assert!(codes.into_iter().all(|row| after.contains(row)), "a secret in force is the one in the file");
}

#[test]
fn exported_users_are_read_back_and_no_cell_is_a_formula() {
    for machine in Machine::both() {
        let file = machine.file(
            "users.csv",
            "name,full_name,extension,login_code\n'=1+1,@x,201,48213\nbob,\"B, \"\"o\"\" b\",,\n",
        );
        machine.say(&["import", &file]).done();
        assert_eq!(machine.users(), ["=1+1", "bob"]);
        let exported = machine.say(&["export"]).done();
        assert!(exported.contains("'=1+1,'@x,201,Enabled"), "{exported}");
        assert!(!exported.contains("48213"));
        let back = machine.file("back.csv", &exported);
        let said = machine.say(&["import", &back]).done();
        assert!(said.contains("2 already as wanted, 0 refused."), "{said}");

        let extensions = machine.say(&["export", "extensions", "--format", "jsonl"]).done();
        let extension: serde_json::Value = serde_json::from_str(extensions.trim()).unwrap();
        assert_eq!((&extension["number"], &extension["user"]), (&"201".into(), &"=1+1".into()));
        let target = machine.path("audit.csv");
        machine.say(&["export", "audit", "--output", target.to_str().unwrap()]).done();
        assert_eq!(mode(&target), 0o600);
        let audit = machine.read("audit.csv");
        assert!(audit.contains("Export") && audit.contains("'=1+1"), "{audit}");
        machine.say(&["export", "--output", target.to_str().unwrap()]).refused();
    }
}
