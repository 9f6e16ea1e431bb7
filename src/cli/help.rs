//! The command line as a whole: commands grouped by what one wants to do.

use std::fmt::Write as _;

use clap::{Command, CommandFactory as _};

use super::args::Args;

/// What one wants to do, and the commands for it.
const GROUPS: [(&str, &[&str]); 6] = [
    (
        "Record what a program calls",
        &["record", "docker", "podman", "import", "setup", "wrap"],
    ),
    (
        "Make a profile of recordings",
        &["merge", "list", "generate", "export"],
    ),
    ("Run under a profile", &["verify", "inspect"]),
    (
        "Judge a profile",
        &["diff", "check", "lint", "explain", "report", "ci"],
    ),
    ("Know this machine", &["doctor", "floor"]),
    ("Package callsieve", &["completions", "man"]),
];

/// Whatever stands in no group.
const OTHERS: &str = "More";

/// All arguments, with a help that lists commands by group.
pub(crate) fn command() -> Command {
    let command = Args::command();
    let mut commands = String::new();
    let visible = || command.get_subcommands().filter(|it| !it.is_hide_set());
    let grouped = |name: &str| GROUPS.iter().any(|(_, names)| names.contains(&name));
    let others: Vec<&str> = visible()
        .map(Command::get_name)
        .filter(|name| !grouped(name))
        .collect();
    for (title, names) in GROUPS.into_iter().chain([(OTHERS, others.as_slice())]) {
        let named = |name: &&str| visible().find(|it| it.get_name() == *name);
        let found: Vec<&Command> = names.iter().filter_map(named).collect();
        if found.is_empty() {
            continue;
        }
        // Writing to a string does not fail.
        let _infallible = writeln!(commands, "\x1b[1m\x1b[4m{title}:\x1b[0m");
        for it in found {
            let (name, about) = (it.get_name(), it.get_about());
            let about = about.map(ToString::to_string).unwrap_or_default();
            let _infallible = writeln!(commands, "  \x1b[1m{name:<11}\x1b[0m  {about}");
        }
        commands.push('\n');
    }
    command.help_template(format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{commands}\x1b[1m\x1b[4mOptions:\x1b[0m\n{{options}}{{after-help}}"
    ))
}

#[cfg(test)]
mod tests {
    use clap::FromArgMatches as _;

    use super::*;

    #[test]
    fn it_fits_together() {
        command().debug_assert();
    }

    #[test]
    fn every_command_is_in_a_group_and_has_one_line() {
        let all = command();
        for it in all.get_subcommands().filter(|it| !it.is_hide_set()) {
            let name = it.get_name();
            let groups = GROUPS.iter().filter(|(_, names)| names.contains(&name));
            assert_eq!(groups.count(), 1, "`{name}` is in one group of cli/help.rs");
            let about = it.get_about().unwrap().to_string();
            assert!(about.len() <= 65, "{name}: {about}");
            assert!(!about.ends_with('.'), "{name}: {about}");
        }
    }

    /// Words as a shell splits them, up to where its own begins: a pipe, a redirection.
    fn words(line: &str) -> Vec<String> {
        let mut words = vec![String::new()];
        let mut quote = None;
        for c in line.chars() {
            match (quote, c) {
                (Some(open), c) if open == c => quote = None,
                (None, '\'' | '"') => quote = Some(c),
                (None, ' ') => words.push(String::new()),
                (None, '|' | '>' | ')' | ';' | '&') => break,
                (_, c) => words.last_mut().unwrap().push(c),
            }
        }
        words.retain(|word| !word.is_empty());
        words
    }

    fn every_command(command: &Command) -> Vec<&Command> {
        let below = command.get_subcommands().filter(|it| !it.is_hide_set());
        let mut all = vec![command];
        all.extend(below.flat_map(every_command));
        all
    }

    #[test]
    fn every_command_has_examples_that_can_be_typed() {
        let root = command();
        for it in every_command(&root) {
            let name = it.get_name();
            let help = it
                .get_after_help()
                .unwrap_or_else(|| panic!("{name} has no examples"));
            let help = help.to_string();
            let lines: Vec<&str> = help.strip_prefix("Examples:\n").unwrap().lines().collect();
            let own = lines.iter().filter(|line| line.contains("callsieve "));
            assert!(own.count() >= 2, "{name} has too few examples");
            for line in lines {
                assert!(
                    line.len() <= 80,
                    "{name}: `{line}` is longer than 80 columns"
                );
                // What goes with it may call others.
                let Some(at) = line.find("callsieve ") else {
                    continue;
                };
                let matches = root
                    .clone()
                    .try_get_matches_from(words(line.get(at..).unwrap()));
                let parsed = matches.and_then(|it| Args::from_arg_matches(&it));
                parsed.unwrap_or_else(|error| panic!("{name}: `{line}`: {error}"));
                let of_it = line.contains(&format!(" {name} ")) || line.ends_with(name);
                assert!(
                    of_it || name == "callsieve" || it.has_subcommands(),
                    "{name}: `{line}`"
                );
            }
        }
    }
}
