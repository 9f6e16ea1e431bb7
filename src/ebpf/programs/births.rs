//! Births, new programs and ends.

use super::super::assembler::{
    Alu, Assembler, FRAME, Helper, Insn, Label, Misassembled, R0, R1, R2, R3, R4, R6, R7, R8, Size,
    When,
};
use super::super::layout::{Counter, KILLED_BY_FILTER, image, starter, state};
use super::Storage;
use super::common::{self, With, frame, leave, place, read};

impl With {
    /// `sched_process_fork(parent, child)`: a thread gets what its parent has, before it runs.
    pub(super) fn fork(&self) -> Result<Vec<Insn>, Misassembled> {
        let mut asm = Assembler::default();
        let [out, made, thread, lost] = [(); 4].map(|()| asm.label());
        asm.mov(R6, R1);
        self.state(&mut asm);
        asm.jump_if(R0, When::Equal, 0, out);
        asm.mov(R8, R0);
        Self::slot(&mut asm, out);
        asm.store(Size::Word, FRAME, frame::NEW + state::SLOT, R1);
        asm.load(Size::Word, R1, R8, state::SCOPE);
        asm.store(Size::Word, FRAME, frame::NEW + state::SCOPE, R1);
        asm.store(Size::Word, FRAME, frame::NEW + state::OPEN, state::SKIP);
        asm.load(Size::Word, R1, R8, state::ENTERED);
        asm.store(Size::Word, FRAME, frame::NEW + state::ENTERED, R1);
        asm.store(Size::Double, FRAME, frame::NEW + state::ASKED, 0);
        if self.filtered_ends().is_some() {
            // The call that makes the thread ends for both of them.
            asm.load(Size::Word, R1, R8, state::OPEN);
            asm.store(Size::Word, FRAME, frame::NEW + state::OPEN, R1);
            asm.load(Size::Double, R1, R8, state::BEGUN);
            asm.store(Size::Double, FRAME, frame::NEW + state::BEGUN, R1);
        }
        if let Some(events) = self.fields.events {
            asm.load(Size::Word, R1, R6, events.child);
            asm.call_function(events.thread);
            asm.jump_if(R0, When::Equal, 0, lost);
            asm.mov(R7, R0);
        } else {
            asm.load(Size::Double, R7, R6, 8);
        }
        let done = asm.label();
        match self.plan.storage {
            Storage::Task => {
                asm.map(R1, self.maps.states);
                asm.mov(R2, R7);
                place(&mut asm, R3, frame::NEW);
                asm.mov(R4, 1);
                asm.call(Helper::TaskStorageGet);
                asm.jump_if(R0, When::NotEqual, 0, made);
            }
            Storage::Table => {
                read(&mut asm, frame::KEY, 4, R7, self.fields.pid);
                common::update(&mut asm, self.maps.states, frame::KEY, frame::NEW, 0);
                asm.jump_if(R0, When::Equal, 0, made);
            }
        }
        self.count(&mut asm, Counter::NotFollowed);
        asm.jump(done);
        asm.place(made);
        self.live(&mut asm, frame::NEW + state::SCOPE, 1);
        common::lookup(&mut asm, self.maps.images, frame::SLOT);
        asm.jump_if(R0, When::Equal, 0, done);
        common::add_one(&mut asm, image::TASKS);
        self.jump_if_thread(&mut asm, thread);
        self.count(&mut asm, Counter::Processes);
        asm.place(thread);
        asm.place(done);
        if let Some(events) = self.fields.events {
            asm.mov(R1, R7);
            asm.call_function(events.let_go);
            asm.jump(out);
            asm.place(lost);
            self.count(&mut asm, Counter::NotFollowed);
        }
        leave(&mut asm, out);
        asm.finish()
    }

    /// Jumps if the thread in register 7 does not lead its process.
    fn jump_if_thread(&self, asm: &mut Assembler, thread: Label) {
        read(asm, frame::INDEX, 4, R7, self.fields.pid);
        read(asm, frame::INDEX + 4, 4, R7, self.fields.tgid);
        asm.load(Size::Word, R1, FRAME, frame::INDEX);
        asm.load(Size::Word, R2, FRAME, frame::INDEX + 4);
        asm.jump_if(R1, When::NotEqual, R2, thread);
    }

