//! The begin and the end of a call.

use super::super::assembler::{
    Alu, Assembler, FRAME, Helper, Insn, Label, Misassembled, R0, R1, R2, R3, R6, R7, R8, R9, Reg,
    Size, When,
};
use super::super::layout::{self, COUNTS, Counter, WIDTH, X32_BIT, counts, image, state};
use super::common::{self, IF_NEW, With, follow, frame, leave, place, read};
use super::{Peek, Refused, Storage};

/// `TS_COMPAT` of `arch/x86/include/asm/thread_info.h`: the call that runs is a 32-bit one,
/// whatever the program is.
const TS_COMPAT: i32 = 2;
/// The largest error of a call, `MAX_ERRNO` of include/linux/err.h.
const MAX_ERRNO: i32 = 4095;
/// Arguments of one call that are kept, at most.
pub(crate) const KEPT: u8 = 3;

impl With {
    /// `sys_enter(regs, number)`: counts the call that begins.
    pub(super) fn begin(&self) -> Result<Vec<Insn>, Misassembled> {
        let mut asm = Assembler::default();
        let [out, counted, find, asks, placed] = [(); 5].map(|()| asm.label());
        let stranger = self.strangers(&mut asm, out);
        asm.mov(R6, R1);
        asm.store(Size::Double, FRAME, frame::CONTEXT, R1);
        match self.peek().filter(|_| self.only_reads()) {
            Some(peek) => {
                self.begin_by_looking(&mut asm, peek, [out, stranger, asks, placed]);
                asm.place(asks);
                self.state_of_task(&mut asm);
                asm.jump_if(R0, When::Equal, 0, stranger);
            }
            None => self.state_or(&mut asm, stranger),
        }
        asm.mov(R8, R0);
        Self::slot(&mut asm, out);
        if self.plan.refused == Refused::Asked {
            self.leave_if_asked(&mut asm, out);
        }
        if stranger != out {
            self.filtered(&mut asm, find);
        }
        asm.place(counted);
        if let Some(mode) = self.filtered_ends() {
            self.begun(&mut asm, mode);
        }
        self.number_at_begin(&mut asm, R1);
        self.place_of(&mut asm, out, true);
        if self.plan.refused == Refused::AtEnd {
            asm.mov(R1, R9);
            asm.alu(Alu::Add, R1, 1);
            asm.store(Size::Word, R8, state::OPEN, R1);
        }
        asm.place(placed);
        self.tally(&mut asm, out);
        self.arguments(&mut asm, out, |asm| {
            self.registers(asm);
            self.await_ends(asm);
        });
        leave(&mut asm, out);

        if stranger != out {
            asm.place(stranger);
            self.stranger(&mut asm, out, find);
            // Not once more to the question for a filter: the kernel's verifier would see a loop.
            asm.jump(counted);
        }
        asm.finish()
    }

    /// Whether nothing is to be written to the state of most threads as a call begins.
    fn only_reads(&self) -> bool {
        self.plan.refused == Refused::Asked || self.plan.late_ends.is_some()
    }

    /// The same where nothing has to be written to the state: then it is read where it stands, and
    /// the place of the call becomes register 9. Register 7 is the thread for whoever asks, too.
    ///
    /// While nobody looks at ends of calls nothing is noted for them. A call that has begun then,
    /// and ends when another thread has given its own a filter, counts once more.
    fn begin_by_looking(&self, asm: &mut Assembler, peek: Peek, labels: [Label; 4]) {
        let [out, stranger, asks, placed] = labels;
        self.task(asm);
        self.kept(asm, peek, stranger);
        if self.plan.late_ends.is_some() {
            asm.value_of(R2, self.maps.ends_seen);
            asm.load(Size::Double, R2, R2, 0);
            asm.jump_if(R2, When::NotEqual, 0, asks);
        }
        self.state_to_read(asm, peek, asks);
        let load = |asm: &mut Assembler, to, field| {
            asm.load(Size::Word, to, R0, peek.data + field);
        };
        load(asm, R1, state::SLOT);
        asm.alu32(Alu::Move, R2, state::NONE);
        asm.jump_if(R1, When::Equal, R2, asks);
        asm.store(Size::Word, FRAME, frame::SLOT, R1);
        if stranger != out {
            load(asm, R1, state::ENTERED);
            asm.jump_if(R1, When::Equal, 1, asks);
        }
        if self.plan.refused == Refused::Asked {
            load(asm, R1, state::ASKED);
            asm.jump_if(R1, When::NotEqual, 0, asks);
            self.unasked(asm);
        }
        self.number_at_begin(asm, R1);
        self.place_of(asm, out, false);
        asm.jump(placed);
    }

