//! The forms of journalctl and of ausearch's reports.

use expect_test::expect;

use crate::{check, recorded, rows};

const RECORD: &str = "SECCOMP auid=1 uid=0 gid=0 ses=1 pid=7 comm=\"x\" exe=\"/x\" sig=0 arch=c000003e syscall=0 compat=0 ip=0x7f code=0x7ffc0000";

/// A field of `export` whose text has line ends has its length in front, whatever bytes that is of.
#[test]
fn a_message_of_several_lines_is_no_record() {
    // 10, 13 and 266 are lengths that have a line end among their bytes.
    for length in [10usize, 13, 266, 300, 2570] {
        let fake =
            format!("a\n\nMESSAGE={RECORD}\n_TRANSPORT=audit\n\n__CURSOR=s=1\nMESSAGE={RECORD}\n");
        let blob: Vec<u8> = fake.bytes().cycle().take(length).collect();
        let mut log =
            b"__CURSOR=s=1;i=1\n__REALTIME_TIMESTAMP=1795972262000000\nMESSAGE\n".to_vec();
        log.extend(u64::try_from(length).unwrap().to_le_bytes());
        log.extend(&blob);
        log.extend(b"\n_TRANSPORT=journal\n\n");
        let end = log.len();
        log.extend(format!("__CURSOR=s=1;i=2\n__REALTIME_TIMESTAMP=1795972263000000\nMESSAGE={RECORD}\n_TRANSPORT=audit\n\n").bytes());
        let (_, recording) = recorded(&log).unwrap();
        assert_eq!(
            recording
                .totals()
                .values()
                .flat_map(|calls| calls.values())
                .map(|total| total.calls)
                .sum::<u64>(),
            1,
            "{length}"
        );
        assert_eq!(recording.gaps().count(), 0);
        // A log that ends within the field has lost what comes.
        let mut torn = log[end..].to_vec();
        torn.extend(&log[..end - 40]);
        let (_, recording) = recorded(&torn).unwrap();
        assert_eq!(
            recording
                .gaps()
                .map(|(_, gap)| gap.key())
                .collect::<Vec<_>>(),
            ["torn"],
            "{length}"
        );
    }
}

#[test]
fn messages_alone() {
    // Whatever else is there has nothing that shows it.
    let log = format!(
        "Started something.\nAt your service\nOn it\n{RECORD}\nPROCTITLE proctitle=6C73\naudit: type=1326 audit(1.5:7): pid=7 exe=\"/x\" arch=c000003e syscall=1 code=0x7ffc0000\nStopped.\n"
    );
    check(
        &log,
        expect![[r#"
        audit
        x86_64 read unknown 1 ["/x"]
        ~ event 2
        ~ message 4
    "#]],
    );
}

#[test]
fn the_start_of_a_journal_without_records() {
    for head in [
        "__CURSOR=s=1;i=1;b=2\n__REALTIME_TIMESTAMP=1\nMESSAGE=hello\n\n",
        "Sun 2026-11-29 17:11:02.158034 UTC [s=1;i=1;b=2;m=3;t=4;x=5]\n    MESSAGE=hello\n    _UID=0\n",
        "{\n\t\"__CURSOR\" : \"s=1;i=1\",\n\t\"MESSAGE\" : \"hello\"\n}\n",
        "data: {\"MESSAGE\":\"hello\",\"__REALTIME_TIMESTAMP\":\"1\"}\n",
        "\u{1e}{\"MESSAGE\":\"hello\",\"__REALTIME_TIMESTAMP\":\"1\"}\n",
    ] {
        assert!(
            rows(head).starts_with("audit\nerror: `log` has no call in it"),
            "{head}"
        );
    }
}

/// Neither tells an architecture; what only 32-bit programs call tells those that are.
#[test]
fn reports_of_ausearch() {
    check(
        "NODE,EVENT,DATE,TIME,SERIAL_NUM,EVENT_KIND,SESSION,SUBJ_PRIME,SUBJ_SEC,SUBJ_KIND,ACTION,RESULT,OBJ_PRIME,OBJ_SEC,OBJ_KIND,HOW\n\
         n1,SECCOMP,11/29/26,17:10:35,5,dac-decision,unset,system,root,privileged-acct,called-seccomp-controlled-syscall,failed,brk,,process,/x\n\
         ,SECCOMP,11/29/26,17:10:35,6,dac-decision,unset,system,root,privileged-acct,called-seccomp-controlled-syscall,failed,brk,,process,/y\n\
         ,SECCOMP,11/29/26,17:10:35,7,dac-decision,unset,system,root,privileged-acct,called-seccomp-controlled-syscall,failed,mmap2,,process,/y\n\
         ,SECCOMP,11/29/26,17:10:35,8,dac-decision,unset,system,root,privileged-acct,called-seccomp-controlled-syscall,failed,unknown-syscall(999),,process,/x\n\
         ,SYSCALL,11/29/26,17:10:37,9,audit-rule,unset,system,root,privileged-acct,opened-file,success,/etc/x,,file,/x\n",
        expect![[r#"
            audit
            x86 brk unknown 1 ["/y"]
            x86 mmap2 unknown 1 ["/y"]
            x86_64 brk unknown 1 ["/x"]
            x86_64 #999 unknown 1 ["/x"]
            ~ event 1
            ~ decoration 1
            ! selected
            ! wrong-table
        "#]],
    );
    check(
        "At 17:10:32 11/29/26 system, acting as root, successfully started-audit using init\n\
         At 17:10:35 11/29/26 system, acting as root, unsuccessfully called-seccomp-controlled-syscall execve using /x\n\
         On n1 at 17:10:36 11/29/26 system, acting as root, unsuccessfully called-seccomp-controlled-syscall brk using /x y\n",
        expect![[r#"
            audit
            x86_64 brk unknown 1 ["/x y"]
            x86_64 execve unknown 1 ["/x"]
            ~ event 1
        "#]],
    );
    // Rules' records have no name of a call in them.
    check(
        "NODE,EVENT,DATE,TIME,SERIAL_NUM,EVENT_KIND,SESSION,SUBJ_PRIME,SUBJ_SEC,SUBJ_KIND,ACTION,RESULT,OBJ_PRIME,OBJ_SEC,OBJ_KIND,HOW\n\
         ,SYSCALL,11/29/26,17:10:37,9,audit-rule,unset,system,root,privileged-acct,opened-file,success,/etc/x,,file,/x\n",
        expect![[r#"
            audit
            error: `log` has no call in it; expected lines such as `type=SECCOMP msg=audit(1.2:3): arch=c000003e syscall=59`
        "#]],
    );
}
