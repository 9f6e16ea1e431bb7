//! Whether calls that programs at events missed can be of those who are recorded.
//!
//! The kernel runs no program at an event of a processor where a thread is within bpf(2), also while
//! that thread waits for its turn. It counts what it leaves out, whoever's calls they were.

use super::super::assembler::{
    Alu, Assembler, FRAME, Helper, Insn, Misassembled, R0, R1, R2, R3, R4, R6, R7, Size, When,
};
use super::super::layout::Counter;
use super::Rule;
use super::common::{self, With, frame, leave};

impl With {
    /// `sched_switch(preempted, former, next, state)`: counts those who get a processor on which
    /// no program runs. There a thread does not lose its processor, and this one always runs.
    /// `active` is the kernel's variable for that.
    pub(super) fn turn(&self, active: i32) -> Result<Vec<Insn>, Misassembled> {
        let mut asm = Assembler::default();
        let [out, recorded] = [(); 2].map(|()| asm.label());
        asm.mov(R6, R1);
        asm.variable(R1, active);
        asm.call(Helper::ThisCpuPtr);
        asm.load(Size::Word, R1, R0, 0);
        asm.jump_if(R1, When::Equal, 0, out);
        asm.load(Size::Double, R7, R6, 16);
        asm.map(R1, self.maps.states);
        asm.mov(R2, R7);
        asm.mov(R3, 0);
        asm.mov(R4, 0);
        asm.call(Helper::TaskStorageGet);
        asm.jump_if(R0, When::NotEqual, 0, recorded);
        match self.plan.rule {
            Rule::Nobody => asm.jump(out),
            Rule::Processes => {
                self.of_task(&mut asm, R1, self.fields.tgid);
                asm.store(Size::Word, FRAME, frame::KEY, R1);
                common::lookup(&mut asm, self.maps.processes, frame::KEY);
                asm.jump_if(R0, When::Equal, 0, out);
            }
            Rule::Namespace(number) | Rule::NewNamespace(number) => {
                self.namespace(&mut asm, out);
                asm.alu32(Alu::Move, R2, number.cast_signed());
                asm.jump_if(R1, When::NotEqual, R2, out);
            }
            Rule::AllBut(number) => {
                self.namespace(&mut asm, out);
                asm.alu32(Alu::Move, R2, number.cast_signed());
                asm.jump_if(R1, When::Equal, R2, out);
            }
            // Of others than the thread that runs that is not asked. Threads of the kernel make
            // no calls.
            Rule::Group | Rule::OldGroup(..) => {
                common::follow(&mut asm, R1, R7, self.fields.memory);
                asm.jump_if(R1, When::Equal, 0, out);
            }
        }
        asm.place(recorded);
        self.count(&mut asm, Counter::Blind);
        leave(&mut asm, out);
        asm.finish()
    }
}
