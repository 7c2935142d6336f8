//! Pages in a real browser (`browser/`).

use crate::program::Program;
use crate::workspace::Workspace;

/// Builds the product, then runs the tests.
pub(crate) fn run(workspace: &Workspace, playwright: &[String]) -> anyhow::Result<()> {
    let binary = workspace.build_product()?;
    Program::new("npx")
        .dir(&workspace.root().join("browser"))
        .env("HOOKSWITCH_BINARY", binary)
        .args(["--no", "playwright", "test"])
        .args(playwright)
        .run()
}
