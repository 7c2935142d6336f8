//! The description of the management interface (OpenAPI 3.1), made from the table of operations and from the types that they
//! read and write. `docs/openapi.json` is the same text; a test holds it to that.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use signin::{preset::Preset, rights::Right};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, HeaderBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder,
    PathItem, PathsBuilder, Ref, RefOr, Required, Response, ResponseBuilder, ResponsesBuilder,
    extensions::ExtensionsBuilder,
    path::{HttpMethod, Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn},
    request_body::RequestBodyBuilder,
    schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type},
    security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    server::ServerBuilder,
    tag::TagBuilder,
};

use super::{
    PREFIX,
    door::Access,
    idempotency::KEY_LEN_MAX,
    problem::{self, Kind},
    secrets,
    table::{Gives, Row, Schemas, rows},
};

const SECURITY: &str = "bearer";

/// What is read at an address of its own, and is not always there.
const MAY_BE_MISSING: [&str; 3] = ["getOwnDraft", "getLastSecurityChange", "getShortCodes"];

const ABOUT: &str = "\
Everything that the pages of the manager can do, for programs.

**Signing in.** Either `POST /session` with the name and the password of a service user: the answer has a token, which is sent \
as `Authorization: Bearer …`. The session counts among the account's with those of browsers. Or an API token, made under \
*Preferences → API tokens* or by `POST /own/tokens`, which is sent the same way.

**Changes.** Whatever can be changed has an `ETag`; a change must say by `If-Match` what it changes (428 without, 412 when it \
was changed meanwhile). A `PUT` gives all that can be chosen, as a `GET` told it.

**Repeating.** A `POST` that makes something may carry an `Idempotency-Key`: for a day, the same request with the same key \
makes it once. Secrets that were generated are in the first answer alone.

**Refusals** are problem documents (RFC 9457). Their `type` leads to an explanation.

**Lists** have `offset` and `limit`; the audit goes by number.";

/// The description as text.
pub fn text() -> String {
    let mut text = description().to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

/// The description.
pub fn description() -> OpenApi {
    let mut schemas: Schemas = Vec::new();
    let mut paths = PathsBuilder::new();
    let mut tags: Vec<&'static str> = Vec::new();
    for row in rows() {
        let tag = tag_of(row.path);
        if !tags.contains(&tag) {
            tags.push(tag);
        }
        let Some(method) = method_of(&row) else { continue };
        paths = paths.path(row.path, PathItem::new(method, operation(&row, &mut schemas)));
    }
    problem_schema(&mut schemas);
    let paths = paths.build();
    debug_assert!(
        schemas.iter().all(|(name, schema)| {
            schemas.iter().all(|(other, another)| name != other || schema == another)
        })
    );
    let schemas = needed(&paths, with_names(schemas.into_iter().collect()));
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("The token of a session, or an API token."))
        .build();
    let license =
        LicenseBuilder::new().name(env!("CARGO_PKG_LICENSE")).identifier(Some(env!("CARGO_PKG_LICENSE")));
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Hookswitch management API")
                .version("1")
                .description(Some(ABOUT))
                .license(Some(license.build())),
        )
        .servers(Some([ServerBuilder::new().url(PREFIX).build()]))
        .paths(paths)
        .components(Some(
            ComponentsBuilder::new()
                .schemas_from_iter(schemas)
                .security_scheme(SECURITY, SecurityScheme::Http(bearer))
                .build(),
        ))
        .security(Some([SecurityRequirement::new(SECURITY, Vec::<String>::new())]))
        .tags(Some(tags.into_iter().map(|tag| TagBuilder::new().name(tag).build())))
        .build()
}

