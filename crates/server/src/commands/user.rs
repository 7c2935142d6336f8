//! `hookswitch user`: the people who have phones.

use clap::{Args, Subcommand};
use signin::{account::Condition, credential::CredentialKind};

use super::{
    Format, Place,
    conversation::{Conversation, dated, list_as},
    failure::{Exit, Failure, Outcome},
    output,
    secret::{SecretArgs, SecretSource, SecretSources, print_generated},
};
use crate::{
    local::protocol::{NewUserAnswers, Part, Request, UserChanges, UserEntry, Whose},
    moment,
};

/// What to do with users.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Makes a user, with extension and secrets, all or nothing
    Add(AddArgs),
    /// Changes a user; what is not mentioned stays
    Edit(EditArgs),
    /// Shows one user
    Show {
        /// The user's name
        name: String,
        /// For people or for programs.
        #[command(flatten)]
        format: Format,
    },
    /// Lists all users
    List {
        /// For people or for programs.
        #[command(flatten)]
        format: Format,
    },
    /// Deletes users
    Delete {
        /// The users' names
        #[arg(required = true)]
        names: Vec<String>,
        /// Delete their extensions too
        #[arg(long)]
        with_extension: bool,
    },
    /// Sets, generates or removes one of a user's secrets; a lock that the old one earned ends
    SetSecret {
        /// The user's name
        name: String,
        /// Which secret
        #[arg(value_enum)]
        kind: UserSecret,
        /// What to do with it.
        #[command(flatten)]
        secret: SecretArgs,
        /// A new one must be chosen at the next sign-in
        #[arg(long)]
        force_new: bool,
    },
    /// Lets users sign in again; resets every count and date that locks them
    Enable {
        /// The users' names
        #[arg(required = true)]
        names: Vec<String>,
    },
    /// Lets users sign in no more, and ends their sessions
    Disable {
        /// The users' names
        #[arg(required = true)]
        names: Vec<String>,
    },
}

/// The secrets of a user.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum UserSecret {
    /// For phones
    LoginCode,
    /// For portal and applications
    UserPassword,
}

/// A user to be made.
#[derive(Debug, Args)]
pub struct AddArgs {
    /// The name to sign in with
    name: String,
    /// The name for people
    #[arg(long, default_value = "", hide_default_value = true)]
    full_name: String,
    /// The extension's number; it is made if it does not exist
    #[arg(long, default_value = "", hide_default_value = true)]
    extension: String,
    /// The code for phones: ask for it, or make one by chance
    #[arg(long, value_enum)]
    login_code: Option<SecretSource>,
    /// The password for portal and applications
    #[arg(long, value_enum)]
    user_password: Option<SecretSource>,
    /// The extension's own password, for its phone
    #[arg(long, value_enum)]
    phone_password: Option<SecretSource>,
    /// Read what is asked for from standard input, one line each, in the order of these options
    #[arg(long)]
    stdin: bool,
    /// For people or for programs.
    #[command(flatten)]
    format: Format,
}

/// What is to be changed of a user.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub struct EditArgs {
    /// The user's present name
    #[arg(group = "whom")]
    name: String,
    /// The name to be
    #[arg(long, value_name = "NAME")]
    rename: Option<String>,
    /// The name for people
    #[arg(long)]
    full_name: Option<String>,
    /// The extension's number; "" = none
    #[arg(long, value_name = "NUMBER")]
    extension: Option<String>,
    /// The last day (2030-12-31) or moment (2030-12-31T12:00:00Z) of the account; "never" = no end
    #[arg(long, value_name = "DATE")]
    expires: Option<String>,
    /// A new user password must be chosen at the next sign-in
    #[arg(long)]
    force_new_password: bool,
}

/// Carries out the command.
///
/// # Errors
/// Refused, or no system is there.
pub async fn run(command: UserCommand, place: &Place) -> Outcome {
    let mut system = place.conversation().await?;
    match command {
        UserCommand::Add(args) => add(args, &mut system).await,
        UserCommand::Edit(args) => edit(args, &mut system).await,
        UserCommand::Show { name, format } => {
            let what = format!("show the user {name}");
            let shown = users(&mut system, &what, &Request::User(name)).await?;
            if format.json {
                shown.iter().try_for_each(|user| output::json(&dated(user)?))?;
            } else {
                shown.iter().try_for_each(show)?;
            }
            Ok(Exit::Done)
        }
        UserCommand::List { format } => {
            let listed = users(&mut system, "list the users", &Request::Users).await?;
            list_as(format, &TITLES, &listed, columns)
        }
        UserCommand::Delete { names, with_extension } => {
            for name in names {
                let what = format!("delete the user {name}");
                system.ask(&what, &Request::DeleteUser { name: name.clone(), with_extension }).await?;
                output::line(&format!("The user {name} is deleted."))?;
            }
            Ok(Exit::Done)
        }
        UserCommand::SetSecret { name, kind, secret, force_new } => {
            let kind = kind.into();
            let choice = secret.choice(kind, &mut system).await?;
            let what = format!("set the {} of {name}", kind.row().name);
            let request = Request::SetSecret { whose: Whose::User(name), kind, choice, force_new };
            let done = system.ask(&what, &request).await?;
            print_generated(&done, secret.format, &format!("The {} is {}.", kind.row().name, secret.deed()))?;
            Ok(Exit::Done)
        }
        UserCommand::Enable { names } => set_condition(names, Condition::Enabled, &mut system).await,
        UserCommand::Disable { names } => set_condition(names, Condition::Disabled, &mut system).await,
    }
}

