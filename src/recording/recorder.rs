//! How a recorder took a run, as it stands in a file.

use super::file::{FileError, bad, call_id};
use super::{runtime, wire};
use crate::arch::Arch;
use crate::event::{Answer, Capture, Denial, DenialEnd, Remark, UnderProfile};

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
        under: capture.under.as_ref().map(under_to_wire),
        runtime: runtime::to_wire(&capture.runtime),
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
        under: recorder
            .under
            .map(|under| under_from_wire(under, run))
            .transpose()?,
        runtime: runtime::from_wire(recorder.runtime, run)?,
    })
}

fn under_to_wire(under: &UnderProfile) -> wire::Under {
    let ends = |denial: &Denial| {
        let end = |end: &DenialEnd| wire::DenialEnd {
            processes: end.processes,
            milliseconds: end.milliseconds,
        };
        let ends = denial.ends.iter();
        ends.map(|(how, it)| (how.clone(), end(it))).collect()
    };
    wire::Under {
        profile: under.profile.clone(),
        enforced: under.enforced,
        denials: under
            .denials
            .iter()
            .map(|denial| wire::Denial {
                arch: denial.arch.name().to_owned(),
                call: denial.call.to_string(),
                args: denial.args.clone(),
                answer: denial.answer.key().to_owned(),
                by: denial.program.clone(),
                pid: denial.pid,
                calls: denial.calls,
                milliseconds: denial.milliseconds,
                ends: ends(denial),
            })
            .collect(),
        dropped: under.dropped,
    }
}

fn under_from_wire(under: wire::Under, run: &str) -> Result<UnderProfile, FileError> {
    let denial = |it: wire::Denial| -> Result<Denial, FileError> {
        let arch: Arch = it
            .arch
            .parse()
            .map_err(|_unknown| bad("architecture", &it.arch, run))?;
        let call = call_id(&it.call).ok_or_else(|| bad("system call", &it.call, run))?;
        if let Some(index) = it.args.keys().find(|index| **index > 5) {
            return Err(bad("argument", &index.to_string(), run));
        }
        let answer = Answer::from_key(&it.answer).ok_or_else(|| bad("answer", &it.answer, run))?;
        let ends = it.ends.into_iter();
        Ok(Denial {
            arch,
            call,
            args: it.args,
            answer,
            program: it.by,
            pid: it.pid,
            calls: it.calls,
            milliseconds: it.milliseconds,
            ends: ends
                .map(|(how, end)| {
                    let end = DenialEnd {
                        processes: end.processes,
                        milliseconds: end.milliseconds,
                    };
                    (how, end)
                })
                .collect(),
        })
    };
    Ok(UnderProfile {
        profile: under.profile,
        enforced: under.enforced,
        denials: under
            .denials
            .into_iter()
            .map(denial)
            .collect::<Result<_, _>>()?,
        dropped: under.dropped,
    })
}
