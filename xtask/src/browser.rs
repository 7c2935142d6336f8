//! Pages in a real browser (`browser/`).

use crate::program::Program;
use crate::workspace::Workspace;

/// Builds the product, then runs the tests.
pub(crate) fn run(workspace: &Workspace, playwright: &[String]) -> anyhow::Result<()> {
    playwright_of(workspace)?.args(["--project=tests"]).args(playwright).run()
}

/// Takes the pictures in `docs/screenshots/` again.
pub(crate) fn take_screenshots(workspace: &Workspace) -> anyhow::Result<()> {
    playwright_of(workspace)?.env("HOOKSWITCH_SCREENSHOTS", "yes").args(["--project=screenshots"]).run()
}

fn playwright_of(workspace: &Workspace) -> anyhow::Result<Program> {
    let binary = workspace.build_product()?;
    Ok(Program::new("npx")
        .dir(&workspace.root().join("browser"))
        .env("HOOKSWITCH_BINARY", binary)
        .env("HOOKSWITCH_PYTHON", workspace.python())
        .args(["--no", "playwright", "test"]))
}
