//! Where things are in this work tree.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::program::Program;

/// The work tree that this program was built from.
pub(crate) struct Workspace {
    root: PathBuf,
}

impl Workspace {
    pub(crate) fn find() -> anyhow::Result<Self> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = here.parent().context("xtask is not inside a work tree")?.to_path_buf();
        Ok(Self { root })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Tools that setup installs; never committed.
    pub(crate) fn tools(&self) -> PathBuf {
        self.root.join(".tools")
    }

    /// The Python that has the packages of `interop/requirements.txt`.
    pub(crate) fn python(&self) -> PathBuf {
        self.tools().join("venv/bin/python")
    }

    /// Where cargo puts a program of this profile (`debug` or `release`).
    pub(crate) fn built(&self, profile: &str, name: &str) -> PathBuf {
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| self.root.join("target"), PathBuf::from);
        target.join(profile).join(name)
    }

    /// Builds the product as it is while one works on it, and what is let loose on it; where the product is then.
    pub(crate) fn build_product(&self) -> anyhow::Result<PathBuf> {
        // With the features of a test, even if it is the smallest: without any, or package by package, the libraries would
        // have fewer of them, and be built once more.
        self.cargo().args(["build", "--locked", "--workspace", "--bins", "--test", "tidy"]).run()?;
        Ok(self.built("debug", "hookswitch"))
    }

    /// The cargo that runs us, at the root.
    pub(crate) fn cargo(&self) -> Program {
        Program::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into())).dir(&self.root)
    }
}