    /// `sched_process_exec(task, former number, binary)`: from now on the process runs another
    /// program.
    pub(super) fn exec(&self) -> Result<Vec<Insn>, Misassembled> {
        let mut asm = Assembler::default();
        let [out, known, found] = [(); 3].map(|()| asm.label());
        let stranger = self.strangers(&mut asm, out);
        asm.store(Size::Double, FRAME, frame::CONTEXT, R1);
        asm.mov(R6, R1);
        if self.plan.storage == Storage::Table {
            self.renumber(&mut asm);
        }
        self.state(&mut asm);
        asm.store(Size::Double, FRAME, frame::TASK, R7);
        asm.jump_if(R0, When::Equal, 0, stranger);
        asm.mov(R8, R0);
        asm.load(Size::Word, R1, R8, state::SCOPE);
        asm.store(Size::Word, FRAME, frame::SCOPE, R1);
        // The call that makes the recorder's child the program is not counted here.
        asm.load(Size::Word, R1, R8, state::SLOT);
        asm.store(Size::Word, FRAME, frame::FORMER, R1);
        asm.alu32(Alu::Move, R2, state::NONE);
        asm.jump_if(R1, When::NotEqual, R2, known);
        asm.store(Size::Word, R8, state::OPEN, state::SKIP);
        if self.plan.late_ends.is_some() {
            asm.store(Size::Word, R8, state::BEGUN, state::FREE + state::BEFORE);
        }
        if stranger != out {
            asm.jump(known);
            asm.place(stranger);
            self.adopt(&mut asm, out);
            asm.mov(R8, R0);
            // The call that brought it here began before anybody looked.
            asm.store(Size::Word, R8, state::OPEN, state::SKIP);
            asm.store(Size::Word, FRAME, frame::FORMER, starter::UNKNOWN);
        }
        asm.place(known);
        if let Some(mode) = self.filtered_ends() {
            // A filter that came since the call began is no reason to count it for this program.
            let free = asm.label();
            self.of_task(&mut asm, R1, mode);
            asm.jump_if(R1, When::Equal, 0, free);
            asm.store(Size::Word, R8, state::OPEN, state::SKIP);
            asm.store(Size::Word, R8, state::BEGUN, 0);
            asm.place(free);
        }
        asm.store(Size::Word, R8, state::ENTERED, 0);
        asm.store(Size::Word, FRAME, frame::ENTERED, 0);
        asm.store(Size::Double, FRAME, frame::STATE, R8);
        self.image(&mut asm);
        asm.load(Size::Double, R8, FRAME, frame::STATE);
        asm.load(Size::Word, R1, FRAME, frame::SLOT);
        asm.store(Size::Word, R8, state::SLOT, R1);
        common::lookup(&mut asm, self.maps.images, frame::SLOT);
        asm.jump_if(R0, When::Equal, 0, found);
        common::add_one(&mut asm, image::TASKS);
        asm.place(found);
        self.started(&mut asm);
        common::lookup(&mut asm, self.maps.scopes, frame::SCOPE);
        asm.jump_if(R0, When::Equal, 0, out);
        asm.mov(R6, R0);
        asm.load(Size::Double, R7, FRAME, frame::TASK);
        self.group(&mut asm);
        leave(&mut asm, out);
        asm.finish()
    }

    /// Counts who executed the program in the frame, if that is known.
    fn started(&self, asm: &mut Assembler) {
        let [done, full] = [(); 2].map(|()| asm.label());
        asm.load(Size::Word, R1, FRAME, frame::FORMER);
        asm.alu32(Alu::Move, R2, starter::UNKNOWN);
        asm.jump_if(R1, When::Equal, R2, done);
        asm.store(Size::Word, FRAME, frame::KEY + 4, R1);
        asm.load(Size::Word, R1, FRAME, frame::SLOT);
        asm.store(Size::Word, FRAME, frame::KEY, R1);
        Self::add_or_insert(asm, self.maps.starters, done, full);
        asm.place(full);
        common::lookup(asm, self.maps.images, frame::SLOT);
        asm.jump_if(R0, When::Equal, 0, done);
        common::add_one(asm, image::UNTOLD);
        asm.place(done);
    }