async fn add(args: AddArgs, system: &mut Conversation) -> Outcome {
    let mut sources = SecretSources::new(args.stdin);
    let login_code = sources.choice(args.login_code, CredentialKind::LoginCode, system).await?;
    let user_password = sources.choice(args.user_password, CredentialKind::UserPassword, system).await?;
    let phone_password = sources.choice(args.phone_password, CredentialKind::PhonePassword, system).await?;
    let what = format!("make the user {}", args.name);
    let made = format!("The user {} is made.", args.name);
    let answers = NewUserAnswers {
        name: args.name,
        full_name: args.full_name,
        extension: args.extension,
        login_code,
        user_password,
        phone_password,
    };
    let done = system.ask(&what, &Request::AddUser(answers)).await?;
    print_generated(&done, args.format, &made)?;
    Ok(Exit::Done)
}

async fn edit(args: EditArgs, system: &mut Conversation) -> Outcome {
    let what = format!("change the user {}", args.name);
    let expires_at = match args.expires.as_deref() {
        None => None,
        Some("never" | "") => Some(None),
        Some(text) => Some(Some(moment::parse(text).ok_or_else(|| {
            let why = format!("{text:?} is no date");
            Failure::usage(what.clone(), why, "Write a day such as 2030-12-31, or \"never\".")
        })?)),
    };
    let changed = format!("The user {} is changed.", args.name);
    let changes = UserChanges {
        name: args.name,
        rename: args.rename,
        full_name: args.full_name,
        extension: args.extension,
        condition: args.force_new_password.then_some(Condition::ForceNewPassword),
        expires_at,
    };
    system.ask(&what, &Request::EditUser(changes)).await?;
    output::line(&changed)?;
    Ok(Exit::Done)
}

async fn set_condition(names: Vec<String>, condition: Condition, system: &mut Conversation) -> Outcome {
    let verb = if condition == Condition::Disabled { "disable" } else { "enable" };
    for name in names {
        let changes =
            UserChanges { name: name.clone(), condition: Some(condition), ..UserChanges::default() };
        system.ask(&format!("{verb} the user {name}"), &Request::EditUser(changes)).await?;
        output::line(&format!("The user {name} is {verb}d."))?;
    }
    Ok(Exit::Done)
}

/// Asks for users, one or all.
///
/// # Errors
/// Refused, or no system is there.
pub async fn users(
    system: &mut Conversation,
    what: &str,
    request: &Request,
) -> Result<Vec<UserEntry>, Failure> {
    let mut users = Vec::new();
    let take = |part| {
        if let Part::Users(part) = part {
            users.extend(part);
        }
    };
    system.ask_for(what, request, take).await?;
    Ok(users)
}

const TITLES: [&str; 7] =
    ["NAME", "FULL NAME", "EXTENSION", "STATUS", "LOGIN CODE", "USER PASSWORD", "LAST SIGN-IN"];

fn columns(user: &UserEntry) -> Vec<String> {
    let is_set = |at: Option<_>| if at.is_some() { "set".into() } else { "not set".into() };
    vec![
        user.name.clone(),
        user.full_name.clone(),
        user.extension.clone().unwrap_or_default(),
        user.status.title().into(),
        is_set(user.login_code_set_at),
        is_set(user.user_password_set_at),
        moment::for_people(user.signed_in_at),
    ]
}

fn show(user: &UserEntry) -> Result<(), Failure> {
    let set_at = |at: Option<_>| match at {
        Some(_) => format!("set {}", moment::for_people(at)),
        None => "not set".into(),
    };
    let rows = [
        ("Name", user.name.clone()),
        ("Full name", user.full_name.clone()),
        ("Extension", user.extension.clone().unwrap_or_default()),
        ("Status", user.status.title().into()),
        ("Login code", set_at(user.login_code_set_at)),
        ("User password", set_at(user.user_password_set_at)),
        ("Last sign-in", moment::for_people(user.signed_in_at)),
        ("Failures since", user.failures_since.to_string()),
        ("Made", moment::for_people(user.created_at)),
        ("Ends", moment::for_people(user.expires_at)),
    ];
    rows.iter().try_for_each(|(title, value)| output::line(&format!("{title:<15} {value}")))
}

impl From<UserSecret> for CredentialKind {
    fn from(secret: UserSecret) -> Self {
        match secret {
            UserSecret::LoginCode => Self::LoginCode,
            UserSecret::UserPassword => Self::UserPassword,
        }
    }
}