    /// `__secure_computing()`: filters are about to be asked about a call, which is counted now,
    /// as it may not begin. A thread that is not met yet is left to `sys_enter`.
    pub(super) fn asked(&self) -> Result<Vec<Insn>, Misassembled> {
        /// The page that old programs jump into, `VSYSCALL_ADDR` of
        /// arch/x86/include/uapi/asm/vsyscall.h, and what is left of an address in it.
        const PAGE: i32 = -10 << 20;
        const PAGE_MASK: i32 = -4096;
        let mut asm = Assembler::default();
        let [out, known] = [(); 2].map(|()| asm.label());
        self.state_or(&mut asm, out);
        asm.mov(R8, R0);
        Self::slot(&mut asm, out);
        match self.plan.storage {
            Storage::Task => asm.mov(R1, R7),
            Storage::Table => {
                asm.call(Helper::GetCurrentTaskBtf);
                asm.mov(R1, R0);
            }
        }
        asm.call(Helper::TaskRegisters);
        asm.mov(R6, R0);
        // That has a program of its own, which has run.
        read(&mut asm, frame::SCRATCH, 8, R6, self.fields.registers_place);
        asm.load(Size::Double, R1, FRAME, frame::SCRATCH);
        asm.alu(Alu::And, R1, PAGE_MASK);
        asm.jump_if(R1, When::Equal, PAGE, out);
        asm.value_of(R1, self.maps.counters);
        asm.load(Size::Double, R2, R1, Counter::Filtered.offset());
        asm.jump_if(R2, When::NotEqual, 0, known);
        asm.store(Size::Double, R1, Counter::Filtered.offset(), 1);
        asm.place(known);
        let number = self.fields.registers_number;
        read(&mut asm, frame::SCRATCH, 8, R6, number);
        asm.load(Size::Double, R1, FRAME, frame::SCRATCH);
        asm.store(Size::Word, R8, state::ASKED_NUMBER, R1);
        asm.store(Size::Word, R8, state::ASKED, 1);
        self.place_of(&mut asm, out, false);
        self.tally(&mut asm, out);
        self.arguments(&mut asm, out, |asm| asm.mov(R7, R6));
        leave(&mut asm, out);
        asm.finish()
    }

    /// Ends the program if the call that begins was counted when filters were asked about it. If
    /// a tracer has made another call of it meanwhile, that one counts too.
    fn leave_if_asked(&self, asm: &mut Assembler, out: Label) {
        let [unasked, counts] = [(); 2].map(|()| asm.label());
        asm.load(Size::Word, R1, R8, state::ASKED);
        asm.jump_if(R1, When::Equal, 0, unasked);
        asm.store(Size::Word, R8, state::ASKED, 0);
        asm.load(Size::Word, R2, R8, state::ASKED_NUMBER);
        self.number_at_begin(asm, R1);
        asm.alu32(Alu::Move, R1, R1);
        asm.jump_if(R1, When::Equal, R2, out);
        asm.jump(counts);
        asm.place(unasked);
        self.unasked(asm);
        asm.place(counts);
    }