    /// A thread that executes takes its leader's number, and with it the state moves.
    fn renumber(&self, asm: &mut Assembler) {
        let [same, gone] = [(); 2].map(|()| asm.label());
        asm.load(Size::Double, R1, R6, 8);
        asm.store(Size::Word, FRAME, frame::INDEX, R1);
        asm.call(Helper::GetCurrentPidTgid);
        asm.alu32(Alu::Move, R0, R0);
        asm.store(Size::Word, FRAME, frame::INDEX + 4, R0);
        asm.load(Size::Word, R1, FRAME, frame::INDEX);
        asm.jump_if(R0, When::Equal, R1, same);
        common::lookup(asm, self.maps.states, frame::INDEX);
        asm.jump_if(R0, When::Equal, 0, gone);
        for at in [0, 8, 16] {
            asm.load(Size::Double, R1, R0, at);
            asm.store(Size::Double, FRAME, frame::NEW + at, R1);
        }
        let states = self.maps.states;
        common::update(asm, states, frame::INDEX + 4, frame::NEW, 0);
        asm.map(R1, states);
        place(asm, R2, frame::INDEX);
        asm.call(Helper::MapDelete);
        asm.place(gone);
        asm.place(same);
    }

    /// `sched_process_exit(task)`: a thread ends.
    pub(super) fn gone(&self) -> Result<Vec<Insn>, Misassembled> {
        let mut asm = Assembler::default();
        let [out, forget] = [(); 2].map(|()| asm.label());
        self.state(&mut asm);
        asm.jump_if(R0, When::Equal, 0, out);
        asm.mov(R8, R0);
        asm.load(Size::Word, R1, R8, state::SCOPE);
        asm.store(Size::Word, FRAME, frame::SCOPE, R1);
        self.live(&mut asm, frame::SCOPE, -1);
        Self::slot(&mut asm, forget);
        asm.store(Size::Word, FRAME, frame::KEY, R1);
        if let Some(mode) = self.fields.filtered {
            self.killed_by_filter(&mut asm, mode);
        }
        self.jump_if_thread(&mut asm, forget);
        self.count(&mut asm, Counter::Ended);
        read(&mut asm, frame::KEY + 4, 4, R7, self.fields.exit_code);
        self.ended(&mut asm);
        asm.place(forget);
        if self.plan.storage == Storage::Table {
            asm.call(Helper::GetCurrentPidTgid);
            asm.store(Size::Word, FRAME, frame::INDEX, R0);
            asm.map(R1, self.maps.states);
            place(&mut asm, R2, frame::INDEX);
            asm.call(Helper::MapDelete);
        }
        leave(&mut asm, out);
        asm.finish()
    }

    /// Notes that a filter killed the thread in register 7, as far as can be told: a signal of
    /// that kind may have been sent by somebody, to a process that has a filter.
    fn killed_by_filter(&self, asm: &mut Assembler, mode: i32) {
        /// `SECCOMP_MODE_DEAD` of kernel/seccomp.c, since Linux 5.17.
        const DEAD: i32 = 3;
        let [not, killed] = [(); 2].map(|()| asm.label());
        read(asm, frame::INDEX, 4, R7, self.fields.exit_code);
        read(asm, frame::INDEX + 4, 4, R7, mode);
        asm.load(Size::Word, R2, FRAME, frame::INDEX + 4);
        asm.jump_if(R2, When::Equal, 0, not);
        asm.load(Size::Word, R1, FRAME, frame::INDEX);
        asm.alu(Alu::And, R1, 0x7f);
        asm.jump_if(R1, When::Equal, libc::SIGSYS, killed);
        // Strict mode kills for good.
        asm.jump_if(R2, When::NotEqual, DEAD, not);
        asm.jump_if(R1, When::NotEqual, libc::SIGKILL, not);
        asm.place(killed);
        asm.store(Size::Word, FRAME, frame::KEY + 4, KILLED_BY_FILTER);
        self.ended(asm);
        asm.place(not);
    }

    /// Counts an end under the key in the frame.
    fn ended(&self, asm: &mut Assembler) {
        let [done, full] = [(); 2].map(|()| asm.label());
        Self::add_or_insert(asm, self.maps.ends, done, full);
        asm.place(full);
        self.count(asm, Counter::NoEnd);
        asm.place(done);
    }
}
