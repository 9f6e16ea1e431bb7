//! Which programs ran before others, where a log tells of a thread under another name after an
//! execve than before.
//!
//! Tools disagree on whether the line of an execve has the old name or the new one, and a program
//! may execute one of its own name. So only a name that changes counts, and only right at an
//! execve: programs rename their threads too.

use std::collections::BTreeMap;

use super::{Call, Gather};
use crate::event::Outcome;

/// What each thread runs.
#[derive(Debug, Default)]
pub(super) struct Running {
    threads: BTreeMap<u32, Named>,
}

#[derive(Debug)]
struct Named {
    program: Box<str>,
    /// It is in an execve, or was just before.
    executes: bool,
}

/// More threads are not followed.
const MAX_THREADS: usize = 50_000;
/// More programs before one are not told apart.
const MAX_STARTERS: usize = 100;

impl Gather {
    /// A line tells of a thread in a call.
    pub(super) fn runs(&mut self, call: &Call<'_>, outcome: Option<&Outcome>) {
        let (Some(pid), Some(program)) = (call.pid, call.program) else {
            return;
        };
        let succeeds = outcome == Some(&Outcome::Success);
        let fails = outcome.is_some() && !succeeds;
        let executes = !fails && self.is_execve(call);
        let threads = &mut self.running.threads;
        let Some(named) = threads.get_mut(&pid) else {
            if threads.len() < MAX_THREADS {
                let program = program.into();
                threads.insert(pid, Named { program, executes });
            }
            return;
        };
        let changed = *named.program != *program;
        let executed = changed && (named.executes || (executes && succeeds));
        named.executes = executes && !executed;
        if !changed {
            return;
        }
        let before = std::mem::replace(&mut named.program, program.into());
        if executed {
            let name = self.program(call);
            let started_by = &mut self.programs.entry(name).or_default().started_by;
            if started_by.len() < MAX_STARTERS || started_by.contains_key(&before) {
                *started_by.entry(before).or_default() += 1;
            }
        }
    }

    fn is_execve(&self, call: &Call<'_>) -> bool {
        matches!(self.name(call), Some("execve" | "execveat"))
    }
}
