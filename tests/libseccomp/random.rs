//! Random profiles, made so that rules overlap, contradict and repeat each other.

use callsieve::arch::Arch;
use callsieve::profile::{Action, ArgIndex, Condition, Profile, Rule, Test};
use callsieve::syscalls::SyscallName;

/// Numbers that look random and are the same in every run (xorshift64*, Vigna 2016).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub(crate) fn below(&mut self, count: usize) -> usize {
        usize::try_from((self.next() >> 33) % u64::try_from(count).unwrap()).unwrap()
    }

    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

/// What a profile's rules are about.
pub(crate) const NAMES: [&str; 8] = [
    "read",
    "socket",
    "connect",
    "socketcall",
    "semop",
    "ipc",
    "clone",
    "personality",
];

/// The architectures that a profile lists some of.
pub(crate) const ARCHES: [Arch; 5] = [Arch::X86_64, Arch::X86, Arch::X32, Arch::Aarch64, Arch::Arm];

const VALUES: [u64; 14] = [
    0,
    1,
    2,
    3,
    5,
    0xffff_fffe,
    0xffff_ffff,
    0x1_0000_0000,
    0x1_0000_0001,
    0x1_0000_0002,
    0x2_0000_0001,
    0x5_0000_0005,
    u64::MAX - 1,
    u64::MAX,
];

const ACTIONS: [Action; 8] = [
    Action::Allow,
    Action::Allow,
    Action::Allow,
    Action::Log,
    Action::Errno(1),
    Action::Errno(38),
    Action::Trap,
    Action::KillProcess,
];

fn condition(random: &mut Random, args: &[u8]) -> Condition {
    let value = if random.below(12) == 0 {
        random.next()
    } else {
        random.pick(&VALUES)
    };
    let test = match random.below(8) {
        0 => Test::NotEqual(value),
        1 => Test::Less(value),
        2 => Test::LessOrEqual(value),
        3 | 4 => Test::Equal(value),
        5 => Test::GreaterOrEqual(value),
        6 => Test::Greater(value),
        _ => Test::MaskedEqual {
            mask: value,
            expected: random.pick(&VALUES),
        },
    };
    Condition {
        arg: ArgIndex::new(random.pick(args)).unwrap(),
        test,
    }
}

/// A profile of few names, some with many rules.
pub(crate) fn profile(random: &mut Random) -> Profile {
    let default_action = random.pick(&[
        Action::Errno(1),
        Action::Errno(1),
        Action::KillProcess,
        Action::KillThread,
        Action::Errno(38),
        Action::Log,
        Action::Allow,
    ]);
    // One action in most profiles, as people write them; several where that is asked for.
    let actions: Vec<Action> = (0..random.pick(&[1, 1, 2, 3]))
        .map(|_| random.pick(&ACTIONS))
        .collect();
    let args: Vec<u8> = (0..random.pick(&[1, 1, 2, 3]))
        .map(|_| random.pick(&[0u8, 1, 2, 5]))
        .collect();
    let names: Vec<&str> = (0..random.pick(&[1, 1, 2, 3]))
        .map(|_| random.pick(&NAMES))
        .collect();
    let rules = (0..=random.below(6))
        .map(|_| Rule {
            names: (0..random.pick(&[1, 1, 1, 2]))
                .map(|_| SyscallName::new(random.pick(&names)).unwrap())
                .collect(),
            action: random.pick(&actions),
            conditions: if random.below(20) == 0 {
                Vec::new()
            } else {
                (0..random.pick(&[1, 1, 1, 2, 2, 3]))
                    .map(|_| condition(random, &args))
                    .collect()
            },
            comment: None,
        })
        .collect();
    Profile {
        default_action,
        architectures: ARCHES
            .into_iter()
            .filter(|_| random.below(2) == 0)
            .collect(),
        rules,
        flags: Vec::new(),
    }
}

/// Arguments near those that rules speak of.
pub(crate) fn args(random: &mut Random) -> [u64; 6] {
    [0; 6].map(|_: u64| {
        let value = random.pick(&VALUES);
        match random.below(8) {
            0 => value.wrapping_add(1),
            1 => value.wrapping_sub(1),
            2 => random.next(),
            _ => value,
        }
    })
}
