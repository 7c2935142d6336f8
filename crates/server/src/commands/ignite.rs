//! `hookswitch ignite`: the first passwords of a new system, asked for at a terminal or read from a file.

use std::{
    fs::File,
    io::{self, IsTerminal, Read},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use clap::Args;
use ipnet::IpNet;
use signin::credential::{CredentialKind, rules_in_words};
use zeroize::Zeroizing;

use super::{
    Place,
    conversation::Conversation,
    failure::{Exit, Failure, Outcome},
    output,
    prompt::Prompt,
};
use crate::local::protocol::{IgnitionAnswers, Request, SecretText, StatusReport};

/// Largest answers file.
const FILE_MAX: u64 = 64 * 1024;

/// Where the answers come from.
#[derive(Debug, Args)]
pub struct IgniteArgs {
    /// Read the answers from a TOML file instead of asking; - = standard input
    ///
    /// Keys: system-name, administrator-password, business-partner-password, lan1, lan2, realm, hosts. All but the
    /// first two may be left out.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

/// Carries out the command.
///
/// # Errors
/// Already ignited, an answer broke a rule, or nobody answers.
pub async fn run(args: IgniteArgs, place: &Place) -> Outcome {
    let what = "ignite the system";
    let read = match &args.file {
        Some(file) => Some(read_answers(what, file)?),
        None if !io::stdin().is_terminal() => {
            return Err(Failure::usage(
                what,
                "there is no terminal to ask at",
                "Give the answers with --file answers.toml, or --file - for standard input.",
            ));
        }
        None => None,
    };
    let mut system = place.new_conversation().await?;
    if status(&mut system).await?.is_ignited {
        return Err(Failure::refused(
            what,
            "this system is already in service",
            "If its passwords are lost, run `hookswitch recover`.",
        ));
    }
    let answers = match read {
        Some(answers) => answers,
        None => ask(&mut system).await?,
    };
    let has_partner = answers.business_partner_password.is_some();
    system.ask(what, &Request::Ignite(Box::new(answers))).await?;
    output::line("The system is in service. Administrator can sign in at the web manager.")?;
    if !has_partner {
        output::note(
            "BusinessPartner has no password yet; every manager page warns until it has. Set one with `hookswitch \
             recover BusinessPartner`.",
        );
    }
    Ok(Exit::Done)
}

async fn status(system: &mut Conversation) -> Result<StatusReport, Failure> {
    let mut report = StatusReport::default();
    let take = |part| {
        if let crate::local::protocol::Part::Status(told) = part {
            report = *told;
        }
    };
    system.ask_for("look at the system", &Request::Status, take).await?;
    Ok(report)
}

fn read_answers(what: &str, file: &Path) -> Result<IgnitionAnswers, Failure> {
    let unread = |error: io::Error| {
        Failure::usage(what, format!("{}: {error}", file.display()), "Name a file that you may read.")
    };
    let mut text = Zeroizing::new(String::new());
    if file == Path::new("-") {
        io::stdin().take(FILE_MAX + 1).read_to_string(&mut text).map_err(unread)?;
    } else {
        let open = File::open(file).map_err(unread)?;
        let mode = open.metadata().map_err(unread)?.permissions().mode();
        if mode & 0o077 != 0 {
            output::note(&format!(
                "warning: others may read {}, and there are passwords in it; delete it when this is done.",
                file.display()
            ));
        }
        open.take(FILE_MAX + 1).read_to_string(&mut text).map_err(unread)?;
    }
    if text.len() as u64 > FILE_MAX {
        let why = format!("{} is longer than {FILE_MAX} bytes", file.display());
        return Err(Failure::usage(what, why, "Give the answers alone."));
    }
    toml::from_str(&text).map_err(|error| {
        // The parser's own rendering quotes the line, which may be the one with the password.
        let line =
            error.span().map_or(1, |span| 1 + text.bytes().take(span.start).filter(|b| *b == b'\n').count());
        let why = format!("{}, line {line}: {}", file.display(), flaw(error.message()));
        Failure::usage(what, why, "See `hookswitch ignite --help` for the keys.")
    })
}

/// The part of a parser's message that cannot hold a value.
fn flaw(message: &str) -> &str {
    let is_about_keys = ["missing field", "unknown field", "duplicate key"];
    if is_about_keys.iter().any(|start| message.starts_with(start)) {
        message
    } else {
        "this is not as expected"
    }
}

async fn ask(system: &mut Conversation) -> Result<IgnitionAnswers, Failure> {
    let settings = system.settings().await?;
    let mut prompt = Prompt::open(false)?;
    prompt.tell("This system is new. What is typed as a password is not shown.\n")?;
    let system_name = prompt.ask("Name of the system", &settings.system_name)?;
    let rules = rules_in_words(CredentialKind::ServicePassword, &settings).join("; ");
    prompt.tell(&format!("Passwords: {rules}"))?;
    let administrator = loop {
        let typed = prompt.ask_new_secret("Password of Administrator")?;
        if !typed.is_empty() {
            break typed;
        }
        prompt.tell("Administrator needs a password.")?;
    };
    let partner =
        prompt.ask_new_secret("Password of BusinessPartner, the reseller (Enter = set it later)")?;
    let lan1 =
        ask_networks(&mut prompt, "Trusted local networks, LAN1 (such as 192.168.0.0/24; Enter = none)")?;
    let lan2 = ask_networks(&mut prompt, "Networks of the other side, LAN2 (Enter = none)")?;
    Ok(IgnitionAnswers {
        system_name,
        administrator_password: SecretText(administrator),
        business_partner_password: (!partner.is_empty()).then_some(SecretText(partner)),
        lan1,
        lan2,
        realm: String::new(),
        hosts: Vec::new(),
    })
}

fn ask_networks(prompt: &mut Prompt, question: &str) -> Result<Vec<IpNet>, Failure> {
    loop {
        let typed = prompt.ask(question, "")?;
        let words = typed.split([',', ' ']).filter(|word| !word.is_empty());
        let networks: Result<Vec<IpNet>, _> = words.map(str::parse).collect();
        match networks {
            Ok(networks) => return Ok(networks),
            Err(_) => prompt.tell("A network is written as address/bits; separate several by commas.")?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(text: &str) -> Result<IgnitionAnswers, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("answers.toml");
        std::fs::write(&file, text).unwrap();
        read_answers("ignite", &file)
    }

    #[test]
    fn answers_may_leave_out_all_but_name_and_password() {
        let read = answers("system-name = \"A\"\nadministrator-password = \"hunter2 hunter2\"\n").unwrap();
        assert_eq!(read.system_name, "A");
        assert!(read.business_partner_password.is_none());
    }

    #[test]
    fn a_mistake_names_its_line_and_no_password() {
        for (text, line) in [
            ("system-name = \"A\"\nadministrator-password = \"hunter2\nlan1 = []\n", "line 2"),
            ("system-name = \"A\"\nadministrator-password = \"hunter2\"\nlan1 = [\"hunter2\"]\n", "line 3"),
            ("system-name = \"A\"\nadministrator-pasword = \"hunter2\"\n", "line 2"),
            ("administrator-password = \"hunter2\"\n", "missing field"),
        ] {
            let failure = answers(text).unwrap_err().to_string();
            assert!(failure.contains(line), "{failure}");
            assert!(!failure.contains("hunter2"), "{failure}");
        }
    }
}
