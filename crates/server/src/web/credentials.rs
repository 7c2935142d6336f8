//! What the pages of users, extensions and administrators have in common: a secret's card, its rules, and what to
//! say when something was refused.

use std::collections::BTreeSet;

use axum::{http::StatusCode, response::Response};
use calls::prompt::Language;
use signin::{
    admin::{Admin, Problem, SecretChoice, WrongField, is_too_old},
    credential::{About, CredentialKind, Owner, SECRET_RULES, judge},
    dice::Dice,
    extension::Extension,
    ident::DomainId,
    lockout::{Standing, TallyKey},
    policy::Settings,
    records::Records,
    secret::Secret,
};

use super::{
    Web,
    form::Form,
    guard,
    guard::SignedIn,
    moment,
    views::{
        forms::{Filled, Problem as FormProblem, Rule, Secret as SecretField, Test},
        parts::{Badge, Fact, Tone},
        shell::Place,
        users::{CredentialCard, SecretOncePage},
    },
};
use crate::{
    flow::Refusal,
    listen::{certificate::addresses_of_this_machine, listener::Listener},
    words::{Say as _, Value},
};

/// Said beside the second field.
pub(super) const NOT_THE_SAME: &str = "The two fields are not the same. Type the secret again in both.";

/// The rules of a kind, with a test for each that a browser can make.
pub(super) fn rules(settings: &Settings, kind: CredentialKind, name: &str, number: &str) -> Vec<Rule> {
    rules_in(Language::English, settings, kind, name, number)
}

/// The same in a language.
pub(super) fn rules_in(
    language: Language,
    settings: &Settings,
    kind: CredentialKind,
    name: &str,
    number: &str,
) -> Vec<Rule> {
    let rules = (kind.row().rules)(settings);
    let is_digits = kind.row().is_digits;
    let unit = if is_digits { "digits" } else { "characters" };
    let say = |rule: &str, n: u32, english: String| match language {
        Language::English => english,
        language => in_language(language, "rule", rule, n, is_digits, number),
    };
    let (least, most) = (u32::from(rules.length_min), u32::from(rules.length_max));
    let mut list = vec![
        Rule::new(
            Test::LengthMin(least.into()),
            say("length-min", least, format!("At least {least} {unit}")),
        ),
        Rule::new(Test::LengthMax(most.into()), say("length-max", most, format!("At most {most} {unit}"))),
    ];
    if is_digits {
        list.push(Rule::new(Test::Digits, say("digits-only", 0, "Digits only".into())));
    }
    if rules.refuse_patterns {
        let length = u64::from(rules.length_min.max(3));
        let no_run = "No digits in a row, up or down (1234, 4321)".into();
        list.push(Rule::new(Test::NoRun(length), say("run", 0, no_run)));
        list.push(Rule::new(Test::NotAllSame, say("repetition", 0, "No repeats (1111, 1212)".into())));
        if !number.is_empty() {
            let text = format!("Not the extension {number}, forwards or backwards");
            list.push(Rule::new(Test::Server, say("own-number", 0, text)));
        }
    }
    if rules.refuse_common {
        let what = if is_digits { "codes (2580, 1990 …)" } else { "passwords" };
        if !is_digits && !name.is_empty() {
            list.push(Rule::new(Test::Server, say("own-name", 0, "Not the name of the account".into())));
        }
        let text = format!("None of the {what} that are tried first");
        list.push(Rule::new(Test::Server, say("refuse-common", 0, text)));
    }
    // The others are said as they are said everywhere.
    let said = ["length-min", "length-max", "refuse-patterns", "refuse-common"];
    for rule in SECRET_RULES.iter().filter(|rule| !said.contains(&rule.name)) {
        let english = rule.in_words(rules, kind);
        match language {
            Language::English => {
                list.extend(english.iter().map(|words| Rule::new(Test::Server, capital(words))));
            }
            _ if english.is_empty() => {}
            language => {
                let words = in_language(language, "rule", rule.name, rule.get(rules), is_digits, number);
                list.push(Rule::new(Test::Server, words));
            }
        }
    }
    list
}

