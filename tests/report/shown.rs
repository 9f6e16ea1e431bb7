//! A page as HTML reads it, with the rules that every page keeps.

use std::collections::{BTreeMap, BTreeSet};

use html5gum::{Token, Tokenizer};
use sha2::{Digest as _, Sha256};

/// Elements that have no end.
const VOID: [&str; 2] = ["meta", "br"];

/// What is told of a page that keeps the rules.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    /// All text outside of the style.
    pub(crate) text: String,
    /// The values of `title` attributes.
    pub(crate) titles: Vec<String>,
    /// How many of each element there are.
    pub(crate) count: BTreeMap<String, usize>,
    /// Texts of headings.
    pub(crate) headings: Vec<String>,
}

/// Reads a page. Fails where HTML would forgive an error, an element is left open, or something is
/// in it that does more than show.
pub(crate) fn read(page: &str) -> Shown {
    let mut shown = Shown::default();
    let mut open: Vec<(String, BTreeMap<String, String>)> = Vec::new();
    let (mut ids, mut targets) = (BTreeSet::new(), BTreeSet::new());
    let (mut style, mut policy) = (String::new(), String::new());
    for token in Tokenizer::new(page) {
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) => {
                let name = text(&tag.name);
                let attributes: BTreeMap<String, String> = tag
                    .attributes
                    .iter()
                    .map(|(key, value)| (text(key), text(value)))
                    .collect();
                check(&name, &attributes, &mut ids, &mut targets);
                if attributes.contains_key("http-equiv") {
                    policy.clone_from(&attributes["content"]);
                }
                shown.titles.extend(attributes.get("title").cloned());
                *shown.count.entry(name.clone()).or_default() += 1;
                if matches!(name.as_str(), "h1" | "h2" | "h3") {
                    shown.headings.push(String::new());
                }
                if !VOID.contains(&name.as_str()) {
                    open.push((name, attributes));
                }
            }
            Token::EndTag(tag) => {
                let (name, _) = open.pop().expect("an element to end");
                assert_eq!(name, text(&tag.name), "elements end in their order");
            }
            Token::String(string) => {
                let string = text(&string);
                let inside = |name: &str| open.iter().any(|(known, _)| known == name);
                if inside("style") {
                    style.push_str(&string);
                } else {
                    if ["h1", "h2", "h3"].iter().any(|name| inside(name)) {
                        shown.headings.last_mut().unwrap().push_str(&string);
                    }
                    shown.text.push_str(&string);
                    shown.text.push('\u{1f}');
                }
            }
            Token::Doctype(_) => {}
            Token::Comment(comment) => panic!("{:?}", text(&comment)),
            Token::Error(error) => panic!("{error:?}"),
        }
    }
    assert!(open.is_empty(), "{open:?} are not ended");
    let missing: Vec<&String> = targets.difference(&ids).collect();
    assert!(missing.is_empty(), "links lead nowhere: {missing:?}");
    assert_eq!(
        policy,
        format!(
            "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
            base64(&Sha256::digest(style.as_bytes()))
        )
    );
    assert_eq!(shown.count["h1"], 1);
    assert_eq!(shown.count["style"], 1);
    assert!(page.starts_with("<!DOCTYPE html><html lang=\"en\">"));
    shown
}

/// What an element may be and have.
fn check(
    name: &str,
    attributes: &BTreeMap<String, String>,
    ids: &mut BTreeSet<String>,
    targets: &mut BTreeSet<String>,
) {
    const FORBIDDEN: [&str; 14] = [
        "script",
        "iframe",
        "object",
        "embed",
        "form",
        "input",
        "button",
        "link",
        "base",
        "img",
        "video",
        "audio",
        "foreignobject",
        "use",
    ];
    assert!(!FORBIDDEN.contains(&name), "<{name}>");
    for (key, value) in attributes {
        assert!(
            !key.starts_with("on") && key != "style" && key != "src",
            "{key}={value}"
        );
        if key == "href" {
            let target = value.strip_prefix('#').expect("a link within the page");
            targets.insert(target.to_owned());
        }
        if key == "id" {
            assert!(ids.insert(value.clone()), "two elements are called {value}");
        }
        if key == "aria-labelledby" {
            targets.extend(value.split(' ').map(ToOwned::to_owned));
        }
    }
    let has = |key: &str| attributes.contains_key(key);
    match name {
        "th" => assert!(has("scope")),
        "svg" => assert!(has("aria-hidden") || (has("role") && has("aria-labelledby"))),
        "i" => assert!(
            has("aria-hidden"),
            "a symbol is for eyes; words stand beside it"
        ),
        _ => {}
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits: Vec<char> = bytes
        .iter()
        .flat_map(|byte| format!("{byte:08b}").chars().collect::<Vec<_>>())
        .collect();
    let mut text: String = bits
        .chunks(6)
        .map(|six| {
            let six: String = six.iter().collect();
            let digit = usize::from_str_radix(&format!("{six:0<6}"), 2).unwrap();
            char::from(DIGITS[digit])
        })
        .collect();
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}
