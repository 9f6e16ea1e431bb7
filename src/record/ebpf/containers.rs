//! Containers that run, or are going to: one, those of a control group, or all of the machine.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::EbpfError;
use super::groups::{Group, is_populated};
use super::observe::Frame;
use super::probe::{Probe, Wanted};
use super::retire::Retired;
use super::snapshot::{Reader, Scope, Snapshot};
use super::tables::Sizes;
use crate::ebpf::programs::Rule;
use crate::event::{Capture, Gap, RuntimeCalls};
use crate::record::counts::{OTHERS, Observations, call_id};
use crate::record::{Backend, Control, RecordError};
use crate::sys::kernel::Tid;
use crate::sys::{process, programs, signals};

/// What is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// Every container, by its mount namespace, which is not this process's.
    All,
    /// The one to whose mount namespace this process belongs.
    NamespaceOf(Tid),
    /// One that is about to start, by a process of its runtime that has its mount namespace
    /// already: whatever is there has come from outside.
    Starting(Tid),
    /// Whatever is in a control group of either version, or below it.
    Group(PathBuf),
}

/// A recording of containers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Containers {
    /// Which.
    pub which: Which,
    /// What the user wants to have written beside it.
    pub labels: BTreeMap<String, String>,
}

/// A container, or what looks like one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contained {
    /// Its number in this recording, which may come again after its end.
    pub number: u32,
    /// The number of its mount namespace, if it is known by that.
    pub namespace: Option<u32>,
    /// The first thread that was met in it.
    pub pid: Tid,
    /// When that was, since the start.
    pub at: Duration,
    /// The name that its engine gave it in hexadecimal, by its control group.
    pub id: Option<String>,
    /// It was there before, or this part of its recording begins in its middle.
    pub was_there: bool,
    /// Nobody is left in it.
    pub over: bool,
}

/// Why there is a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Some time has passed.
    Tick,
    /// What was counted so far is to be written; counting starts anew.
    Anew,
    /// It is the last one.
    End,
}

/// What was counted so far.
#[derive(Debug)]
pub struct Look<'a> {
    /// Why.
    pub why: Why,
    /// Since the start.
    pub elapsed: Duration,
    /// The containers, by number.
    pub containers: &'a [Contained],
    snapshot: &'a Snapshot,
    frame: &'a Frame,
}

/// Hears how a recording of containers goes.
pub trait WatchContainers {
    /// Whatever happens from now on is recorded.
    fn started(&mut self) -> Control {
        Control::Continue
    }

    /// There is something to look at. What is over is gone after this.
    fn look(&mut self, look: &Look<'_>) -> Control;
}

impl Look<'_> {
    /// What was seen of a container, which is known to people as `label`. What came into it from
    /// outside, as its runtime does, is no part of that until it has executed a program there.
    pub fn observations(&self, of: &Contained, label: &str) -> Observations {
        let mut frame = self.frame.clone();
        label.clone_into(&mut frame.label);
        if of.was_there {
            frame.gaps.push(Gap::NoStart);
        }
        if !of.over {
            frame.gaps.push(Gap::Detached);
        }
        // The execve that started it was made by its runtime, and under its filter.
        frame.launched = frame.contained && !of.was_there;
        frame.capture.milliseconds =
            u64::try_from(self.elapsed.saturating_sub(of.at).as_millis()).unwrap_or(u64::MAX);
        frame.begin_anew(of.at);
        frame.observations(self.snapshot, of.number)
    }

    /// What came into a container from outside called there before it executed something.
    pub fn runtime(&self, of: &Contained) -> RuntimeCalls {
        let mut all = RuntimeCalls::new();
        let images = self.snapshot.images.iter();
        let entered =
            images.filter(|it| self.frame.contained && it.scope == of.number && it.entered);
        for image in entered {
            let path = image.path.as_deref().unwrap_or(OTHERS);
            let known = all.entry(path.to_owned()).or_default();
            for call in &image.calls {
                let Some((arch, id)) = call_id(call.arch, call.number) else {
                    continue;
                };
                let sum = known.entry(arch).or_default().entry(id).or_default();
                sum.calls += call.calls;
                if image.filtered {
                    sum.filtered += call.calls;
                }
            }
        }
        all
    }
}

