//! Which program a thread runs, and where its file is.

use super::super::assembler::{
    Alu, Assembler, FRAME, Helper, Label, R0, R1, R2, R3, R6, R7, R8, R9, Reg, Size, When,
};
use super::super::layout::{Counter, image, scope};
use super::Loops;
use super::common::{self, With, follow, frame, place, read};

/// Components of a path and mounts on its way that are followed.
const MAX_STEPS: i32 = 48;
/// The longest name with its NUL, and more than `NAME_MAX` of include/uapi/linux/limits.h.
const NAME: i32 = 256;

impl With {
    /// The slot of what the thread in register 7 runs, into the frame. The scope and whether it
    /// entered that stand in the frame. Registers 6, 8 and 9 are lost.
    pub(super) fn image(&self, asm: &mut Assembler) {
        let [others, done, known] = [(); 3].map(|()| asm.label());
        let fields = self.fields;
        follow(asm, R6, R7, fields.memory);
        asm.jump_if(R6, When::Equal, 0, others);
        follow(asm, R6, R6, fields.exe_file);
        asm.jump_if(R6, When::Equal, 0, others);
        read(asm, frame::DENTRY, 8, R6, fields.file_dentry);
        read(asm, frame::MOUNT, 8, R6, fields.file_mount);
        follow(asm, R6, R6, fields.file_inode);
        self.key(asm, R6);
        common::lookup(asm, self.maps.by_file, frame::FILE);
        asm.jump_if(R0, When::NotEqual, 0, known);

        asm.map(R1, self.maps.slots);
        place(asm, R2, frame::SLOT);
        asm.call(Helper::MapPop);
        self.new_slot(asm, others);
        common::lookup(asm, self.maps.images, frame::SLOT);
        asm.jump_if(R0, When::Equal, 0, others);
        asm.mov(R6, R0);
        Self::describe(asm);
        self.path(asm);
        asm.store(Size::Word, R6, image::READY, 1);
        let flags = common::IF_NEW;
        common::update(asm, self.maps.by_file, frame::FILE, frame::SLOT, flags);
        asm.jump_if(R0, When::Equal, 0, done);

        // Another processor was faster.
        asm.store(Size::Word, R6, image::READY, 0);
        asm.map(R1, self.maps.slots);
        place(asm, R2, frame::SLOT);
        asm.mov(R3, 0);
        asm.call(Helper::MapPush);
        common::lookup(asm, self.maps.by_file, frame::FILE);
        asm.jump_if(R0, When::Equal, 0, others);
        asm.place(known);
        asm.load(Size::Word, R1, R0, 0);
        asm.store(Size::Word, FRAME, frame::SLOT, R1);
        asm.jump(done);

        asm.place(others);
        self.others(asm);
        asm.place(done);
    }

    /// If no slot was in the queue, as register 0 tells, it is the next that nobody had yet.
    fn new_slot(&self, asm: &mut Assembler, others: Label) {
        let Some(slots) = self.plan.new_slots else {
            asm.jump_if(R0, When::NotEqual, 0, others);
            return;
        };
        let had = asm.label();
        asm.jump_if(R0, When::Equal, 0, had);
        asm.value_of(R2, self.maps.counters);
        asm.mov(R1, 1);
        asm.atomic_fetch_add(R2, Counter::Slots.offset(), R1);
        asm.jump_if(R1, When::GreaterOrEqual, slots, others);
        asm.store(Size::Word, FRAME, frame::SLOT, R1);
        asm.place(had);
    }

    /// The slot that a scope keeps for programs without one.
    fn others(&self, asm: &mut Assembler) {
        let none = asm.label();
        self.count(asm, Counter::Shared);
        asm.store(Size::Word, FRAME, frame::SLOT, 0);
        common::lookup(asm, self.maps.scopes, frame::SCOPE);
        asm.jump_if(R0, When::Equal, 0, none);
        asm.load(Size::Word, R1, R0, scope::OTHERS);
        asm.store(Size::Word, FRAME, frame::SLOT, R1);
        asm.place(none);
    }

    /// What tells files apart: where it is known, its number and that number's generation.
    fn key(&self, asm: &mut Assembler, inode: Reg) {
        let at = |offset| frame::FILE + offset;
        for (from, to) in [(frame::SCOPE, at(0)), (frame::ENTERED, at(4))] {
            asm.load(Size::Word, R1, FRAME, from);
            asm.store(Size::Word, FRAME, to, R1);
        }
        asm.load(Size::Double, R1, FRAME, frame::DENTRY);
        asm.store(Size::Double, FRAME, at(8), R1);
        asm.store(Size::Double, FRAME, at(24), 0);
        read(asm, at(16), 8, inode, self.fields.inode_number);
        read(asm, at(24), 4, inode, self.fields.inode_generation);
        asm.store(Size::Word, FRAME, frame::MODE, 0);
        read(asm, frame::MODE, 2, inode, self.fields.inode_mode);
    }

