//! What several programs do.

use super::super::assembler::{
    Alu, Assembler, FRAME, Helper, Label, R0, R1, R2, R3, R4, R7, R8, Reg, Size, When,
};
use super::super::layout::{Counter, state};
use super::{Fields, Loops, Maps, Peek, Plan, Refused, Storage};

/// What programs are made with.
///
/// In all of them register 7 is the thread that runs, once [`With::state`] has been called, and
/// register 8 its state.
#[derive(Debug, Clone, Copy)]
pub(super) struct With {
    pub(super) fields: Fields,
    pub(super) plan: Plan,
    pub(super) maps: Maps,
}

/// Places in the frame. What needs eight bytes at once is aligned to that.
pub(super) mod frame {
    pub(in super::super) const CONTEXT: i16 = -8;
    pub(in super::super) const TASK: i16 = -16;
    pub(in super::super) const STATE: i16 = -24;
    pub(in super::super) const SCRATCH: i16 = -32;
    pub(in super::super) const DENTRY: i16 = -40;
    pub(in super::super) const MOUNT: i16 = -48;
    /// Four bytes each.
    pub(in super::super) const SLOT: i16 = -56;
    pub(in super::super) const SCOPE: i16 = -52;
    pub(in super::super) const ENTERED: i16 = -64;
    pub(in super::super) const MODE: i16 = -60;
    /// 32 bytes: who is looked up by its file.
    pub(in super::super) const FILE: i16 = -96;
    /// 16 bytes: a key.
    pub(in super::super) const KEY: i16 = -112;
    /// 16 bytes: a value.
    pub(in super::super) const VALUE: i16 = -128;
    /// 24 bytes: a new state.
    pub(in super::super) const NEW: i16 = -152;
    pub(in super::super) const INDEX: i16 = -160;
    pub(in super::super) const ABOVE: i16 = -168;
    /// Four bytes: what executed the program.
    pub(in super::super) const FORMER: i16 = -176;
}

/// `BPF_NOEXIST`.
pub(super) const IF_NEW: i32 = 1;

/// A place in the frame as an argument.
pub(super) fn place(asm: &mut Assembler, to: Reg, offset: i16) {
    asm.mov(to, FRAME);
    asm.alu(Alu::Add, to, i32::from(offset));
}

/// Looks up what stands at `key` in the frame.
pub(super) fn lookup(asm: &mut Assembler, map: i32, key: i16) {
    asm.map(R1, map);
    place(asm, R2, key);
    asm.call(Helper::MapLookup);
}

/// Puts a value of the frame under a key of the frame.
pub(super) fn update(asm: &mut Assembler, map: i32, key: i16, value: i16, flags: i32) {
    asm.map(R1, map);
    place(asm, R2, key);
    place(asm, R3, value);
    asm.mov(R4, flags);
    asm.call(Helper::MapUpdate);
}

/// Copies from the kernel's memory to the frame.
pub(super) fn read(asm: &mut Assembler, to: i16, bytes: i32, from: Reg, offset: i32) {
    asm.mov(R3, from);
    asm.alu(Alu::Add, R3, offset);
    place(asm, R1, to);
    asm.mov(R2, bytes);
    asm.call(Helper::ProbeReadKernel);
}

/// Follows a pointer: `to` becomes what stands behind `from`.
pub(super) fn follow(asm: &mut Assembler, to: Reg, from: Reg, offset: i32) {
    read(asm, frame::SCRATCH, 8, from, offset);
    asm.load(Size::Double, to, FRAME, frame::SCRATCH);
}

/// Adds one to what register 0 points to.
pub(super) fn add_one(asm: &mut Assembler, offset: i16) {
    asm.mov(R1, 1);
    asm.atomic_add(R0, offset, R1);
}

pub(super) fn leave(asm: &mut Assembler, out: Label) {
    asm.place(out);
    asm.mov(R0, 0);
    asm.exit();
}

impl With {
    /// Adds one to a counter.
    pub(super) fn count(&self, asm: &mut Assembler, counter: Counter) {
        asm.value_of(R2, self.maps.counters);
        asm.mov(R1, 1);
        asm.atomic_add(R2, counter.offset(), R1);
    }

    /// The offset of a thread's mode of filters, where only threads with a filter matter to the end
    /// of calls.
    pub(super) fn filtered_ends(&self) -> Option<i32> {
        let plan = self.plan;
        let fits = plan.storage == Storage::Task && plan.refused == Refused::AtEnd;
        let near = |mode: &i32| i16::try_from(*mode).is_ok();
        let found = self.fields.filtered.filter(near);
        found.filter(|_| fits && !plan.results)
    }

    /// The thread that runs becomes register 7.
    pub(super) fn task(&self, asm: &mut Assembler) {
        asm.call(match self.plan.storage {
            Storage::Task => Helper::GetCurrentTaskBtf,
            Storage::Table => Helper::GetCurrentTask,
        });
        asm.mov(R7, R0);
    }

    /// The thread that runs becomes register 7, and its state, or null, register 0.
    pub(super) fn state(&self, asm: &mut Assembler) {
        self.task(asm);
        self.state_of_task(asm);
    }

