//! A command's conversation with the system: what it asks, with refusals told as failures.

use std::sync::Arc;

use serde::Serialize;
use signin::policy::Settings;

use super::{
    Format,
    failure::{Exit, Failure, Outcome},
    output,
};
use crate::{
    local::{
        link::{Link, Trouble},
        protocol::{Done, Part, Refusal, Request},
    },
    moment,
};

/// A conversation with a running server, or with what this process has opened.
pub struct Conversation {
    link: Link,
    settings: Option<Arc<Settings>>,
}

impl Conversation {
    /// Over this link.
    pub const fn over(link: Link) -> Self {
        Self { link, settings: None }
    }

    /// Asks for something that has no parts. `what` completes the sentence "could not …".
    ///
    /// # Errors
    /// Refused, or the conversation broke.
    pub async fn ask(&mut self, what: &str, request: &Request) -> Result<Done, Failure> {
        self.ask_for(what, request, drop).await
    }

    /// Asks, and hands over the parts as they come.
    ///
    /// # Errors
    /// Refused, or the conversation broke.
    pub async fn ask_for(
        &mut self,
        what: &str,
        request: &Request,
        take: impl FnMut(Part),
    ) -> Result<Done, Failure> {
        self.link.ask(request, take).await.map_err(|trouble| told(what, trouble))
    }

    /// Sends a request ahead, and returns the parts of the one that is under way.
    ///
    /// # Errors
    /// Refused, or the conversation broke.
    pub async fn ask_ahead(
        &mut self,
        what: &str,
        next: Option<&Request>,
        is_one_under_way: bool,
    ) -> Result<Vec<Part>, Failure> {
        self.link.ask_ahead(next, is_one_under_way).await.map_err(|trouble| told(what, trouble))
    }

    /// The settings in force, asked for once.
    ///
    /// # Errors
    /// The conversation broke.
    pub async fn settings(&mut self) -> Result<Arc<Settings>, Failure> {
        if let Some(settings) = &self.settings {
            return Ok(Arc::clone(settings));
        }
        let mut settings = Settings::default();
        let take = |part| {
            if let Part::Settings(told) = part {
                settings = *told;
            }
        };
        self.ask_for("read the rules", &Request::Settings, take).await?;
        Ok(Arc::clone(self.settings.insert(Arc::new(settings))))
    }
}

fn told(what: &str, trouble: Trouble) -> Failure {
    match trouble {
        Trouble::Refused(refusal) => refused(what, &refusal),
        Trouble::Broken(error) => Failure::refused(
            what,
            error,
            "Look at the log of the server; repeat the command when it runs again.",
        ),
    }
}

/// A refusal, told as a failure.
pub fn refused(what: &str, refusal: &Refusal) -> Failure {
    let why = if refusal.fields.is_empty() {
        refusal.why.clone()
    } else {
        let fields = refusal.fields.iter().map(|flaw| format!("\n  {}: {}", flaw.field, flaw.problem));
        fields.collect()
    };
    Failure::refused(what, why, refusal.remedy.clone())
}

/// Prints a list as a table, or as one JSON object a line.
///
/// # Errors
/// Standard output is closed.
pub fn list_as<T: Serialize>(
    format: Format,
    titles: &[&str],
    entries: &[T],
    columns: impl Fn(&T) -> Vec<String>,
) -> Outcome {
    if format.json {
        for entry in entries {
            output::json(&dated(entry)?)?;
        }
    } else {
        output::table(titles, &entries.iter().map(columns).collect::<Vec<_>>())?;
    }
    Ok(Exit::Done)
}

/// An entry as JSON, its moments in RFC 3339.
///
/// # Errors
/// It cannot be written as JSON, which would be a defect.
pub fn dated(entry: &impl Serialize) -> Result<serde_json::Value, Failure> {
    let value = serde_json::to_value(entry);
    let value =
        value.map_err(|error| Failure::refused("print the result", error, "Please report this defect."))?;
    Ok(moment::dated(value))
}
