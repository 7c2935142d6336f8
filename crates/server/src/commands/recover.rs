//! `hookswitch recover`: the last resort on the machine itself. Opens a built-in account again; loses nothing.

use clap::{Args, ValueEnum};
use signin::{
    account::{ADMINISTRATOR, BUSINESS_PARTNER},
    credential::CredentialKind,
};

use super::{
    Place,
    failure::{Exit, Outcome},
    output,
    secret::{SecretArgs, print_generated},
};
use crate::local::protocol::{Choice, Request};

/// Which account, and its new password.
#[derive(Debug, Args)]
pub struct RecoverArgs {
    /// The account to open again
    #[arg(value_enum, default_value_t = BuiltIn::Administrator, ignore_case = true)]
    account: BuiltIn,
    /// What to do with it.
    #[command(flatten)]
    secret: SecretArgs,
}

/// The accounts that can be neither renamed nor deleted.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "PascalCase")]
pub enum BuiltIn {
    /// The administrator
    Administrator,
    /// The reseller
    BusinessPartner,
}

/// Carries out the command.
///
/// # Errors
/// Refused, or no system is there.
pub async fn run(args: RecoverArgs, place: &Place) -> Outcome {
    let mut system = place.conversation().await?;
    let name = match args.account {
        BuiltIn::Administrator => ADMINISTRATOR,
        BuiltIn::BusinessPartner => BUSINESS_PARTNER,
    };
    let what = format!("recover {name}");
    let choice = args.secret.choice(CredentialKind::ServicePassword, &mut system).await?;
    if matches!(choice, Choice::Remove) {
        let why = "an account without a password opens nothing";
        return Err(super::failure::Failure::usage(what, why, "Type a password, or use --generate."));
    }
    let done = system.ask(&what, &Request::Recover { name: name.into(), choice }).await?;
    print_generated(&done, args.secret.format, &format!("{name} can sign in again."))?;
    output::note("The first sign-in asks for a new password.");
    Ok(Exit::Done)
}
