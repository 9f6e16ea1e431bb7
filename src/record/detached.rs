//! A recorder that outlives whoever started it.

use std::os::fd::{AsFd, AsRawFd as _};
use std::path::Path;

use nix::errno::Errno;
use nix::sys::signal::SigSet;
use nix::unistd::{getpid, getsid, setsid};

use super::RecordError;
use crate::sys::process;

/// Leaves the session and the folder that this process was started in, and closes what it was
/// given beside the standard streams and `but`. To be called before anything else is opened.
pub fn detach(but: &impl AsFd) -> Result<(), RecordError> {
    let failed = |what| move |error| RecordError::kernel(what, error);
    match process::close_inherited(but.as_fd().as_raw_fd()) {
        // Before Linux 5.9 there is no such call; what is open stays open then.
        Ok(()) | Err(Errno::ENOSYS) => {}
        Err(error) => return Err(RecordError::kernel("close what was inherited", error)),
    }
    if getsid(None) != Ok(getpid()) {
        setsid().map_err(failed("begin a session"))?;
    }
    SigSet::empty()
        .thread_set_mask()
        .map_err(failed("hear signals"))?;
    std::env::set_current_dir(Path::new("/"))
        .map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or_default()))
        .map_err(failed("leave the folder"))
}
