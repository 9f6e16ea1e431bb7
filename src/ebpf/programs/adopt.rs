//! Takes in threads that nobody who is recorded has started.

use super::super::assembler::{
    Alu, Assembler, FRAME, Helper, Label, R0, R1, R2, R3, R6, R7, R8, Size, When,
};
use super::super::layout::{Counter, scope, state};
use super::common::{self, With, follow, frame, place, read};
use super::{Rule, Storage};

impl With {
    /// Where a program goes on with a thread that has no state.
    pub(super) fn strangers(&self, asm: &mut Assembler, out: Label) -> Label {
        if self.plan.rule == Rule::Nobody {
            out
        } else {
            asm.label()
        }
    }

    /// The thread in register 7 has no state. If the plan wants it, it gets one: its scope and
    /// whether it entered that are in the frame, the state is register 0, and has no slot yet.
    /// If not, the program ends.
    pub(super) fn adopt(&self, asm: &mut Assembler, out: Label) {
        let is_container = match self.plan.rule {
            Rule::Nobody => return,
            Rule::Processes => {
                asm.call(Helper::GetCurrentPidTgid);
                asm.alu(Alu::ShiftRight, R0, 32);
                asm.store(Size::Word, FRAME, frame::KEY, R0);
                common::lookup(asm, self.maps.processes, frame::KEY);
                asm.jump_if(R0, When::Equal, 0, out);
                false
            }
            Rule::Group => {
                asm.map(R1, self.maps.group);
                asm.mov(R2, 0);
                asm.call(Helper::CurrentTaskUnderCgroup);
                asm.jump_if(R0, When::NotEqual, 1, out);
                true
            }
            Rule::OldGroup(..) => {
                self.old_group(asm, out);
                true
            }
            Rule::Namespace(number) | Rule::NewNamespace(number) => {
                self.namespace(asm, out);
                asm.alu32(Alu::Move, R2, number.cast_signed());
                asm.jump_if(R1, When::NotEqual, R2, out);
                true
            }
            Rule::AllBut(number) => {
                self.namespace(asm, out);
                asm.alu32(Alu::Move, R2, number.cast_signed());
                asm.jump_if(R1, When::Equal, R2, out);
                true
            }
        };
        if let Rule::AllBut(_) = self.plan.rule {
            self.scope(asm, out);
        } else {
            asm.store(Size::Word, FRAME, frame::SCOPE, 0);
        }
        self.entered(asm, is_container);
        asm.store(Size::Word, FRAME, frame::NEW + state::SLOT, state::NONE);
        asm.load(Size::Word, R1, FRAME, frame::SCOPE);
        asm.store(Size::Word, FRAME, frame::NEW + state::SCOPE, R1);
        asm.store(Size::Word, FRAME, frame::NEW + state::OPEN, 0);
        asm.load(Size::Word, R1, FRAME, frame::ENTERED);
        asm.store(Size::Word, FRAME, frame::NEW + state::ENTERED, R1);
        asm.store(Size::Double, FRAME, frame::NEW + state::ASKED, 0);
        self.create(asm);
        let made = asm.label();
        asm.jump_if(R0, When::NotEqual, 0, made);
        self.count(asm, Counter::NotFollowed);
        asm.jump(out);
        asm.place(made);
        asm.mov(R6, R0);
        self.live(asm, frame::SCOPE, 1);
        asm.mov(R0, R6);
    }

    /// So many threads more are in the scope whose number stands in the frame. Register 0 is
    /// lost.
    pub(super) fn live(&self, asm: &mut Assembler, number: i16, more: i32) {
        let none = asm.label();
        common::lookup(asm, self.maps.scopes, number);
        asm.jump_if(R0, When::Equal, 0, none);
        asm.mov(R1, more);
        asm.atomic_add(R0, scope::LIVE, R1);
        asm.place(none);
    }

    /// The number of the thread's mount namespace in register 1. One that has none any more is
    /// about to be gone.
    pub(super) fn namespace(&self, asm: &mut Assembler, out: Label) {
        let fields = self.fields;
        let offsets =
            [fields.namespaces, fields.mounts, fields.namespace_number].map(i16::try_from);
        match (self.plan.storage, offsets) {
            // The kernel gives 0 for what stands behind null.
            (Storage::Task, [Ok(namespaces), Ok(mounts), Ok(number)]) => {
                asm.load(Size::Double, R1, R7, namespaces);
                asm.jump_if(R1, When::Equal, 0, out);
                asm.load(Size::Double, R1, R1, mounts);
                asm.jump_if(R1, When::Equal, 0, out);
                asm.load(Size::Word, R1, R1, number);
            }
            (Storage::Task | Storage::Table, _) => {
                follow(asm, R6, R7, fields.namespaces);
                asm.jump_if(R6, When::Equal, 0, out);
                follow(asm, R6, R6, fields.mounts);
                asm.jump_if(R6, When::Equal, 0, out);
                read(asm, frame::SCRATCH, 4, R6, fields.namespace_number);
                asm.load(Size::Word, R1, FRAME, frame::SCRATCH);
            }
        }
        asm.jump_if(R1, When::Equal, 0, out);
    }