/// The number of a process's mount namespace.
pub fn mount_namespace(pid: Tid) -> Option<u32> {
    namespace_of(&format!("/proc/{pid}/ns/mnt"))
}

fn namespace_of(link: &str) -> Option<u32> {
    let target = std::fs::read_link(link).ok()?;
    let number = target.to_str()?.strip_prefix("mnt:[")?.strip_suffix(']')?;
    number.parse().ok()
}

/// The mount namespaces of all processes that there are.
fn namespaces() -> BTreeSet<u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok().map(Tid))
        .filter_map(mount_namespace)
        .collect()
}

impl Containers {
    /// Records until the watcher has enough, a signal comes that ends programs, or the one
    /// container is over. SIGHUP starts the counts anew.
    pub fn record(&self, watch: &mut dyn WatchContainers) -> Result<(), RecordError> {
        const REASON: &str = "containers are counted in the kernel, whoever starts them";
        // While it is open nobody else gets its number.
        let mut namespace: Option<(u32, File)> = None;
        let (rule, sizes) = self.rule(&mut namespace)?;
        let mut probe = Probe::new(Wanted {
            rule,
            results: true,
            sizes,
            storage: None,
            refused: None,
            at_events: None,
            unfiltered: false,
            terminal: None,
        })?;
        let mut was_there = BTreeSet::new();
        if let (Which::Group(path), Rule::Group) = (&self.which, rule) {
            probe.follow_group(path)?;
        }
        super::listen()?;
        probe.attach()?;
        if watch.started() == Control::Enough {
            return Ok(());
        }
        if self.which == Which::All {
            was_there = namespaces();
        }
        let capture = Capture {
            backend: Backend::Ebpf.name().to_owned(),
            reason: match &probe.left_out {
                None => REASON.to_owned(),
                Some(why) => format!("{REASON}; {}", why.in_a_line()),
            },
            results: true,
            labels: self.labels.clone(),
            ..Capture::default()
        };
        let frame = Frame {
            label: String::new(),
            capture,
            gaps: Vec::new(),
            since: probe.since,
            launched: false,
            contained: !matches!(self.which, Which::Group(_)),
        };
        Run {
            containers: self,
            started: Instant::now(),
            probe,
            reader: Reader::new(),
            frame,
            was_there,
            known: BTreeMap::new(),
            before: None,
            serials: BTreeMap::new(),
            retired: Vec::new(),
            lost: 0,
            namespace: namespace.as_ref().map(|(number, _)| *number),
            filled: match &self.which {
                Which::Group(path) => is_populated(path),
                Which::All | Which::NamespaceOf(_) => true,
                Which::Starting(_) => false,
            },
        }
        .run(watch)
    }

    /// Who is to be recorded, and how much there may be of it. The one namespace is kept open.
    fn rule(&self, namespace: &mut Option<(u32, File)>) -> Result<(Rule, Sizes), RecordError> {
        Ok(match &self.which {
            Which::All => {
                let own = namespace_of("/proc/self/ns/mnt");
                let own = own.ok_or(EbpfError::Read(nix::errno::Errno::ENOENT))?;
                (Rule::AllBut(own), Sizes::ALL)
            }
            Which::NamespaceOf(pid) | Which::Starting(pid) => {
                let gone = |_error| RecordError::NoProcess { pid: *pid };
                let open = File::open(format!("/proc/{pid}/ns/mnt")).map_err(gone)?;
                let number = open.metadata().map_err(gone)?.ino();
                let number = u32::try_from(number).unwrap_or_default();
                *namespace = Some((number, open));
                let is_new = matches!(self.which, Which::Starting(_));
                let rule = if is_new {
                    Rule::NewNamespace(number)
                } else {
                    Rule::Namespace(number)
                };
                (rule, Sizes::ONE)
            }
            Which::Group(path) => match Group::of(path)? {
                Group::Unified => (Rule::Group, Sizes::ONE),
                Group::Old(controller, number) => (Rule::OldGroup(controller, number), Sizes::ONE),
            },
        })
    }
}

