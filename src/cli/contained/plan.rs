//! From the words of `docker run` to those of two `docker create`: one as the user wrote it, to
//! learn what the engine makes of it, and one with the recorder in front.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use super::archive::{FOLDER, PROGRAM};
use crate::cli::engine_command::{Given, Options, Words};

/// How the first container is recognised if its making is broken off.
pub(super) const TRIAL: &str = "callsieve-trial";

/// What `callsieve docker` was told after `--`.
#[derive(Debug)]
pub(crate) struct Plan {
    words: Words,
    /// Options that `create` knows too.
    kept: Vec<Given>,
    /// It is not waited for with its streams.
    pub(super) detached: bool,
    /// Where its name is to be written.
    pub(super) cid_file: Option<OsString>,
}

/// Splits what stands after `--`: the engine's own options, and what follows `run`.
pub(super) fn split_command(words: &[OsString]) -> Option<(Vec<OsString>, &[OsString])> {
    let at = words.iter().position(|word| word == "run")?;
    let (before, rest) = words.split_at(at);
    let mut globals = before.to_vec();
    // `docker container run` is the same.
    if globals.last().is_some_and(|word| word == "container") {
        globals.pop();
    }
    Some((globals, rest.get(1..).unwrap_or_default()))
}

impl Plan {
    /// Understands the words after `run`. The error names what is not understood.
    pub(super) fn new(run: &Options, create: &Options, words: &[OsString]) -> Result<Self, String> {
        let words = run.split(words)?;
        if words.is_on("rootfs") {
            return Err("`--rootfs` has no image to put a recorder into".to_owned());
        }
        // Of those that `run` alone has, these mean nothing for a recording; `--rm` is what
        // happens in any case.
        let here = [
            "rm",
            "rmi",
            "name",
            "cidfile",
            "sig-proxy",
            "detach",
            "detach-keys",
        ];
        let kept = words.options.iter().filter(|given| {
            let name = given.name.as_str();
            !here.contains(&name) && create.has(name)
                || name.starts_with("net")
                || name == "dns-opt"
        });
        Ok(Self {
            kept: kept.cloned().collect(),
            detached: words.is_on("detach"),
            cid_file: words.value("cidfile").map(OsStr::to_owned),
            words,
        })
    }

    /// The image as it was named.
    pub(super) fn image(&self) -> &OsStr {
        &self.words.image
    }

    /// The words of the first `create`, which shows what the engine makes of all this.
    pub(super) fn trial(&self) -> Vec<OsString> {
        let mut words = vec![OsString::from("--name"), trial_name()];
        // Its init would stand in front of the program in what Podman tells.
        let kept = self.kept.iter().filter(|given| given.name != "init");
        words.extend(kept.map(Given::word));
        words.extend([OsString::from("--"), self.words.image.clone()]);
        words.extend(self.words.rest.iter().cloned());
        words
    }

    /// The words of the second `create`: `command` is what the guest gets.
    pub(super) fn with_guest(&self, command: &[OsString], read_only: bool) -> Vec<OsString> {
        let mut words: Vec<OsString> = Vec::new();
        if let Some(name) = self.words.value("name") {
            words.extend([OsString::from("--name"), name.to_owned()]);
        }
        let kept = self
            .kept
            .iter()
            .filter(|given| given.name != "entrypoint" && !given.name.starts_with("health-"));
        words.extend(kept.map(Given::word));
        words.push("--no-healthcheck".into());
        words.extend(["--entrypoint".into(), PROGRAM.into()]);
        if read_only {
            // Nothing can be copied into a root file system that is read-only, but into a volume.
            words.extend(["--volume".into(), FOLDER.into()]);
        }
        if !self.names_a_profile() {
            words.extend(["--security-opt".into(), SECCOMP.into()]);
        }
        words.extend([OsString::from("--"), self.words.image.clone()]);
        words.extend_from_slice(command);
        words
    }

    /// Options of `start` for a container that is attached to.
    pub(super) fn start(&self, open_stdin: bool) -> Vec<OsString> {
        let keys = self
            .words
            .options
            .iter()
            .filter(|given| given.name == "detach-keys");
        let mut words: Vec<OsString> = keys.map(Given::word).collect();
        if open_stdin {
            words.push("--interactive".into());
        }
        words
    }

    /// Whether the user says under which seccomp profile it is to run.
    pub(super) fn names_a_profile(&self) -> bool {
        self.words.is_on("privileged")
            || self.words.options.iter().any(|given| {
                let value = given.value.as_deref().unwrap_or_default().as_bytes();
                given.name == "security-opt"
                    && (value.starts_with(b"seccomp=") || value.starts_with(b"seccomp:"))
            })
    }
}

/// What a container is given if the user says nothing: the recorder in it answers as the engine's
/// default would (`under`).
const SECCOMP: &str = "seccomp=unconfined";

/// A name that no other has.
pub(super) fn trial_name() -> OsString {
    format!("{TRIAL}-{}", std::process::id()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: &str = "  -d, --detach   x\n      --rm   x\n  -e, --env list   x\n      --name string   x\n      --init   x
      --entrypoint string   x\n      --health-cmd string   x\n      --cidfile string   x\n      --sig-proxy   x
      --security-opt list   x\n      --detach-keys string   x\n  -i, --interactive   x\n";

    fn plan(line: &str) -> Plan {
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        let options = Options::of_help(RUN);
        Plan::new(&options, &options, &words).unwrap()
    }

    fn joined(words: &[OsString]) -> String {
        words.join(OsStr::new(" ")).into_string().unwrap()
    }

    #[test]
    fn two_containers() {
        let plan = plan(
            "--rm -d --name web --init --entrypoint /x --health-cmd y --cidfile f -e A=1 img a b",
        );
        assert!(plan.detached);
        assert_eq!(plan.cid_file.as_deref(), Some(OsStr::new("f")));
        let trial = joined(&plan.trial());
        assert!(trial.starts_with("--name callsieve-trial-"), "{trial}");
        assert!(
            trial.ends_with(" --entrypoint=/x --health-cmd=y --env=A=1 -- img a b"),
            "{trial}"
        );
        assert_eq!(
            joined(&plan.with_guest(&["record".into()], true)),
            "--name web --init --env=A=1 --no-healthcheck --entrypoint /.callsieve/callsieve \
             --volume /.callsieve --security-opt seccomp=unconfined -- img record"
        );
    }

    #[test]
    fn a_profile_of_the_user_stays() {
        let plan = plan("--security-opt seccomp=x.json --detach-keys q -i img");
        let words = joined(&plan.with_guest(&[], false));
        assert!(
            words.contains("seccomp=x.json") && !words.contains("unconfined"),
            "{words}"
        );
        assert_eq!(joined(&plan.start(true)), "--detach-keys=q --interactive");
    }

    #[test]
    fn the_engines_own_options() {
        let words =
            |line: &str| -> Vec<OsString> { line.split_whitespace().map(OsString::from).collect() };
        let all = words("--context far container run -d img run");
        let (globals, rest) = split_command(&all).unwrap();
        assert_eq!(
            (joined(&globals).as_str(), joined(rest).as_str()),
            ("--context far", "-d img run")
        );
        assert!(split_command(&words("ps")).is_none());
    }
}
