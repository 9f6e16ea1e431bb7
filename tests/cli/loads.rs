//! Profiles that no container can start with get no judgement.

use crate::util::Sandbox;

#[test]
fn what_can_t_be_loaded_is_an_error() {
    let sandbox = Sandbox::new();
    let profile = |default: &str, arches: &str, rule: &str| {
        format!(
            r#"{{"defaultAction": "{default}", "architectures": [{arches}],
 "syscalls": [{{"names": ["read"], "action": "SCMP_ACT_ALLOW"}}{rule}]}}"#
        )
    };
    let amd64 = r#""SCMP_ARCH_X86_64""#;
    for (engine, profile, why) in [
        (
            "runc",
            profile(
                "SCMP_ACT_ERRNO",
                r#""SCMP_ARCH_X86_64", "SCMP_ARCH_S390X""#,
                "",
            ),
            "it lists architectures of both orders of bytes",
        ),
        (
            "crun --libseccomp 2.5.4",
            profile(
                "SCMP_ACT_ERRNO",
                r#""SCMP_ARCH_X86_64", "SCMP_ARCH_LOONGARCH64""#,
                "",
            ),
            "loongarch64 is unknown to crun or its libseccomp",
        ),
        (
            "docker",
            profile("SCMP_ACT_NOTIFY", amd64, ""),
            "docker takes SCMP_ACT_NOTIFY neither as default action nor for `write`",
        ),
        (
            "docker",
            profile(
                "SCMP_ACT_ERRNO",
                amd64,
                r#", {"names": ["write"], "action": "SCMP_ACT_NOTIFY"}"#,
            ),
            "docker takes SCMP_ACT_NOTIFY neither as default action nor for `write`",
        ),
    ] {
        sandbox.write("profile", profile);
        for line in [
            "check profile --at-most profile",
            "diff profile profile",
            "export profile",
        ] {
            let ran = sandbox.run(&format!("{line} --arch x86_64 --engine {engine}"));
            assert_eq!(ran.code, Some(2), "{line}: {}", ran.whole());
            let said = format!("the profile can't be loaded: {why}");
            assert!(ran.stderr.contains(&said), "{line}: {}", ran.whole());
        }
    }
    let errno = r#", {"names": ["write"], "action": "SCMP_ACT_ERRNO", "errnoRet": 4095}"#;
    sandbox.write("profile", profile("SCMP_ACT_ALLOW", amd64, errno));
    assert_eq!(sandbox.run("check profile --at-most profile").code, Some(2));
}
