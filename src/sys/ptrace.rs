//! ptrace(2), one function for each request. Threads are always seized, never attached or
//! asked to trace themselves, so that no stray SIGSTOP or SIGTRAP reaches them.

use std::ptr;

use libc::{c_int, c_long, c_uint, c_ulong, c_void};
use nix::errno::Errno;

use super::kernel::{CallStop, RawCall, Resume, Signo, Tid, TraceOptions};

// include/uapi/linux/ptrace.h; libc has some of them for one C library only.
const CONT: c_uint = 7;
const DETACH: c_uint = 17;
const PEEKDATA: c_uint = 2;
const POKEDATA: c_uint = 5;
const SYSCALL: c_uint = 24;
const SETOPTIONS: c_uint = 0x4200;
const GETEVENTMSG: c_uint = 0x4201;
const GETSIGINFO: c_uint = 0x4202;
const SEIZE: c_uint = 0x4206;
const INTERRUPT: c_uint = 0x4207;
const LISTEN: c_uint = 0x4208;
/// Linux 5.3.
const GET_SYSCALL_INFO: c_uint = 0x420e;
/// Linux 6.16.
const SET_SYSCALL_INFO: c_uint = 0x4212;

/// The type that the C library gives to a request.
#[cfg(target_env = "gnu")]
type Request = c_uint;
#[cfg(not(target_env = "gnu"))]
type Request = c_int;

const O_TRACESYSGOOD: c_ulong = 0x1;
const O_TRACEFORK: c_ulong = 0x2;
const O_TRACEVFORK: c_ulong = 0x4;
const O_TRACECLONE: c_ulong = 0x8;
const O_TRACEEXEC: c_ulong = 0x10;
const O_TRACEEXIT: c_ulong = 0x40;
const O_TRACESECCOMP: c_ulong = 0x80;
const O_EXITKILL: c_ulong = 0x10_0000;

/// The stop of a thread at a call has this bit in its signal.
pub(crate) const CALL_STOP: c_int = 0x80;
/// `PTRACE_EVENT_*`.
pub(crate) const EVENT_FORK: c_int = 1;
pub(crate) const EVENT_VFORK: c_int = 2;
pub(crate) const EVENT_CLONE: c_int = 3;
pub(crate) const EVENT_EXEC: c_int = 4;
pub(crate) const EVENT_EXIT: c_int = 6;
pub(crate) const EVENT_SECCOMP: c_int = 7;
pub(crate) const EVENT_STOP: c_int = 128;

/// `struct ptrace_syscall_info`: a union after the first three members, of which the largest
/// member has eight words here.
#[repr(C)]
#[derive(Default, Clone, Copy)]
struct SyscallInfo {
    op: u8,
    reserved: u8,
    flags: u16,
    arch: u32,
    instruction_pointer: u64,
    stack_pointer: u64,
    /// entry and seccomp: number, six arguments, (seccomp) data of the filter. exit: value, and
    /// a byte that tells whether it is an error.
    words: [u64; 9],
}

const OP_ENTRY: u8 = 1;
const OP_EXIT: u8 = 2;
const OP_SECCOMP: u8 = 3;

/// Raw requests whose address and data are numbers to the kernel, which looks at no memory of
/// this process.
fn plain(request: c_uint, tid: Tid, address: usize, data: usize) -> Result<(), Errno> {
    let address = ptr::without_provenance_mut::<c_void>(address);
    let data = ptr::without_provenance_mut::<c_void>(data);
    // SAFETY: with the requests that callers pass (SEIZE, CONT, SYSCALL, LISTEN, INTERRUPT,
    // DETACH, POKEDATA) the kernel takes both words as values and accesses no memory of the
    // caller; a wrong `tid` is an error.
    let answer = unsafe { libc::ptrace(request as Request, tid.0, address, data) };
    Errno::result(answer).map(drop)
}

/// Requests that fill or read `size_of::<T>()` bytes at `data`.
fn with<T: Copy>(request: c_uint, tid: Tid, address: usize, data: &mut T) -> Result<c_long, Errno> {
    let address = ptr::without_provenance_mut::<c_void>(address);
    let data: *mut c_void = ptr::from_mut(data).cast();
    // SAFETY: callers pair each request with the type that the kernel reads or writes for it
    // (GETEVENTMSG: unsigned long; GETSIGINFO: 128 bytes; GET/SET_SYSCALL_INFO: at most `address` bytes, which is the
    // size of `T`). `data` is a live exclusive reference for the whole call, and every bit
    // pattern is a value of these types, which are made of integers.
    let answer = unsafe { libc::ptrace(request as Request, tid.0, address, data) };
    Errno::result(answer)
}

