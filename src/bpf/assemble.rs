//! Instructions with places to jump to by name: how every filter of this crate is put together.

use super::Instruction;

/// `BPF_LD | BPF_W | BPF_ABS`, `include/uapi/linux/bpf_common.h`.
const LOAD: u16 = 0x20;
/// `BPF_ALU | BPF_AND | BPF_K`
const AND: u16 = 0x54;
/// `BPF_JMP | BPF_JA`
const JUMP: u16 = 0x05;
/// `BPF_JMP | BPF_JEQ | BPF_K`
pub(crate) const EQUAL: u16 = 0x15;
/// `BPF_JMP | BPF_JGT | BPF_K`
pub(crate) const GREATER: u16 = 0x25;
/// `BPF_JMP | BPF_JGE | BPF_K`
pub(crate) const GREATER_OR_EQUAL: u16 = 0x35;
/// `BPF_JMP | BPF_JSET | BPF_K`
pub(crate) const ANY_BIT: u16 = 0x45;
/// `BPF_RET | BPF_K`
const RETURN: u16 = 0x06;

/// The farthest that a branch reaches.
const REACH: usize = 255;

/// A place in the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Label(usize);

#[derive(Debug, Clone, Copy)]
enum Item {
    Plain {
        code: u16,
        value: u32,
    },
    Branch {
        code: u16,
        value: u32,
        yes: Label,
        no: Label,
        /// Whether the two take jumps of their own, as the places are too far away.
        far_yes: bool,
        far_no: bool,
    },
    /// On at a place whatever is loaded.
    Jump(Label),
    Here(Label),
}

impl Item {
    const fn size(self) -> usize {
        match self {
            Self::Plain { .. } | Self::Jump(_) => 1,
            Self::Branch {
                far_yes, far_no, ..
            } => {
                1 + match (far_yes, far_no) {
                    (false, false) => 0,
                    (true, false) | (false, true) => 1,
                    (true, true) => 2,
                }
            }
            Self::Here(_) => 0,
        }
    }
}

/// A program in the making. Every branch goes forward.
#[derive(Debug, Default)]
pub(crate) struct Assembler {
    items: Vec<Item>,
    labels: usize,
}

impl Assembler {
    /// A place that is set later by [`Self::here`].
    pub(crate) const fn label(&mut self) -> Label {
        self.labels += 1;
        Label(self.labels - 1)
    }

    /// Sets a place.
    pub(crate) fn here(&mut self, label: Label) {
        self.items.push(Item::Here(label));
    }

    /// Loads a word of the data.
    pub(crate) fn load(&mut self, offset: u32) {
        self.items.push(Item::Plain {
            code: LOAD,
            value: offset,
        });
    }

    /// Any instruction that neither jumps nor ends.
    pub(crate) fn plain(&mut self, code: u16, value: u32) {
        self.items.push(Item::Plain { code, value });
    }

    /// Keeps some bits of what is loaded.
    pub(crate) fn mask(&mut self, mask: u32) {
        self.items.push(Item::Plain {
            code: AND,
            value: mask,
        });
    }

    /// Ends with an answer.
    pub(crate) fn answer(&mut self, value: u32) {
        self.items.push(Item::Plain {
            code: RETURN,
            value,
        });
    }

    /// Goes on at one place or the other.
    pub(crate) fn branch(&mut self, code: u16, value: u32, yes: Label, no: Label) {
        self.items.push(Item::Branch {
            code,
            value,
            yes,
            no,
            far_yes: false,
            far_no: false,
        });
    }

    /// Goes on at a place whatever is loaded.
    pub(crate) fn jump(&mut self, to: Label) {
        self.items.push(Item::Jump(to));
    }

    /// The instructions. Branches that reach too far get jumps until none does.
    pub(crate) fn finish(mut self) -> Vec<Instruction> {
        loop {
            let places = self.places();
            let place = |label: Label| places.get(label.0).copied().unwrap_or_default();
            let (mut at, mut grew) = (0, false);
            for item in &mut self.items {
                let next = at + item.size();
                if let Item::Branch {
                    yes,
                    no,
                    far_yes,
                    far_no,
                    ..
                } = item
                {
                    // From the branch itself, so two too many at most.
                    for (target, far) in [(place(*yes), far_yes), (place(*no), far_no)] {
                        if !*far && target.saturating_sub(at + 1) > REACH {
                            *far = true;
                            grew = true;
                        }
                    }
                }
                at = next;
            }
            if !grew {
                return self.emit(&places);
            }
        }
    }

    fn places(&self) -> Vec<usize> {
        let mut places = vec![0; self.labels];
        let mut at = 0;
        for item in &self.items {
            if let Item::Here(label) = item
                && let Some(place) = places.get_mut(label.0)
            {
                *place = at;
            }
            at += item.size();
        }
        places
    }

    fn emit(&self, places: &[usize]) -> Vec<Instruction> {
        let place = |label: Label| places.get(label.0).copied().unwrap_or_default();
        let plain = |code, value| Instruction {
            code,
            jump_true: 0,
            jump_false: 0,
            value,
        };
        let mut all: Vec<Instruction> = Vec::new();
        for item in &self.items {
            match *item {
                Item::Plain { code, value } => all.push(plain(code, value)),
                Item::Here(_) => {}
                Item::Jump(label) => {
                    let over = place(label).saturating_sub(all.len() + 1);
                    all.push(plain(JUMP, u32::try_from(over).unwrap_or(u32::MAX)));
                }
                Item::Branch {
                    code,
                    value,
                    yes,
                    no,
                    far_yes,
                    far_no,
                } => {
                    let over = |label: Label, from: usize| place(label).saturating_sub(from);
                    let near = |label: Label, from: usize| {
                        u8::try_from(over(label, from)).unwrap_or(u8::MAX)
                    };
                    let at = all.len() + 1;
                    let jump_true = if far_yes { 0 } else { near(yes, at) };
                    let jump_false = if far_no {
                        u8::from(far_yes)
                    } else {
                        near(no, at)
                    };
                    all.push(Instruction {
                        code,
                        jump_true,
                        jump_false,
                        value,
                    });
                    for (label, far) in [(yes, far_yes), (no, far_no)] {
                        if far {
                            let over = over(label, all.len() + 1);
                            all.push(plain(JUMP, u32::try_from(over).unwrap_or(u32::MAX)));
                        }
                    }
                }
            }
        }
        all
    }
}