/// The same, each object that stands within a choice of a choice with a name of its own: generators of clients lose those that
/// have none.
fn with_names(mut schemas: BTreeMap<String, RefOr<Schema>>) -> BTreeMap<String, RefOr<Schema>> {
    let mut named = Vec::new();
    for (name, schema) in &mut schemas {
        let RefOr::T(Schema::OneOf(choices)) = schema else { continue };
        for choice in &mut choices.items {
            let RefOr::T(Schema::Object(choice)) = choice else { continue };
            for (field, within) in &mut choice.properties {
                if matches!(within, RefOr::T(Schema::Object(object)) if !object.properties.is_empty()) {
                    let own = format!("{name}{}", in_capitals(field));
                    let reference = RefOr::Ref(Ref::from_schema_name(&own));
                    named.push((own, std::mem::replace(within, reference)));
                }
            }
        }
    }
    schemas.extend(named);
    schemas
}

/// "`TemporaryThenPermanent`" of "temporary-then-permanent".
fn in_capitals(name: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>())
    };
    name.split(['-', '_']).filter_map(word).collect()
}

/// Those that somebody refers to: what is kept with the settings and told nobody has schemas, too.
fn needed(
    paths: &utoipa::openapi::Paths,
    mut schemas: BTreeMap<String, RefOr<Schema>>,
) -> BTreeMap<String, RefOr<Schema>> {
    let told = serde_json::to_string(paths).unwrap_or_default();
    loop {
        let among = serde_json::to_string(&schemas).unwrap_or_default();
        let before = schemas.len();
        schemas.retain(|name, _| {
            let reference = format!("\"#/components/schemas/{name}\"");
            told.contains(&reference) || among.contains(&reference)
        });
        if schemas.len() == before {
            return schemas;
        }
    }
}

fn problem_schema(schemas: &mut Schemas) {
    use utoipa::{PartialSchema as _, ToSchema as _};
    problem::Document::schemas(schemas);
    schemas.push((problem::Document::name().into_owned(), problem::Document::schema()));
}

fn tag_of(path: &'static str) -> &'static str {
    path.split('/').nth(1).unwrap_or_default()
}

fn method_of(row: &Row) -> Option<HttpMethod> {
    match row.method.as_str() {
        "GET" => Some(HttpMethod::Get),
        "POST" => Some(HttpMethod::Post),
        "PUT" => Some(HttpMethod::Put),
        "DELETE" => Some(HttpMethod::Delete),
        _ => None,
    }
}

fn operation(row: &Row, schemas: &mut Schemas) -> Operation {
    let who = match row.access {
        Access::Anyone => "Open to anyone.".to_owned(),
        Access::SignedIn => "Open to whoever is signed in, and to every token.".into(),
        Access::InPerson => "Open to whoever is signed in by name and password; to no token.".into(),
        Access::Detained => {
            "Open to whoever is signed in by name and password, also where a new password must be chosen first.".into()
        }
        Access::Needs(right) => format!("Needs the right `{}`: to {}.", right.row().name, right.title()),
        Access::NeedsWithin(right, within) => format!(
            "Needs the right `{}`: to {}. Whoever administers one domain needs `{}`: to {}.",
            right.row().name,
            right.title(),
            within.row().name,
            within.title()
        ),
    };
    let more = if row.more.is_empty() { who } else { format!("{}\n\n{who}", row.more) };
    let mut operation = OperationBuilder::new()
        .tag(tag_of(row.path))
        .operation_id(Some(row.id))
        .summary(Some(row.summary))
        .description(Some(more));
    if let Some(right) = row.access.right(false) {
        operation = operation.extensions(Some(needs(right)));
    }
    if row.access == Access::Anyone {
        operation = operation.securities(Some(Vec::<SecurityRequirement>::new()));
    }
    for parameter in parameters(row) {
        operation = operation.parameter(parameter);
    }
    if let Some(body) = row.body {
        let content = ContentBuilder::new().schema(Some(body(schemas))).build();
        let body =
            RequestBodyBuilder::new().content("application/json", content).required(Some(Required::True));
        operation = operation.request_body(Some(body.build()));
    }
    operation.responses(responses(row, schemas)).build()
}

fn needs(right: Right) -> utoipa::openapi::extensions::Extensions {
    ExtensionsBuilder::new().add("x-right", right.row().name).build()
}

fn parameters(row: &Row) -> Vec<Parameter> {
    let mut parameters: Vec<Parameter> = row
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| path_parameter(row.path, name))
        .collect();
    if let Some(query) = row.query {
        parameters.extend(query());
    }
    let text = |pattern: &str| ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern));
    if row.is_conditional {
        parameters.push(header(
            "If-Match",
            "The ETag of what is changed, as it was read; `*` for whatever is there.",
            Required::True,
            text("^(\\*|\"[!#-~]*\")$").max_length(Some(200)).examples(["*"]).build(),
        ));
    }
    if matches!(row.gives, Gives::Json(_)) && row.method.as_str() == "GET" {
        parameters.push(header(
            "If-None-Match",
            "An ETag that is known: where nothing has changed since, the answer is 304.",
            Required::False,
            ObjectBuilder::new().schema_type(Type::String).build(),
        ));
    }
    if row.is_idempotent {
        let schema = text("^[!-~]+$").min_length(Some(1)).max_length(Some(KEY_LEN_MAX));
        parameters.push(header(
            "Idempotency-Key",
            "For a day, the same request with the same key makes one thing.",
            Required::False,
            schema.build(),
        ));
    }
    parameters
}

