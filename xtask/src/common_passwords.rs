//! Makes the filter of passwords that attackers try first, of published lists. Where they come from is in
//! docs/security-settings.md.

use std::{collections::BTreeSet, path::PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use signin::credential::blocklist::{LISTED_MIN, filter, folded};

use crate::workspace::Workspace;

/// Bits for each password: of a thousand good ones, less than one is refused for nothing.
const BITS_EACH: usize = 17;

/// Which lists.
#[derive(Args)]
pub(crate) struct Plan {
    /// Lists, one password a line
    #[arg(required = true)]
    lists: Vec<PathBuf>,
}

/// Makes it.
pub(crate) fn run(workspace: &Workspace, plan: &Plan) -> Result<()> {
    let mut all = BTreeSet::new();
    for list in &plan.lists {
        let bytes = std::fs::read(list).with_context(|| format!("cannot read {}", list.display()))?;
        let text = String::from_utf8_lossy(&bytes);
        let long = text.lines().map(folded).filter(|line| line.chars().count() >= LISTED_MIN);
        all.extend(long);
        println!("{}: {} different ones so far", list.display(), all.len());
    }
    let bytes = all.len().saturating_mul(BITS_EACH).div_ceil(8);
    let path = workspace.root().join("crates/signin/src/credential/common-passwords.bloom");
    std::fs::write(&path, filter(bytes, all.iter().map(String::as_str)))?;
    println!("{} passwords, {bytes} bytes: {}", all.len(), path.display());
    Ok(())
}
