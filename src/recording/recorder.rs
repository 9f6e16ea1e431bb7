//! How a recorder took a run, as it stands in a file.

use super::file::{FileError, bad};
use super::wire;
use crate::event::{Capture, Remark};

pub(super) fn to_wire(capture: &Capture) -> wire::Recorder {
    wire::Recorder {
        backend: capture.backend.clone(),
        reason: capture.reason.clone(),
        results: capture.results,
        known: capture.known.clone(),
        labels: capture.labels.clone(),
        milliseconds: capture.milliseconds,
        remarks: capture
            .remarks
            .iter()
            .map(|(remark, programs)| (remark.key().to_owned(), programs.clone()))
            .collect(),
    }
}

pub(super) fn from_wire(recorder: wire::Recorder, run: &str) -> Result<Capture, FileError> {
    let remarks = recorder
        .remarks
        .into_iter()
        .map(|(key, programs)| {
            let remark = Remark::from_key(&key).ok_or_else(|| bad("remark", &key, run))?;
            Ok((remark, programs))
        })
        .collect::<Result<_, FileError>>()?;
    Ok(Capture {
        backend: recorder.backend,
        reason: recorder.reason,
        results: recorder.results,
        known: recorder.known,
        labels: recorder.labels,
        milliseconds: recorder.milliseconds,
        remarks,
    })
}