fn header(name: &str, about: &str, required: Required, schema: utoipa::openapi::Object) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .description(Some(about))
        .required(required)
        .schema(Some(Schema::Object(schema)))
        .build()
}

fn path_parameter(path: &str, name: &str) -> Parameter {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let (about, schema) = match name {
        "id" if path.contains("/tokens/") => {
            ("The id of an API token.", text().pattern(Some("^[0-9a-f]{8}$")))
        }
        "kind" => ("The kind of secret.", text().enum_values(Some(secrets::kinds_of_users()))),
        "session" => ("The id of a session.", text().pattern(Some("^[0-9A-Za-z_-]{43}$"))),
        "name" => (
            "The name of a kind of problem.",
            text().enum_values(Some(Kind::ALL.iter().map(|kind| kind.name()))),
        ),
        "preset" => {
            ("The name of a preset.", text().enum_values(Some(Preset::ALL.into_iter().map(Preset::name))))
        }
        "message" => ("The number of the message.", integer(1, 9_007_199_254_740_991)),
        "number" if path.starts_with("/calls/") => {
            ("The number of the call.", integer(1, 9_007_199_254_740_991))
        }
        "number" => ("The number of the row.", integer(1, 9_007_199_254_740_991)),
        "extension" => ("The id of an extension.", integer(0, u32::MAX.into())),
        _ => ("Its id.", integer(0, u32::MAX.into())),
    };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .description(Some(about))
        .required(Required::True)
        .schema(Some(Schema::Object(schema.build())))
        .build()
}

fn integer(minimum: i64, maximum: i64) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(Some(minimum))
        .maximum(Some(maximum))
}

