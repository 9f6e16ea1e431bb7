//! What becomes of callers that are refused.

use std::sync::LazyLock;

use super::parse;

/// The answer of a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refused {
    /// As if the kernel did not have the call.
    Enosys,
    /// As if the caller might not make it.
    Eperm,
    /// Whatever the answer.
    Any,
}

impl Refused {
    fn parse(word: &str) -> Option<Self> {
        match word {
            "ENOSYS" => Some(Self::Enosys),
            "EPERM" => Some(Self::Eperm),
            "any" => Some(Self::Any),
            _ => None,
        }
    }

    /// `ENOSYS`, `EPERM`, `any`
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enosys => "ENOSYS",
            Self::Eperm => "EPERM",
            Self::Any => "any",
        }
    }
}

/// What was seen to happen when a call was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// The call.
    pub name: &'static str,
    /// With which answer.
    pub answer: Refused,
    /// What happens.
    pub effect: &'static str,
    /// Who says so: an issue, or what was measured with which version.
    pub source: &'static str,
}

/// What is known to happen when a call is refused; empty for most.
pub fn refusals(name: &str) -> impl Iterator<Item = &'static Refusal> {
    static ALL: LazyLock<Vec<Refusal>> = LazyLock::new(|| {
        parse::rows(include_str!("refused.txt"))
            .filter_map(|row| entry(&row))
            .collect()
    });
    ALL.iter().filter(move |refusal| refusal.name == name)
}

fn entry(row: &[&'static str]) -> Option<Refusal> {
    let &[name, answer, effect, source] = row else {
        return None;
    };
    Some(Refusal {
        name,
        answer: Refused::parse(answer)?,
        effect,
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syscalls::about::about;

    #[test]
    fn every_line_is_about_a_call() {
        let rows: Vec<_> = parse::rows(include_str!("refused.txt")).collect();
        assert!(rows.is_sorted());
        for row in rows {
            let refusal = entry(&row).unwrap();
            assert!(about(refusal.name).is_some(), "{row:?}");
            assert!(refusals(refusal.name).any(|known| *known == refusal));
            assert!(
                refusal.effect.is_ascii() && refusal.effect.len() <= 78,
                "{row:?}"
            );
        }
        assert_eq!(refusals("getpid").count(), 0);
    }
}
