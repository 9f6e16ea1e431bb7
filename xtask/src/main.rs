//! Tasks of the repository that are not part of the product.

mod codegen;

use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask codegen syscalls DIR\n\
    DIR is an unpacked linux-libc-dev package of Debian (7.0 or later has every architecture)";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let report = match *words.as_slice() {
        ["codegen", "syscalls", headers] => codegen::syscalls(Path::new(headers)),
        _ => Err(USAGE.to_owned()),
    };
    match report {
        Ok(text) => say(&text, ExitCode::SUCCESS),
        Err(text) => say(&format!("error: {text}"), ExitCode::from(2)),
    }
}

#[expect(clippy::print_stderr, reason = "a task talks to whoever runs it")]
fn say(text: &str, code: ExitCode) -> ExitCode {
    eprintln!("{text}");
    code
}