fn responses(row: &Row, schemas: &mut Schemas) -> utoipa::openapi::Responses {
    let mut responses = ResponsesBuilder::new();
    let json = |about: &str, schema: RefOr<Schema>| {
        ResponseBuilder::new()
            .description(about)
            .content("application/json", ContentBuilder::new().schema(Some(schema)).build())
    };
    let any = || RefOr::T(Schema::Object(ObjectBuilder::new().schema_type(Type::Object).build()));
    responses = match row.gives {
        Gives::Json(schema) => responses.response("200", tagged(json("Done.", schema(schemas))).build()),
        Gives::Made(schema) => {
            let location = HeaderBuilder::new()
                .schema(Some(ObjectBuilder::new().schema_type(Type::String).build()))
                .description(Some("Where it is from now on."));
            let made = tagged(json("Made.", schema(schemas))).header("Location", location.build());
            responses.response("201", made.build())
        }
        Gives::Nothing => responses.response("204", ResponseBuilder::new().description("Done.").build()),
        Gives::Lines => {
            let content =
                ContentBuilder::new().schema(Some(ObjectBuilder::new().schema_type(Type::String))).build();
            let lines = ResponseBuilder::new()
                .description("One JSON object a line. An answer that breaks off is not whole.")
                .content("application/x-ndjson", content);
            responses.response("200", lines.build())
        }
        Gives::Description => responses.response("200", json("The description.", any()).build()),
    };
    if matches!(row.gives, Gives::Json(_)) && row.method.as_str() == "GET" {
        responses = responses.response("304", ResponseBuilder::new().description("As it is known.").build());
    }
    for (status, kinds) in refusals(row) {
        responses = responses.response(status.as_str(), refusal(&kinds));
    }
    responses.build()
}

fn tagged(response: ResponseBuilder) -> ResponseBuilder {
    let tag = HeaderBuilder::new()
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).build()))
        .description(Some("Names this state, for If-Match and If-None-Match."));
    response.header("ETag", tag.build())
}

fn refusal(kinds: &[Kind]) -> Response {
    let about: Vec<String> =
        kinds.iter().map(|kind| format!("{} (`{}`).", kind.title(), kind.name())).collect();
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    ResponseBuilder::new().description(about.join(" ")).content(problem::MEDIA_TYPE, content).build()
}

/// Every refusal that an operation can answer, by status.
fn refusals(row: &Row) -> BTreeMap<StatusCode, Vec<Kind>> {
    let mut kinds: Vec<Kind> = Vec::new();
    match row.access {
        Access::Anyone => {}
        Access::SignedIn => kinds.extend([Kind::NewPasswordFirst]),
        Access::InPerson => kinds.extend([Kind::NewPasswordFirst, Kind::NeverAllowed]),
        Access::Detained => kinds.extend([Kind::NeverAllowed]),
        Access::Needs(_) | Access::NeedsWithin(..) => kinds.extend([Kind::NewPasswordFirst, Kind::NoRight]),
    }
    if row.access != Access::Anyone {
        kinds.extend([Kind::SignInFirst, Kind::Refused, Kind::Wait, Kind::Unavailable]);
    }
    if row.is_attempt {
        kinds.extend([Kind::Refused, Kind::Wait, Kind::Unavailable]);
    }
    if row.id == "signIn" {
        kinds.extend([Kind::SignInFirst, Kind::TooManySessions]);
    }
    let is_change = row.method.as_str() != "GET";
    if is_change && row.access != Access::Anyone {
        kinds.extend([Kind::NoRight, Kind::NeverAllowed]);
    }
    if row.path.contains('{') || MAY_BE_MISSING.contains(&row.id) {
        kinds.push(Kind::NotFound);
    } else if is_change && row.access != Access::Anyone {
        // Deleted by somebody else meanwhile.
        kinds.push(Kind::NotFound);
    }
    if row.query.is_some() {
        kinds.push(Kind::Malformed);
    }
    if row.body.is_some() {
        kinds.extend([Kind::Malformed, Kind::TooLarge, Kind::WrongMediaType, Kind::WrongFields]);
    }
    if row.id == "undoLastSecurityChange" {
        // A rule was changed since.
        kinds.push(Kind::WrongFields);
    }
    if row.is_conditional {
        kinds.extend([Kind::ChangedMeanwhile, Kind::VersionNeeded]);
    }
    if row.is_idempotent {
        kinds.extend([Kind::InProgress, Kind::KeyUsedBefore]);
    }
    let mut by_status: BTreeMap<StatusCode, Vec<Kind>> = BTreeMap::new();
    for kind in Kind::ALL.iter().copied().filter(|kind| kinds.contains(kind)) {
        by_status.entry(kind.status()).or_default().push(kind);
    }
    by_status
}
