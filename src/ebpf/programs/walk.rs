//! Reads a table. bpf(2) keeps programs at events from running on its processor meanwhile, also
//! while another thread has got that; a program that the kernel calls for each entry does not.

use super::super::assembler::{Assembler, Helper, R1, R2, R3, R6, R7, R8, Size, When};
use super::common::leave;
use super::{Fields, Point, Program, ProgramError};

/// The program that writes entries of so many bytes, key and value, to whoever reads; of a kernel
/// on which programs run at events.
pub(crate) fn walk(fields: Fields, key: i32, value: i32) -> Result<Option<Program>, ProgramError> {
    let Some(events) = fields.events else {
        return Ok(None);
    };
    let mut asm = Assembler::default();
    let out = asm.label();
    // `struct bpf_iter__bpf_map_elem`: about the reader, the table, the key and the value.
    asm.load(Size::Double, R6, R1, 0);
    asm.load(Size::Double, R7, R1, 16);
    asm.load(Size::Double, R8, R1, 24);
    // There is none at the end.
    asm.jump_if(R7, When::Equal, 0, out);
    asm.jump_if(R8, When::Equal, 0, out);
    for (from, bytes) in [(R7, key), (R8, value)] {
        asm.load(Size::Double, R1, R6, 0);
        asm.mov(R2, from);
        asm.mov(R3, bytes);
        asm.call(Helper::SeqWrite);
    }
    leave(&mut asm, out);
    Ok(Some(Program {
        name: "callsieve_walk",
        point: Point::Walk(events.walk),
        code: asm.finish()?,
    }))
}
