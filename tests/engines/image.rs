//! Root file systems made of installed Debian packages, and images made of them.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::common::{find_program, require, require_program};
use crate::rig::{remove, run, unique_name};

/// Whether a 32-bit program can be compiled, which takes a second C library.
pub(crate) fn require_gcc_multilib() -> bool {
    let present = Path::new("/usr/include/x86_64-linux-gnu/gnu/stubs-32.h").exists()
        || Path::new("/usr/include/gnu/stubs-32.h").exists();
    require(
        "gcc-multilib",
        present,
        "no 32-bit C library (Debian package gcc-multilib)",
    )
}

/// Whether what every image is built from is there.
pub(crate) fn require_builders() -> bool {
    let x86_64 = cfg!(target_arch = "x86_64");
    // Every one is asked for, so that one run tells all that is missing.
    [
        require("x86_64", x86_64, "the probe is written for x86_64"),
        require_program("busybox", "busybox-static"),
        require_program("gcc", "gcc"),
        require_program("strace", "strace"),
        require_program("dpkg", "dpkg"),
        require_program("tar", "tar"),
    ]
    .into_iter()
    .all(|present| present)
}

/// A root file system under construction, then the image made of it.
///
/// The folder and the image in Docker's store last as long as the value.
#[derive(Debug)]
pub(crate) struct Image {
    root: TempDir,
    docker_name: OnceLock<String>,
}

impl Image {
    /// A root with the folders of Debian, busybox under all its names, the probe and strace.
    pub(crate) fn new() -> Self {
        let image = Self {
            root: TempDir::new().unwrap(),
            docker_name: OnceLock::new(),
        };
        for folder in [
            "proc", "sys", "dev", "tmp", "trace", "etc", "srv/www", "var", "run",
        ] {
            fs::create_dir_all(image.path(folder)).unwrap();
        }
        for folder in ["bin", "sbin", "lib", "lib32", "lib64"] {
            fs::create_dir_all(image.path("usr").join(folder)).unwrap();
            symlink(format!("usr/{folder}"), image.path(folder)).unwrap();
        }
        // The programs run as any user, whatever the umask of the test was.
        fs::set_permissions(image.root.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(image.path("tmp"), fs::Permissions::from_mode(0o1777)).unwrap();
        image.file(
            "etc/passwd",
            "root:x:0:0::/:/bin/sh\nuser:x:1000:1000::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n",
        );
        image.file("etc/group", "root:x:0:\nuser:x:1000:\nnogroup:x:65534:\n");

        let busybox = find_program("busybox").unwrap();
        let applets = run(Command::new(&busybox).arg("--list"))
            .expect_success()
            .stdout;
        fs::copy(&busybox, image.path("usr/bin/busybox")).unwrap();
        for applet in applets.lines().filter(|applet| *applet != "busybox") {
            symlink("busybox", image.path("usr/bin").join(applet)).unwrap();
        }
        image.guest("probe.c", "probe", PROBE_FLAGS);
        image.program("strace");
        image
    }

    /// The folder of the root file system.
    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root().join(path)
    }

