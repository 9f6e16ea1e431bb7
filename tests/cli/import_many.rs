//! Many logs at once.

use crate::util::Sandbox;

/// One thread or several: the same bytes, and of several mistakes the first in the order of the
/// files.
#[test]
fn the_order_of_logs_does_not_depend_on_threads() {
    let sandbox = Sandbox::new();
    let logs = "sample-traces/int80/trace.strace sample-traces/gcc/trace.strace.gz sample-traces/pool/trace.strace.gz sample-traces/thread-exec/trace sample-traces/endings/trace.strace";
    let run = |threads: usize| {
        sandbox
            .run(&format!("import --threads {threads} {logs}"))
            .whole()
    };
    let alone = run(1);
    assert!(alone.contains("callsieve-recording"), "{alone}");
    for threads in [2, 3, 16] {
        assert_eq!(run(threads), alone);
    }
    for name in ["a.log", "b.log"] {
        sandbox.write(name, "no log at all\n");
    }
    let wrong = format!("{logs} a.log {logs} b.log");
    for threads in [1, 2, 16] {
        let ran = sandbox
            .run(&format!("import --threads {threads} {wrong}"))
            .whole();
        assert!(ran.starts_with("code 2"), "{ran}");
        assert!(ran.contains("`a.log` line 1"), "{ran}");
    }
}
