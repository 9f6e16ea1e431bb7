//! eBPF: the programs that count calls in the kernel, put together here instruction by
//! instruction, so that neither a compiler nor headers are needed.
//!
//! [`btf`] tells where this kernel's structures have what; [`assembler`] has the instructions;
//! [`programs`] are those that run at the begin and end of calls, at a fork, an execve and an
//! exit; [`layout`] is what they share with their reader. Nothing here talks to the kernel.

pub(crate) mod assembler;
pub mod btf;
pub(crate) mod layout;
pub(crate) mod programs;