/// The state of a recording.
struct Run<'a> {
    containers: &'a Containers,
    started: Instant,
    probe: Probe,
    reader: Reader,
    frame: Frame,
    /// Mount namespaces that were there before.
    was_there: BTreeSet<u32>,
    /// What is known of containers beside what the kernel tells each time.
    known: BTreeMap<u32, Contained>,
    /// What tells their namespaces apart, by their numbers.
    serials: BTreeMap<u32, u64>,
    /// The number of the one's mount namespace.
    namespace: Option<u32>,
    /// Somebody was in the one before.
    filled: bool,
    /// What was counted when the counts started anew.
    before: Option<Snapshot>,
    /// Containers that are over, until their tables are free again.
    retired: Vec<Retired>,
    /// Calls that were made after the last look at a container.
    lost: u64,
}

impl Run<'_> {
    fn run(mut self, watch: &mut dyn WatchContainers) -> Result<(), RecordError> {
        loop {
            process::await_signal();
            let asked = signals::asked();
            let anew = asked.forward.is_some_and(|it| it.0 == libc::SIGHUP);
            let ends = asked.interrupts > 0
                || asked.forward.is_some_and(|signal| {
                    [libc::SIGINT, libc::SIGTERM, libc::SIGQUIT].contains(&signal.0)
                });
            if !(asked.tick || anew || ends) {
                continue;
            }
            let why = match (ends, anew) {
                (true, _) => Why::End,
                (false, true) => Why::Anew,
                (false, false) => Why::Tick,
            };
            let (control, all_over) = self.look(why, watch)?;
            if why == Why::End {
                return Ok(());
            }
            if control == Control::Enough || all_over {
                self.look(Why::End, watch)?;
                return Ok(());
            }
        }
    }

    /// One look; also whether the one container is over.
    fn look(
        &mut self,
        why: Why,
        watch: &mut dyn WatchContainers,
    ) -> Result<(Control, bool), RecordError> {
        // Of what is over nothing can be counted any more.
        let containers = self.present()?;
        let mut whole = self.reader.read(&self.probe)?;
        whole.lost += self.lost;
        let snapshot = match &self.before {
            Some(before) => whole.since(before),
            None => whole.clone(),
        };
        let control = watch.look(&Look {
            why,
            elapsed: self.started.elapsed(),
            containers: &containers,
            snapshot: &snapshot,
            frame: &self.frame,
        });
        if why == Why::Anew {
            for known in self.known.values_mut() {
                known.was_there = true;
                known.at = self.started.elapsed();
            }
            self.before = Some(whole.clone());
        }
        if self.containers.which == Which::All {
            self.retire(&containers, &whole)?;
            return Ok((control, false));
        }
        // A control group may be filled again.
        let one = matches!(
            self.containers.which,
            Which::NamespaceOf(_) | Which::Starting(_)
        );
        Ok((control, one && containers.iter().all(|it| it.over)))
    }

    /// The containers that there are now.
    fn present(&mut self) -> Result<Vec<Contained>, RecordError> {
        match &self.containers.which {
            Which::All => {
                let scopes = Reader::scopes(&self.probe)?;
                // Who was in a namespace before and has made no call is not counted as living.
                // Who came later was met on coming.
                let old = |scope: &Scope| self.was_there.contains(&scope.namespace);
                let quiet = scopes.iter().any(|scope| scope.live == 0 && old(scope));
                let present = if quiet { namespaces() } else { BTreeSet::new() };
                let mut all = Vec::new();
                for scope in scopes {
                    let over = scope.live == 0 && !present.contains(&scope.namespace);
                    self.serials.insert(scope.number, scope.serial);
                    all.push(self.contained(&scope, over));
                }
                Ok(all)
            }
            Which::NamespaceOf(_) | Which::Starting(_) => {
                let number = self.namespace;
                // Who was there before and has made no call is not counted as living.
                let nobody = Reader::live(&self.probe)? == 0;
                let over = nobody && number.is_none_or(|number| !namespaces().contains(&number));
                Ok(vec![self.only(number, over)])
            }
            Which::Group(path) => {
                let empty = !is_populated(path);
                Ok(vec![self.only(None, empty)])
            }
        }
    }

    fn contained(&mut self, scope: &Scope, over: bool) -> Contained {
        let was_there = self.was_there.contains(&scope.namespace);
        let at = scope.time.saturating_sub(self.probe.since);
        let known = self.known.entry(scope.number);
        let known = known.or_insert_with(|| Contained {
            number: scope.number,
            namespace: Some(scope.namespace),
            pid: scope.tid,
            at: Duration::from_nanos(at),
            id: None,
            was_there,
            over,
        });
        known.over = over;
        if known.id.is_none() {
            known.id = scope.group.iter().find_map(|name| id_in(name));
        }
        known.clone()
    }

    /// What is recorded if it is one.
    fn only(&mut self, namespace: Option<u32>, over: bool) -> Contained {
        let was_there = self.filled;
        let known = self.known.entry(0).or_insert_with(|| Contained {
            number: 0,
            namespace,
            pid: Tid(0),
            at: Duration::ZERO,
            id: None,
            was_there,
            over,
        });
        known.over = over;
        known.clone()
    }

    /// Frees the tables of what is over, once nobody can come into it any more.
    fn retire(&mut self, containers: &[Contained], whole: &Snapshot) -> Result<(), RecordError> {
        let mut waiting = Vec::new();
        for retired in std::mem::take(&mut self.retired) {
            match retired.free(&self.probe, &mut self.reader)? {
                Ok(late) => self.lost += late,
                Err(not_yet) => waiting.push(not_yet),
            }
        }
        self.retired = waiting;
        for over in containers.iter().filter(|it| it.over) {
            self.known.remove(&over.number);
            // If the number comes again it is another one's.
            if let Some(namespace) = over.namespace {
                self.was_there.remove(&namespace);
            }
            if let Some(serial) = self.serials.remove(&over.number) {
                let retired = Retired::new(&self.probe, serial, over.number, whole)?;
                self.retired.push(retired);
            }
        }
        Ok(())
    }
}

/// The 64 hexadecimal digits by which engines name containers, within a control group's name.
fn id_in(name: &str) -> Option<String> {
    const DIGITS: usize = 64;
    name.split(|c: char| !c.is_ascii_hexdigit() || c.is_ascii_uppercase())
        .find(|part| part.len() == DIGITS)
        .map(str::to_owned)
}

/// Whether a process can be found, which tells nothing of its rights.
pub fn is_there(pid: Tid) -> bool {
    programs::name(pid).is_some()
}

#[cfg(test)]
mod tests {
    use super::id_in;

    #[test]
    fn names_of_control_groups() {
        let id = "0123456789abcdef".repeat(4);
        for name in [
            id.clone(),
            format!("docker-{id}.scope"),
            format!("libpod-{id}"),
            format!("cri-containerd-{id}.scope"),
            format!("crio-{id}.scope"),
        ] {
            assert_eq!(id_in(&name), Some(id.clone()), "{name}");
        }
        for name in ["", "user.slice", "abc", &format!("{id}0")] {
            assert_eq!(id_in(name), None, "{name}");
        }
    }
}
