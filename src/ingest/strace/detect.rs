//! Tells whether a log is of strace.

use super::body::{self, Body};
use super::{leader, scan, summary};
use crate::ingest::reader::Start;

/// Whether the start of a log has lines that strace prints.
pub(in crate::ingest) fn detect(start: &Start<'_>) -> bool {
    let is = |line: &[u8]| match body::sort(leader::split(line).1) {
        Body::Call { tail, .. } => scan::is_whole(tail),
        Body::Resumed { .. } | Body::Exit(_) | Body::Mode { .. } => true,
        Body::Unknown
        | Body::Sigsys { .. }
        | Body::Signal
        | Body::Message(_)
        | Body::Decoration
        | Body::SummaryOf(_)
        | Body::Continuation { .. }
        | Body::Blank
        | Body::Ltrace
        | Body::Qemu => false,
    };
    start.has_many(is) || start.count(|line| summary::header(line).is_some()) > 0
}
