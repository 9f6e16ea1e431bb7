//! What is read and what is refused, as tables. JSON is written with `'` for `"` here.

#![expect(
    clippy::needless_raw_string_hashes,
    reason = "that is how expect-test writes them"
)]

use std::fmt::Write as _;

use expect_test::{Expect, expect};

use super::{MAX_BYTES, read, write};
use crate::arch::Arch;
use crate::profile::{Action, ArgIndex, Condition, ConditionalProfile, Profile, Rule, Test};
use crate::syscalls::SyscallName;

fn json(text: &str) -> String {
    text.replace('\'', "\"")
}

/// The error of JSON that is refused: one harmless line.
fn error(json: &str) -> String {
    let line = read(json.as_bytes()).expect_err(json).to_string();
    assert!(!line.contains(char::is_control), "{line}");
    line
}

/// The errors of each of the inputs, put between `before` and `after`.
fn refused(before: &str, inputs: &[&str], after: &str, expected: &Expect) {
    let mut table = String::new();
    for input in inputs {
        let line = error(&json(&format!("{before}{input}{after}")));
        writeln!(
            table,
            "{}\n    {line}",
            input.escape_debug().to_string().replace("\\'", "'")
        )
        .unwrap();
    }
    expected.assert_eq(&table);
}

/// The profile of further fields beside a default action.
fn accepted(fields: &str) -> ConditionalProfile {
    let json = json(&format!("{{'defaultAction': 'SCMP_ACT_ERRNO', {fields}}}"));
    read(json.as_bytes()).unwrap()
}