/// What a request takes: what always is wanted, the options, and more.
fn bits(options: TraceOptions, more: c_ulong) -> usize {
    let mut bits = more | O_TRACESYSGOOD | O_TRACEEXEC | O_TRACESECCOMP | O_TRACECLONE;
    if options.processes {
        bits |= O_TRACEFORK | O_TRACEVFORK;
    }
    if options.kill_on_exit {
        bits |= O_EXITKILL;
    }
    usize::try_from(bits).unwrap_or_default()
}

pub(super) fn seize(tid: Tid, options: TraceOptions) -> Result<(), Errno> {
    plain(SEIZE, tid, 0, bits(options, 0))
}

pub(super) fn stop_at_end(tid: Tid, options: TraceOptions) -> Result<(), Errno> {
    plain(SETOPTIONS, tid, 0, bits(options, O_TRACEEXIT))
}

/// The word for a signal, 0 for none.
fn word(signal: Option<Signo>) -> usize {
    signal.map_or(0, |signo| usize::try_from(signo.0).unwrap_or_default())
}

pub(super) fn resume(tid: Tid, how: Resume, signal: Option<Signo>) -> Result<(), Errno> {
    let request = match how {
        Resume::Free => CONT,
        Resume::ToCall => SYSCALL,
    };
    plain(request, tid, 0, word(signal))
}

pub(super) fn listen(tid: Tid) -> Result<(), Errno> {
    plain(LISTEN, tid, 0, 0)
}

pub(super) fn interrupt(tid: Tid) -> Result<(), Errno> {
    plain(INTERRUPT, tid, 0, 0)
}

pub(super) fn detach(tid: Tid, signal: Option<Signo>) -> Result<(), Errno> {
    plain(DETACH, tid, 0, word(signal))
}

pub(super) fn message(tid: Tid) -> Result<u64, Errno> {
    let mut message: c_ulong = 0;
    with(GETEVENTMSG, tid, 0, &mut message)?;
    #[expect(
        clippy::useless_conversion,
        reason = "an unsigned long has 32 bits elsewhere"
    )]
    Ok(u64::from(message))
}

fn info(tid: Tid) -> Result<SyscallInfo, Errno> {
    let mut info = SyscallInfo::default();
    with(GET_SYSCALL_INFO, tid, size_of::<SyscallInfo>(), &mut info)?;
    Ok(info)
}

pub(super) fn call(tid: Tid) -> Result<CallStop, Errno> {
    let info = info(tid)?;
    let [first, args @ .., _, _] = info.words;
    Ok(match info.op {
        OP_ENTRY | OP_SECCOMP => CallStop::Entry(RawCall {
            arch: info.arch,
            number: first,
            args,
            instruction_pointer: info.instruction_pointer,
        }),
        OP_EXIT => CallStop::Exit {
            value: first.cast_signed(),
            // The second member is one byte long.
            failed: args
                .first()
                .and_then(|word| word.to_ne_bytes().first().copied())
                .is_some_and(|byte| byte != 0),
        },
        _ => CallStop::None,
    })
}

pub(super) fn set_argument(tid: Tid, arch: u32, index: u8, value: u64) -> Result<(), Errno> {
    let place = usize::from(index) + 1;
    change(tid, place, value)
        .or_else(|error| registers::set_argument(tid, arch, index, value).unwrap_or(Err(error)))
}

pub(super) fn refuse(tid: Tid) -> Result<(), Errno> {
    // No call has this number, and ENOSYS stands in the place of the result already.
    change(tid, 0, u64::MAX).or_else(|_older| registers::set_number(tid, -1))
}

/// The kernel passes over a call that is none, and leaves the result as it finds it.
pub(super) fn refuse_with(tid: Tid, error: u16) -> Result<(), Errno> {
    refuse(tid)?;
    registers::set_result(tid, -i64::from(error))
}

pub(super) fn restore_argument(tid: Tid, arch: u32, index: u8, value: u64) -> Result<(), Errno> {
    registers::set_argument(tid, arch, index, value).unwrap_or(Err(Errno::ENOSYS))
}

