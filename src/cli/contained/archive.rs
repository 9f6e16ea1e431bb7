//! What goes into a container and what comes out of it, as archives.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::path::{Path, PathBuf};

use callsieve::recording::{self, Recording};
use tar::{Archive, Builder, EntryType, Header};

/// Where everything of ours lies in a container.
pub(crate) const FOLDER: &str = "/.callsieve";
/// The program.
pub(crate) const PROGRAM: &str = "/.callsieve/callsieve";
/// What the recorders write.
pub(crate) const OUT: &str = "/.callsieve/out";

/// The largest recording that is taken from a container, in bytes. One of everything that a
/// kernel has is below 1 MiB; the program could write here what it likes.
const LARGEST: u64 = 64 << 20;
/// How many of them, a bound for the same reason.
const MOST: usize = 10_000;

/// What came out of a container.
#[derive(Debug, Default)]
pub(crate) struct Unpacked {
    /// The recordings, each as it was written.
    pub(crate) recordings: Vec<Recording>,
    /// Files that are none, and why.
    pub(crate) unreadable: Vec<(String, String)>,
}

/// The archive for `/.callsieve`, and for each of `known` where it will lie. With `within`, names
/// stand below that folder; otherwise it is there already.
pub(crate) fn pack(
    mut program: File,
    known: &[PathBuf],
    within: bool,
) -> io::Result<(File, Vec<String>)> {
    let base = if within { ".callsieve/" } else { "" };
    let mut archive = Builder::new(tempfile::tempfile()?);
    if within {
        folder(&mut archive, base, 0o755)?;
    }
    program.rewind()?;
    file(
        &mut archive,
        Path::new(&format!("{base}callsieve")),
        &mut program,
        0o755,
    )?;
    // Whoever the program runs as may write here, and nobody may take away what another wrote.
    folder(&mut archive, &format!("{base}out/"), 0o1777)?;
    let mut places = Vec::new();
    for (number, path) in known.iter().enumerate() {
        let below = format!("known/{number}");
        folder(&mut archive, &format!("{base}{below}/"), 0o755)?;
        // A folder of its own, so that it keeps the name that a recording will tell.
        let name = path
            .file_name()
            .map_or_else(|| OsString::from("known"), OsString::from);
        let name = name.to_string_lossy().into_owned();
        let place = format!("{below}/{name}");
        file(
            &mut archive,
            Path::new(&format!("{base}{place}")),
            &mut File::open(path)?,
            0o644,
        )?;
        places.push(format!("{FOLDER}/{place}"));
    }
    let mut file = archive.into_inner()?;
    file.rewind()?;
    Ok((file, places))
}

fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(size);
    header
}

fn folder(archive: &mut Builder<File>, name: &str, mode: u32) -> io::Result<()> {
    let mut header = header(EntryType::Directory, mode, 0);
    archive.append_data(&mut header, name, io::empty())
}

fn file(archive: &mut Builder<File>, name: &Path, content: &mut File, mode: u32) -> io::Result<()> {
    let mut header = header(EntryType::Regular, mode, content.metadata()?.len());
    archive.append_data(&mut header, name, content)
}

/// The recordings in an archive of the output folder. Anything else in it is not ours; what has
/// the name of a recording and is none is told.
pub(crate) fn unpack(archive: File) -> io::Result<Unpacked> {
    let mut found = Unpacked::default();
    let mut archive = Archive::new(archive);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // Half written ones have a name with a dot at its start.
        if !name.ends_with(".rec.json") || name.starts_with('.') {
            continue;
        }
        let mut no = |why: &str| {
            found
                .unreadable
                .push((name.clone().into_owned(), why.to_owned()));
        };
        if entry.header().entry_type() != EntryType::Regular {
            no("it is no plain file");
            continue;
        }
        if entry.size() > LARGEST {
            no("it is too large for a recording");
            continue;
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes)?;
        match recording::read(&bytes) {
            Ok(recording) => found.recordings.push(recording),
            Err(error) => no(&error.to_string()),
        }
        if found.recordings.len() + found.unreadable.len() >= MOST {
            break;
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed() {
        let own = File::open("/etc/passwd").unwrap();
        let (file, places) = pack(own, &[PathBuf::from("/etc/group")], true).unwrap();
        assert_eq!(places, ["/.callsieve/known/0/group"]);
        let mut archive = Archive::new(file);
        let names: Vec<String> = archive
            .entries()
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                let mode = entry.header().mode().unwrap();
                format!("{} {mode:o}", entry.path().unwrap().display())
            })
            .collect();
        assert_eq!(
            names,
            [
                ".callsieve/ 755",
                ".callsieve/callsieve 755",
                ".callsieve/out/ 1777",
                ".callsieve/known/0/ 755",
                ".callsieve/known/0/group 644",
            ]
        );
    }

    #[test]
    fn what_is_no_recording_is_told_or_left() {
        let mut archive = Builder::new(tempfile::tempfile().unwrap());
        folder(&mut archive, "out/", 0o1777).unwrap();
        for name in [
            "out/run-1.rec.json",
            "out/.callsieve-x.rec.json",
            "out/core",
        ] {
            file(
                &mut archive,
                Path::new(name),
                &mut File::open("/etc/passwd").unwrap(),
                0o644,
            )
            .unwrap();
        }
        let mut link = header(EntryType::Symlink, 0o777, 0);
        archive
            .append_link(&mut link, "out/run-2.rec.json", "/etc/shadow")
            .unwrap();
        let mut file = archive.into_inner().unwrap();
        file.rewind().unwrap();
        let found = unpack(file).unwrap();
        let names: Vec<&str> = found
            .unreadable
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(names, ["run-1.rec.json", "run-2.rec.json"]);
        assert!(found.recordings.is_empty());
    }
}