    /// Of those times that the program where filters are asked could not run, the call that begins
    /// hides nothing.
    fn unasked(&self, asm: &mut Assembler) {
        let Some(mode) = self.fields.filtered else {
            return;
        };
        let free = asm.label();
        self.of_task(asm, R1, mode);
        asm.jump_if(R1, When::Equal, 0, free);
        self.count(asm, Counter::Unasked);
        asm.place(free);
    }

    /// What came into a container from outside, and has a filter now, counts in another place from
    /// here on: a profile has to allow these calls, and not those before.
    fn filtered(&self, asm: &mut Assembler, find: Label) {
        let Some(mode) = self.fields.filtered else {
            return;
        };
        let go_on = asm.label();
        asm.load(Size::Word, R1, R8, state::ENTERED);
        asm.jump_if(R1, When::NotEqual, 1, go_on);
        self.of_task(asm, R1, mode);
        asm.jump_if(R1, When::Equal, 0, go_on);
        asm.store(Size::Word, R8, state::ENTERED, image::FILTERED);
        asm.store(Size::Word, FRAME, frame::ENTERED, image::FILTERED);
        asm.load(Size::Word, R1, R8, state::SCOPE);
        asm.store(Size::Word, FRAME, frame::SCOPE, R1);
        asm.store(Size::Double, FRAME, frame::TASK, R7);
        asm.store(Size::Double, FRAME, frame::STATE, R8);
        asm.jump(find);
        asm.place(go_on);
    }

    /// Takes in a thread and finds its program. Registers 6 and 8 are as after the start.
    fn stranger(&self, asm: &mut Assembler, out: Label, find: Label) {
        asm.store(Size::Double, FRAME, frame::TASK, R7);
        self.adopt(asm, out);
        asm.store(Size::Double, FRAME, frame::STATE, R0);
        asm.place(find);
        self.image(asm);
        asm.load(Size::Double, R8, FRAME, frame::STATE);
        asm.load(Size::Word, R1, FRAME, frame::SLOT);
        asm.store(Size::Word, R8, state::SLOT, R1);
        asm.load(Size::Double, R6, FRAME, frame::CONTEXT);
    }

    /// `sys_exit(regs, value)`: how a call ended, and a call that was refused before it began.
    pub(super) fn end(&self) -> Result<Vec<Insn>, Misassembled> {
        let mut asm = Assembler::default();
        let [out, begun, refused, kept, result] = [(); 5].map(|()| asm.label());
        asm.mov(R6, R1);
        self.task(&mut asm);
        let filtered = self.filtered_ends();
        if let Some(mode) = filtered {
            self.of_task(&mut asm, R1, mode);
            asm.jump_if(R1, When::Equal, 0, out);
            self.state_of_task(&mut asm);
            asm.jump_if(R0, When::Equal, 0, out);
        } else {
            self.state_of_task_or(&mut asm, out);
        }
        asm.mov(R8, R0);
        Self::slot(&mut asm, out);
        asm.load(Size::Word, R1, R8, state::OPEN);
        asm.store(Size::Word, R8, state::OPEN, 0);
        if filtered.is_some() {
            asm.jump_if(R1, When::Equal, 0, refused);
            self.leave_if_begun(&mut asm, out);
            asm.place(refused);
        } else {
            asm.jump_if(R1, When::NotEqual, 0, begun);
        }

        // A filter was asked before `sys_enter` was.
        self.number_at_end(&mut asm);
        self.place_of(&mut asm, out, false);
        self.tally(&mut asm, out);
        self.arguments(&mut asm, kept, |asm| self.registers(asm));
        asm.place(kept);
        if !self.plan.results {
            asm.place(begun);
            leave(&mut asm, out);
            return asm.finish();
        }
        // A refusal by a signal has no value.
        self.value_at_end(&mut asm, R1);
        asm.jump_if(R1, When::SignedLessOrEqual, 0, result);
        asm.jump(out);

        asm.place(begun);
        asm.mov(R9, R1);
        asm.alu(Alu::Subtract, R9, 1);
        // Also what is no call of this thread, or has no place.
        asm.jump_if(R9, When::GreaterOrEqual, COUNTS, out);
        asm.place(result);
        self.result(&mut asm, out);
        leave(&mut asm, out);
        asm.finish()
    }

