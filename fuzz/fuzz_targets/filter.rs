//! Any bytes are a filter: what the kernel takes ends, and what is told of a call is what it gets.
//! The first eight bytes are an architecture and a number, the next 48 arguments.
#![no_main]

use callsieve::bpf::{Data, Endian, Program};
use callsieve::profile::Action;
use callsieve::profile::program::follow;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((head, filter)) = bytes.split_at_checked(56) else {
        return;
    };
    let mut words = head.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]));
    let mut word = || words.next().unwrap_or_default();
    let mut data = Data { arch: word(), number: word(), instruction_pointer: 0, args: [0; 6] };
    for arg in &mut data.args {
        *arg = (u64::from(word()) << 32) | u64::from(word());
    }
    for endian in [Endian::Little, Endian::Big] {
        let Ok(program) = Program::from_bytes(filter, endian) else {
            continue;
        };
        assert_eq!(program.to_bytes(), filter);
        let (answer, steps) = program.run(&data);
        assert!(steps <= program.instructions().len());
        if let Ok(flow) = follow(&program, data.arch, data.number) {
            assert_eq!(flow.answer(&data.args), Action::from_return(answer));
        }
    }
});
