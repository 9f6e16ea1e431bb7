//! bpf(2): maps, programs, and what runs them. All of it goes with its descriptors.

mod program;
mod shared;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::os::fd::{AsFd, AsRawFd as _, OwnedFd};

use libc::c_int;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

pub(crate) use program::{Attached, Loaded};
use shared::Shared;

use super::descriptor;

/// Commands, include/uapi/linux/bpf.h.
mod command {
    pub(super) const MAP_CREATE: i32 = 0;
    pub(super) const MAP_LOOKUP: i32 = 1;
    pub(super) const MAP_UPDATE: i32 = 2;
    pub(super) const MAP_DELETE: i32 = 3;
    pub(super) const PROG_LOAD: i32 = 5;
    pub(super) const INFO: i32 = 15;
    pub(super) const RAW_TRACEPOINT_OPEN: i32 = 17;
    pub(super) const BTF_LOAD: i32 = 18;
    pub(super) const MAP_LOOKUP_BATCH: i32 = 24;
    pub(super) const LINK_CREATE: i32 = 28;
    pub(super) const ITER_CREATE: i32 = 33;
}

/// Kinds of maps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Hash,
    /// One whose entries get memory when they come.
    GrowingHash,
    /// One that this process has in its memory too. Values are made of eight bytes each.
    Array,
    CgroupArray,
    Queue,
    /// Values that live with threads.
    TaskStorage,
    /// What programs tell this process; of so many bytes, a power of two of pages.
    Ring,
}

impl Kind {
    /// Its number in include/uapi/linux/bpf.h, and its flags: whether entries get memory when they
    /// come, which values of threads must, and whether it can be mapped.
    const fn code(self) -> (u32, u32) {
        /// `BPF_F_NO_PREALLOC`.
        const NO_PREALLOCATION: u32 = 1;
        /// `BPF_F_MMAPABLE`.
        const CAN_BE_MAPPED: u32 = 1 << 10;
        match self {
            Self::Hash => (1, 0),
            Self::GrowingHash => (1, NO_PREALLOCATION),
            Self::Array => (2, CAN_BE_MAPPED),
            Self::CgroupArray => (8, 0),
            Self::Queue => (22, 0),
            Self::Ring => (27, 0),
            Self::TaskStorage => (29, NO_PREALLOCATION),
        }
    }
}

/// Entries that are read at once, first and then: most tables have few.
const FIRST_BATCH: u32 = 256;
const BATCH: u32 = 4096;

/// A map and the sizes of what is in it.
#[derive(Debug)]
pub(crate) struct Map {
    fd: OwnedFd,
    key: usize,
    value: usize,
    /// What an array has.
    memory: Option<Shared>,
    /// What runs a program for each entry, to read them all.
    walk: Option<OwnedFd>,
}

/// A key and its value.
pub(crate) type Entry = (Vec<u8>, Vec<u8>);

/// What a map is to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) kind: Kind,
    pub(crate) key: u32,
    pub(crate) value: u32,
    pub(crate) entries: u32,
}

#[repr(C)]
#[derive(Default)]
struct CreateMap {
    kind: u32,
    key: u32,
    value: u32,
    entries: u32,
    flags: u32,
    inner: u32,
    node: u32,
    name: [u8; 16],
    interface: u32,
    btf: u32,
    btf_key: u32,
    btf_value: u32,
}

#[repr(C)]
#[derive(Default)]
struct Element {
    map: u32,
    padding: u32,
    key: u64,
    value: u64,
    flags: u64,
}

#[repr(C)]
#[derive(Default)]
struct Batch {
    from: u64,
    to: u64,
    keys: u64,
    values: u64,
    count: u32,
    map: u32,
    element_flags: u64,
    flags: u64,
}

#[repr(C)]
#[derive(Default)]
struct LoadTypes {
    types: u64,
    log: u64,
    size: u32,
    log_size: u32,
    log_level: u32,
    padding: u32,
}

#[repr(C)]
#[derive(Default)]
struct CreateIterator {
    link: u32,
    flags: u32,
}

/// Calls bpf(2) with what `attributes` holds, all of whose pointers must be valid.
fn call<T>(command: c_int, attributes: &mut T) -> Result<c_int, Errno> {
    let place: *mut T = attributes;
    // SAFETY: `place` is a live structure that begins as `union bpf_attr` does for this command,
    // of the size that is told; callers keep alive what the addresses in it point to, with the
    // sizes that the command takes from the map, and give it to the kernel for writing only where
    // they hold it exclusively.
    let answer = unsafe { libc::syscall(libc::SYS_bpf, command, place, size_of::<T>()) };
    let answer = Errno::result(answer)?;
    c_int::try_from(answer).map_err(|_too_large| Errno::EOVERFLOW)
}

/// The same where the answer is a new descriptor, which is closed on execve.
fn open<T>(command: c_int, attributes: &mut T) -> Result<OwnedFd, Errno> {
    descriptor::made(call(command, attributes)?.into())
}

/// Nothing has the address 0, which is what the kernel wants for the keys of queues.
fn address<T>(of: &[T]) -> u64 {
    if of.is_empty() {
        return 0;
    }
    u64::try_from(of.as_ptr().expose_provenance()).unwrap_or_default()
}