/// Whether results and registers can be set on this architecture.
pub(crate) const SETS_REGISTERS: bool = registers::CAN_BE_SET;

/// Changes the number or an argument of a call.
fn change(tid: Tid, place: usize, value: u64) -> Result<(), Errno> {
    let mut info = info(tid)?;
    if let Some(word) = info.words.get_mut(place) {
        *word = value;
    }
    // What comes with the filter's stop is not to be set, and the rest is reserved.
    let [_, _, _, _, _, _, _, rest @ ..] = &mut info.words;
    *rest = [0; 2];
    info.flags = 0;
    info.reserved = 0;
    with(SET_SYSCALL_INFO, tid, size_of::<SyscallInfo>(), &mut info).map(drop)
}

pub(super) fn signal_code(tid: Tid) -> Result<i32, Errno> {
    /// `siginfo_t`: its size, and the place of `si_code`, in numbers of 32 bits. On MIPS the
    /// second and third change places.
    const NUMBERS: usize = 32;
    let mut info = [0_i32; NUMBERS];
    with(GETSIGINFO, tid, 0, &mut info)?;
    let [_, _, code, ..] = info;
    Ok(code)
}

pub(super) fn read_word(tid: Tid, address: u64) -> Result<u64, Errno> {
    let address = usize::try_from(address).map_err(|_too_large| Errno::EFAULT)?;
    let mut bytes = [0_u8; 8];
    let (low, high) = bytes.split_at_mut(size_of::<c_long>().min(8));
    for (at, part) in [low, high].into_iter().enumerate() {
        if !part.is_empty() {
            let word = peek(tid, address + at * size_of::<c_long>())?;
            part.copy_from_slice(&word.to_ne_bytes());
        }
    }
    Ok(u64::from_ne_bytes(bytes))
}

fn peek(tid: Tid, address: usize) -> Result<c_long, Errno> {
    let address = ptr::without_provenance_mut::<c_void>(address);
    Errno::clear();
    // SAFETY: the libc wrapper gives the kernel the address of a local of its own and returns
    // what was stored there; `address` is one of the traced process, which the kernel checks.
    let word = unsafe {
        libc::ptrace(
            PEEKDATA as Request,
            tid.0,
            address,
            ptr::null_mut::<c_void>(),
        )
    };
    match Errno::last() {
        error if word == -1 && error != Errno::UnknownErrno => Err(error),
        _ => Ok(word),
    }
}

pub(super) fn write_word(tid: Tid, address: u64, value: u64) -> Result<(), Errno> {
    let address = usize::try_from(address).map_err(|_too_large| Errno::EFAULT)?;
    let size = size_of::<usize>();
    for (at, part) in value.to_ne_bytes().chunks_exact(size).enumerate() {
        let mut word = [0; size_of::<usize>()];
        word.copy_from_slice(part);
        plain(
            POKEDATA,
            tid,
            address + at * size,
            usize::from_ne_bytes(word),
        )?;
    }
    Ok(())
}

/// Registers by their place in `struct user`: for kernels before 6.16, and for results.
#[cfg(target_arch = "x86_64")]
mod registers {
    use super::{Errno, Tid, c_uint, plain};

    pub(super) const CAN_BE_SET: bool = true;
    const POKEUSER: c_uint = 6;
    /// `AUDIT_ARCH_I386`.
    const I386: u32 = 0x4000_0003;
    /// Places in `struct user_regs_struct`, in words: rdi rsi rdx r10 r8 r9.
    const ARGS_64: [usize; 6] = [14, 13, 12, 7, 9, 8];
    /// rbx rcx rdx rsi rdi rbp.
    const ARGS_32: [usize; 6] = [5, 11, 12, 13, 14, 4];

    /// `rax`, the result of a call.
    const RESULT: usize = 10;
    /// `orig_rax`, which is the number of the call.
    const NUMBER: usize = 15;

    fn poke(tid: Tid, place: usize, value: usize) -> Result<(), Errno> {
        plain(POKEUSER, tid, place * size_of::<usize>(), value)
    }

