//! What single cases were recorded to show.

use callsieve::arch::Arch;

use crate::read;

/// A 32-bit program between 64-bit ones: each call is of the architecture it was made with.
#[test]
fn mode_lines_tell_the_architectures_apart() {
    let recording = read("i386-stderr");
    let totals = recording.totals();
    assert_eq!(
        totals.keys().copied().collect::<Vec<_>>(),
        [Arch::X86, Arch::X86_64]
    );
    let has = |arch: Arch, name: &str| totals[&arch].keys().any(|call| call.to_string() == name);
    assert!(has(Arch::X86, "mmap2") && !has(Arch::X86_64, "mmap2"));
    assert!(has(Arch::X86, "socketcall"));
    assert!(has(Arch::X86_64, "execve"));
}