/// What is wrong with a secret, in a language.
pub(super) fn broken_in(
    language: Language,
    settings: &Settings,
    kind: CredentialKind,
    wrong: &WrongField,
) -> String {
    let (Some(rule), Some(class)) = (wrong.rule, wrong.class) else { return wrong.problem.clone() };
    if language == Language::English {
        return wrong.problem.clone();
    }
    let rules = (kind.row().rules)(settings);
    let n = SECRET_RULES.iter().find(|one| one.name == rule).map_or(0, |one| one.get(rules));
    in_language(language, "broken", class, n, kind.row().is_digits, "")
}

/// A rule in another language than the one of its table.
fn in_language(
    language: Language,
    family: &str,
    rule: &str,
    n: u32,
    is_digits: bool,
    number: &str,
) -> String {
    let digits = if is_digits { "yes" } else { "no" };
    let with =
        [("n", Value::Number(n.into())), ("digits", Value::Text(digits)), ("number", Value::Text(number))];
    language.say_with(&format!("{family}-{rule}"), &with)
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The pair of fields for a new secret.
pub(super) fn secret_field(
    settings: &Settings,
    kind: CredentialKind,
    field: &str,
    label: &str,
    account: &str,
    number: &str,
) -> SecretField {
    let mut secret = SecretField::new(field, label).rules(rules(settings, kind, account, number));
    secret.digits = kind.row().is_digits;
    secret.account = account.into();
    secret
}

/// The pair of fields for a new password, in a language.
pub(super) fn new_secret_in(
    language: Language,
    settings: &Settings,
    kind: CredentialKind,
    account: &str,
    number: &str,
) -> SecretField {
    let rules = rules_in(language, settings, kind, account, number);
    let mut secret = SecretField::new("password", language.say("secrets-new")).rules(rules);
    secret.label_again = language.say("secrets-again");
    secret.digits = kind.row().is_digits;
    secret.language = language;
    if !secret.digits {
        secret.account = account.into();
    }
    secret
}

/// Puts what was wrong beside the field or its repetition.
pub(super) fn put_error(secret: &mut SecretField, error: Option<(String, String)>) {
    let Some((field, text)) = error else { return };
    if field.ends_with("_again") { secret.error_again = Some(text) } else { secret.error = Some(text) }
}

/// Whose card it is, as the pages know it.
pub(super) struct CardOf<'a> {
    pub(super) owner: Owner,
    pub(super) kind: CredentialKind,
    /// The page that it stands on; forms go to paths below.
    pub(super) href: &'a str,
    /// For the browser's password store, and for the rules.
    pub(super) account: &'a str,
    pub(super) number: &'a str,
    /// The count that locks it.
    pub(super) tally: TallyKey,
    /// Whether a new one can be demanded at the next sign-in, and whether it is.
    pub(super) force_new: Option<bool>,
    pub(super) about: &'a str,
}

/// The card of one secret.
pub(super) fn card(
    web: &Web,
    who: &SignedIn,
    of: &CardOf<'_>,
    error: Option<(String, String)>,
) -> CredentialCard {
    let ledger = who.known(web);
    let now = web.system.clock.now();
    let settings = ledger.settings();
    let row = of.kind.row();
    let facts = ledger.credential(of.owner, of.kind);
    let tally = ledger.tally(&of.tally);
    let rule = settings.lock_rule(of.tally.scope);
    let standing = tally.standing(rule, now);
    let locked = matches!(standing, Standing::Locked { .. });
    let state = match (facts, standing) {
        (None, _) => Badge::new(Tone::Neutral, "Not set"),
        (Some(_), Standing::Locked { .. }) => Badge::new(Tone::Danger, "Locked"),
        (Some(facts), _)
            if facts.expires_at.is_some_and(|end| now >= end)
                || is_too_old(&settings, of.kind, facts.set_at, now) =>
        {
            Badge::new(Tone::Warning, "Expired")
        }
        (Some(_), _) if is_outdated(web, of) => Badge::new(Tone::Warning, "Breaks a rule"),
        (Some(_), Standing::Open | Standing::Full) => Badge::new(Tone::Good, "Set"),
    };
    let mut known = Vec::new();
    if let Some(facts) = facts {
        known.push(Fact::new("Set", moment::stamp(facts.set_at, now).human));
        if let Some(used) = facts.used_at {
            known.push(Fact::new("Last used", moment::stamp(used, now).human));
        }
    }
    if tally.failures > 0 && (locked || now < tally.window_at.after(rule.window)) {
        known.push(Fact::new("Wrong tries", format!("{} of {}", tally.failures, rule.failures_max)));
        known.push(Fact::new("Last wrong try", moment::stamp(tally.failed_at, now).human));
    }
    if let Standing::Locked { until } = standing {
        let until =
            until.map_or_else(|| "an administrator lifts it".into(), |until| moment::stamp(until, now).human);
        known.push(Fact::new("Locked until", until));
    }
    let mut secret = secret_field(&settings, of.kind, "secret", row.title, of.account, of.number);
    let open = error.is_some();
    put_error(&mut secret, error);
    // Several cards stand on one page: each needs ids of its own.
    secret.name = format!("{}-secret", row.name);
    CredentialCard {
        slug: row.name.into(),
        title: row.title.into(),
        about: of.about.into(),
        state,
        facts: known,
        action: format!("{}/secrets/{}", of.href, row.name),
        csrf: who.csrf(),
        secret,
        open,
        force_new: of.force_new,
        locked,
        forgettable: facts.is_some()
            && (row.rules)(&settings).history > 1
            && matches!(of.owner, Owner::Account(_)),
        removable: facts.is_some() && of.kind != CredentialKind::ServicePassword,
    }
}

