//! `hookswitch extension`: the numbers on phone lines, and the phones there.

use clap::Subcommand;
use signin::credential::CredentialKind;

use super::{
    Format, Place,
    conversation::{Conversation, list_as},
    failure::{Exit, Failure, Outcome},
    output,
    secret::{SecretArgs, SecretSource, SecretSources, print_generated},
};
use crate::{
    local::protocol::{ExtensionEntry, Part, PhoneEntry, Request, Whose},
    moment,
};

/// What to do with extensions.
#[derive(Debug, Subcommand)]
pub enum ExtensionCommand {
    /// Makes an extension without a user: a door phone, a meeting room
    Add {
        /// 1 to 15 digits
        number: String,
        /// The password for its phone: ask for it, or make one by chance
        #[arg(long, value_enum)]
        phone_password: Option<SecretSource>,
        /// Read what is asked for from standard input
        #[arg(long)]
        stdin: bool,
        /// For people or for programs.
        #[command(flatten)]
        format: Format,
    },
    /// Gives an extension another number; its phones are logged out
    Edit {
        /// The present number
        number: String,
        /// The number to be
        #[arg(long, value_name = "NUMBER")]
        renumber: String,
    },
    /// Shows one extension
    Show {
        /// The number
        number: String,
        /// For people or for programs.
        #[command(flatten)]
        format: Format,
    },
    /// Lists all extensions
    List {
        /// For people or for programs.
        #[command(flatten)]
        format: Format,
    },
    /// Deletes extensions; their users stay
    Delete {
        /// The numbers
        #[arg(required = true)]
        numbers: Vec<String>,
    },
    /// Sets, generates or removes the phone password; a lock that the old one earned ends
    SetSecret {
        /// The number
        number: String,
        /// What to do with it.
        #[command(flatten)]
        secret: SecretArgs,
    },
    /// Lists the registered phones of one extension, or of all
    Phones {
        /// The number
        number: Option<String>,
        /// For people or for programs.
        #[command(flatten)]
        format: Format,
    },
    /// Logs out the phones of an extension, or the one at a contact
    Logout {
        /// The number
        number: String,
        /// The contact of one phone, as `phones` shows it
        #[arg(long)]
        contact: Option<String>,
    },
}

/// Carries out the command.
///
/// # Errors
/// Refused, or no system is there.
pub async fn run(command: ExtensionCommand, place: &Place) -> Outcome {
    let mut system = place.conversation().await?;
    match command {
        ExtensionCommand::Add { number, phone_password, stdin, format } => {
            let kind = CredentialKind::PhonePassword;
            let phone_password = SecretSources::new(stdin).choice(phone_password, kind, &mut system).await?;
            let what = format!("make the extension {number}");
            let made = format!("The extension {number} is made.");
            let done = system.ask(&what, &Request::AddExtension { number, phone_password }).await?;
            print_generated(&done, format, &made)?;
        }
        ExtensionCommand::Edit { number, renumber } => {
            let what = format!("change the extension {number}");
            let changed = format!("The extension {number} is {renumber} now.");
            system.ask(&what, &Request::RenumberExtension { number, to: renumber }).await?;
            output::line(&changed)?;
        }
        ExtensionCommand::Show { number, format } => {
            let what = format!("show the extension {number}");
            let shown = extensions(&mut system, &what, &Request::Extension(number)).await?;
            return list_as(format, &TITLES, &shown, columns);
        }
        ExtensionCommand::List { format } => {
            let listed = extensions(&mut system, "list the extensions", &Request::Extensions).await?;
            return list_as(format, &TITLES, &listed, columns);
        }
        ExtensionCommand::Delete { numbers } => {
            for number in numbers {
                let what = format!("delete the extension {number}");
                system.ask(&what, &Request::DeleteExtension(number.clone())).await?;
                output::line(&format!("The extension {number} is deleted."))?;
            }
        }
        ExtensionCommand::SetSecret { number, secret } => {
            let kind = CredentialKind::PhonePassword;
            let choice = secret.choice(kind, &mut system).await?;
            let what = format!("set the {} of {number}", kind.row().name);
            let request =
                Request::SetSecret { whose: Whose::Extension(number), kind, choice, force_new: false };
            let done = system.ask(&what, &request).await?;
            print_generated(&done, secret.format, &format!("The {} is {}.", kind.row().name, secret.deed()))?;
        }
        ExtensionCommand::Phones { number, format } => return phones(number, format, &mut system).await,
        ExtensionCommand::Logout { number, contact } => {
            let what = format!("log out the phones of {number}");
            let done = system.ask(&what, &Request::LogOutPhones { number, contact }).await?;
            output::line(&match done.count {
                0 => "No such phone is registered.".into(),
                1 => "One phone is logged out.".into(),
                count => format!("{count} phones are logged out."),
            })?;
        }
    }
    Ok(Exit::Done)
}

/// Asks for extensions, one or all.
///
/// # Errors
/// Refused, or no system is there.
pub async fn extensions(
    system: &mut Conversation,
    what: &str,
    request: &Request,
) -> Result<Vec<ExtensionEntry>, Failure> {
    let mut extensions = Vec::new();
    let take = |part| {
        if let Part::Extensions(part) = part {
            extensions.extend(part);
        }
    };
    system.ask_for(what, request, take).await?;
    Ok(extensions)
}

async fn phones(number: Option<String>, format: Format, system: &mut Conversation) -> Outcome {
    let mut phones = Vec::new();
    let take = |part| {
        if let Part::Phones(part) = part {
            phones.extend(part);
        }
    };
    system.ask_for("list the phones", &Request::Phones(number), take).await?;
    let titles = ["EXTENSION", "CONTACT", "FROM", "TRANSPORT", "DEVICE", "SINCE", "UNTIL"];
    list_as(format, &titles, &phones, |phone: &PhoneEntry| {
        vec![
            phone.extension.clone(),
            phone.contact.clone(),
            phone.address.clone(),
            phone.transport.clone(),
            phone.agent.clone(),
            moment::for_people(phone.registered_at),
            moment::for_people(phone.expires_at),
        ]
    })
}

const TITLES: [&str; 5] = ["NUMBER", "USER", "PHONE PASSWORD", "PHONES", "MADE"];

fn columns(extension: &ExtensionEntry) -> Vec<String> {
    vec![
        extension.number.clone(),
        extension.user.clone().unwrap_or_default(),
        if extension.phone_password_set_at.is_some() { "set".into() } else { "not set".into() },
        extension.phones.to_string(),
        moment::for_people(extension.created_at),
    ]
}
