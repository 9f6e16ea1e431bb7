//! Commands that look whether a container is well.

/// The words of a probe: those of a JSON array, or a line for `/bin/sh -c`, as with Dockerfile's
/// `HEALTHCHECK`. The first needs no shell in the image.
pub(crate) fn probe_command(text: &str) -> Result<Vec<String>, String> {
    if text.trim().is_empty() {
        return Err("the probe is empty".to_owned());
    }
    if !text.trim_start().starts_with('[') {
        return Ok(["/bin/sh", "-c", text].map(str::to_owned).to_vec());
    }
    match serde_json::from_str::<Vec<String>>(text) {
        Ok(words) if words.is_empty() => Err("the probe is empty".to_owned()),
        Ok(words) => Ok(words),
        // `[ -e /x ]` is a line for a shell.
        Err(_) if text.trim_start().starts_with("[ ") || text.trim_start().starts_with("[[") => {
            Ok(["/bin/sh", "-c", text].map(str::to_owned).to_vec())
        }
        Err(error) => Err(format!("the probe is no list of words: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms() {
        let words = |text: &str| probe_command(text).map(|words| words.join("|"));
        assert_eq!(words("wget -q x"), Ok("/bin/sh|-c|wget -q x".to_owned()));
        assert_eq!(
            words(r#"["/app", "check me"]"#),
            Ok("/app|check me".to_owned())
        );
        assert_eq!(words("[ -e /x ]"), Ok("/bin/sh|-c|[ -e /x ]".to_owned()));
        for wrong in ["", " ", "[]", "[1]", r#"["a""#] {
            assert!(probe_command(wrong).is_err(), "{wrong}");
        }
    }
}
