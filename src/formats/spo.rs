//! Profiles as the `SeccompProfile` resource of the Kubernetes Security Profiles Operator.

use std::fmt::Write as _;

use crate::arch::Arch;
use crate::profile::action::EPERM;
use crate::profile::{Action, Profile, Rule};
use crate::syscalls::SyscallName;

/// Why a profile can't be such a resource.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpoError {
    /// Kubernetes takes no such name.
    #[error(
        "`{}` is no name of a resource: lower-case letters, digits, `-` and `.`, at most 253",
        name.escape_debug()
    )]
    Name {
        /// The name.
        name: String,
    },
    /// The resource has no field for the error number of the default action.
    #[error("a SeccompProfile resource can't say that other calls are answered {action}")]
    Default {
        /// The default action.
        action: Action,
    },
    /// Its schema does not list the architecture.
    #[error("a SeccompProfile resource can't name the architecture {arch}")]
    Architecture {
        /// The architecture.
        arch: Arch,
    },
    /// Its values have 63 bits.
    #[error("a SeccompProfile resource can't compare with {value}, only up to 2^63-1")]
    Value {
        /// The value.
        value: u64,
    },
}

/// The resource as YAML, one name a line. Comments of rules become comments.
///
/// The version is v1, which operators from 1.0 have. The specification of v1beta1 is the same.
pub fn write(profile: &Profile, name: &str) -> Result<String, SpoError> {
    check_name(name)?;
    match profile.default_action {
        Action::Errno(EPERM)
        | Action::KillProcess
        | Action::KillThread
        | Action::Trap
        | Action::Log
        | Action::Allow => {}
        action @ (Action::Errno(_) | Action::Trace(_) | Action::Notify) => {
            return Err(SpoError::Default { action });
        }
    }
    let mut out = format!(
        "apiVersion: security-profiles-operator.x-k8s.io/v1\nkind: SeccompProfile\n\
         metadata:\n  name: {}\nspec:\n  defaultAction: {}\n",
        quoted(name),
        profile.default_action.scmp_name()
    );
    if let Some(arch) = profile.architectures.iter().find(|arch| !in_schema(**arch)) {
        return Err(SpoError::Architecture { arch: *arch });
    }
    let arches = profile.architectures.iter().map(|arch| arch.scmp_name());
    list("architectures", &arches.collect::<Vec<_>>(), &mut out);
    let flags = profile.flags.iter().map(String::as_str);
    list("flags", &flags.collect::<Vec<_>>(), &mut out);
    let rules: Vec<&Rule> = profile
        .rules
        .iter()
        .filter(|it| !it.names.is_empty())
        .collect();
    if !rules.is_empty() {
        out.push_str("  syscalls:\n");
    }
    for rule in rules {
        write_rule(rule, &mut out)?;
    }
    Ok(out)
}

fn list(key: &str, items: &[&str], out: &mut String) {
    if !items.is_empty() {
        writeln!(out, "  {key}:").unwrap_or_default();
    }
    for item in items {
        writeln!(out, "  - {}", plain_or_quoted(item)).unwrap_or_default();
    }
}

fn write_rule(rule: &Rule, out: &mut String) -> Result<(), SpoError> {
    let mut names: Vec<&str> = rule.names.iter().map(SyscallName::as_str).collect();
    names.sort_unstable();
    names.dedup();
    if let Some(comment) = rule.comment.as_deref().filter(|it| !it.is_empty()) {
        let line: String = comment.chars().filter(|c| !c.is_control()).collect();
        writeln!(out, "  # {line}").unwrap_or_default();
    }
    writeln!(out, "  - action: {}", rule.action.scmp_name()).unwrap_or_default();
    match rule.action {
        Action::Errno(number) => {
            writeln!(
                out,
                "    errnoRet: {}",
                number.min(super::docker::MAX_ERRNO)
            )
            .unwrap_or_default();
        }
        Action::Trace(message) => {
            writeln!(out, "    errnoRet: {message}").unwrap_or_default();
        }
        Action::KillProcess
        | Action::KillThread
        | Action::Trap
        | Action::Notify
        | Action::Log
        | Action::Allow => {}
    }
    out.push_str("    names:\n");
    for name in names {
        writeln!(out, "    - {}", plain_or_quoted(name)).unwrap_or_default();
    }
    if rule.conditions.is_empty() {
        return Ok(());
    }
    out.push_str("    args:\n");
    for condition in &rule.conditions {
        let (operator, value, second) = condition.test.scmp();
        writeln!(out, "    - index: {}", condition.arg.get()).unwrap_or_default();
        writeln!(out, "      value: {}", signed(value)?).unwrap_or_default();
        if let Some(second) = second {
            writeln!(out, "      valueTwo: {}", signed(second)?).unwrap_or_default();
        }
        writeln!(out, "      op: {operator}").unwrap_or_default();
    }
    Ok(())
}

fn signed(value: u64) -> Result<i64, SpoError> {
    i64::try_from(value).map_err(|_too_large| SpoError::Value { value })
}

/// The operator's schema lists all but these.
fn in_schema(arch: Arch) -> bool {
    !matches!(
        arch.scmp_name(),
        "SCMP_ARCH_LOONGARCH64" | "SCMP_ARCH_M68K" | "SCMP_ARCH_SH" | "SCMP_ARCH_SHEB"
    )
}

fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

/// Names of calls are plain words; a profile from elsewhere may have others.
fn plain_or_quoted(name: &str) -> String {
    let plain = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && !matches!(
            name,
            "null" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n"
        );
    if plain { name.to_owned() } else { quoted(name) }
}

/// A DNS subdomain.
fn check_name(name: &str) -> Result<(), SpoError> {
    let part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
    };
    if name.len() <= 253 && name.split('.').all(part) {
        return Ok(());
    }
    Err(SpoError::Name {
        name: name.to_owned(),
    })
}
