//! Has whoever installs a filter wait until ends of calls are looked at.

use super::super::assembler::{
    Alu, Assembler, FRAME, Helper, R0, R1, R2, R3, R4, R6, R7, R8, Size, When,
};
use super::super::layout::{self, Counter, state};
use super::common::{With, frame, place, read};

impl With {
    /// If the call that register 8 describes, whose registers are in register 7, may install a
    /// filter, and nobody looks at ends of calls yet: asks for that and waits, for 50
    /// milliseconds at most. The thread keeps its processor meanwhile, so that whoever is asked
    /// must have another. What comes before most filters asks and does not wait. Register 7 is then
    /// as before.
    pub(super) fn await_ends(&self, asm: &mut Assembler) {
        /// include/uapi/linux/prctl.h
        const PR_SET_SECCOMP: i32 = 22;
        const PR_SET_NO_NEW_PRIVS: i32 = 38;
        /// `BPF_RB_FORCE_WAKEUP`.
        const WAKE: i32 = 2;
        /// In nanoseconds.
        const PATIENCE: i32 = 50_000_000;
        /// In a turn of the loop, which the kernel may leave after 65535: some 30 ns each.
        const LOOKS: usize = 32;
        let (Some(most), Some(mode)) = (self.plan.late_ends, self.filtered_ends()) else {
            return;
        };
        let [go_on, installs, wait, late, note, known, over] = [(); 7].map(|()| asm.label());
        asm.mov(R1, R8);
        asm.alu(Alu::And, R1, layout::INSTALLS | layout::MAY_INSTALL);
        asm.jump_if(R1, When::Equal, 0, go_on);
        asm.mov(R6, PR_SET_SECCOMP);
        asm.jump_if(R1, When::Equal, layout::INSTALLS, installs);
        asm.mov(R3, R8);
        asm.alu(Alu::And, R3, layout::PLACE);
        asm.alu(Alu::Add, R3, R7);
        read(asm, frame::SCRATCH, 8, R3, 0);
        // The kernel takes the lower half.
        asm.load(Size::Word, R6, FRAME, frame::SCRATCH);
        asm.jump_if(R6, When::Equal, PR_SET_SECCOMP, installs);
        asm.jump_if(R6, When::NotEqual, PR_SET_NO_NEW_PRIVS, over);
        asm.place(installs);
        asm.value_of(R1, self.maps.ends_seen);
        asm.load(Size::Double, R1, R1, 0);
        asm.jump_if(R1, When::NotEqual, 0, note);
        asm.store(Size::Double, FRAME, frame::SCRATCH, 1);
        asm.map(R1, self.maps.ends_wanted);
        place(asm, R2, frame::SCRATCH);
        asm.mov(R3, 8);
        asm.mov(R4, WAKE);
        asm.call(Helper::RingOutput);
        asm.jump_if(R6, When::Equal, PR_SET_NO_NEW_PRIVS, over);
        asm.value_of(R1, self.maps.counters);
        asm.mov(R2, 1);
        asm.atomic_fetch_add(R1, Counter::Waiting.offset(), R2);
        asm.jump_if(R2, When::GreaterOrEqual, most, late);
        asm.call(Helper::KtimeGetNs);
        asm.mov(R6, R0);
        asm.place(wait);
        asm.may_go_on(late);
        for _ in 0..LOOKS {
            asm.value_of(R1, self.maps.ends_seen);
            asm.load(Size::Double, R1, R1, 0);
            asm.jump_if(R1, When::NotEqual, 0, note);
            asm.call(Helper::KtimeGetNs);
        }
        asm.alu(Alu::Subtract, R0, R6);
        // That clock may go back a little.
        asm.jump_if(R0, When::SignedLessOrEqual, PATIENCE, wait);
        asm.place(late);
        self.count(asm, Counter::Unawaited);
        asm.value_of(R1, self.maps.counters);
        asm.mov(R2, -1);
        asm.atomic_add(R1, Counter::Waiting.offset(), R2);

        // The thread may have a filter when this call ends, of whose begin nothing may be noted.
        asm.place(note);
        asm.store(Size::Double, FRAME, frame::NEW, R8);
        self.state(asm);
        asm.mov(R8, R0);
        asm.jump_if(R8, When::Equal, 0, known);
        asm.load(Size::Double, R6, FRAME, frame::CONTEXT);
        asm.store(Size::Word, R8, state::OPEN, state::SKIP);
        self.begun(asm, mode);
        asm.place(known);
        asm.load(Size::Double, R8, FRAME, frame::NEW);
        asm.place(over);
        asm.load(Size::Double, R6, FRAME, frame::CONTEXT);
        self.registers(asm);
        asm.place(go_on);
    }
}