    /// Writes `text` at `path`, given without the leading slash.
    pub(crate) fn file(&self, path: &str, text: &str) {
        fs::write(self.path(path), text).unwrap();
        let mode = if text.starts_with("#!") { 0o755 } else { 0o644 };
        fs::set_permissions(self.path(path), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Copies an installed program into `/usr/bin`, and the shared libraries it loads.
    pub(crate) fn program(&self, name: &str) {
        let program = find_program(name).unwrap_or_else(|| panic!("{name} was here a while ago"));
        let copy = self.path("usr/bin").join(name);
        if copy.is_symlink() {
            fs::remove_file(&copy).unwrap();
        }
        fs::copy(&program, &copy).unwrap();
        self.libraries(&program);
    }

    /// Copies the shared libraries which the loader finds for `file`.
    pub(crate) fn libraries(&self, file: &Path) {
        let listed = run(Command::new("ldd").arg(file)).expect_success().stdout;
        // `name => /path (address)`, or `/path (address)` for the loader itself.
        for path in listed
            .split_whitespace()
            .filter(|word| word.starts_with('/'))
        {
            let copy = self.path(path.trim_start_matches('/'));
            fs::create_dir_all(copy.parent().unwrap()).unwrap();
            fs::copy(path, copy).unwrap();
        }
    }

    /// Copies a file or a whole folder to where it is here.
    pub(crate) fn copy(&self, path: &Path) {
        let target = self.path(path.strip_prefix("/").unwrap());
        let parent = target.parent().unwrap();
        fs::create_dir_all(parent).unwrap();
        run(Command::new("cp").arg("-a").arg(path).arg(parent)).expect_success();
    }

    /// A symbolic link at `path`, given without the leading slash.
    pub(crate) fn link(&self, target: &Path, path: &str) {
        symlink(target, self.path(path)).unwrap();
    }

    /// Copies the files of an installed Debian package, except its documentation.
    pub(crate) fn package(&self, name: &str) {
        let listed = run(Command::new("dpkg").args(["-L", name]))
            .expect_success()
            .stdout;
        for path in listed.lines().map(Path::new) {
            let relative = path.strip_prefix("/").unwrap();
            if relative.starts_with("usr/share/doc") || relative.starts_with("usr/share/man") {
                continue;
            }
            let (copy, kind) = (self.path(relative), path.symlink_metadata().unwrap());
            if kind.is_dir() {
                fs::create_dir_all(&copy).unwrap();
            } else if copy.symlink_metadata().is_ok() {
                // The first of two packages wins; busybox has given some names away already.
            } else if kind.is_symlink() {
                symlink(fs::read_link(path).unwrap(), &copy).unwrap();
            } else {
                fs::copy(path, &copy).unwrap();
                if path.extension().is_some_and(|extension| extension == "so") {
                    self.libraries(path);
                }
            }
        }
    }

    /// Compiles `source` of the folder `guests` to `/usr/bin/NAME`.
    pub(crate) fn guest(&self, source: &str, name: &str, flags: &[&str]) {
        let mut compiler = Command::new("gcc");
        compiler.args(["-O1", "-Wall", "-Werror"]).args(flags);
        compiler
            .arg("-o")
            .arg(self.path("usr/bin").join(name))
            .arg(guest_path(source));
        run(&mut compiler).expect_success();
        self.libraries_of_guest(name, flags);
    }

    fn libraries_of_guest(&self, name: &str, flags: &[&str]) {
        if !flags.contains(&"-static") {
            self.libraries(&self.path("usr/bin").join(name));
        }
    }

    /// Puts `name` of the folder `guests` at `path`.
    pub(crate) fn guest_file(&self, name: &str, path: &str) {
        self.file(path, &fs::read_to_string(guest_path(name)).unwrap());
    }

    /// The image in Docker's store, imported at the first call.
    pub(crate) fn docker_name(&self) -> &str {
        self.docker_name.get_or_init(|| {
            let (name, folder) = (unique_name(), TempDir::new().unwrap());
            let tar = folder.path().join("root.tar");
            let mut archive = Command::new("tar");
            archive
                .args(["--owner=0", "--group=0", "--numeric-owner", "-cf"])
                .arg(&tar);
            run(archive.arg("-C").arg(self.root()).arg(".")).expect_success();
            run(Command::new("docker").arg("import").arg(&tar).arg(&name)).expect_success();
            name
        })
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        if let Some(name) = self.docker_name.get() {
            remove(Command::new("docker").args(["rmi", "--force", name]));
        }
    }
}

/// The probe links nothing: its only system calls are those it was asked for.
pub(crate) const PROBE_FLAGS: &[&str] = &[
    "-static",
    "-nostdlib",
    "-nostartfiles",
    "-fno-stack-protector",
    "-fno-pic",
    "-no-pie",
];

/// A file of the folder `guests`.
pub(crate) fn guest_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/engines/guests")
        .join(name)
}