    /// Fills the image in register 6 but for its path.
    fn describe(asm: &mut Assembler) {
        for (from, to) in [(frame::ENTERED, image::ENTERED), (frame::MODE, image::MODE)] {
            asm.load(Size::Word, R1, FRAME, from);
            asm.store(Size::Word, R6, to, R1);
        }
        asm.store(Size::Word, R6, image::FLAGS, 0);
        asm.call(Helper::GetCurrentPidTgid);
        asm.store(Size::Double, R6, image::THREAD, R0);
        asm.call(Helper::KtimeGetNs);
        asm.store(Size::Double, R6, image::TIME, R0);
        asm.mov(R1, R6);
        asm.alu(Alu::Add, R1, i32::from(image::NAME));
        asm.mov(R2, image::NAME_SIZE);
        asm.call(Helper::GetCurrentComm);
    }

    /// Writes the path of the file into the image in register 6, from its end to its begin, as
    /// /proc/PID/exe shows it: through mounts up to the root of the namespace.
    fn path(&self, asm: &mut Assembler) {
        let fields = self.fields;
        let [step, up, cut, end, hashed] = [(); 5].map(|()| asm.label());
        asm.mov(R8, 0);
        asm.store(Size::Word, R6, image::LENGTH, 0);
        asm.load(Size::Double, R7, FRAME, frame::DENTRY);
        follow(asm, R1, R7, fields.dentry_hashed);
        asm.jump_if(R1, When::NotEqual, 0, hashed);
        asm.store(Size::Word, R6, image::FLAGS, image::DELETED);
        asm.place(hashed);

        asm.place(step);
        asm.load(Size::Double, R7, FRAME, frame::MOUNT);
        read(asm, frame::ABOVE, 8, R7, fields.mount_root);
        asm.load(Size::Double, R7, FRAME, frame::DENTRY);
        asm.load(Size::Double, R1, FRAME, frame::ABOVE);
        asm.jump_if(R7, When::Equal, R1, up);
        self.component(asm, cut, end);
        read(asm, frame::ABOVE, 8, R7, fields.dentry_parent);
        asm.load(Size::Double, R1, FRAME, frame::ABOVE);
        // A file that is nowhere is its own parent.
        asm.jump_if(R7, When::Equal, R1, end);
        asm.store(Size::Double, FRAME, frame::DENTRY, R1);
        let next = asm.label();
        asm.place(next);
        self.one_step(asm, cut);
        asm.jump(step);

        asm.place(up);
        asm.load(Size::Double, R7, FRAME, frame::MOUNT);
        asm.alu(Alu::Subtract, R7, fields.mount_within);
        read(asm, frame::ABOVE, 8, R7, fields.mount_parent);
        asm.load(Size::Double, R1, FRAME, frame::ABOVE);
        asm.jump_if(R7, When::Equal, R1, end);
        asm.alu(Alu::Add, R1, fields.mount_within);
        asm.store(Size::Double, FRAME, frame::MOUNT, R1);
        read(asm, frame::DENTRY, 8, R7, fields.mount_point);
        asm.jump(next);

        asm.place(cut);
        asm.load(Size::Word, R1, R6, image::FLAGS);
        asm.alu(Alu::Add, R1, image::CUT);
        asm.store(Size::Word, R6, image::FLAGS, R1);
        asm.place(end);
        asm.load(Size::Double, R7, FRAME, frame::TASK);
    }

    /// Counts a step, and goes to `cut` if there were too many.
    fn one_step(&self, asm: &mut Assembler, cut: Label) {
        match self.plan.loops {
            Loops::Counted => {
                asm.alu(Alu::Add, R8, 1);
                asm.jump_if(R8, When::Greater, MAX_STEPS, cut);
            }
            Loops::MayGoOn => {
                // In memory, so that the verifier sees each step alike.
                asm.may_go_on(cut);
                asm.load(Size::Word, R1, R6, image::FLAGS);
                asm.alu(Alu::Add, R1, image::STEP);
                asm.store(Size::Word, R6, image::FLAGS, R1);
                asm.jump_if(R1, When::Greater, (MAX_STEPS + 1) * image::STEP - 1, cut);
            }
        }
    }

    /// Copies the name of the entry in register 7 behind those that are there. The length stands
    /// in memory, of which the verifier knows nothing, so that it sees each step alike.
    fn component(&self, asm: &mut Assembler, cut: Label, end: Label) {
        read(asm, frame::ABOVE, 8, R7, self.fields.dentry_name);
        asm.load(Size::Word, R9, R6, image::LENGTH);
        asm.jump_if(R9, When::Greater, image::PATH_SIZE - NAME, cut);
        asm.mov(R1, R6);
        asm.alu(Alu::Add, R1, i32::from(image::PATH));
        asm.alu(Alu::Add, R1, R9);
        asm.mov(R2, NAME);
        asm.load(Size::Double, R3, FRAME, frame::ABOVE);
        asm.call(Helper::ProbeReadKernelStr);
        asm.jump_if(R0, When::SignedLessOrEqual, 0, end);
        asm.jump_if(R0, When::Greater, NAME, end);
        asm.alu(Alu::Add, R9, R0);
        asm.store(Size::Word, R6, image::LENGTH, R9);
    }
}
