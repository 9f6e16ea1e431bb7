//! Members of JSON objects, set and removed in the text: people's white space and order stay. What
//! was done is proved by reading both texts.

use jsonc_parser::ast::{Object, ObjectProp, Value};
use jsonc_parser::common::Ranged as _;
use jsonc_parser::{CollectOptions, ParseOptions};
use serde_json::Value as Json;

use crate::cli::error::CommandError;

/// Sets what stands at a path of members. Objects on the way are made where there are none.
pub(super) fn set(text: &str, path: &[&str], value: &Json) -> Result<String, CommandError> {
    let mut expected = read(text)?;
    place(&mut expected, path, value)?;
    let edited = within(text, |root| set_in(text, root, path, value))?;
    proved(edited, &expected)
}

/// Removes what stands at a path, and objects that are empty then but for the outermost one.
pub(super) fn remove(text: &str, path: &[&str]) -> Result<String, CommandError> {
    let mut expected = read(text)?;
    take(&mut expected, path);
    let edited = within(text, |root| remove_in(text, root, path))?;
    proved(edited, &expected)
}

/// The text as a value, which must be an object.
pub(super) fn read(text: &str) -> Result<Json, CommandError> {
    let value: Json = serde_json::from_str(text)
        .map_err(|error| CommandError::user(format!("it is no JSON: {error}")))?;
    if value.is_object() {
        Ok(value)
    } else {
        Err(CommandError::user("it is no JSON object"))
    }
}

fn not_edited() -> CommandError {
    CommandError::user("its text can't be changed safely")
}

fn proved(edited: String, expected: &Json) -> Result<String, CommandError> {
    if read(&edited).is_ok_and(|found| found == *expected) {
        Ok(edited)
    } else {
        Err(not_edited())
    }
}

fn place(root: &mut Json, path: &[&str], value: &Json) -> Result<(), CommandError> {
    let Some((name, rest)) = path.split_first() else {
        *root = value.clone();
        return Ok(());
    };
    let object = root
        .as_object_mut()
        .ok_or_else(|| CommandError::user("a value stands where an object is expected"))?;
    let member = object
        .entry(*name)
        .or_insert_with(|| Json::Object(serde_json::Map::new()));
    place(member, rest, value)
}

fn take(root: &mut Json, path: &[&str]) {
    let (Some(object), Some((name, rest))) = (root.as_object_mut(), path.split_first()) else {
        return;
    };
    if rest.is_empty() {
        object.remove(*name);
    } else if let Some(member) = object.get_mut(*name) {
        take(member, rest);
        if member.as_object().is_some_and(serde_json::Map::is_empty) {
            object.remove(*name);
        }
    }
}