#[test]
fn what_is_no_json_object() {
    let inputs = [
        "",
        " \n\t",
        "[]",
        "\u{7f}ELF\u{2}\u{1}\u{1}",
        "\u{feff}{'defaultAction': 'SCMP_ACT_ALLOW'}",
        "{",
        "{'defaultAction': 'SCMP_ACT_AL",
        "{'defaultAction': 'SCMP_ACT_ALLOW',}",
        "{'defaultAction': 'SCMP_ACT_ALLOW'}\n{}",
        "{'defaultAction': 'SCMP_ACT_ALLOW'} // everything",
        "{defaultAction: 'SCMP_ACT_ALLOW'}",
    ];
    refused(
        "",
        &inputs,
        "",
        &expect![[r#"

            the profile is empty
         \n\t
            the profile is empty
        []
            this is no seccomp profile: a JSON object begins with `{`
        \u{7f}ELF\u{2}\u{1}\u{1}
            this is no seccomp profile: a JSON object begins with `{`
        \u{feff}{'defaultAction': 'SCMP_ACT_ALLOW'}
            the profile begins with a byte order mark, which container engines refuse
        {
            line 1, column 1: EOF while parsing an object
        {'defaultAction': 'SCMP_ACT_AL
            line 1, column 30: EOF while parsing a string
        {'defaultAction': 'SCMP_ACT_ALLOW',}
            line 1, column 36: trailing comma
        {'defaultAction': 'SCMP_ACT_ALLOW'}\n{}
            line 2, column 1: trailing characters
        {'defaultAction': 'SCMP_ACT_ALLOW'} // everything
            line 1, column 37: trailing characters
        {defaultAction: 'SCMP_ACT_ALLOW'}
            line 1, column 2: key must be a string
    "#]],
    );
    assert!(read(b"{\"defaultAction\": \"\xff\"}").is_err());
}

#[test]
fn size_and_depth() {
    let start = json("{'defaultAction': 'SCMP_ACT_ALLOW'}");
    let full = start.clone() + &" ".repeat(MAX_BYTES - start.len());
    assert!(read(full.as_bytes()).is_ok());
    expect!["4194305 bytes are too many for a profile; at most 4194304 are read"]
        .assert_eq(&error(&(full + " ")));
    for field in ["syscalls", "comment", "architectures", "unknown"] {
        for open in ["[", "{'a':"] {
            let deep = open.repeat(500_000);
            error(&json(&format!("{{'{field}': {deep}")));
        }
    }
}

#[test]
fn fields_of_the_profile() {
    let inputs = [
        "{}",
        "{'architectures': ['SCMP_ARCH_X86_64'], 'syscalls': []}",
        "{'syscalls': [{'names': ['read'], 'action': 'SCMP_ACT_ALLOW'}]}",
        "{'defaultAction': null}",
        "{'defaultAction': ''}",
        "{'defaultAction': 'SCMP_ACT_ALLOWED'}",
        "{'defaultAction': 1}",
        "{'defaultaction': 'SCMP_ACT_ALLOW'}",
    ];
    refused(
        "",
        &inputs,
        "",
        &expect![[r#"
            {}
                no `defaultAction` and no rules: with such a profile Docker runs the container without seccomp
            {'architectures': ['SCMP_ARCH_X86_64'], 'syscalls': []}
                no `defaultAction` and no rules: with such a profile Docker runs the container without seccomp
            {'syscalls': [{'names': ['read'], 'action': 'SCMP_ACT_ALLOW'}]}
                `defaultAction` is missing
            {'defaultAction': null}
                no `defaultAction` and no rules: with such a profile Docker runs the container without seccomp
            {'defaultAction': ''}
                line 1, column 20: unknown action ``
            {'defaultAction': 'SCMP_ACT_ALLOWED'}
                line 1, column 36: unknown action `SCMP_ACT_ALLOWED`
            {'defaultAction': 1}
                line 1, column 19: invalid type: integer `1`, expected the name of an action
            {'defaultaction': 'SCMP_ACT_ALLOW'}
                line 1, column 16: unknown field `defaultaction`, expected one of `$schema`, `comment`, `defaultAction`, `defaultErrnoRet`, `defaultErrno`, `architectures`, `archMap`, `flags`, `listenerPath`, `listenerMetadata`, `syscalls`
        "#]],
    );
}

#[test]
fn values_of_the_profile() {
    let inputs = [
        "'defaultAction': 'SCMP_ACT_ALLOW'",
        "'\\u001b[31m\\n\\u202e': 1",
        "'defaultErrnoRet': 4095",
        "'defaultErrnoRet': 65536",
        "'defaultErrnoRet': -1",
        "'defaultErrnoRet': '1'",
        "'defaultErrno': 'ENOSUCH'",
        "'defaultErrnoRet': 1, 'defaultErrno': 'ENOSYS'",
        "'architectures': ['SCMP_ARCH_X86_65']",
        "'architectures': ['x86_64']",
        "'architectures': 'SCMP_ARCH_X86_64'",
        "'architectures': ['SCMP_ARCH_ARM'], 'archMap': [{'architecture': 'SCMP_ARCH_ARM'}]",
        "'archMap': [{'subArchitectures': []}]",
        "'archMap': [{'architecture': 'SCMP_ARCH_ARM', 'subArches': []}]",
        "'flags': ['SECCOMP_FILTER_FLAG_LOG', 'LOG']",
        "'syscalls': {}",
        "'syscalls': [[['read'], null, 'SCMP_ACT_ALLOW']]",
    ];
    refused(
        "{\n  'defaultAction': 'SCMP_ACT_ERRNO',\n  ",
        &inputs,
        "\n}",
        &expect![[r#"
            'defaultAction': 'SCMP_ACT_ALLOW'
                line 3, column 17: duplicate field `defaultAction`
            '\\u001b[31m\\n\\u202e': 1
                line 3, column 22: unknown field `\u{1b}[31m\n\u{202e}`, expected one of `$schema`, `comment`, `defaultAction`, `defaultErrnoRet`, `defaultErrno`, `architectures`, `archMap`, `flags`, `listenerPath`, `listenerMetadata`, `syscalls`
            'defaultErrnoRet': 4095
                line 4, column 1: error number 4095 is out of range 0 to 4094
            'defaultErrnoRet': 65536
                line 3, column 26: invalid value: integer `65536`, expected a whole number from 0 to 65535
            'defaultErrnoRet': -1
                line 3, column 23: invalid value: integer `-1`, expected a whole number from 0 to 65535
            'defaultErrnoRet': '1'
                line 3, column 24: invalid type: string "1", expected a whole number from 0 to 65535
            'defaultErrno': 'ENOSUCH'
                line 3, column 27: unknown error `ENOSUCH`
            'defaultErrnoRet': 1, 'defaultErrno': 'ENOSYS'
                line 4, column 1: the error is number 1, but the one of that name is 38
            'architectures': ['SCMP_ARCH_X86_65']
                line 3, column 38: unknown architecture `SCMP_ARCH_X86_65`
            'architectures': ['x86_64']
                line 3, column 28: unknown architecture `x86_64`; here it is called `SCMP_ARCH_X86_64`
            'architectures': 'SCMP_ARCH_X86_64'
                line 3, column 37: invalid type: string "SCMP_ARCH_X86_64", expected a sequence
            'architectures': ['SCMP_ARCH_ARM'], 'archMap': [{'architecture': 'SCMP_ARCH_ARM'}]
                both `architectures` and `archMap`: Docker refuses a profile with both
            'archMap': [{'subArchitectures': []}]
                line 3, column 38: missing field `architecture`
            'archMap': [{'architecture': 'SCMP_ARCH_ARM', 'subArches': []}]
                line 3, column 59: unknown field `subArches`, expected `architecture` or `subArchitectures`
            'flags': ['SECCOMP_FILTER_FLAG_LOG', 'LOG']
                line 3, column 44: unknown flag `LOG`
            'syscalls': {}
                line 3, column 14: invalid type: map, expected a sequence
            'syscalls': [[['read'], null, 'SCMP_ACT_ALLOW']]
                line 3, column 15: invalid type: sequence, expected an object
        "#]],
    );
}

/// What stands around a rule here.
const BEFORE: &str = "{\n  'defaultAction': 'SCMP_ACT_ERRNO',\n  'syscalls': [\n    ";
const AFTER: &str = "\n  ]\n}";

#[test]
fn fields_of_a_rule() {
    let long = format!(
        "{{'names': ['{}'], 'action': 'SCMP_ACT_ALLOW'}}",
        "a".repeat(100)
    );
    let inputs = [
        "{}",
        "{'action': 'SCMP_ACT_ALLOW'}",
        "{'names': [], 'action': 'SCMP_ACT_ALLOW'}",
        "{'names': ['read']}",
        "{'names': ['read'], 'action': 'SCMP_ACT_ALOW'}",
        "{'names': ['read'], 'name': 'read', 'action': 'SCMP_ACT_ALLOW'}",
        "{'names': ['read'], 'names': ['write'], 'action': 'SCMP_ACT_ALLOW'}",
        "{'names': ['read',\n 'opnat'],\n 'action': 'SCMP_ACT_ALLOW'}",
        "{'names': [''], 'action': 'SCMP_ACT_ALLOW'}",
        "{'names': ['Read'], 'action': 'SCMP_ACT_ALLOW'}",
        "{'names': ['re\\u0000ad'], 'action': 'SCMP_ACT_ALLOW'}",
        &long,
        "{'names': ['read'], 'action': 'SCMP_ACT_ERRNO', 'errnoRet': 4095}",
        "{'names': ['read'], 'action': 'SCMP_ACT_ERRNO', 'errnoRet': 1.5}",
        "{'names': ['read'], 'action': 'SCMP_ACT_ERRNO', 'errno': 'EPERM', 'errnoRet': 38}",
        "{'names': ['read'], 'action': 'SCMP_ACT_ALLOW', 'include': {}}",
    ];
    refused(
        BEFORE,
        &inputs,
        AFTER,
        &expect![[r#"
            {}
                line 4, column 6: missing field `action`
            {'action': 'SCMP_ACT_ALLOW'}
                line 4, column 32: a rule without a name
            {'names': [], 'action': 'SCMP_ACT_ALLOW'}
                line 4, column 45: a rule without a name
            {'names': ['read']}
                line 4, column 23: missing field `action`
            {'names': ['read'], 'action': 'SCMP_ACT_ALOW'}
                line 4, column 49: unknown action `SCMP_ACT_ALOW`
            {'names': ['read'], 'name': 'read', 'action': 'SCMP_ACT_ALLOW'}
                line 4, column 67: both `name` and `names`: Docker refuses a rule with both
            {'names': ['read'], 'names': ['write'], 'action': 'SCMP_ACT_ALLOW'}
                line 4, column 31: duplicate field `names`
            {'names': ['read',\n 'opnat'],\n 'action': 'SCMP_ACT_ALLOW'}
                line 5, column 8: unknown system call `opnat`: no architecture has it
            {'names': [''], 'action': 'SCMP_ACT_ALLOW'}
                line 4, column 17: `` can't be the name of a system call
            {'names': ['Read'], 'action': 'SCMP_ACT_ALLOW'}
                line 4, column 21: `Read` can't be the name of a system call
            {'names': ['re\\u0000ad'], 'action': 'SCMP_ACT_ALLOW'}
                line 4, column 27: `re\0ad` can't be the name of a system call
            {'names': ['aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'], 'action': 'SCMP_ACT_ALLOW'}
                line 4, column 117: `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…` can't be the name of a system call
            {'names': ['read'], 'action': 'SCMP_ACT_ERRNO', 'errnoRet': 4095}
                line 4, column 69: error number 4095 is out of range 0 to 4094
            {'names': ['read'], 'action': 'SCMP_ACT_ERRNO', 'errnoRet': 1.5}
                line 4, column 67: invalid type: floating point `1.5`, expected a whole number from 0 to 65535
            {'names': ['read'], 'action': 'SCMP_ACT_ERRNO', 'errno': 'EPERM', 'errnoRet': 38}
                line 4, column 85: the error is number 38, but the one of that name is 1
            {'names': ['read'], 'action': 'SCMP_ACT_ALLOW', 'include': {}}
                line 4, column 61: unknown field `include`, expected one of `names`, `name`, `action`, `errnoRet`, `errno`, `args`, `comment`, `includes`, `excludes`
        "#]],
    );
}

#[test]
fn arguments() {
    let inputs = [
        "{'index': 6, 'value': 0, 'op': 'SCMP_CMP_EQ'}",
        "{'index': 256, 'value': 0, 'op': 'SCMP_CMP_EQ'}",
        "{'index': -1, 'value': 0, 'op': 'SCMP_CMP_EQ'}",
        "{'index': 0, 'value': -1, 'op': 'SCMP_CMP_EQ'}",
        "{'index': 0, 'value': '1', 'op': 'SCMP_CMP_EQ'}",
        "{'index': 0, 'value': 18446744073709551616, 'op': 'SCMP_CMP_EQ'}",
        "{'index': 0, 'value': 0, 'op': '=='}",
        "{'index': 0, 'value': 0}",
        "{'index': 0, 'op': 'SCMP_CMP_EQ'}",
        "{'value': 0, 'op': 'SCMP_CMP_EQ'}",
        "{'index': 0, 'value': 0, 'value2': 0, 'op': 'SCMP_CMP_EQ'}",
    ];
    let before = format!("{BEFORE}{{'names': ['read'], 'action': 'SCMP_ACT_ALLOW', 'args': [");
    refused(
        &before,
        &inputs,
        &format!("]}}{AFTER}"),
        &expect![[r#"
            {'index': 6, 'value': 0, 'op': 'SCMP_CMP_EQ'}
                line 4, column 72: invalid value: integer `6`, expected a whole number from 0 to 5
            {'index': 256, 'value': 0, 'op': 'SCMP_CMP_EQ'}
                line 4, column 74: invalid value: integer `256`, expected a whole number from 0 to 5
            {'index': -1, 'value': 0, 'op': 'SCMP_CMP_EQ'}
                line 4, column 73: invalid value: integer `-1`, expected a whole number from 0 to 5
            {'index': 0, 'value': -1, 'op': 'SCMP_CMP_EQ'}
                line 4, column 85: invalid value: integer `-1`, expected a whole number from 0 to 18446744073709551615
            {'index': 0, 'value': '1', 'op': 'SCMP_CMP_EQ'}
                line 4, column 86: invalid type: string "1", expected a whole number from 0 to 18446744073709551615
            {'index': 0, 'value': 18446744073709551616, 'op': 'SCMP_CMP_EQ'}
                line 4, column 103: invalid type: floating point `1.8446744073709552e+19`, expected a whole number from 0 to 18446744073709551615
            {'index': 0, 'value': 0, 'op': '=='}
                line 4, column 96: unknown operator `==`
            {'index': 0, 'value': 0}
                line 4, column 85: missing field `op`
            {'index': 0, 'op': 'SCMP_CMP_EQ'}
                line 4, column 94: missing field `value`
            {'value': 0, 'op': 'SCMP_CMP_EQ'}
                line 4, column 94: missing field `index`
            {'index': 0, 'value': 0, 'value2': 0, 'op': 'SCMP_CMP_EQ'}
                line 4, column 94: unknown field `value2`, expected one of `index`, `value`, `valueTwo`, `op`
        "#]],
    );
}

#[test]
fn conditions_of_docker() {
    let inputs = [
        "{'caps': ['CAP_SYSADMIN']}",
        "{'caps': ['sys_admin']}",
        "{'arches': ['aarch64']}",
        "{'arches': ['pdp11']}",
        "{'minKernel': '5.10.1'}",
        "{'minKernel': 5.10}",
        "{'maxKernel': '5.10'}",
    ];
    let before = format!("{BEFORE}{{'names': ['read'], 'action': 'SCMP_ACT_ALLOW', 'excludes': ");
    refused(
        &before,
        &inputs,
        &format!("}}{AFTER}"),
        &expect![[r#"
        {'caps': ['CAP_SYSADMIN']}
            line 4, column 88: unknown capability `CAP_SYSADMIN`
        {'caps': ['sys_admin']}
            line 4, column 85: unknown capability `sys_admin`; here it is called `CAP_SYS_ADMIN`
        {'arches': ['aarch64']}
            line 4, column 85: unknown architecture `aarch64`; here it is called `arm64`
        {'arches': ['pdp11']}
            line 4, column 83: unknown architecture `pdp11`
        {'minKernel': '5.10.1'}
            line 4, column 86: `5.10.1` is no kernel version of the form 6.18
        {'minKernel': 5.10}
            line 4, column 82: invalid type: floating point `5.1`, expected a kernel version
        {'maxKernel': '5.10'}
            line 4, column 76: unknown field `maxKernel`, expected one of `caps`, `arches`, `minKernel`
    "#]],
    );
}

#[test]
fn what_only_some_engines_read() {
    let profile = accepted(
        "'defaultErrno': 'ENOSYS', '$schema': 'x', 'comment': 'y', 'listenerPath': '/z',
        'listenerMetadata': '', 'flags': ['SECCOMP_FILTER_FLAG_LOG'],
        'archMap': [{'architecture': 'SCMP_ARCH_X86_64', 'subArchitectures': null}],
        'syscalls': [{'name': 'read', 'action': 'SCMP_ACT_ERRNO', 'errno': 'EAGAIN',
            'args': null, 'comment': '', 'includes': {'arches': ['amd64', 'x32']}}]",
    );
    assert_eq!(profile.default_action, Action::Errno(38));
    assert_eq!(profile.arch_map, [(Arch::X86_64, vec![])]);
    assert_eq!(profile.flags, ["SECCOMP_FILTER_FLAG_LOG"]);
    assert_eq!(profile.rules.len(), 1);
    let rule = &profile.rules[0];
    assert_eq!(
        rule.rule,
        Rule::unconditional(names(&["read"]), Action::Errno(11))
    );
    assert_eq!(rule.includes.arches, ["amd64", "x32"]);
}

#[test]
fn numbers_of_actions() {
    let action = |fields: &str| {
        let profile = accepted(&format!(
            "'syscalls': [{{'names': ['read'], 'action': {fields}}}]"
        ));
        profile.rules[0].rule.action
    };
    assert_eq!(action("'SCMP_ACT_ERRNO'"), Action::Errno(1));
    assert_eq!(action("'SCMP_ACT_ERRNO', 'errnoRet': 0"), Action::Errno(0));
    assert_eq!(
        action("'SCMP_ACT_ERRNO', 'errnoRet': 4094"),
        Action::Errno(4094)
    );
    assert_eq!(
        action("'SCMP_ACT_ERRNO', 'errno': 'EWOULDBLOCK'"),
        Action::Errno(11)
    );
    assert_eq!(
        action("'SCMP_ACT_TRACE', 'errnoRet': 65535"),
        Action::Trace(65535)
    );
    assert_eq!(action("'SCMP_ACT_ALLOW', 'errnoRet': 1"), Action::Allow);
    assert_eq!(action("'SCMP_ACT_KILL'"), Action::KillThread);
}

fn names(names: &[&str]) -> Vec<SyscallName> {
    names
        .iter()
        .map(|name| SyscallName::new(name).unwrap())
        .collect()
}

fn condition(arg: u8, test: Test) -> Condition {
    Condition {
        arg: ArgIndex::new(arg).unwrap(),
        test,
    }
}

/// The mask is `value`; the second value of any other operator means nothing.
#[test]
fn second_values() {
    let profile = accepted(
        "'syscalls': [{'names': ['clone'], 'action': 'SCMP_ACT_ALLOW', 'args': [
            {'index': 5, 'value': 18446744073709551615, 'valueTwo': 3, 'op': 'SCMP_CMP_MASKED_EQ'},
            {'index': 0, 'value': 1, 'valueTwo': 3, 'op': 'SCMP_CMP_GE'}]}]",
    );
    let masked = Test::MaskedEqual {
        mask: u64::MAX,
        expected: 3,
    };
    assert_eq!(
        profile.rules[0].rule.conditions,
        [condition(5, masked), condition(0, Test::GreaterOrEqual(1))]
    );
}

/// Something of everything.
fn varied() -> Profile {
    Profile {
        default_action: Action::Errno(1),
        architectures: vec![Arch::X86_64, Arch::X86],
        rules: vec![
            Rule::unconditional(names(&["write", "read", "read"]), Action::Allow),
            Rule::unconditional(Vec::new(), Action::KillProcess),
            Rule {
                names: names(&["clone"]),
                action: Action::Trace(7),
                conditions: vec![
                    condition(
                        0,
                        Test::MaskedEqual {
                            mask: 0x7e02_0000,
                            expected: 0,
                        },
                    ),
                    condition(1, Test::NotEqual(u64::MAX)),
                ],
                comment: Some("no \"new\" namespaces\n".to_owned()),
            },
            Rule::unconditional(names(&["clone3"]), Action::Errno(38)),
            Rule::unconditional(names(&["kill"]), Action::Errno(u16::MAX)),
        ],
        flags: vec!["SECCOMP_FILTER_FLAG_LOG".to_owned()],
    }
}

#[test]
fn written() {
    expect![[r#"
        {
          "defaultAction": "SCMP_ACT_ERRNO",
          "defaultErrnoRet": 1,
          "architectures": [
            "SCMP_ARCH_X86_64",
            "SCMP_ARCH_X86"
          ],
          "flags": [
            "SECCOMP_FILTER_FLAG_LOG"
          ],
          "syscalls": [
            {
              "names": [
                "read",
                "write"
              ],
              "action": "SCMP_ACT_ALLOW"
            },
            {
              "names": [
                "clone"
              ],
              "action": "SCMP_ACT_TRACE",
              "errnoRet": 7,
              "args": [
                {
                  "index": 0,
                  "value": 2114060288,
                  "valueTwo": 0,
                  "op": "SCMP_CMP_MASKED_EQ"
                },
                {
                  "index": 1,
                  "value": 18446744073709551615,
                  "op": "SCMP_CMP_NE"
                }
              ],
              "comment": "no \"new\" namespaces\n"
            },
            {
              "names": [
                "clone3"
              ],
              "action": "SCMP_ACT_ERRNO",
              "errnoRet": 38
            },
            {
              "names": [
                "kill"
              ],
              "action": "SCMP_ACT_ERRNO",
              "errnoRet": 4094
            }
          ]
        }
    "#]]
    .assert_eq(&write(&varied()));
    let empty = Profile {
        default_action: Action::Allow,
        architectures: Vec::new(),
        rules: Vec::new(),
        flags: Vec::new(),
    };
    expect![[r#"
        {
          "defaultAction": "SCMP_ACT_ALLOW",
          "syscalls": []
        }
    "#]]
    .assert_eq(&write(&empty));
}