    /// Notes which call begins, and whether the thread has a filter.
    pub(super) fn begun(&self, asm: &mut Assembler, mode: i32) {
        let filtered = asm.label();
        self.of_task(asm, R1, self.fields.status);
        asm.alu(Alu::And, R1, TS_COMPAT);
        self.of_task(asm, R2, mode);
        asm.jump_if(R2, When::NotEqual, 0, filtered);
        asm.alu(Alu::Add, R1, state::FREE);
        asm.place(filtered);
        asm.store(Size::Word, R8, state::BEGUN, R1);
        self.number_at_begin(asm, R1);
        asm.store(Size::Word, R8, state::BEGUN_NUMBER, R1);
    }

    /// Ends the program if the call that ends is the one that began last. That one had an end
    /// which nobody looked at if the thread had no filter then: another thread may have given it
    /// one since, by which this call was refused.
    fn leave_if_begun(&self, asm: &mut Assembler, out: Label) {
        /// What `rt_sigreturn` leaves as the number of the call.
        const NO_CALL: i32 = -1;
        let refused = asm.label();
        asm.load(Size::Word, R9, R8, state::BEGUN);
        asm.mov(R1, R9);
        asm.alu(Alu::And, R1, state::FREE);
        asm.jump_if(R1, When::Equal, 0, out);
        self.number_at_end(asm);
        asm.alu32(Alu::Move, R1, R1);
        asm.alu32(Alu::Move, R2, NO_CALL);
        asm.jump_if(R1, When::Equal, R2, out);
        asm.load(Size::Word, R2, R8, state::BEGUN_NUMBER);
        asm.jump_if(R1, When::NotEqual, R2, refused);
        self.of_task(asm, R1, self.fields.status);
        asm.alu(Alu::And, R1, TS_COMPAT);
        asm.alu(Alu::Subtract, R9, state::FREE);
        asm.jump_if(R1, When::Equal, R9, out);
        asm.place(refused);
    }

    /// `emulate_vsyscall(number)`: a call of the page that old programs jump into.
    pub(super) fn vsyscall(&self) -> Result<Vec<Insn>, Misassembled> {
        /// gettimeofday, time, getcpu: the numbers that the page stands for.
        const NUMBERS: [i32; 3] = [96, 201, 309];
        let mut asm = Assembler::default();
        let [out, known] = [(); 2].map(|()| asm.label());
        asm.mov(R6, R1);
        self.state(&mut asm);
        asm.jump_if(R0, When::Equal, 0, out);
        asm.mov(R8, R0);
        Self::slot(&mut asm, out);
        match self.fields.events.map(|events| events.page_number) {
            Some(Some(number)) => asm.load(Size::Word, R1, R6, number),
            Some(None) => asm.jump(out),
            None => {
                asm.load(Size::Double, R1, R6, 0);
                asm.alu32(Alu::Move, R1, R1);
            }
        }
        for (place, number) in (0..).zip(NUMBERS) {
            asm.mov(R9, number);
            asm.jump_if(R1, When::Equal, place, known);
        }
        asm.jump(out);
        asm.place(known);
        self.tally(&mut asm, out);
        leave(&mut asm, out);
        asm.finish()
    }

