//! Security settings: the rules at a glance, a form for each part, presets, and the undoing of the last change. A change is
//! rehearsed before it is made: when it touches anybody, it takes a second step.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use signin::{
    account::RoleKind,
    admin::{Rehearsal, TouchedList},
    credential::{CredentialKind, KINDS, Owner, Range, rules_in_words},
    policy::Settings,
    preset::Preset,
    records::Records,
    rights::Right,
    rules::{Part, Rule},
};

use super::{
    Web,
    address::LastPart,
    credentials,
    form::Form,
    guard::{SignedForm, SignedIn},
    ignition::{networks, not_a_network},
    moment,
    settings::{lines, typed, yes},
    status, user_passwords,
    views::{
        forms::{Choice, Field, Filled, Kind, Problem, Problems},
        parts::Tone,
        security::{
            LastLine, PartLine, PresetChoice, RehearsalPage, RuleLine, SecurityPage, SecurityPartPage,
            TouchedGroup, TouchedLine, filled_sections,
        },
        settings::SettingsTab,
        shell::Place,
    },
};
use crate::flow::{Hashes, Refusal};

const PATH: &str = "/manager/settings/security";

fn href_of(part: Part) -> String {
    format!("{PATH}/{}", part.name())
}

fn line(rule: &Rule, from: Option<u32>, to: Option<u32>) -> RuleLine {
    RuleLine {
        href: format!("{}#f-{}", href_of(rule.part()), rule.name()),
        rule: format!("{}: {}, {}", rule.part().title(), rule.group(), rule.title()),
        from: rule.in_words(from),
        to: rule.in_words(to),
    }
}

pub(super) async fn show(State(web): State<Arc<Web>>, who: SignedIn) -> Response {
    who.page(&overview(&web, &who, Problems::default()))
}

fn overview(web: &Web, who: &SignedIn, problems: Problems) -> SecurityPage {
    let settings = who.known(web).settings();
    let now = web.system.clock.now();
    let last = settings.last_change.as_ref().map(|last| LastLine {
        at: moment::stamp(last.at, now),
        by: last.by.to_string(),
        rules: last
            .rules
            .iter()
            .filter_map(|change| {
                Some(line(&signin::rules::named(&change.rule)?, change.before, change.after))
            })
            .collect(),
        version: last.version.to_string(),
    });
    SecurityPage {
        shell: who.shell(web, Place::Settings),
        tab: SettingsTab::Security,
        problems,
        preset: settings.preset.title().into(),
        departures: settings
            .preset
            .departures(&settings)
            .iter()
            .map(|departure| line(&departure.rule, departure.preset, departure.present))
            .collect(),
        presets: Preset::ALL
            .into_iter()
            .map(|preset| PresetChoice {
                name: preset.name().into(),
                title: preset.title().into(),
                about: preset.about().into(),
                chosen: preset == settings.preset,
            })
            .collect(),
        parts: parts(&settings),
        last,
        editable: who.by.may(Right::SecurityWrite),
        version: settings.version.to_string(),
    }
}

fn parts(settings: &Settings) -> Vec<PartLine> {
    let departures = settings.preset.departures(settings);
    let count = |part| departures.iter().filter(|departure| departure.rule.part() == part).count();
    Part::ALL
        .into_iter()
        .map(|part| PartLine {
            href: href_of(part),
            title: part.title().into(),
            text: in_words(part, settings),
            departures: count(part),
        })
        .collect()
}

/// What a part says at present.
fn in_words(part: Part, settings: &Settings) -> String {
    let of = |kind: CredentialKind| part.rules().any(|rule| rule.group() == kind.row().title);
    let secrets = KINDS.iter().filter(|row| of(row.kind)).flat_map(|row| rules_in_words(row.kind, settings));
    let mut words: Vec<String> = secrets.collect();
    if let Some(rule) = part.lock_rule(settings) {
        let what = match part {
            Part::ServiceUsers | Part::Users => "the name",
            Part::Addresses => "the address",
            Part::VoicemailCodes
            | Part::LoginCodes
            | Part::PortalPasscodes
            | Part::Phones
            | Part::Sessions
            | Part::Recovery => "the extension",
        };
        words.push(status::failures_in_words(rule, what).unwrap_or_else(|| "failures lock nothing".into()));
    } else if words.is_empty() {
        let said = |rule: Rule| format!("{} {}", rule.title(), rule.in_words(rule.get(settings)));
        words = part.rules().map(said).collect();
    }
    words.join("; ")
}

