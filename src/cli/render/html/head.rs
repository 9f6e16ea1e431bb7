//! What a page is about, and what it may do.

use std::fmt::Write as _;

use maud::{Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use super::words::{cut, date};
use crate::cli::report::Report;

/// The one block of style.
const STYLE: &str = include_str!("style.css");

/// The head, with a policy under which nothing but that block has an effect: no script, no image,
/// no font, no frame, no form, nothing from anywhere.
pub(super) fn head(report: &Report) -> Markup {
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        base64(&Sha256::digest(STYLE.as_bytes()))
    );
    html! {
        head {
            meta charset="utf-8";
            meta http-equiv="Content-Security-Policy" content=(policy);
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            meta name="referrer" content="no-referrer";
            meta name="generator" content={ "callsieve " (env!("CARGO_PKG_VERSION")) };
            title { "System calls of " (cut(&report.title)) }
            style { (PreEscaped(STYLE)) }
        }
    }
}

/// Title, inputs and circumstances.
pub(super) fn header(report: &Report) -> Markup {
    let (runs, more) = &report.runs;
    html! {
        header {
            h1 { "System calls of " span { (cut(&report.title)) } }
            dl {
                div {
                    dt { @if runs.len() + more == 1 { "Recording" } @else { "Recordings" } }
                    @for run in runs { dd { (cut(run)) } }
                    @if *more > 0 { dd { "and " (more) " more" } }
                }
                @if let Some(profile) = &report.profile {
                    div { dt { "Profile" } dd { code { (cut(profile)) } } }
                }
                @if let Some(against) = &report.against {
                    div { dt { "Compared with" } dd { code { (cut(against)) } } }
                }
                div { dt { "Container" } dd { (cut(&report.container)) } }
                div { dt { "Docker's default" } dd { (report.default) } }
                @if let Some(made) = report.made {
                    div { dt { "Made" } dd { (date(made)) } }
                }
            }
        }
    }
}

/// What is to be kept in mind.
pub(super) fn footer(_report: &Report) -> Markup {
    html! {
        footer {
            p {
                "A recording is a sample. What the workload did not exercise (a reload, an error, a health "
                "check from outside) is not on this page, and a profile for one architecture says nothing of "
                "another. Classes of risk are for ordering lists; nothing is allowed or refused by them."
            }
            p { "callsieve " (env!("CARGO_PKG_VERSION")) }
        }
    }
}

/// Base64 with padding, RFC 4648 section 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or_default());
        let word = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4_usize {
            let digit = usize::try_from(word >> (18 - 6 * at) & 63).unwrap_or_default();
            let digit = DIGITS.get(digit).copied().unwrap_or(b'=');
            let digit = if at > chunk.len() { b'=' } else { digit };
            // Writing to a string does not fail.
            let _infallible = text.write_char(char::from(digit));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_the_standard() {
        for (bytes, expected) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(bytes.as_bytes()), expected);
        }
    }

    #[test]
    fn the_style_can_not_end_itself() {
        assert!(!STYLE.contains('<') && STYLE.is_ascii());
    }
}