    /// As the kernel widens a number, with its sign.
    const fn widened(number: i64) -> usize {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "both have 64 bits on this architecture"
        )]
        {
            number.cast_unsigned() as usize
        }
    }

    pub(super) fn set_number(tid: Tid, number: i32) -> Result<(), Errno> {
        poke(tid, NUMBER, widened(i64::from(number)))
    }

    pub(super) fn set_result(tid: Tid, result: i64) -> Result<(), Errno> {
        poke(tid, RESULT, widened(result))
    }

    pub(super) fn set_argument(
        tid: Tid,
        arch: u32,
        index: u8,
        value: u64,
    ) -> Option<Result<(), Errno>> {
        let places = if arch == I386 { ARGS_32 } else { ARGS_64 };
        let place = *places.get(usize::from(index))?;
        Some(poke(tid, place, usize::try_from(value).ok()?))
    }
}

/// Register sets, as arch/arm64/kernel/ptrace.c has them.
#[cfg(target_arch = "aarch64")]
mod registers {
    use super::{Errno, Request, Tid, c_uint, c_void, ptr};

    pub(super) const CAN_BE_SET: bool = true;
    const GETREGSET: c_uint = 0x4204;
    const SETREGSET: c_uint = 0x4205;
    /// `NT_PRSTATUS`: x0 to x30, sp, pc, pstate; of a 32-bit program 18 registers of 4 bytes.
    const GENERAL: usize = 1;
    /// `NT_ARM_SYSTEM_CALL`, the number of the call.
    const NUMBER: usize = 0x404;
    /// Words of a 64-bit program's registers.
    const WORDS: usize = 34;
    /// Bytes of a 32-bit program's.
    const BYTES_32: usize = 18 * 4;

    /// Reads or writes `bytes` of a set of registers, and says how many there were.
    fn set<T: Copy>(
        request: c_uint,
        tid: Tid,
        kind: usize,
        bytes: usize,
        data: &mut T,
    ) -> Result<usize, Errno> {
        let mut area = libc::iovec {
            iov_base: ptr::from_mut(data).cast(),
            iov_len: bytes.min(size_of::<T>()),
        };
        let kind = ptr::without_provenance_mut::<c_void>(kind);
        let place: *mut c_void = ptr::from_mut(&mut area).cast();
        // SAFETY: the kernel reads or writes at most `iov_len` bytes at `iov_base`, which is a
        // live exclusive reference to at least as many; every bit pattern is a value of the
        // integers that callers pass.
        let answer = unsafe { libc::ptrace(request as Request, tid.0, kind, place) };
        Errno::result(answer).map(|_| area.iov_len)
    }

    pub(super) fn set_number(tid: Tid, number: i32) -> Result<(), Errno> {
        let mut number = number;
        set(SETREGSET, tid, NUMBER, size_of::<i32>(), &mut number).map(drop)
    }

    /// Sets the register of an argument; the first is that of the result too.
    fn set_register(tid: Tid, index: u8, value: u64) -> Result<(), Errno> {
        let mut registers = [0_u64; WORDS];
        let bytes = set(GETREGSET, tid, GENERAL, WORDS * 8, &mut registers)?;
        let index = usize::from(index);
        if bytes == BYTES_32 {
            // Two to a word, the lower one first.
            let word = registers.get_mut(index / 2).ok_or(Errno::EINVAL)?;
            let shift = index % 2 * 32;
            *word = *word & !(0xffff_ffff << shift) | (value & 0xffff_ffff) << shift;
        } else {
            *registers.get_mut(index).ok_or(Errno::EINVAL)? = value;
        }
        set(SETREGSET, tid, GENERAL, bytes, &mut registers).map(drop)
    }

    pub(super) fn set_result(tid: Tid, result: i64) -> Result<(), Errno> {
        set_register(tid, 0, result.cast_unsigned())
    }

    pub(super) fn set_argument(
        tid: Tid,
        _arch: u32,
        index: u8,
        value: u64,
    ) -> Option<Result<(), Errno>> {
        // The first is kept elsewhere while the call lasts.
        (1..6)
            .contains(&index)
            .then(|| set_register(tid, index, value))
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod registers {
    use super::{Errno, Tid};

    pub(super) const CAN_BE_SET: bool = false;

    pub(super) const fn set_number(_tid: Tid, _number: i32) -> Result<(), Errno> {
        Err(Errno::ENOSYS)
    }

    pub(super) const fn set_result(_tid: Tid, _result: i64) -> Result<(), Errno> {
        Err(Errno::ENOSYS)
    }

    pub(super) const fn set_argument(
        _tid: Tid,
        _arch: u32,
        _index: u8,
        _value: u64,
    ) -> Option<Result<(), Errno>> {
        None
    }
}