    /// The place of the call whose number is in register 1 becomes register 9. One without a
    /// place is counted by its number, and the program ends.
    fn place_of(&self, asm: &mut Assembler, out: Label, begins: bool) {
        let [compat, x32, odd, placed] = [(); 4].map(|()| asm.label());
        asm.alu32(Alu::Move, R9, R1);
        self.of_task(asm, R1, self.fields.status);
        asm.jump_if(R1, When::Common, TS_COMPAT, compat);
        asm.jump_if(R9, When::Common, X32_BIT, x32);
        asm.mov(R2, 0);
        asm.jump_if(R9, When::GreaterOrEqual, WIDTH, odd);
        asm.jump(placed);
        asm.place(compat);
        asm.mov(R2, 1);
        asm.jump_if(R9, When::GreaterOrEqual, WIDTH, odd);
        asm.alu(Alu::Add, R9, WIDTH);
        asm.jump(placed);
        asm.place(x32);
        asm.mov(R2, 2);
        asm.alu(Alu::Subtract, R9, X32_BIT);
        asm.jump_if(R9, When::GreaterOrEqual, WIDTH, odd);
        asm.alu(Alu::Add, R9, 2 * WIDTH);
        asm.jump(placed);

        asm.place(odd);
        if begins && self.plan.refused == Refused::AtEnd {
            asm.store(Size::Word, R8, state::OPEN, state::ODD);
        }
        self.odd(asm, out);
        asm.place(placed);
    }

    /// Counts a call without a place: its kind is in register 2, its number in register 9.
    fn odd(&self, asm: &mut Assembler, out: Label) {
        asm.load(Size::Word, R1, FRAME, frame::SLOT);
        asm.store(Size::Word, FRAME, frame::KEY, R1);
        asm.store(Size::Word, FRAME, frame::KEY + 4, R2);
        asm.store(Size::Double, FRAME, frame::KEY + 8, R9);
        let lost = asm.label();
        Self::add_or_insert(asm, self.maps.odd, out, lost);
        asm.place(lost);
        self.count(asm, Counter::LostCalls);
        asm.jump(out);
    }

    /// Counts under the key in the frame, and goes to `done`; or to `full`.
    pub(super) fn add_or_insert(asm: &mut Assembler, map: i32, done: Label, full: Label) {
        let new = asm.label();
        common::lookup(asm, map, frame::KEY);
        asm.jump_if(R0, When::Equal, 0, new);
        common::add_one(asm, 0);
        asm.jump(done);
        asm.place(new);
        asm.store(Size::Double, FRAME, frame::VALUE, 1);
        common::update(asm, map, frame::KEY, frame::VALUE, IF_NEW);
        asm.jump_if(R0, When::Equal, 0, done);
        // Another processor was faster, or there is no room.
        common::lookup(asm, map, frame::KEY);
        asm.jump_if(R0, When::Equal, 0, full);
        common::add_one(asm, 0);
        asm.jump(done);
    }

    /// Counts the call whose place is in register 9, and tells when it was seen first. Register
    /// 7 is lost.
    fn tally(&self, asm: &mut Assembler, out: Label) {
        let [seen, noted] = [(); 2].map(|()| asm.label());
        common::lookup(asm, self.maps.counts, frame::SLOT);
        asm.jump_if(R0, When::Equal, 0, out);
        asm.mov(R1, R9);
        asm.alu(Alu::ShiftLeft, R1, 3);
        asm.alu(Alu::Add, R0, R1);
        asm.mov(R7, R0);
        asm.load(Size::Double, R1, R7, 0);
        asm.jump_if(R1, When::NotEqual, 0, seen);
        asm.load(Size::Word, R1, FRAME, frame::SLOT);
        asm.store(Size::Word, FRAME, frame::KEY, R1);
        asm.store(Size::Word, FRAME, frame::KEY + 4, R9);
        asm.call(Helper::KtimeGetNs);
        asm.store(Size::Double, FRAME, frame::VALUE, R0);
        asm.call(Helper::GetCurrentPidTgid);
        asm.store(Size::Double, FRAME, frame::VALUE + 8, R0);
        common::update(asm, self.maps.firsts, frame::KEY, frame::VALUE, IF_NEW);
        asm.jump_if(R0, When::Equal, 0, noted);
        self.count(asm, Counter::NoTime);
        asm.place(noted);
        asm.place(seen);
        asm.mov(R1, 1);
        asm.atomic_add(R7, 0, R1);
    }

