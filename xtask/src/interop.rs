//! Real phones against a registrar (`interop/`).

use clap::ValueEnum;

use crate::program::Program;
use crate::workspace::Workspace;

/// Which registrar the phones meet.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Registrar {
    /// The product
    Hookswitch,
    /// Another one, to prove the phones' drivers and the scenarios
    Kamailio,
}

/// Files of tests beside each other. They wait for phones more than for the machine, and each has ports and folders of its own.
pub(crate) const BESIDE: [&str; 2] = ["--numprocesses=4", "--dist=loadfile"];

/// Builds the product if it is the one to test, then runs the tests.
pub(crate) fn run(workspace: &Workspace, against: Registrar, pytest: &[String]) -> anyhow::Result<()> {
    let program = Program::new(workspace.python())
        .dir(&workspace.root().join("interop"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .args(["-m", "pytest"]);
    let program = match against {
        Registrar::Hookswitch => {
            let binary = workspace.build_product()?;
            // In one word: pytest would take the path by itself for the place of its tests.
            program.args(["--registrar=hookswitch".to_owned(), format!("--binary={}", binary.display())])
        }
        Registrar::Kamailio => program.args(["--registrar=kamailio"]),
    };
    program.args(pytest).run()
}