/// Whether the secret breaks a rule that is newer than it.
fn is_outdated(web: &Web, of: &CardOf<'_>) -> bool {
    let settings = web.system.ledger.settings();
    let about = About { name: of.account, number: of.number, ..About::default() };
    let rules = (of.kind.row().rules)(&settings);
    let traits = web.system.ledger.traits(of.owner, of.kind, &about);
    traits.is_some_and(|traits| judge(of.kind, &traits, rules, settings.administrators_exempt).is_err())
}

/// What the button of a card asks for.
pub(super) enum Asked {
    /// A new state of the secret, and whether a new one is to be demanded at the next sign-in.
    Secret(SecretChoice, bool),
    /// Only the lock's end.
    Unlock,
    /// That earlier ones may come again.
    Forget,
    /// The two fields differ.
    NotTheSame,
    /// Nothing that a card has.
    Nothing,
}

/// Reads a card's form.
pub(super) fn asked(kind: CredentialKind, form: &Form) -> Asked {
    let field = format!("{}-secret", kind.row().name);
    match form.get("do") {
        "set" => {
            let secret = form.secret(&field);
            if secret.matches(&form.secret(&format!("{field}_again"))) {
                Asked::Secret(SecretChoice::Set(secret), form.is_ticked("force_new"))
            } else {
                Asked::NotTheSame
            }
        }
        "generate" => Asked::Secret(SecretChoice::Generate, form.is_ticked("force_new")),
        "clear" => Asked::Secret(SecretChoice::Remove, false),
        "unlock" => Asked::Unlock,
        "forget" => Asked::Forget,
        _ => Asked::Nothing,
    }
}

/// Does what a card's button asks for, for users, extensions and administrators alike.
#[expect(
    clippy::too_many_arguments,
    reason = "each page knows these about its card, and nothing groups them"
)]
pub(super) async fn change_secret(
    web: &Web,
    who: &SignedIn,
    form: &Form,
    place: Place,
    owner: Owner,
    kind: CredentialKind,
    counts: Vec<TallyKey>,
    slip: &Slip<'_>,
    refused: impl FnOnce((String, String)) -> Response,
) -> Response {
    let title = kind.row().title;
    let done = match asked(kind, form) {
        Asked::NotTheSame => return refused(("secret_again".into(), NOT_THE_SAME.into())),
        Asked::Nothing => return who.visitor.error(web, StatusCode::BAD_REQUEST),
        Asked::Unlock => {
            let done = web.system.administer(&who.by, move |admin, _| admin.reset_locks(&counts)).await;
            return match done {
                Ok(_) => guard::redirect_with(slip.back, Tone::Good, "The lock is lifted", ""),
                Err(refusal) => refuse(who, web, &refusal),
            };
        }
        Asked::Forget => {
            let Owner::Account(id) = owner else { return who.visitor.error(web, StatusCode::BAD_REQUEST) };
            let done = web.system.administer(&who.by, move |admin, _| admin.clear_history(id, kind)).await;
            return match done {
                Ok(_) => guard::redirect_with(
                    slip.back,
                    Tone::Good,
                    "The earlier ones are forgotten",
                    "Each of them may be chosen again.",
                ),
                Err(refusal) => refuse(who, web, &refusal),
            };
        }
        Asked::Secret(choice, force) => {
            let set = move |admin: &Admin<'_>, dice: &mut dyn Dice| {
                admin.set_secret(owner, kind, &choice, force, dice)
            };
            web.system.administer(&who.by, set).await
        }
    };
    match done {
        Ok(done) if done.generated.is_empty() => {
            let text = match done.value {
                0 => String::new(),
                1 => "One session of this account was ended.".into(),
                many => format!("{many} sessions of this account were ended."),
            };
            who.saved(slip.back, Tone::Good, &format!("{title} of {}: saved", slip.of), &text)
        }
        Ok(done) => once(who, web, place, &done.generated, slip),
        Err(refusal) => match wrong_fields(&refusal).pop() {
            Some(wrong) => refused(("secret".into(), wrong.problem)),
            None => refuse(who, web, &refusal),
        },
    }
}

