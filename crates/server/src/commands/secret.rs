//! Secrets at the command line: asked for without echo, read from standard input, or made by chance and shown once.
//! Never an argument: arguments are seen by everybody on the machine.

use clap::{Args, ValueEnum};
use serde_json::{Map, Value};
use signin::credential::{CredentialKind, rules_in_words};

use super::{Format, conversation::Conversation, failure::Failure, output, prompt::Prompt};
use crate::local::protocol::{Choice, Done, SecretText};

/// Where a secret comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SecretSource {
    /// Ask for it, or read it with --stdin
    Ask,
    /// Make one by chance, and show it once
    Generate,
}

/// The options of a command that sets one secret.
#[derive(Clone, Copy, Debug, Args)]
pub struct SecretArgs {
    /// Make one by chance, and show it once
    #[arg(long, conflicts_with_all = ["remove", "stdin"])]
    generate: bool,
    /// Take it away: it opens nothing any more
    #[arg(long, conflicts_with = "stdin")]
    remove: bool,
    /// Read it from standard input
    #[arg(long)]
    stdin: bool,
    /// How generated secrets are shown.
    #[command(flatten)]
    pub format: Format,
}

impl SecretArgs {
    /// What is to be done with the secret; asks if it must.
    ///
    /// # Errors
    /// Nobody answers.
    pub async fn choice(&self, kind: CredentialKind, system: &mut Conversation) -> Result<Choice, Failure> {
        if self.remove {
            return Ok(Choice::Remove);
        }
        let source = if self.generate { SecretSource::Generate } else { SecretSource::Ask };
        SecretSources::new(self.stdin).choice(Some(source), kind, system).await
    }

    /// What is said when it is done.
    pub const fn deed(&self) -> &'static str {
        if self.remove { "removed" } else { "set" }
    }
}

/// Asks for several secrets, opening the terminal only if one is asked for.
#[derive(Debug)]
pub struct SecretSources {
    from_stdin: bool,
    prompt: Option<Prompt>,
}

impl SecretSources {
    /// From standard input, or from the terminal.
    pub const fn new(from_stdin: bool) -> Self {
        Self { from_stdin, prompt: None }
    }

    /// What is to be done with one of the secrets.
    ///
    /// # Errors
    /// Nobody answers, or with nothing.
    pub async fn choice(
        &mut self,
        source: Option<SecretSource>,
        kind: CredentialKind,
        system: &mut Conversation,
    ) -> Result<Choice, Failure> {
        match source {
            None => Ok(Choice::Keep),
            Some(SecretSource::Generate) => Ok(Choice::Generate),
            Some(SecretSource::Ask) => {
                let mut prompt = match self.prompt.take() {
                    Some(open) => open,
                    None => Prompt::open(self.from_stdin)?,
                };
                if matches!(prompt, Prompt::Terminal(_)) {
                    let settings = system.settings().await?;
                    let rules = rules_in_words(kind, &settings).join("; ");
                    prompt.tell(&format!("{}: {rules}", kind.row().title))?;
                }
                let secret = prompt.ask_new_secret(kind.row().title)?;
                self.prompt = Some(prompt);
                if secret.is_empty() {
                    let what = format!("set the {}", kind.row().name);
                    return Err(Failure::refused(what, "it is empty", "Use --remove to take a secret away."));
                }
                Ok(Choice::Set(SecretText(secret)))
            }
        }
    }
}

/// Says what was done, and shows what was generated, this once.
///
/// # Errors
/// Standard output is closed.
pub fn print_generated(done: &Done, format: Format, sentence: &str) -> Result<(), Failure> {
    if format.json {
        let generated: Map<String, Value> = done
            .generated
            .iter()
            .map(|made| (made.kind.row().name.into(), Value::from(made.secret.0.reveal())))
            .collect();
        return output::json(&serde_json::json!({ "generated": generated }));
    }
    output::line(sentence)?;
    for made in &done.generated {
        output::line(&format!("{}: {}", made.kind.row().title, made.secret.0.reveal()))?;
    }
    if !done.generated.is_empty() {
        output::note("Write this down now: it is not shown again.");
    }
    Ok(())
}
