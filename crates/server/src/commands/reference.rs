//! The reference of all commands, generated: `docs/commands.md`.

use clap::{Command, CommandFactory};

use super::Cli;

/// Columns of the page's blocks.
const WIDTH: usize = 96;

/// The page, as it must be.
pub fn page() -> String {
    let mut page = String::from(
        "# Commands\n\n\
         <!-- Generated from the program itself. After a change: BLESS=1 cargo test -p server the_page_of_commands -->\n\n\
         Every command is described by `hookswitch help …` in the same words.\n",
    );
    let mut command = Cli::command().term_width(WIDTH);
    command.build();
    section(&command, "", &mut page);
    page
}

fn section(command: &Command, before: &str, page: &mut String) {
    let name = if before.is_empty() {
        command.get_name().to_owned()
    } else {
        format!("{before} {}", command.get_name())
    };
    // The options that every command has are said once, at the top.
    let mut shown = command.clone().bin_name(&name).term_width(WIDTH);
    if !before.is_empty() {
        shown = shown.mut_args(|arg| if arg.is_global_set() { arg.hide(true) } else { arg });
    }
    let help = shown.render_long_help().to_string();
    let lines: Vec<&str> = help.trim_end().lines().map(str::trim_end).collect();
    page.push_str(&format!("\n## {name}\n\n```text\n{}\n```\n", lines.join("\n")));
    for subcommand in command.get_subcommands().filter(|subcommand| subcommand.get_name() != "help") {
        section(subcommand, &name, page);
    }
}