/// A choice of the forms for new things: radio buttons `<field>_how`, and the two fields. The problem is for the
/// repetition.
pub(super) fn choice(form: &Form, field: &str) -> Result<SecretChoice, (String, String)> {
    match form.get(&format!("{field}_how")) {
        "generate" => Ok(SecretChoice::Generate),
        "type" => {
            let secret = form.secret(field);
            let again = format!("{field}_again");
            if secret.matches(&form.secret(&again)) {
                Ok(SecretChoice::Set(secret))
            } else {
                Err((again, NOT_THE_SAME.into()))
            }
        }
        _ => Ok(SecretChoice::Keep),
    }
}

/// The kind with this name.
pub(super) fn kind_named(name: &str) -> Option<CredentialKind> {
    signin::credential::KINDS.iter().find(|row| row.name == name).map(|row| row.kind)
}

/// The fields to be corrected, if that is what is wrong.
pub(super) fn wrong_fields(refusal: &Refusal) -> Vec<WrongField> {
    match refusal {
        Refusal::Problem(Problem::Invalid(wrong)) => wrong.clone(),
        Refusal::Problem(
            Problem::NoRight(_) | Problem::NotFound(_) | Problem::Changed(_) | Problem::Never(_),
        )
        | Refusal::Unavailable => Vec::new(),
    }
}

/// Puts what is wrong beside the fields of a form: `-` in a field's name is `_` in the form.
pub(super) fn fill_wrong(filled: Filled, refusal: &Refusal) -> Filled {
    wrong_fields(refusal)
        .into_iter()
        .fold(filled, |filled, wrong| filled.wrong(&wrong.field.replace('-', "_"), wrong.problem))
}

/// Whether somebody else saved the same thing since the page was opened.
pub(super) const fn is_overtaken(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::Problem(Problem::Changed(_)))
}

/// What was typed, with what is in force beside it where they differ. Sent again it is a decision, not an accident.
pub(super) fn overtaken(typed: Filled, saved: &Filled) -> Filled {
    saved.names().fold(typed, |filled, name| {
        let value = saved.value(name);
        // What the page itself sends along, which nobody typed.
        if ["version", "shown"].contains(&name) {
            filled.with(name, value)
        } else if filled.value(name) == value {
            filled
        } else {
            let words = if value.is_empty() { "nothing".into() } else { format!("“{value}”") };
            filled.noted(name, format!("In force now: {words}."))
        }
    })
}

/// What is said above such a form, leading to its first field.
pub(super) fn overtaken_words(what: &str, field: &str) -> FormProblem {
    FormProblem {
        target: format!("f-{field}"),
        text: format!(
            "Somebody else changed this {what} after you had opened it. Nothing of yours is lost or saved: it stands \
             below, with what is in force now. Save again to put yours in its place."
        ),
    }
}

/// The page for what cannot be mended in a form.
pub(super) fn refuse(who: &SignedIn, web: &Web, refusal: &Refusal) -> Response {
    let status = match refusal {
        Refusal::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Refusal::Problem(problem) => match problem {
            Problem::NoRight(_) | Problem::Never(_) => StatusCode::FORBIDDEN,
            Problem::NotFound(_) => StatusCode::NOT_FOUND,
            Problem::Changed(_) => StatusCode::CONFLICT,
            Problem::Invalid(_) => StatusCode::BAD_REQUEST,
        },
    };
    let mut page = super::views::errors::ErrorPage::of(who.visitor.gate(web), status.as_u16());
    if let Refusal::Problem(problem) = refusal {
        page.text = problem.to_string();
        page.title = match problem {
            Problem::Changed(_) => "Somebody else was quicker".into(),
            Problem::NoRight(_) | Problem::Never(_) | Problem::NotFound(_) | Problem::Invalid(_) => {
                page.title
            }
        };
    }
    who.page_with(status, &page)
}