pub(super) async fn show_part(
    State(web): State<Arc<Web>>,
    who: SignedIn,
    LastPart(part): LastPart,
) -> Result<Response, Response> {
    let Some(part) = Part::named(&part) else { return Err(who.visitor.error(&web, StatusCode::NOT_FOUND)) };
    Ok(who.page(&page(&web, &who, part, &saved(&web, &who, part))))
}

/// The form with what is in force.
fn saved(web: &Web, who: &SignedIn, part: Part) -> Filled {
    let settings = who.known(web).settings();
    let filled = part.rules().fold(Filled::default(), |filled, rule| {
        // A field that does not apply now shows what it would begin with.
        let value = rule.get(&settings).or_else(|| first_value(rule)).unwrap_or(0);
        filled.with(&rule.name(), written(rule.range(), value))
    });
    let filled = filled.with("version", settings.version.to_string());
    match part {
        Part::Addresses => filled.with("allow_list", lines(&settings.address_allow)),
        Part::Sessions => filled.with("banner", &*settings.login_banner),
        Part::ServiceUsers
        | Part::Users
        | Part::VoicemailCodes
        | Part::LoginCodes
        | Part::PortalPasscodes
        | Part::Phones
        | Part::Recovery => filled,
    }
}

/// What a rule has in a preset in which it applies.
fn first_value(rule: Rule) -> Option<u32> {
    Preset::ALL.into_iter().find_map(|preset| rule.get(&preset.settings())).or(match rule.range() {
        Range::Number { least, .. } => Some(least),
        Range::Flag | Range::Choice(_) => None,
    })
}

fn written(range: Range, value: u32) -> String {
    match range {
        Range::Number { .. } => value.to_string(),
        Range::Flag => yes(value != 0).into(),
        Range::Choice(list) => {
            let place = usize::try_from(value).unwrap_or(usize::MAX);
            list.get(place).map_or("", |(name, _)| name).into()
        }
    }
}

fn page(web: &Web, who: &SignedIn, part: Part, filled: &Filled) -> SecurityPartPage {
    let settings = who.known(web).settings();
    let preset = settings.preset.settings();
    let editable = who.by.may(Right::SecurityWrite);
    let mut groups: Vec<(&str, &str, Vec<Field>)> = Vec::new();
    for rule in part.rules() {
        let field = field(rule, &settings, &preset, settings.preset);
        match groups.last_mut().filter(|(title, ..)| *title == rule.group()) {
            Some((_, _, fields)) => fields.push(field),
            None => groups.push((rule.group(), about(rule.group()), vec![field])),
        }
    }
    let others = match part {
        Part::Addresses => Some(
            Field::new("allow_list", "Networks that are never blocked")
                .kind(Kind::Area)
                .hint("One a line. For an office with many phones behind one address.")
                .length_max(8192),
        ),
        Part::Sessions => Some(
            Field::new("banner", "Text on the login page")
                .kind(Kind::Area)
                .hint("Shown to everyone before they sign in.")
                .length_max(500),
        ),
        Part::ServiceUsers
        | Part::Users
        | Part::VoicemailCodes
        | Part::LoginCodes
        | Part::PortalPasscodes
        | Part::Phones
        | Part::Recovery => None,
    };
    if let Some((_, _, fields)) = groups.last_mut() {
        fields.extend(others);
    }
    let mut sections = filled_sections(groups, filled);
    if !editable {
        for field in sections.iter_mut().flat_map(|section| section.fields.iter_mut()) {
            field.fixed = true;
        }
    }
    let parts = parts(&settings);
    let href = href_of(part);
    SecurityPartPage {
        shell: who.shell(web, Place::Settings),
        tab: SettingsTab::Security,
        departures: parts.iter().find(|line| line.href == href).map_or(0, |line| line.departures),
        parts,
        href,
        title: part.title().into(),
        preset: settings.preset.title().into(),
        problems: Filled::problems_of(&sections),
        sections,
        editable,
        version: filled.value("version").into(),
    }
}

