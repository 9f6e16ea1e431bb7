//! Instructions of eBPF, and labels in place of distances. Told by
//! Documentation/bpf/standardization/instruction-set.rst.

/// One instruction, `struct bpf_insn`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct Insn {
    code: u8,
    /// The destination in the lower half, the source in the upper one, on little-endian machines.
    registers: u8,
    offset: i16,
    value: i32,
}

/// A register. 0 has answers, 1 to 5 arguments, 6 to 9 survive calls, 10 is the frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reg(u8);

pub(crate) const R0: Reg = Reg(0);
pub(crate) const R1: Reg = Reg(1);
pub(crate) const R2: Reg = Reg(2);
pub(crate) const R3: Reg = Reg(3);
pub(crate) const R4: Reg = Reg(4);
pub(crate) const R6: Reg = Reg(6);
pub(crate) const R7: Reg = Reg(7);
pub(crate) const R8: Reg = Reg(8);
pub(crate) const R9: Reg = Reg(9);
pub(crate) const FRAME: Reg = Reg(10);

/// How much is read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    Word,
    Double,
}

/// What is done with two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Alu {
    Add,
    Subtract,
    And,
    ShiftLeft,
    ShiftRight,
    Move,
}

/// When a jump is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    Equal,
    NotEqual,
    /// Without a sign.
    Greater,
    /// Without a sign.
    GreaterOrEqual,
    /// A bit is common to both.
    Common,
    /// With a sign.
    SignedLessOrEqual,
}

/// The second of two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value {
    Reg(Reg),
    /// Extended with its sign.
    Is(i32),
}

impl From<Reg> for Value {
    fn from(reg: Reg) -> Self {
        Self::Reg(reg)
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Self::Is(value)
    }
}

/// Functions of the kernel, by their numbers in include/uapi/linux/bpf.h.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Helper {
    MapLookup = 1,
    MapUpdate = 2,
    MapDelete = 3,
    KtimeGetNs = 5,
    GetCurrentPidTgid = 14,
    GetCurrentComm = 16,
    GetCurrentTask = 35,
    CurrentTaskUnderCgroup = 37,
    MapPush = 87,
    MapPop = 88,
    ProbeReadKernel = 113,
    ProbeReadKernelStr = 115,
    SeqWrite = 127,
    RingOutput = 130,
    ThisCpuPtr = 154,
    TaskStorageGet = 156,
    GetCurrentTaskBtf = 158,
    TaskRegisters = 175,
}

/// A place to jump to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Label(usize);

/// A program that does not fit together: a mistake of whoever wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Misassembled;

/// Puts a program together.
#[derive(Debug, Default)]
pub(crate) struct Assembler {
    code: Vec<Insn>,
    labels: Vec<Option<usize>>,
    jumps: Vec<(usize, Label)>,
}

// Classes, include/uapi/linux/bpf_common.h and bpf.h.
const LD: u8 = 0x00;
const LDX: u8 = 0x01;
const ST: u8 = 0x02;
const STX: u8 = 0x03;
const ALU: u8 = 0x04;
const JMP: u8 = 0x05;
const ALU64: u8 = 0x07;
const MEM: u8 = 0x60;
const ATOMIC: u8 = 0xc0;
const FROM_REGISTER: u8 = 0x08;
/// `BPF_JCOND`, with 0 for `BPF_MAY_GOTO` as its source.
const MAY_GOTO: u8 = 0xe0;

impl Size {
    const fn code(self) -> u8 {
        match self {
            Self::Word => 0x00,
            Self::Double => 0x18,
        }
    }
}

impl Alu {
    const fn code(self) -> u8 {
        match self {
            Self::Add => 0x00,
            Self::Subtract => 0x10,
            Self::And => 0x50,
            Self::ShiftLeft => 0x60,
            Self::ShiftRight => 0x70,
            Self::Move => 0xb0,
        }
    }
}

impl When {
    const fn code(self) -> u8 {
        match self {
            Self::Equal => 0x10,
            Self::Greater => 0x20,
            Self::GreaterOrEqual => 0x30,
            Self::Common => 0x40,
            Self::NotEqual => 0x50,
            Self::SignedLessOrEqual => 0xd0,
        }
    }
}

impl Assembler {
    fn push(&mut self, code: u8, to: Reg, from: Reg, offset: i16, value: i32) {
        self.code.push(Insn {
            code,
            registers: to.0 | from.0 << 4,
            offset,
            value,
        });
    }

    /// A label whose place is told later.
    pub(crate) fn label(&mut self) -> Label {
        self.labels.push(None);
        Label(self.labels.len() - 1)
    }

    /// The label is here.
    pub(crate) fn place(&mut self, label: Label) {
        if let Some(place) = self.labels.get_mut(label.0) {
            *place = Some(self.code.len());
        }
    }

    /// Computes with 64 bits.
    pub(crate) fn alu(&mut self, what: Alu, to: Reg, by: impl Into<Value>) {
        self.compute(ALU64, what, to, by.into());
    }

