//! Manual pages of all commands.

use std::io;

use clap::Command;
use clap_mangen::Man;

/// A page.
#[derive(Debug)]
pub(crate) struct Page {
    /// The name of its file.
    pub(crate) name: String,
    /// What stands in it, for troff.
    pub(crate) text: String,
}

/// One for the program, one for each command that is shown, one for each of its own commands.
pub(crate) fn pages(mut root: Command) -> Vec<Page> {
    root = root.disable_help_subcommand(true);
    root.build();
    let mut pages = Vec::new();
    let mut rest = vec![root];
    while let Some(command) = rest.pop() {
        let shown = |it: &&Command| !it.is_hide_set() && it.get_name() != "help";
        rest.extend(command.get_subcommands().filter(shown).cloned());
        let name = command
            .get_display_name()
            .unwrap_or_else(|| command.get_name())
            .to_owned();
        pages.push(page(command, &name));
    }
    pages
}

fn page(command: Command, name: &str) -> Page {
    let examples = command.get_after_help().map(ToString::to_string);
    let parent = command.has_subcommands();
    let man = Man::new(command)
        .title(name)
        .source(concat!("callsieve ", env!("CARGO_PKG_VERSION")));
    let mut text = Vec::new();
    // Writing to memory does not fail.
    let _infallible = sections(&man, parent, &mut text);
    let mut text = String::from_utf8_lossy(&text).into_owned();
    if let Some(lines) = examples
        .as_deref()
        .and_then(|it| it.strip_prefix("Examples:\n"))
    {
        text.push_str(".SH EXAMPLES\n.nf\n");
        for line in lines.lines() {
            text.push_str(&escaped(line.trim_start()));
            text.push('\n');
        }
        text.push_str(".fi\n");
    }
    Page {
        name: format!("{name}.1"),
        text,
    }
}

fn sections(man: &Man, parent: bool, text: &mut Vec<u8>) -> io::Result<()> {
    man.render_title(text)?;
    man.render_name_section(text)?;
    man.render_synopsis_section(text)?;
    man.render_description_section(text)?;
    man.render_options_section(text)?;
    if parent {
        man.render_subcommands_section(text)?;
    }
    Ok(())
}

/// A line as it is, whatever means something to troff.
fn escaped(line: &str) -> String {
    let mut text = String::new();
    // A line that begins with these is a request.
    if line.starts_with(['.', '\'']) {
        text.push_str("\\&");
    }
    for c in line.chars() {
        match c {
            '\\' => text.push_str("\\e"),
            '-' => text.push_str("\\-"),
            '\'' => text.push_str("\\(aq"),
            '`' => text.push_str("\\(ga"),
            c => text.push(c),
        }
    }
    text
}