fn about(group: &str) -> &'static str {
    match group {
        "Wrong ones" => "What happens after too many wrong tries. Whoever nobody knows is treated alike.",
        "Blacklisted extensions" => "While an extension is blocked, even the right code is refused.",
        "Blacklisted addresses" => "Counted over every login interface.",
        "Ages" => "How long things may last and lie unused.",
        "Sessions" => "On the web.",
        _ => "",
    }
}

fn field(rule: Rule, settings: &Settings, preset: &Settings, chosen: Preset) -> Field {
    let range = rule.range();
    let (kind, mut hint) = match range {
        Range::Number { least, most, unit } => {
            let kind = Kind::Number { least: least.into(), most: most.into(), unit: unit.into() };
            (kind, format!("{} {least} to {most}.", rule.help()))
        }
        Range::Flag => (Kind::Check { ticked: false }, rule.help().to_owned()),
        Range::Choice(list) => {
            let choices = list.iter().map(|(name, words)| Choice::new(*name, *words, false)).collect();
            (Kind::Select(choices), rule.help().to_owned())
        }
    };
    let default = rule.get(&Settings::default());
    if default.is_some() {
        hint = format!("{} Default: {}.", hint.trim(), rule.in_words(default));
    }
    let mut field = Field::new(rule.name(), rule.title()).required().hint(hint.trim()).kind(kind);
    if rule.get(settings) != rule.get(preset) {
        field.note = format!("{}: {}.", chosen.title(), rule.in_words(rule.get(preset)));
    }
    field
}

pub(super) async fn save_part(
    State(web): State<Arc<Web>>,
    LastPart(part): LastPart,
    SignedForm(who, form): SignedForm,
) -> Result<Response, Response> {
    let Some(part) = Part::named(&part) else { return Err(who.visitor.error(&web, StatusCode::NOT_FOUND)) };
    let href = href_of(part);
    let mut filled = typed(&saved(&web, &who, part), &form);
    let mut wanted = (*who.known(&web).settings()).clone();
    wanted.version = form.get("version").parse().unwrap_or(0);
    let mut is_wrong = false;
    for rule in part.rules() {
        match read(rule, &form) {
            // A value that is as it was is left as it was: a form may know it less exactly.
            Ok(value) if rule.get(&wanted) != Some(value) => rule.set(&mut wanted, value),
            Ok(_) => {}
            Err(problem) => {
                is_wrong = true;
                filled = filled.wrong(&rule.name(), problem);
            }
        }
    }
    match part {
        Part::Addresses => match networks(form.get("allow_list")) {
            Ok(networks) => wanted.address_allow = networks,
            Err(line) => {
                is_wrong = true;
                filled = filled.wrong("allow_list", not_a_network(&line));
            }
        },
        Part::Sessions => wanted.login_banner = form.get("banner").trim().into(),
        Part::ServiceUsers
        | Part::Users
        | Part::VoicemailCodes
        | Part::LoginCodes
        | Part::PortalPasscodes
        | Part::Phones
        | Part::Recovery => {}
    }
    let again =
        |filled: &Filled| who.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page(&web, &who, part, filled));
    if is_wrong {
        return Ok(again(&filled));
    }
    let hidden = filled
        .names()
        .filter(|name| *name != "version")
        .map(|name| (name.to_owned(), filled.value(name).to_owned()));
    Ok(match change(&web, &who, &form, wanted, &href, hidden.collect()).await {
        Ok(answer) => answer,
        Err(refusal) if credentials::is_overtaken(&refusal) => {
            let filled = credentials::overtaken(filled, &saved(&web, &who, part));
            let mut page = page(&web, &who, part, &filled);
            let first = page.sections.first().and_then(|section| section.fields.first());
            let first = first.map_or_else(String::new, |field| field.name.clone());
            page.problems.list.insert(0, credentials::overtaken_words("page", &first));
            who.page_with(StatusCode::CONFLICT, &page)
        }
        Err(refusal) => {
            let wrong = credentials::wrong_fields(&refusal);
            if wrong.is_empty() {
                credentials::refuse(&who, &web, &refusal)
            } else {
                again(
                    &wrong.into_iter().fold(filled, |filled, wrong| {
                        filled.wrong(&field_of(part, wrong.field), wrong.problem)
                    }),
                )
            }
        }
    })
}