fn address_mut<T>(of: &mut [T]) -> u64 {
    if of.is_empty() {
        return 0;
    }
    u64::try_from(of.as_mut_ptr().expose_provenance()).unwrap_or_default()
}

fn number(fd: &OwnedFd) -> u32 {
    fd.as_raw_fd().cast_unsigned()
}

fn name(text: &str) -> [u8; 16] {
    let mut bytes = [0; 16];
    // The last one stays 0.
    for (to, from) in bytes.iter_mut().take(15).zip(text.bytes()) {
        *to = from;
    }
    bytes
}

impl Map {
    /// Makes a map.
    pub(crate) fn new(text: &str, shape: Shape) -> Result<Self, Errno> {
        let (kind, flags) = shape.kind.code();
        let types = match shape.kind {
            Kind::TaskStorage => Some(types(shape)?),
            Kind::Hash
            | Kind::GrowingHash
            | Kind::Array
            | Kind::CgroupArray
            | Kind::Queue
            | Kind::Ring => None,
        };
        let mut attributes = CreateMap {
            kind,
            key: shape.key,
            value: shape.value,
            entries: shape.entries,
            flags,
            name: name(text),
            ..CreateMap::default()
        };
        if let Some(types) = &types {
            attributes.btf = number(types);
            attributes.btf_key = 1;
            attributes.btf_value = 3;
        }
        let fd = open(command::MAP_CREATE, &mut attributes)?;
        let [key, value, entries] = [shape.key, shape.value, shape.entries]
            .map(|size| usize::try_from(size).unwrap_or_default());
        let memory = match shape.kind {
            Kind::Array => Some(Shared::new(&fd, value, entries)?),
            Kind::Hash
            | Kind::GrowingHash
            | Kind::CgroupArray
            | Kind::Queue
            | Kind::TaskStorage
            | Kind::Ring => None,
        };
        Ok(Self {
            fd,
            key,
            value,
            memory,
            walk: None,
        })
    }

    /// The number by which programs of this process name it.
    pub(crate) fn number(&self) -> i32 {
        self.fd.as_raw_fd()
    }

    /// Waits until something was told, or until the other end of `stop` is closed; whether it was
    /// told.
    pub(crate) fn await_told(&self, stop: &impl AsFd) -> bool {
        loop {
            let mut both = [
                PollFd::new(self.fd.as_fd(), PollFlags::POLLIN),
                PollFd::new(stop.as_fd(), PollFlags::POLLIN),
            ];
            match poll(&mut both, PollTimeout::NONE) {
                Err(Errno::EINTR) => {}
                Err(_) => return false,
                Ok(_) => return both.iter().take(1).any(|it| it.any() == Some(true)),
            }
        }
    }