/// Runs an edit on the syntax tree.
fn within(
    text: &str,
    edit: impl Fn(&Object<'_>) -> Option<String>,
) -> Result<String, CommandError> {
    // What the tree takes beyond JSON was refused before.
    let options = ParseOptions::default();
    let tree = jsonc_parser::parse_to_ast(text, &CollectOptions::default(), &options)
        .map_err(|_error| not_edited())?;
    match tree.value {
        Some(Value::Object(root)) => edit(&root).ok_or_else(not_edited),
        _ => Err(not_edited()),
    }
}

fn member<'a, 'b>(object: &'b Object<'a>, name: &str) -> Option<&'b ObjectProp<'a>> {
    object.properties.iter().find(|it| it.name.as_str() == name)
}

fn set_in(text: &str, object: &Object<'_>, path: &[&str], value: &Json) -> Option<String> {
    let (name, rest) = path.split_first()?;
    if let Some(found) = member(object, name) {
        return match (&found.value, rest) {
            (Value::Object(inner), [_, ..]) => set_in(text, inner, rest, value),
            (old, _) => {
                let (start, end) = (old.start(), old.end());
                let new = rendered(value, indent(text, found.start()).as_deref());
                Some(format!("{}{new}{}", text.get(..start)?, text.get(end..)?))
            }
        };
    }
    let nested = rest.iter().rev().fold(value.clone(), |inner, name| {
        Json::Object([((*name).to_owned(), inner)].into_iter().collect())
    });
    let key = Json::from(*name);
    if let Some(last) = object.properties.last() {
        let (start, end) = (last.start(), last.end());
        let space = indent(text, start).map_or_else(|| " ".to_owned(), |it| format!("\n{it}"));
        let new = rendered(&nested, indent(text, start).as_deref());
        let (before, after) = (text.get(..end)?, text.get(end..)?);
        return Some(format!("{before},{space}{key}: {new}{after}"));
    }
    let outer = line_indent(text, object.start());
    let inner = format!("{outer}  ");
    let new = rendered(&nested, Some(&inner));
    let (before, after) = (text.get(..=object.start())?, text.get(object.end() - 1..)?);
    Some(format!("{before}\n{inner}{key}: {new}\n{outer}{after}"))
}

fn remove_in(text: &str, object: &Object<'_>, path: &[&str]) -> Option<String> {
    let (name, rest) = path.split_first()?;
    let at = object
        .properties
        .iter()
        .position(|it| it.name.as_str() == *name);
    let Some(at) = at else {
        return Some(text.to_owned());
    };
    let found = object.properties.get(at)?;
    if let (Value::Object(inner), [_, ..]) = (&found.value, rest) {
        let lone =
            matches!(rest, [only] if member(inner, only).is_some() && inner.properties.len() == 1);
        if !lone && !inner.properties.is_empty() {
            return remove_in(text, inner, rest);
        }
    } else if !rest.is_empty() {
        return Some(text.to_owned());
    }
    let before = at.checked_sub(1).and_then(|at| object.properties.get(at));
    let (from, to) = match (before, object.properties.get(at + 1)) {
        (_, Some(next)) => (found.start(), next.start()),
        (Some(before), None) => (before.end(), found.end()),
        (None, None) => (object.start() + 1, object.end() - 1),
    };
    Some(format!("{}{}", text.get(..from)?, text.get(to..)?))
}

/// The white space in front of what begins a line; none if it does not begin one.
fn indent(text: &str, at: usize) -> Option<String> {
    let before = text.get(..at)?;
    let blank = before
        .rsplit('\n')
        .next()
        .filter(|_| before.contains('\n'))?;
    blank
        .chars()
        .all(char::is_whitespace)
        .then(|| blank.to_owned())
}

/// The white space at the begin of the line in which something stands.
fn line_indent(text: &str, at: usize) -> String {
    let line = text.get(..at).unwrap_or_default().rsplit('\n').next();
    line.unwrap_or_default()
        .chars()
        .take_while(|c| matches!(c, ' ' | '\t'))
        .collect()
}

/// A value on lines of its own where the object has its members on lines.
fn rendered(value: &Json, indent: Option<&str>) -> String {
    match indent {
        Some(indent) => {
            let text = serde_json::to_string_pretty(value).unwrap_or_default();
            text.replace('\n', &format!("\n{indent}"))
        }
        None => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const PATH: [&str; 2] = ["runtimes", "callsieve"];

    #[test]
    fn what_is_set_and_removed_leaves_the_rest() {
        for text in [
            "{}",
            "{\"a\": 1}",
            "{\"a\": {}, \"runtimes\": {\"x\": {\"path\": \"y\"}}}",
            "{\n  \"a\": [1,\n2],\n\n  \"b\" : 1.50\n}\n",
            "{\n\t\"runtimes\": {\n\t\t\"nvidia\": {\"path\": \"/n\"}\n\t},\n\t\"z\": \"}\\\"{\"\n}\n",
            "  {\r\n  \"a\": 1\r\n}\r\n",
        ] {
            let value = json!({ "path": "/opt/callsieve", "runtimeArgs": ["oci-runtime", "--"] });
            let with = set(text, &PATH, &value).unwrap();
            assert_eq!(
                read(&with).unwrap().pointer("/runtimes/callsieve"),
                Some(&value)
            );
            assert_eq!(set(&with, &PATH, &value).unwrap(), with, "{text}");
            assert_eq!(remove(&with, &PATH).unwrap(), text, "{with}");
            assert_eq!(remove(text, &PATH).unwrap(), text);
            let other = set(&with, &PATH, &json!({ "path": "/other" })).unwrap();
            assert_eq!(remove(&other, &PATH).unwrap(), text);
        }
    }

    #[test]
    fn lines_as_the_file_has_them() {
        let value = json!({ "path": "/c" });
        let check =
            |text: &str, expected: &str| assert_eq!(set(text, &PATH, &value).unwrap(), expected);
        check(
            "{}\n",
            "{\n  \"runtimes\": {\n    \"callsieve\": {\n      \"path\": \"/c\"\n    }\n  }\n}\n",
        );
        check(
            "{\"a\": 1}",
            "{\"a\": 1, \"runtimes\": {\"callsieve\":{\"path\":\"/c\"}}}",
        );
        check(
            "{\n  \"runtimes\": {}\n}",
            "{\n  \"runtimes\": {\n    \"callsieve\": {\n      \"path\": \"/c\"\n    }\n  }\n}",
        );
    }

    #[test]
    fn what_is_not_understood_is_left() {
        for text in [
            "",
            "[]",
            "null",
            "{",
            "{} {}",
            "{\"a\": 1,}",
            "// hello\n{}",
            "{\"runtimes\": 7}",
            "{\"runtimes\": []}",
            "{\"runtimes\": {}, \"runtimes\": {\"a\": {}}}",
        ] {
            assert!(set(text, &PATH, &json!({})).is_err(), "{text}");
        }
    }
}