/// The field of the form that is meant.
fn field_of(part: Part, field: &str) -> String {
    match field {
        "login-banner" => "banner".into(),
        "address-allow" => "allow_list".into(),
        other => {
            let of_it = part.rules().find(|rule| rule.name().starts_with(other));
            of_it.or_else(|| part.rules().next()).map_or_else(String::new, |rule| rule.name())
        }
    }
}

fn read(rule: Rule, form: &Form) -> Result<u32, String> {
    let name = rule.name();
    match rule.range() {
        Range::Flag => Ok(u32::from(form.is_ticked(&name))),
        Range::Choice(list) => {
            let place = list.iter().position(|(value, _)| *value == form.get(&name));
            place.and_then(|place| u32::try_from(place).ok()).ok_or_else(|| "Choose one of these.".into())
        }
        range @ Range::Number { least, most, .. } => {
            let value = form.get(&name).trim().parse().ok().filter(|value| range.holds(*value));
            value.ok_or_else(|| format!("Enter a whole number from {least} to {most}."))
        }
    }
}

/// Makes a change, or shows whom it touches when it touches anybody and that was not seen yet.
async fn change(
    web: &Arc<Web>,
    who: &SignedIn,
    form: &Form,
    wanted: Settings,
    href: &str,
    mut hidden: Vec<(String, String)>,
) -> Result<Response, Refusal> {
    let asked = wanted.clone();
    let rehearse = move |admin: &signin::admin::Admin<'_>, _: &mut dyn signin::dice::Dice| {
        admin.rehearse(&asked).map(signin::admin::Change::told)
    };
    let rehearsal = web.system.plan(&who.by, Hashes::WithDice, &Arc::new(rehearse)).await?.value;
    let seen: u64 = form.get("seen").parse().unwrap_or(0);
    // Whoever saw fewer than there are by now is asked again.
    if rehearsal.touches_anybody() && rehearsal.total() > seen {
        hidden.push(("version".into(), form.get("version").into()));
        hidden.push(("seen".into(), rehearsal.total().to_string()));
        return Ok(who.page(&touched(web, who, &rehearsal, href, hidden)));
    }
    let done = web.system.administer(&who.by, move |admin, _| admin.save_settings(&wanted)).await?;
    drop(done);
    Ok(who.saved(href, Tone::Good, "Saved", "In force from now on."))
}

fn touched(
    web: &Web,
    who: &SignedIn,
    rehearsal: &Rehearsal,
    href: &str,
    hidden: Vec<(String, String)>,
) -> RehearsalPage {
    let people = |count: u64, one: &str, many: &str| {
        if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
    };
    let change = people(rehearsal.must_change.total, "secret must be changed", "secrets must be changed");
    let locked = people(rehearsal.locked.total, "account would be locked", "accounts would be locked");
    let (must_change, would_lock) = (rehearsal.must_change.total > 0, rehearsal.locked.total > 0);
    let title = match (must_change, would_lock) {
        (true, true) => format!("{change}, {locked}"),
        (true, false) => change.clone(),
        (false, _) => locked.clone(),
    };
    let all = || rehearsal.must_change.named.iter().chain(&rehearsal.locked.named);
    let is_locked = rehearsal.locked.named.iter().any(|touched| touched.is_oneself);
    let oneself = match (is_locked, all().any(|touched| touched.is_oneself)) {
        (true, _) => "Your own account is among those that would be locked.",
        (false, true) => "Your own password is among them: you would choose a new one right away.",
        (false, false) => "",
    };
    let groups = [
        (
            must_change,
            change,
            "Passwords of the web are asked for at the next sign-in. Codes and phone passwords go on working until they are \
             replaced: give these people new ones.",
            &rehearsal.must_change,
        ),
        (would_lock, locked, "They cannot sign in until an administrator enables them.", &rehearsal.locked),
    ];
    let unknown = match rehearsal.unknown {
        0 => String::new(),
        1 => "Of one password nobody knows what it is like: it was set by an earlier version.".into(),
        many => format!(
            "Of {many} passwords nobody knows what they are like: they were set by an earlier version."
        ),
    };
    RehearsalPage {
        shell: who.shell(web, Place::Settings),
        title,
        groups: groups
            .into_iter()
            .filter(|(is_shown, ..)| *is_shown)
            .map(|(_, title, about, list)| group(title, about, list))
            .collect(),
        unknown,
        oneself: oneself.into(),
        action: href.into(),
        hidden,
        back: href.into(),
    }
}