    /// The number of the call that begins, by the context in register 6.
    fn number_at_begin(&self, asm: &mut Assembler, to: Reg) {
        let number = self.fields.events.map_or(8, |events| events.begin_number);
        asm.load(Size::Double, to, R6, number);
    }

    /// The number of a call that ends becomes register 1, by the context in register 6.
    fn number_at_end(&self, asm: &mut Assembler) {
        if let Some(events) = self.fields.events {
            asm.load(Size::Double, R1, R6, events.end_number);
        } else {
            asm.load(Size::Double, R3, R6, 0);
            read(asm, frame::SCRATCH, 8, R3, self.fields.registers_number);
            asm.load(Size::Double, R1, FRAME, frame::SCRATCH);
        }
    }

    /// What a call ended with, by the context in register 6.
    fn value_at_end(&self, asm: &mut Assembler, to: Reg) {
        let value = self.fields.events.map_or(8, |events| events.end_value);
        asm.load(Size::Double, to, R6, value);
    }

    /// The call's registers become register 7, by the context in register 6, or by the thread.
    pub(super) fn registers(&self, asm: &mut Assembler) {
        if self.fields.events.is_some() {
            asm.call(Helper::GetCurrentTaskBtf);
            asm.mov(R1, R0);
            asm.call(Helper::TaskRegisters);
            asm.mov(R7, R0);
        } else {
            asm.load(Size::Double, R7, R6, 0);
        }
    }

    /// Keeps the values of those arguments that are worth it, by the call's registers, which
    /// become register 7. Registers 7 and 8 are lost.
    fn arguments(&self, asm: &mut Assembler, out: Label, registers: impl Fn(&mut Assembler)) {
        asm.value_of(R1, self.maps.closed);
        asm.mov(R2, R9);
        asm.alu(Alu::ShiftLeft, R2, 2);
        asm.alu(Alu::Add, R1, R2);
        asm.load(Size::Word, R8, R1, 0);
        asm.jump_if(R8, When::Equal, 0, out);
        registers(asm);
        let uses = asm.label();
        if self.plan.terminal.is_some() {
            asm.jump_if(R8, When::Common, layout::USES.cast_signed(), uses);
        }
        asm.load(Size::Word, R1, FRAME, frame::SLOT);
        asm.store(Size::Word, FRAME, frame::KEY, R1);
        for argument in 0..KEPT {
            let [next, overflow] = [(); 2].map(|()| asm.label());
            asm.mov(R3, R8);
            if argument > 0 {
                asm.alu(Alu::ShiftRight, R3, i32::from(argument) * 8);
            }
            asm.alu(Alu::And, R3, layout::PLACE);
            asm.jump_if(R3, When::Equal, 0, out);
            asm.alu(Alu::Add, R3, R7);
            place(asm, R1, frame::KEY + 8);
            asm.mov(R2, 8);
            asm.call(Helper::ProbeReadKernel);
            asm.mov(R1, R9);
            asm.alu(Alu::ShiftLeft, R1, 2);
            asm.alu(Alu::Add, R1, i32::from(argument));
            asm.store(Size::Word, FRAME, frame::KEY + 4, R1);
            self.value(asm, next, overflow);
            asm.place(overflow);
            self.overflow(asm, out);
            asm.place(next);
        }
        if let Some(terminal) = self.plan.terminal {
            asm.jump(out);
            asm.place(uses);
            self.uses(asm, terminal, out);
        }
    }

