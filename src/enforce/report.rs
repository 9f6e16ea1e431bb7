//! What came of a program under a profile: each refusal, how it stands to Docker's default, and
//! what `generate` would have to be told.

use std::collections::{BTreeMap, BTreeSet};

use crate::arch::Arch;
use crate::event::{Answer, CallId, Denial, UnderProfile};
use crate::profile::action::Reach;
use crate::profile::build::Stance;
use crate::profile::eval::Meaning;
use crate::profile::flow::{Flow, Step};
use crate::profile::implied::probed;
use crate::profile::policy::Policy as _;
use crate::profile::{Action, Capability, DockerRelease, Host, Profile, View, docker_default};
use crate::syscalls::{SyscallName, closed_set_arguments, table, value_symbols};

/// How a refused call stands to Docker's default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// The default permits it.
    Inside,
    /// The default permits it for some arguments, and those of this call are not all known.
    Depends,
    /// The default refuses it too.
    Outside {
        /// With what it answers.
        answer: Action,
        /// Any one of these capabilities makes the default permit it.
        with: Vec<Capability>,
    },
    /// No profile can name it: it has a number alone.
    Unnamed,
}

/// A refusal and what is known of it.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The refusal.
    pub denial: Denial,
    /// How it stands to Docker's default.
    pub standing: Standing,
    /// It is ENOSYS for a call whose callers then use another, as profiles have it on purpose.
    pub expected: bool,
}

/// What came of a program under a profile.
#[derive(Debug, Clone)]
pub struct Report {
    /// What was not allowed, in the order of first times.
    pub findings: Vec<Finding>,
    /// Calls of further kinds that were not kept.
    pub dropped: u64,
}

impl Report {
    /// Judges what a profile refused, by the default of the newest Docker for a container on
    /// `host`.
    pub fn of(under: &UnderProfile, host: &Host) -> Self {
        let default = docker_default(DockerRelease::NEWEST);
        let profile = default.resolve(host);
        let more: Vec<(Capability, Profile)> = Capability::all()
            .filter(|capability| !host.capabilities.contains(capability))
            .map(|capability| {
                let mut host = host.clone();
                host.capabilities.insert(capability);
                (capability, default.resolve(&host))
            })
            .collect();
        let finding = |denial: &Denial| {
            let standing = match standing(denial, &profile, host.native) {
                Standing::Outside { answer, .. } => Standing::Outside {
                    answer,
                    with: more
                        .iter()
                        .filter(|(_, more)| standing(denial, more, host.native) == Standing::Inside)
                        .map(|(capability, _)| *capability)
                        .collect(),
                },
                other @ (Standing::Inside | Standing::Depends | Standing::Unnamed) => other,
            };
            Finding {
                expected: is_expected(denial),
                denial: denial.clone(),
                standing,
            }
        };
        Self {
            findings: under.denials.iter().map(finding).collect(),
            dropped: under.dropped,
        }
    }

    /// Adds another run of the same: refusals of one kind become one.
    pub fn absorb(&mut self, other: Self) {
        self.dropped = self.dropped.saturating_add(other.dropped);
        for finding in other.findings {
            let same = self.findings.iter_mut().find(|known| {
                let (one, two) = (&known.denial, &finding.denial);
                (one.arch, &one.call, &one.args, &one.answer, &one.program)
                    == (two.arch, &two.call, &two.args, &two.answer, &two.program)
            });
            match same {
                None => self.findings.push(finding),
                Some(known) => known.denial.absorb(finding.denial),
            }
        }
    }

    /// Refusals that are none on purpose.
    pub fn refused(&self) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .filter(|it| it.denial.answer.refuses() && !it.expected)
    }

    /// Whether nothing was refused but on purpose.
    pub fn passed(&self) -> bool {
        self.dropped == 0 && self.refused().next().is_none()
    }

    /// Names to allow, as far as Docker's default does, and who called them.
    pub fn repairs(&self) -> BTreeMap<&SyscallName, BTreeSet<&str>> {
        let mut all: BTreeMap<&SyscallName, BTreeSet<&str>> = BTreeMap::new();
        for finding in self.refused() {
            if let (CallId::Name(name), Standing::Inside | Standing::Depends) =
                (&finding.denial.call, &finding.standing)
            {
                all.entry(name).or_default().insert(&finding.denial.program);
            }
        }
        all
    }

    /// Refusals that no option repairs without going beyond Docker's default.
    pub fn beyond(&self) -> impl Iterator<Item = &Finding> {
        self.refused().filter(|it| match it.standing {
            Standing::Outside { .. } | Standing::Unnamed => true,
            Standing::Inside | Standing::Depends => false,
        })
    }
}

impl Finding {
    /// The arguments that the filter looked at, with their symbols where they have any.
    pub fn arguments(&self) -> impl Iterator<Item = (u8, u64, Option<String>)> {
        let denial = &self.denial;
        let kinds = match &denial.call {
            CallId::Name(name) => closed_set_arguments(denial.arch, name.as_str()),
            CallId::Number(_) => &[],
        };
        denial.args.iter().map(move |(index, value)| {
            let kind = kinds.iter().find(|(at, _)| at == index);
            let symbols = kind.and_then(|(_, kind)| value_symbols(*kind, *value));
            (*index, *value, symbols)
        })
    }
}

fn is_expected(denial: &Denial) -> bool {
    let enosys = matches!(&denial.answer, Answer::Errno(errno) if errno.as_str() == "ENOSYS");
    match &denial.call {
        CallId::Name(name) => enosys && probed(name.as_str()).is_some(),
        CallId::Number(_) => false,
    }
}

fn standing(denial: &Denial, default: &Profile, native: Arch) -> Standing {
    let CallId::Name(name) = &denial.call else {
        return Standing::Unnamed;
    };
    let lists = denial.arch == native || default.architectures.contains(&denial.arch);
    let outside = |answer| Standing::Outside {
        answer,
        with: Vec::new(),
    };
    if !lists {
        return outside(crate::profile::policy::NOT_LISTED);
    }
    match Stance::of(default, name.as_str()) {
        Stance::Allowed => Standing::Inside,
        Stance::Refused(answer) => outside(answer),
        Stance::Conditional(_) | Stance::NotCarried => {
            let number = table(denial.arch).number(name.as_str());
            let meaning = Meaning::new(default, &View::docker(native));
            let call = number.and_then(|number| meaning.call(denial.arch, number).ok());
            match call.and_then(|call| answer(&call.flow, &denial.args)) {
                None => Standing::Depends,
                Some(action) if action.reach() == Reach::Permitted => Standing::Inside,
                Some(action) => outside(action),
            }
        }
    }
}

/// The answer to a call of which these arguments are known, if they are enough.
fn answer(flow: &Flow, known: &BTreeMap<u8, u64>) -> Option<Action> {
    let mut args = [0; 6];
    for (index, value) in known {
        if let Some(arg) = args.get_mut(usize::from(*index)) {
            *arg = *value;
        }
    }
    let mut at = flow.root();
    // Positions get smaller, so this ends.
    loop {
        match flow.steps().get(at)? {
            Step::Answer(action) => return Some(*action),
            Step::Ask { question, yes, no } => {
                if !known.contains_key(&question.arg.get()) {
                    return None;
                }
                at = if question.holds(&args) { *yes } else { *no };
            }
        }
    }
}
