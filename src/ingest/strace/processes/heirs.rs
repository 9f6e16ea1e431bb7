//! What ran in a process before the program that it runs.
//!
//! A new process may execute a program before the log tells whose child it is. What it ran until
//! then is known when its parent's call returns.

use std::collections::BTreeMap;

use super::{ImageId, Processes};
use crate::event::{Image, Sink};
use crate::ingest::strace::images::ImageData;

/// Images whose program is not known yet, and those that came next.
#[derive(Debug, Default)]
pub(super) struct Heirs {
    of: BTreeMap<ImageId, Vec<Heir>>,
    /// Programs handed over, and what was found to have run before them.
    found: BTreeMap<(String, String), u64>,
}

#[derive(Debug)]
enum Heir {
    Waiting(ImageId),
    /// It was handed over; its program.
    Gone(String),
}

/// Images remembered: a bound for logs that never tell whose child a process is.
const MAX_HEIRS: usize = 50_000;

impl Heirs {
    /// An image is handed over.
    pub(super) fn gone(&mut self, id: ImageId, image: &ImageData) {
        let heirs = image.follows.and_then(|former| self.of.get_mut(&former));
        for heir in heirs.into_iter().flatten() {
            if matches!(heir, Heir::Waiting(waiting) if *waiting == id) {
                *heir = Heir::Gone(image.executable.clone().unwrap_or_default());
            }
        }
    }

    /// Tells what was found out about programs handed over.
    pub(super) fn hand_over(&mut self, sink: &mut dyn Sink) {
        for ((program, former), times) in std::mem::take(&mut self.found) {
            let image = Image {
                executable: Some(program),
                started_by: BTreeMap::from([(former, times)]),
                ..Image::default()
            };
            sink.image(&image, Vec::new());
        }
    }
}

impl Processes {
    /// A process runs an image after another one.
    pub(super) fn inherit(&mut self, former: ImageId, id: ImageId) {
        self.follow(former, Heir::Waiting(id));
    }

    /// What ran before the image `first` is known: it is part of `parent`.
    pub(super) fn found_parent(&mut self, first: ImageId, parent: ImageId) {
        for heir in self.heirs.of.remove(&first).unwrap_or_default() {
            self.follow(parent, heir);
        }
    }

    fn follow(&mut self, former: ImageId, heir: Heir) {
        let Some(data) = self.images.get(former) else {
            return;
        };
        if !data.linked {
            if let Heir::Waiting(id) = heir
                && let Some(image) = self.images.get_mut(id)
            {
                image.follows = Some(former);
            }
            if self.heirs.of.len() < MAX_HEIRS {
                self.heirs.of.entry(former).or_default().push(heir);
            }
            return;
        }
        if let Some(name) = data.executable.clone() {
            self.started_by(heir, name);
        }
    }

    /// The log is over: what it began with, which executed a program and did nothing else.
    pub(super) fn found_begin(&mut self) {
        const FIRST: ImageId = 0;
        let first = self.images.get(FIRST);
        if first.is_some_and(|image| !image.linked && image.slots.calls() == 1) {
            for heir in self.heirs.of.remove(&FIRST).unwrap_or_default() {
                self.started_by(heir, String::new());
            }
        }
    }

    fn started_by(&mut self, heir: Heir, name: String) {
        match heir {
            Heir::Waiting(id) => {
                if let Some(image) = self.images.get_mut(id) {
                    image.former = Some(name);
                }
            }
            Heir::Gone(program) => {
                let found = &mut self.heirs.found;
                if found.len() < MAX_HEIRS {
                    *found.entry((program, name)).or_default() += 1;
                }
            }
        }
    }
}