    /// The same, and goes to `none` if there is no state. Nearly everybody whom nobody records is
    /// left at one look, without asking for it.
    pub(super) fn state_or(&self, asm: &mut Assembler, none: Label) {
        self.task(asm);
        self.state_of_task_or(asm, none);
    }

    /// The state of the thread in register 7, which runs, becomes register 0; one without goes to
    /// `none`.
    pub(super) fn state_of_task_or(&self, asm: &mut Assembler, none: Label) {
        let stored = self.fields.stored.map(i16::try_from);
        if let Some(peek) = self.peek() {
            self.kept(asm, peek, none);
        } else if let (Storage::Task, Some(Ok(stored))) = (self.plan.storage, stored) {
            // The kernel's verifier goes through the names of all types for that, some 0.5 ms.
            asm.load(Size::Double, R0, R7, stored);
            asm.jump_if(R0, When::Equal, 0, none);
        }
        self.state_of_task(asm);
        asm.jump_if(R0, When::Equal, 0, none);
    }

    /// What it takes to read what stands with a thread, on kernels of which it is known.
    pub(super) fn peek(&self) -> Option<Peek> {
        let plan = self.plan;
        let knows = plan.storage == Storage::Task && plan.loops == Loops::MayGoOn;
        let found = self.fields.peek.filter(|_| knows);
        found.filter(|_| self.fields.stored.is_some())
    }

    /// What programs keep of the thread in register 7 becomes register 1. One of whom none keeps
    /// anything goes to `none`.
    pub(super) fn kept(&self, asm: &mut Assembler, peek: Peek, none: Label) {
        asm.mov(R1, R7);
        Self::readable(asm, peek, self.fields.stored.unwrap_or_default());
        asm.load(Size::Double, R1, R0, 0);
        asm.jump_if(R1, When::Equal, 0, none);
    }

    /// Where the state of the thread of whom that is kept can be read becomes register 0. One that
    /// has to be asked for goes to `other`: another tool's may come first.
    pub(super) fn state_to_read(&self, asm: &mut Assembler, peek: Peek, other: Label) {
        Self::readable(asm, peek, peek.first);
        asm.load(Size::Double, R1, R0, 0);
        asm.jump_if(R1, When::Equal, 0, other);
        Self::readable(asm, peek, peek.content);
        asm.load(Size::Double, R1, R0, peek.map);
        asm.map(R2, self.maps.states);
        asm.jump_if(R1, When::NotEqual, R2, other);
    }

    /// What stands so far behind the address in register 1 can be read by register 0.
    fn readable(asm: &mut Assembler, peek: Peek, offset: i32) {
        asm.alu(Alu::Add, R1, offset);
        asm.mov(R2, peek.registers);
        asm.call_function(peek.cast);
    }

    /// The state of the thread in register 7, which runs, or null, becomes register 0.
    pub(super) fn state_of_task(&self, asm: &mut Assembler) {
        match self.plan.storage {
            Storage::Task => {
                asm.map(R1, self.maps.states);
                asm.mov(R2, R7);
                asm.mov(R3, 0);
                asm.mov(R4, 0);
                asm.call(Helper::TaskStorageGet);
            }
            Storage::Table => {
                asm.call(Helper::GetCurrentPidTgid);
                asm.store(Size::Word, FRAME, frame::KEY, R0);
                lookup(asm, self.maps.states, frame::KEY);
            }
        }
    }

    /// Loads four bytes of the thread that runs.
    pub(super) fn of_task(&self, asm: &mut Assembler, to: Reg, offset: i32) {
        match (self.plan.storage, i16::try_from(offset)) {
            (Storage::Task, Ok(offset)) => asm.load(Size::Word, to, R7, offset),
            (Storage::Task | Storage::Table, _) => {
                read(asm, frame::SCRATCH, 4, R7, offset);
                asm.load(Size::Word, to, FRAME, frame::SCRATCH);
            }
        }
    }

    /// Gives a state from the frame to the thread that runs; register 0 is it, or null.
    pub(super) fn create(&self, asm: &mut Assembler) {
        match self.plan.storage {
            Storage::Task => {
                asm.map(R1, self.maps.states);
                asm.mov(R2, R7);
                place(asm, R3, frame::NEW);
                asm.mov(R4, 1);
                asm.call(Helper::TaskStorageGet);
            }
            Storage::Table => {
                asm.call(Helper::GetCurrentPidTgid);
                asm.store(Size::Word, FRAME, frame::KEY, R0);
                update(asm, self.maps.states, frame::KEY, frame::NEW, 0);
                lookup(asm, self.maps.states, frame::KEY);
            }
        }
    }

    /// The program of the state in register 8 into the frame; a thread without one is left.
    pub(super) fn slot(asm: &mut Assembler, out: Label) {
        asm.load(Size::Word, R1, R8, state::SLOT);
        asm.alu32(Alu::Move, R2, state::NONE);
        asm.jump_if(R1, When::Equal, R2, out);
        asm.store(Size::Word, FRAME, frame::SLOT, R1);
    }
}