    /// The scope of the thread's mount namespace, into the frame.
    fn scope(&self, asm: &mut Assembler, out: Label) {
        let [lost, known, done] = [(); 3].map(|()| asm.label());
        let (maps, fields) = (self.maps, self.fields);
        follow(asm, R6, R7, fields.namespaces);
        follow(asm, R6, R6, fields.mounts);
        read(asm, frame::KEY, 8, R6, fields.namespace_serial);
        read(asm, frame::INDEX, 4, R6, fields.namespace_number);
        common::lookup(asm, maps.by_namespace, frame::KEY);
        asm.jump_if(R0, When::NotEqual, 0, known);
        asm.map(R1, maps.free_scopes);
        place(asm, R2, frame::SCOPE);
        asm.call(Helper::MapPop);
        asm.jump_if(R0, When::NotEqual, 0, lost);
        common::lookup(asm, maps.scopes, frame::SCOPE);
        asm.jump_if(R0, When::Equal, 0, lost);
        asm.mov(R6, R0);
        asm.load(Size::Word, R1, FRAME, frame::INDEX);
        asm.store(Size::Word, R6, scope::NAMESPACE, R1);
        asm.load(Size::Double, R1, FRAME, frame::KEY);
        asm.store(Size::Double, R6, scope::SERIAL, R1);
        asm.call(Helper::GetCurrentPidTgid);
        asm.store(Size::Double, R6, scope::THREAD, R0);
        asm.call(Helper::KtimeGetNs);
        asm.store(Size::Double, R6, scope::TIME, R0);
        let flags = common::IF_NEW;
        common::update(asm, maps.by_namespace, frame::KEY, frame::SCOPE, flags);
        let ours = asm.label();
        asm.jump_if(R0, When::Equal, 0, ours);
        // Another processor was faster.
        asm.map(R1, maps.free_scopes);
        place(asm, R2, frame::SCOPE);
        asm.mov(R3, 0);
        asm.call(Helper::MapPush);
        common::lookup(asm, maps.by_namespace, frame::KEY);
        asm.jump_if(R0, When::Equal, 0, lost);
        asm.jump(known);

        asm.place(ours);
        asm.store(Size::Word, R6, scope::USED, 1);
        self.group(asm);
        asm.jump(done);

        asm.place(lost);
        self.count(asm, Counter::LostScopes);
        asm.jump(out);

        asm.place(known);
        asm.load(Size::Word, R1, R0, 0);
        asm.store(Size::Word, FRAME, frame::SCOPE, R1);
        asm.place(done);
    }

    /// Ends the program unless the thread is in the control group of the first version that is
    /// recorded, or below it.
    fn old_group(&self, asm: &mut Assembler, out: Label) {
        /// Groups within groups that are gone through.
        const MAX_DEPTH: i32 = 32;
        let (fields, [step, found]) = (self.fields, [(); 2].map(|()| asm.label()));
        follow(asm, R6, R7, fields.groups);
        asm.jump_if(R6, When::Equal, 0, out);
        follow(asm, R6, R6, fields.group_states);
        asm.jump_if(R6, When::Equal, 0, out);
        follow(asm, R6, R6, fields.state_group);
        asm.jump_if(R6, When::Equal, 0, out);
        follow(asm, R6, R6, fields.group_node);
        asm.mov(R8, 0);
        asm.place(step);
        asm.jump_if(R6, When::Equal, 0, out);
        read(asm, frame::KEY, 8, R6, fields.node_number);
        asm.load(Size::Double, R1, FRAME, frame::KEY);
        asm.value_of(R2, self.maps.counters);
        asm.load(Size::Double, R2, R2, Counter::Group.offset());
        asm.jump_if(R1, When::Equal, R2, found);
        follow(asm, R6, R6, fields.node_parent);
        asm.alu(Alu::Add, R8, 1);
        asm.jump_if(R8, When::Greater, MAX_DEPTH, out);
        asm.jump(step);
        asm.place(found);
    }

    /// The names of the thread's control group, and of the one above it, into the scope in
    /// register 6: an engine puts a container's name there.
    pub(super) fn group(&self, asm: &mut Assembler) {
        let fields = self.fields;
        follow(asm, R0, R7, fields.groups);
        follow(asm, R0, R0, fields.group);
        read(asm, frame::ABOVE, 8, R0, fields.group_node);
        for to in [scope::GROUP, scope::ABOVE] {
            asm.load(Size::Double, R0, FRAME, frame::ABOVE);
            follow(asm, R3, R0, fields.node_name);
            asm.mov(R1, R6);
            asm.alu(Alu::Add, R1, i32::from(to));
            asm.mov(R2, scope::GROUP_SIZE);
            asm.call(Helper::ProbeReadKernelStr);
            asm.load(Size::Double, R0, FRAME, frame::ABOVE);
            read(asm, frame::ABOVE, 8, R0, fields.node_parent);
        }
    }

    /// Whether a thread that was not executed in its scope came into it from outside: a process
    /// that was there before has run its program there all the time, as far as anybody can tell.
    fn entered(&self, asm: &mut Assembler, is_container: bool) {
        asm.store(Size::Word, FRAME, frame::ENTERED, 0);
        if !is_container {
            return;
        }
        if let Rule::NewNamespace(_) = self.plan.rule {
            asm.store(Size::Word, FRAME, frame::ENTERED, 1);
            return;
        }
        let older = asm.label();
        follow(asm, R1, R7, self.fields.leader);
        asm.mov(R3, R1);
        read(asm, frame::SCRATCH, 8, R3, self.fields.start_time);
        asm.load(Size::Double, R1, FRAME, frame::SCRATCH);
        asm.value_of(R2, self.maps.counters);
        asm.load(Size::Double, R2, R2, Counter::Since.offset());
        asm.jump_if(R2, When::Greater, R1, older);
        asm.store(Size::Word, FRAME, frame::ENTERED, 1);
        asm.place(older);
    }
}