    /// Counts a call that uses the terminal as a standard stream. Registers are as above.
    fn uses(&self, asm: &mut Assembler, terminal: i32, out: Label) {
        /// `/dev/tty`, include/uapi/linux/major.h: the terminal of whoever opens it.
        const OWN_TERMINAL: i32 = 5 << 20;
        let [same, reads] = [(); 2].map(|()| asm.label());
        asm.mov(R3, R8);
        asm.alu(Alu::And, R3, 0xff);
        asm.alu(Alu::Add, R3, R7);
        place(asm, R1, frame::SCRATCH);
        asm.mov(R2, 8);
        asm.call(Helper::ProbeReadKernel);
        // The kernel takes the lower half.
        asm.load(Size::Word, R7, FRAME, frame::SCRATCH);
        asm.jump_if(R7, When::Greater, libc::STDERR_FILENO, out);
        asm.alu(Alu::ShiftLeft, R7, 3);
        asm.call(Helper::GetCurrentTask);
        follow(asm, R1, R0, self.fields.files);
        follow(asm, R1, R1, self.fields.files_table);
        follow(asm, R1, R1, self.fields.table_files);
        asm.alu(Alu::Add, R1, R7);
        follow(asm, R1, R1, 0);
        follow(asm, R1, R1, self.fields.file_inode);
        read(asm, frame::SCRATCH, 4, R1, self.fields.inode_device);
        asm.load(Size::Word, R1, FRAME, frame::SCRATCH);
        asm.jump_if(R1, When::Equal, terminal, same);
        asm.jump_if(R1, When::NotEqual, OWN_TERMINAL, out);
        asm.place(same);
        asm.jump_if(R8, When::Common, layout::READS.cast_signed(), reads);
        self.count(asm, Counter::Writes);
        asm.jump(out);
        asm.place(reads);
        self.count(asm, Counter::Reads);
    }

    /// Counts a value under the key in the frame, unless the program has made up too many.
    fn value(&self, asm: &mut Assembler, next: Label, overflow: Label) {
        let new = asm.label();
        common::lookup(asm, self.maps.values, frame::KEY);
        asm.jump_if(R0, When::Equal, 0, new);
        common::add_one(asm, 0);
        asm.jump(next);
        asm.place(new);
        self.closed(asm, counts::DISTINCT, next);
        asm.load(Size::Double, R1, R0, 0);
        asm.jump_if(R1, When::GreaterOrEqual, layout::MAX_VALUES, overflow);
        common::add_one(asm, 0);
        Self::add_or_insert(asm, self.maps.values, next, overflow);
    }

    fn overflow(&self, asm: &mut Assembler, out: Label) {
        self.closed(asm, counts::OVERFLOW, out);
        common::add_one(asm, 0);
    }

    /// What is kept beside the values of the call that register 8 describes, as register 0.
    fn closed(&self, asm: &mut Assembler, behind: i32, out: Label) {
        common::lookup(asm, self.maps.counts, frame::SLOT);
        asm.jump_if(R0, When::Equal, 0, out);
        asm.mov(R1, R8);
        asm.alu(Alu::ShiftRight, R1, 24);
        asm.alu(Alu::And, R1, layout::CLOSED - 1);
        asm.alu(Alu::ShiftLeft, R1, 3);
        asm.alu(Alu::Add, R0, behind);
        asm.alu(Alu::Add, R0, R1);
    }

    /// Counts how the call in register 9 ended.
    fn result(&self, asm: &mut Assembler, out: Label) {
        let [fine, known, full] = [(); 3].map(|()| asm.label());
        self.value_at_end(asm, R1);
        asm.mov(R3, 0);
        asm.mov(R2, R1);
        asm.alu(Alu::Add, R2, MAX_ERRNO);
        // Without a sign, errors alone are small now.
        asm.jump_if(R2, When::GreaterOrEqual, MAX_ERRNO, fine);
        asm.alu(Alu::Subtract, R3, R1);
        asm.jump(known);
        asm.place(fine);
        asm.mov(R3, 0);
        asm.place(known);
        asm.store(Size::Double, FRAME, frame::KEY + 8, R3);
        asm.load(Size::Word, R1, FRAME, frame::SLOT);
        asm.store(Size::Word, FRAME, frame::KEY, R1);
        asm.store(Size::Word, FRAME, frame::KEY + 4, R9);
        Self::add_or_insert(asm, self.maps.results, out, full);
        asm.place(full);
        self.count(asm, Counter::NoResult);
    }
}