    /// Computes with the lower 32 bits and clears the others.
    pub(crate) fn alu32(&mut self, what: Alu, to: Reg, by: impl Into<Value>) {
        self.compute(ALU, what, to, by.into());
    }

    fn compute(&mut self, class: u8, what: Alu, to: Reg, by: Value) {
        match by {
            Value::Reg(from) => self.push(class | what.code() | FROM_REGISTER, to, from, 0, 0),
            Value::Is(value) => self.push(class | what.code(), to, R0, 0, value),
        }
    }

    pub(crate) fn mov(&mut self, to: Reg, from: impl Into<Value>) {
        self.alu(Alu::Move, to, from);
    }

    /// Loads what stands at a register's address and so many bytes behind it.
    pub(crate) fn load(&mut self, size: Size, to: Reg, from: Reg, offset: i16) {
        self.push(LDX | MEM | size.code(), to, from, offset, 0);
    }

    pub(crate) fn store(&mut self, size: Size, to: Reg, offset: i16, from: impl Into<Value>) {
        match from.into() {
            Value::Reg(from) => self.push(STX | MEM | size.code(), to, from, offset, 0),
            Value::Is(value) => self.push(ST | MEM | size.code(), to, R0, offset, value),
        }
    }

    /// Adds to eight bytes in memory, whoever else does so.
    pub(crate) fn atomic_add(&mut self, to: Reg, offset: i16, from: Reg) {
        self.push(STX | ATOMIC | Size::Double.code(), to, from, offset, 0);
    }

    /// The same, and the register becomes what was there before. Since Linux 5.12.
    pub(crate) fn atomic_fetch_add(&mut self, to: Reg, offset: i16, from: Reg) {
        /// `BPF_FETCH`.
        const FETCH: i32 = 1;
        self.push(STX | ATOMIC | Size::Double.code(), to, from, offset, FETCH);
    }

    pub(crate) fn jump(&mut self, label: Label) {
        self.jumps.push((self.code.len(), label));
        self.push(JMP, R0, R0, 0, 0);
    }

    pub(crate) fn jump_if(&mut self, left: Reg, when: When, right: impl Into<Value>, label: Label) {
        self.jumps.push((self.code.len(), label));
        match right.into() {
            Value::Reg(right) => self.push(JMP | when.code() | FROM_REGISTER, left, right, 0, 0),
            Value::Is(value) => self.push(JMP | when.code(), left, R0, 0, value),
        }
    }

    /// Goes on, or jumps after millions of turns of a loop, so that the kernel's verifier knows
    /// that it ends without going through them.
    pub(crate) fn may_go_on(&mut self, or: Label) {
        self.jumps.push((self.code.len(), or));
        self.push(JMP | MAY_GOTO, R0, R0, 0, 0);
    }

    pub(crate) fn call(&mut self, helper: Helper) {
        self.push(JMP | 0x80, R0, R0, 0, helper as i32);
    }

    /// Calls a function that the kernel has for programs, by the number of its type.
    pub(crate) fn call_function(&mut self, number: i32) {
        const FUNCTION: Reg = Reg(2);
        self.push(JMP | 0x80, R0, FUNCTION, 0, number);
    }

    pub(crate) fn exit(&mut self) {
        self.push(JMP | 0x90, R0, R0, 0, 0);
    }

    /// Loads a map, by the descriptor of this process.
    pub(crate) fn map(&mut self, to: Reg, map: i32) {
        const MAP_FD: Reg = Reg(1);
        self.wide(to, MAP_FD, map);
    }

    /// Loads the address of the only value of an array.
    pub(crate) fn value_of(&mut self, to: Reg, map: i32) {
        const MAP_VALUE: Reg = Reg(2);
        self.wide(to, MAP_VALUE, map);
    }

    /// Loads where a variable of the kernel stands that each processor has, by the number of its
    /// type.
    pub(crate) fn variable(&mut self, to: Reg, number: i32) {
        const VARIABLE: Reg = Reg(3);
        self.wide(to, VARIABLE, number);
    }

    fn wide(&mut self, to: Reg, source: Reg, low: i32) {
        self.push(LD | Size::Double.code(), to, source, 0, low);
        self.push(0, R0, R0, 0, 0);
    }

    /// The program.
    pub(crate) fn finish(mut self) -> Result<Vec<Insn>, Misassembled> {
        for (at, label) in self.jumps {
            let place = self.labels.get(label.0).copied().flatten();
            let place = place.ok_or(Misassembled)?;
            let distance = distance(at + 1, place).ok_or(Misassembled)?;
            let jump = self.code.get_mut(at).ok_or(Misassembled)?;
            jump.offset = distance;
        }
        Ok(self.code)
    }
}

fn distance(from: usize, to: usize) -> Option<i16> {
    let [from, to] = [from, to].map(|at| i32::try_from(at).ok());
    i16::try_from(to? - from?).ok()
}
