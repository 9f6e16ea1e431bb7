//! Cases read back from a decision: conditions that a profile can state.
//!
//! For each argument in turn, the values that lead on to the same question about later arguments
//! are gathered. Values are found as cubes (some bits fixed, the others free), which is what
//! `SCMP_CMP_MASKED_EQ` says; those that make up an interval are stated as one comparison.

use std::collections::BTreeMap;

use super::call_rules::{Case, word};
use super::decision::{Decision, Decisions, TooComplex};
use super::{Action, ArgIndex, Condition, Test};

/// The most cases of one call. A profile that needs more is none that someone could review.
const MAX_CASES: usize = 1024;

/// The most cubes of one argument.
const MAX_CUBES: usize = 8192;

/// Bits that are fixed and what they are.
#[derive(Debug, Clone, Copy)]
struct Cube {
    mask: u64,
    value: u64,
}

/// What cases are to say.
#[derive(Debug, Clone, Copy)]
struct Reading {
    otherwise: Action,
    /// The largest value that conditions see.
    largest: u64,
}

impl Decisions {
    /// Cases that do not overlap and together say what `decision` does, and what is answered
    /// elsewhere: `otherwise`, or what the largest arguments get. With `low_word` they are for an
    /// architecture where conditions see 32 bits only.
    ///
    /// # Errors
    ///
    /// [`TooComplex`] if there are more than a thousand.
    pub fn cases(
        &mut self,
        decision: Decision,
        otherwise: Option<Action>,
        low_word: bool,
    ) -> Result<(Vec<Case>, Action), TooComplex> {
        let largest = self.answer(decision, &[u64::MAX; 6]);
        let otherwise = otherwise.or(largest).ok_or(TooComplex)?;
        let mut cases = Vec::new();
        let reading = Reading {
            otherwise,
            largest: word(low_word),
        };
        self.read(decision.root(), &mut Vec::new(), reading, &mut cases)?;
        cases.sort_unstable();
        Ok((cases, otherwise))
    }

    fn read(
        &mut self,
        root: u32,
        conditions: &mut Vec<Condition>,
        reading: Reading,
        cases: &mut Vec<Case>,
    ) -> Result<(), TooComplex> {
        if let Some(action) = self.action(root) {
            if action != reading.otherwise {
                if cases.len() >= MAX_CASES {
                    return Err(TooComplex);
                }
                let conditions = conditions.clone();
                cases.push(Case { action, conditions });
            }
            return Ok(());
        }
        let arg = u8::try_from(self.bit(root) / 64)
            .ok()
            .and_then(ArgIndex::new)
            .ok_or(TooComplex)?;
        let mut exits: BTreeMap<u32, Vec<Cube>> = BTreeMap::new();
        let mut count = 0;
        let all = Cube { mask: 0, value: 0 };
        self.cubes(root, arg, all, &mut exits, &mut count)?;
        for (exit, cubes) in exits {
            if self.action(exit) == Some(reading.otherwise) {
                continue;
            }
            for test in tests(cubes, reading.largest) {
                conditions.push(Condition { arg, test });
                self.read(exit, conditions, reading, cases)?;
                conditions.pop();
            }
        }
        Ok(())
    }

    /// The values of `arg` by where they lead. At most 64 levels deep.
    fn cubes(
        &mut self,
        at: u32,
        arg: ArgIndex,
        cube: Cube,
        exits: &mut BTreeMap<u32, Vec<Cube>>,
        count: &mut usize,
    ) -> Result<(), TooComplex> {
        self.spend(1)?;
        let node = self
            .node(at)
            .filter(|node| node.bit / 64 == u16::from(arg.get()));
        let Some(node) = node else {
            *count += 1;
            if *count > MAX_CUBES {
                return Err(TooComplex);
            }
            exits.entry(at).or_default().push(cube);
            return Ok(());
        };
        let bit = 1 << (63 - node.bit % 64);
        let mask = cube.mask | bit;
        let (zero, one) = (cube.value, cube.value | bit);
        self.cubes(node.zero, arg, Cube { mask, value: zero }, exits, count)?;
        self.cubes(node.one, arg, Cube { mask, value: one }, exits, count)
    }
}

/// Tests of which one holds for exactly the values in `cubes`.
fn tests(cubes: Vec<Cube>, largest: u64) -> Vec<Test> {
    let cubes: Vec<Cube> = cubes
        .into_iter()
        .flat_map(|cube| spelled_out(cube, largest))
        .collect();
    let Some(intervals) = intervals(&cubes, largest) else {
        return cubes
            .into_iter()
            .map(|cube| match cube.mask {
                mask if mask == largest => Test::Equal(cube.value),
                _ => masked(cube),
            })
            .collect();
    };
    if let [(0, below), (above, last)] = intervals.as_slice()
        && *last == largest
        && *above - *below == 2
    {
        return vec![Test::NotEqual(below + 1)];
    }
    let mut tests = Vec::new();
    for (first, last) in intervals {
        match (first, last) {
            _ if first == last => tests.push(Test::Equal(first)),
            (0, last) => tests.push(Test::LessOrEqual(last)),
            (first, last) if last == largest => tests.push(Test::GreaterOrEqual(first)),
            _ => tests.extend(prefixes(first, last, largest).map(masked)),
        }
    }
    tests
}

/// The few values of a cube, which are easier to read than a mask; a cube of many values, or of an
/// interval, as it is.
fn spelled_out(cube: Cube, largest: u64) -> Vec<Cube> {
    /// Two free bits, four values.
    const FREE: u32 = 2;
    let free = largest & !cube.mask;
    if free.count_ones() > FREE || free & free.wrapping_add(1) == 0 {
        return vec![cube];
    }
    let mut all = Vec::new();
    let mut bits = 0_u64;
    loop {
        all.push(Cube {
            mask: largest,
            value: cube.value | bits,
        });
        // The next choice of the free bits, until they are all clear again.
        bits = bits.wrapping_sub(free) & free;
        if bits == 0 {
            return all;
        }
    }
}

const fn masked(cube: Cube) -> Test {
    Test::MaskedEqual {
        mask: cube.mask,
        expected: cube.value,
    }
}

/// The cubes as intervals of values from 0 to `largest`, as few as possible; `None` if one of them
/// leaves a bit free above one that it fixes.
fn intervals(cubes: &[Cube], largest: u64) -> Option<Vec<(u64, u64)>> {
    let mut all = Vec::with_capacity(cubes.len());
    for cube in cubes {
        let free = largest & !cube.mask;
        if free & free.wrapping_add(1) != 0 {
            return None;
        }
        all.push((cube.value, cube.value | free));
    }
    all.sort_unstable();
    let mut merged: Vec<(u64, u64)> = Vec::new();
    for (first, last) in all {
        match merged.last_mut() {
            Some((_, end)) if end.checked_add(1) == Some(first) => *end = last,
            Some(_) | None => merged.push((first, last)),
        }
    }
    Some(merged)
}

/// An interval as cubes whose fixed bits are the upper ones.
fn prefixes(first: u64, last: u64, largest: u64) -> impl Iterator<Item = Cube> {
    let mut next = Some(first);
    std::iter::from_fn(move || {
        let start = next.filter(|start| *start <= last)?;
        let mut free = 0;
        loop {
            let wider = free << 1 | 1;
            if wider > largest || start & wider != 0 || start | wider > last || wider == free {
                break;
            }
            free = wider;
        }
        next = (start | free).checked_add(1);
        Some(Cube {
            mask: largest & !free,
            value: start,
        })
    })
}
