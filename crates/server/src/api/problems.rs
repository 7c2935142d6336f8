//! What the types of problem documents lead to: each kind explained.

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    answer::Answer,
    problem::{Kind, Problem, TYPES},
    request::Path,
};

/// A kind of problem.
#[derive(Serialize, ToSchema)]
pub(super) struct ProblemKind {
    /// Its type, as it stands in problem documents.
    #[serde(rename = "type")]
    #[schema(max_length = 100, examples("/api/v1/problems/wrong-fields"))]
    kind: String,
    /// In words.
    title: &'static str,
    /// The status that it is told with.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What it means and what helps.
    remedy: &'static str,
}

/// The kinds of problem.
#[derive(Serialize, ToSchema)]
pub(super) struct ProblemKinds {
    /// All of them.
    items: Vec<ProblemKind>,
}

fn view(kind: Kind) -> ProblemKind {
    ProblemKind {
        kind: format!("{TYPES}{}", kind.name()),
        title: kind.title(),
        status: kind.status().as_u16(),
        remedy: kind.remedy(),
    }
}

pub(super) async fn list() -> Result<Answer, Problem> {
    Answer::json(&ProblemKinds { items: Kind::ALL.iter().copied().map(view).collect() })
}

pub(super) async fn show(Path(name): Path<String>) -> Result<Answer, Problem> {
    let kind = Kind::ALL.iter().copied().find(|kind| kind.name() == name);
    Answer::json(&view(kind.ok_or_else(|| Problem::of(Kind::NotFound))?))
}