fn group(title: String, about: &str, list: &TouchedList) -> TouchedGroup {
    let rows: Vec<TouchedLine> = list
        .named
        .iter()
        .map(|touched| {
            let (role, href) = match (touched.role, touched.owner) {
                (Some(RoleKind::ServiceUser), Owner::Account(id)) => {
                    ("Service user", format!("/manager/administrators/{id}"))
                }
                (Some(RoleKind::User), Owner::Account(id)) => ("User", user_passwords::href(id)),
                (_, Owner::Extension(id)) => ("Extension", format!("/manager/extensions/{id}")),
                (_, Owner::Domain(_)) => ("System", "/manager/settings/switch".into()),
                (None, Owner::Account(_)) => ("", String::new()),
            };
            TouchedLine { href, name: touched.name.to_string(), role: role.into(), why: touched.why.clone() }
        })
        .collect();
    let more = list.total.saturating_sub(u64::try_from(rows.len()).unwrap_or(u64::MAX));
    TouchedGroup { title, about: about.into(), rows, more }
}

/// A preset, or the undoing of the last change.
pub(super) async fn act(
    State(web): State<Arc<Web>>,
    SignedForm(who, form): SignedForm,
) -> Result<Response, Response> {
    let problem = |status, text: String| {
        let problems = Problems::listed(vec![Problem { target: "preset".into(), text }]);
        who.page_with(status, &overview(&web, &who, problems))
    };
    if form.get("do") == "undo" {
        let version = form.get("undo").parse().unwrap_or(0);
        let done = web.system.administer(&who.by, move |admin, _| admin.undo_settings(version)).await;
        return Ok(match done {
            Ok(_) => who.saved(PATH, Tone::Good, "The change is undone", "This can be undone as well."),
            Err(refusal) if credentials::is_overtaken(&refusal) => problem(
                StatusCode::CONFLICT,
                "Somebody changed rules after you had opened this page. The last change is another one now."
                    .into(),
            ),
            Err(refusal) => {
                let wrong = credentials::wrong_fields(&refusal);
                if wrong.is_empty() {
                    credentials::refuse(&who, &web, &refusal)
                } else {
                    let which: Vec<String> = wrong.into_iter().map(|wrong| wrong.problem).collect();
                    let text = format!("Not undone, because rules were changed since. {}", which.join(" "));
                    problem(StatusCode::CONFLICT, text)
                }
            }
        });
    }
    let Some(preset) = Preset::named(form.get("preset")) else {
        return Ok(problem(StatusCode::UNPROCESSABLE_ENTITY, "Choose one of the presets.".into()));
    };
    let mut wanted = preset.apply(&who.known(&web).settings());
    wanted.version = form.get("version").parse().unwrap_or(0);
    let hidden = vec![("do".into(), "preset".into()), ("preset".into(), preset.name().into())];
    Ok(match change(&web, &who, &form, wanted, PATH, hidden).await {
        Ok(answer) => answer,
        Err(refusal) if credentials::is_overtaken(&refusal) => problem(
            StatusCode::CONFLICT,
            "Somebody changed the settings after you had opened this page. Look at them, then choose again."
                .into(),
        ),
        Err(refusal) => credentials::refuse(&who, &web, &refusal),
    })
}
