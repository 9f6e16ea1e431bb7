//! Classes of risk, and where they come from.

use std::fmt;

/// How much harm a program can do with a call, once something has taken it over.
///
/// The class is that of the call as a whole, in a container with default capabilities that runs
/// on a kernel without known holes; what it needs besides, a capability or an argument, is in
/// [`About::why`](super::About::why).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Risk {
    /// Class 0.
    Harmless,
    /// Class 1.
    Ordinary,
    /// Class 2.
    Watch,
    /// Class 3.
    Sensitive,
    /// Class 4.
    Host,
}

impl Risk {
    /// Every class, the mildest first.
    pub const ALL: [Self; 5] = [
        Self::Harmless,
        Self::Ordinary,
        Self::Watch,
        Self::Sensitive,
        Self::Host,
    ];

    /// The number, 0 to 4.
    pub const fn class(self) -> u8 {
        match self {
            Self::Harmless => 0,
            Self::Ordinary => 1,
            Self::Watch => 2,
            Self::Sensitive => 3,
            Self::Host => 4,
        }
    }

    /// The class with this number.
    pub fn from_class(class: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|risk| risk.class() == class)
    }

    /// One word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Harmless => "harmless",
            Self::Ordinary => "ordinary",
            Self::Watch => "watch",
            Self::Sensitive => "sensitive",
            Self::Host => "host",
        }
    }

    /// What is common to calls of the class.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Harmless => {
                "acts on the caller alone, waits, or reads what the caller may know anyway"
            }
            Self::Ordinary => {
                "daily work on files, memory, children and sockets that permissions already bound"
            }
            Self::Watch => {
                "reaches other processes, the network or wide kernel code: ask what it is for"
            }
            Self::Sensitive => {
                "a step of many attacks, or state that the host shares; few programs need it"
            }
            Self::Host => "with the privilege that it asks for, it hands over the host",
        }
    }
}

/// `3 sensitive`
impl fmt::Display for Risk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{} {}", self.class(), self.name()))
    }
}

/// Where a reason comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// Docker's documentation lists it among the significant calls that its default blocks
    /// (docker/docs, content/manuals/engine/security/seccomp.md).
    Docker,
    /// A set of systemd 252, `systemd-analyze syscall-filter`.
    Systemd(&'static str),
    /// A hole that was reached through this call.
    Cve(&'static str),
    /// The manual page of the call tells what it does and asks for; the class is our judgement.
    Manual,
    /// The same, told by the kernel's source; it has no manual page in man-pages 6.03.
    Kernel,
}

impl Source {
    /// From its word in a data file.
    pub(super) fn parse(word: &'static str) -> Option<Self> {
        match word {
            "docker" => Some(Self::Docker),
            "man" => Some(Self::Manual),
            "kernel" => Some(Self::Kernel),
            group if group.starts_with('@') => Some(Self::Systemd(group)),
            number if number.starts_with("CVE-") => Some(Self::Cve(number)),
            _ => None,
        }
    }
}

/// `systemd @mount`, `CVE-2016-0728`
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Docker => f.pad("Docker's documentation"),
            Self::Systemd(group) => write!(f, "systemd {group}"),
            Self::Cve(number) => f.pad(number),
            Self::Manual => f.pad("manual page"),
            Self::Kernel => f.pad("kernel source"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_lead_back() {
        for risk in Risk::ALL {
            assert_eq!(Risk::from_class(risk.class()), Some(risk));
        }
        assert_eq!(Risk::from_class(5), None);
        assert!(Risk::ALL.is_sorted());
    }
}