    /// Reads the value under a key; whether there is one.
    pub(crate) fn look_up(&self, key: &[u8], value: &mut [u8]) -> Result<bool, Errno> {
        if key.len() != self.key || value.len() != self.value {
            return Err(Errno::EINVAL);
        }
        if let Some(memory) = &self.memory {
            return memory.read(&self.fd, index(key), value);
        }
        let mut attributes = Element {
            map: number(&self.fd),
            key: address(key),
            value: address_mut(value),
            ..Element::default()
        };
        match call(command::MAP_LOOKUP, &mut attributes) {
            Ok(_) => Ok(true),
            Err(Errno::ENOENT) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Puts a value under a key.
    pub(crate) fn set(&self, key: &[u8], value: &[u8]) -> Result<(), Errno> {
        if key.len() != self.key || value.len() != self.value {
            return Err(Errno::EINVAL);
        }
        if let Some(memory) = &self.memory {
            let written = memory.write(&self.fd, index(key), value)?;
            return written.then_some(()).ok_or(Errno::E2BIG);
        }
        let mut attributes = Element {
            map: number(&self.fd),
            key: address(key),
            value: address(value),
            ..Element::default()
        };
        call(command::MAP_UPDATE, &mut attributes).map(drop)
    }

    /// Takes away what is under a key, if there is anything.
    pub(crate) fn remove(&self, key: &[u8]) -> Result<(), Errno> {
        if key.len() != self.key {
            return Err(Errno::EINVAL);
        }
        let mut attributes = Element {
            map: number(&self.fd),
            key: address(key),
            ..Element::default()
        };
        match call(command::MAP_DELETE, &mut attributes) {
            Ok(_) | Err(Errno::ENOENT) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The sizes of its keys and values.
    pub(crate) const fn sizes(&self) -> (usize, usize) {
        (self.key, self.value)
    }

    /// From now on, entries are read by a program that writes each of them.
    pub(crate) fn read_with(&mut self, walk: &Loaded) -> Result<(), Errno> {
        self.walk = Some(walk.over(&self.fd)?);
        Ok(())
    }

    fn walked(&self, walk: &OwnedFd) -> Result<Vec<Entry>, Errno> {
        let mut attributes = CreateIterator {
            link: number(walk),
            flags: 0,
        };
        let mut bytes = Vec::new();
        File::from(open(command::ITER_CREATE, &mut attributes)?)
            .read_to_end(&mut bytes)
            .map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)))?;
        let split = |entry: &[u8]| {
            let (key, value) = entry.split_at_checked(self.key)?;
            Some((key.to_vec(), value.to_vec()))
        };
        let entries = bytes.chunks_exact(self.key + self.value);
        // One that moves meanwhile may be met again.
        let all: BTreeMap<_, _> = entries.filter_map(split).collect();
        Ok(all.into_iter().collect())
    }

    /// All entries of a hash, key and value.
    pub(crate) fn entries(&self) -> Result<Vec<Entry>, Errno> {
        if let Some(walk) = &self.walk {
            return self.walked(walk);
        }
        let (mut keys, mut values) = (Vec::new(), Vec::new());
        let (mut from, mut to) = ([0_u8; 8], [0_u8; 8]);
        let mut all = Vec::new();
        let (mut batch, mut first) = (FIRST_BATCH, true);
        loop {
            let most = usize::try_from(batch).unwrap_or_default();
            keys.resize(most * self.key, 0);
            values.resize(most * self.value, 0);
            let mut attributes = Batch {
                from: if first { 0 } else { address(&from) },
                to: address_mut(&mut to),
                keys: address_mut(&mut keys),
                values: address_mut(&mut values),
                count: batch,
                map: number(&self.fd),
                ..Batch::default()
            };
            let answer = call(command::MAP_LOOKUP_BATCH, &mut attributes);
            // What belongs together is read at once.
            if answer == Err(Errno::ENOSPC) && batch < BATCH {
                batch = BATCH;
                continue;
            }
            batch = BATCH;
            let last = answer == Err(Errno::ENOENT);
            if let (Err(error), false) = (answer, last) {
                return Err(error);
            }
            let count = usize::try_from(attributes.count).unwrap_or_default();
            let found = keys
                .chunks_exact(self.key)
                .zip(values.chunks_exact(self.value));
            all.extend(
                found
                    .take(count)
                    .map(|(key, value)| (key.to_vec(), value.to_vec())),
            );
            if last || count == 0 {
                return Ok(all);
            }
            from = to;
            first = false;
        }
    }
}

/// The place in an array that a key is.
fn index(key: &[u8]) -> usize {
    let number = key.try_into().map_or(u32::MAX, u32::from_ne_bytes);
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The types of a key and of a value of so many numbers, which the kernel wants to know of
/// values that live with threads.
fn types(shape: Shape) -> Result<OwnedFd, Errno> {
    const INT: u32 = 1 << 24;
    const ARRAY: u32 = 3 << 24;
    // magic and version, length of the header, then where types and strings are
    let mut words: Vec<u32> = vec![0x0001_eb9f, 24, 0, 56, 56, 8];
    for (name, size) in [(1, shape.key), (3, 8)] {
        words.extend([name, INT, size, size * 8]);
    }
    words.extend([0, ARRAY, 0, 2, 1, shape.value / 8]);
    let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
    bytes.extend(b"\0k\0v\0\0\0\0");
    let mut attributes = LoadTypes {
        types: address(&bytes),
        size: u32::try_from(bytes.len()).unwrap_or_default(),
        ..LoadTypes::default()
    };
    open(command::BTF_LOAD, &mut attributes)
}

/// A descriptor for a process.
pub(crate) fn process(pid: i32) -> Result<OwnedFd, Errno> {
    // SAFETY: takes numbers only.
    descriptor::made(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) })
}

/// Lets this process lock as much memory as maps take, which kernels before 5.11 count there,
/// until it is dropped: what is started later has the limit that there was. Where it may not,
/// maps say so when they are made.
#[derive(Debug)]
pub(crate) struct Unlimited(Option<libc::rlimit>);

impl Unlimited {
    pub(crate) fn new() -> Self {
        let mut before = libc::rlimit {
            rlim_cur: 0,
            rlim_max: 0,
        };
        // SAFETY: `before` has room for what the kernel writes.
        let told = unsafe { libc::getrlimit(libc::RLIMIT_MEMLOCK, &raw mut before) };
        if told != 0 {
            return Self(None);
        }
        let limit = libc::rlimit {
            rlim_cur: libc::RLIM_INFINITY,
            rlim_max: libc::RLIM_INFINITY,
        };
        // SAFETY: `limit` is complete and lives through the call.
        let granted = unsafe { libc::setrlimit(libc::RLIMIT_MEMLOCK, &raw const limit) };
        Self((granted == 0).then_some(before))
    }
}

impl Drop for Unlimited {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            // SAFETY: `before` is complete and lives through the call.
            let _lowered = unsafe { libc::setrlimit(libc::RLIMIT_MEMLOCK, &raw const *before) };
        }
    }
}

/// Nanoseconds of the clock by which the kernel says when a thread began.
pub(crate) fn now() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` has room for what the kernel writes.
    let _always = unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    let rest = u64::try_from(time.tv_nsec).unwrap_or_default();
    seconds.saturating_mul(1_000_000_000).saturating_add(rest)
}