/// What a generated secret is for, on its slip.
pub(super) struct Slip<'a> {
    pub(super) of: &'a str,
    /// The extension that a phone registers at with it.
    pub(super) phone: Option<(DomainId, &'a str)>,
    pub(super) back: &'a str,
}

/// What is wrong with a secret, for those who may set it and not look at the page where one does.
pub(super) fn not_set(problem: &str) -> Response {
    guard::redirect_with("/manager", Tone::Danger, "Nothing was set", problem)
}

/// The page that shows generated secrets this once.
pub(super) fn once(
    who: &SignedIn,
    web: &Web,
    place: Place,
    generated: &[(CredentialKind, Secret)],
    slip: &Slip<'_>,
) -> Response {
    let Some(((kind, secret), others)) = generated.split_first() else {
        return who.visitor.error(web, StatusCode::INTERNAL_SERVER_ERROR);
    };
    let mut facts = Vec::new();
    for (kind, secret) in others {
        facts.push(Fact::new(kind.row().title, secret.reveal()));
    }
    if let Some((domain, number)) = slip.phone.filter(|(_, number)| !number.is_empty()) {
        facts.extend(phone_facts(web, who, domain, number));
    }
    let instruction = match kind {
        CredentialKind::LoginCode => {
            "Enter the extension as the phone's user name and this code as its password. Keep it to yourself."
        }
        CredentialKind::PhonePassword => {
            "Enter this in the phone, as its password. Nobody needs to remember it."
        }
        CredentialKind::ServicePassword
        | CredentialKind::UserPassword
        | CredentialKind::VoicemailCode
        | CredentialKind::PortalPasscode
        | CredentialKind::SystemPassword => "Keep it to yourself.",
    };
    let page = SecretOncePage {
        shell: who.shell(web, place),
        title: format!("{} of {}", kind.row().title, slip.of),
        secret: secret.reveal().to_owned(),
        facts,
        instruction: instruction.into(),
        back: slip.back.into(),
    };
    who.page(&page)
}

/// What is typed into a phone of an extension, besides its secret.
pub(super) fn phone_facts(web: &Web, who: &SignedIn, domain: DomainId, number: &str) -> Vec<Fact> {
    let addresses = web.system.addresses();
    let mut ports = Vec::new();
    for (listener, transport) in
        [(Listener::SipUdp, "UDP"), (Listener::SipTcp, "TCP"), (Listener::SipTls, "TLS")]
    {
        let of_it: BTreeSet<_> = addresses.of(listener).iter().map(std::net::SocketAddr::port).collect();
        ports.extend(of_it.into_iter().map(|port| format!("{port} ({transport})")));
    }
    let domain = who.known(web).domain(domain);
    let named = domain.as_ref().and_then(|domain| domain.hosts.first().map(ToString::to_string));
    let server = named
        .unwrap_or_else(|| addresses_of_this_machine().first().map_or_else(String::new, ToString::to_string));
    let realm = domain.map_or_else(String::new, |domain| domain.realm.to_string());
    [
        ("Server", server),
        ("Port", ports.join(", ")),
        ("User name", number.to_owned()),
        ("Realm, where the phone asks for one", realm),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .map(|(name, value)| Fact::new(name, value))
    .collect()
}

/// The same for a page on which the secret cannot be shown: which one it is.
pub(super) fn connect(web: &Web, who: &SignedIn, extension: &Extension) -> Vec<Fact> {
    let is_set = |owner, kind| who.known(web).credential(owner, kind).is_some();
    let has_code = extension.user.is_some_and(|user| is_set(Owner::Account(user), CredentialKind::LoginCode));
    let password = if is_set(Owner::Extension(extension.id), CredentialKind::PhonePassword) {
        "The phone password"
    } else if has_code {
        "The user's login code"
    } else {
        "None is set yet, so no phone can register"
    };
    let mut facts = phone_facts(web, who, extension.domain, extension.number.as_str());
    facts.push(Fact::new("Password", password));
    facts
}
