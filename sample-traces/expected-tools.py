#!/usr/bin/env python3
"""Counts the calls in the logs of other tools than strace, apart from the product.

    sample-traces/expected-tools.py

Writes `expected.json` beside each log: the format it is to be taken for, the architecture that has to be
told, the calls per architecture and what is missing. One pattern for each case; a line that should tell of
a call and fits none is an error. Names of numbers come from the headers of this machine (`gcc -E`).
"""

import collections
import json
import pathlib
import re
import subprocess

HERE = pathlib.Path(__file__).resolve().parent


def table(*flags):
    """Names by number, as <asm/unistd.h> has them."""
    text = subprocess.run(["gcc", *flags, "-dM", "-E", "-include", "sys/syscall.h", "-"], input="", capture_output=True,
                          text=True, check=True).stdout
    return {int(number): name for name, number in re.findall(r"#define __NR_(\w+) (\d+)\n", text)}


X86_64, X86 = table(), table("-m32")
AUDIT = {"c000003e": ("x86_64", X86_64), "40000003": ("x86", X86), "c00000b7": ("aarch64", {56: "openat"})}
TRACEPOINT = {"newfstatat": "newfstatat", "newfstat": "fstat", "mmap_pgoff": "mmap2"}
MULTIPLEXED = {"socket": "socketcall"}


def told(names, arch):
    return collections.Counter({(arch, TRACEPOINT.get(name, name)): count for name, count in names.items()})


FORKS = ("clone", "clone3", "fork", "vfork")


def pairs(text, enter, leave, name=lambda word: word):
    """Entries, and those exits of which the entry is not there, but for a child's. Groups: who, what."""
    found, open_calls = collections.Counter(), {}
    for line in text.splitlines():
        if match := re.search(enter, line):
            found[name(match["what"])] += 1
            open_calls[match["who"]] = match["what"]
        elif match := re.search(leave, line):
            if name(match["what"]) in FORKS and re.search(r"(= 0|: 0x0)$", line.rstrip()):
                open_calls.pop(match["who"], None)
            elif open_calls.pop(match["who"], None) != match["what"]:
                found[name(match["what"])] += 1
    return found


def number(word):
    return X86_64[int(word)]


def two_tables(text):
    """Numbers of a program of 32 bits after the one that executed it: entry 59, exit 11. Names, where there are any, are
    those of the machine's own table, and the same calls are there by number. A child is of its parent's kind."""
    found, open_calls, kind = collections.Counter(), {}, {}
    tables = {"x86_64": X86_64, "x86": X86}
    for line in text.splitlines():
        match = re.search(r"-(\d+) .*sys_(enter|exit): +NR (\d+) (?:= (\d+))?", line)
        if not match:
            continue
        who, what, nr = match[1], match[2], int(match[3])
        arch = kind.get(who, "x86_64")
        name = tables[arch][nr]
        if what == "enter":
            found[arch, name] += 1
            open_calls[who] = nr
        elif open_calls.get(who) == 59 and nr == 11:
            kind[who] = "x86"
            del open_calls[who]
        elif name in FORKS and match[4] == "0":
            pass
        elif open_calls.pop(who, None) != nr:
            found[arch, name] += 1
        elif name in FORKS:
            kind[match[4]] = arch
    return found


def perf_trace(text):
    found, open_calls = collections.Counter(), collections.Counter()
    for line in text.splitlines():
        match = re.match(r" *[\d.?]+ \( *[\d.]*(?: ms)? *\): (.*?)/(\d+) +(\.\.\. \[continued\]: )?(\w+)\(", line)
        if not match:
            raise SystemExit(f"perf trace: {line}")
        who, continued, name = match[2], match[3], match[4]
        if continued and open_calls[who, name]:
            open_calls[who, name] -= 1
            continue
        if continued and name in FORKS and line.rstrip().endswith("="):
            continue
        found[name] += 1
        if line.endswith("..."):
            open_calls[who, name] += 1
    return told(found, "x86_64")


def audit(text):
    found, seen = collections.Counter(), set()
    for line in text.splitlines():
        match = re.search(r"(SECCOMP|type=1326|SYSCALL|type=1300) .*?arch=(\w+) syscall=(\d+)", line)
        if not match:
            continue
        event = re.search(r"audit\(([^)]*)\)", line)
        if event and (event[1], match[1]) in seen:
            continue
        if event:
            seen.add((event[1], match[1]))
        arch, names = AUDIT[match[2]]
        found[arch, names.get(int(match[3]), f"#{match[3]}")] += 1
    return found


def journal(text):
    """What the kernel's log has is there again, once journald has begun to take records itself. The program /fake is one
    that a message of several lines invents."""
    lines = [line for line in text.splitlines() if "/fake" not in line]
    own = r"audit\[\d+\]: |\"MESSAGE\":\"S[EY]|^( {4}MESSAGE=|MESSAGE=|)S[EY]\w+ (auid|arch)="
    begins = next(number for number, line in enumerate(lines) if re.search(own, line))
    return audit("\n".join(line for number, line in enumerate(lines) if number < begins or "type=13" not in line))


def interpreted(text):
    found = collections.Counter()
    for line in text.splitlines():
        if match := re.search(r"type=(SECCOMP|SYSCALL) .*? arch=(\S+) syscall=(?:unknown-syscall\((\d+)\)|(\w+))", line):
            arch = {"i386": "x86"}.get(match[2], match[2])
            found[arch, {"pread": "pread64"}.get(match[4], match[4]) if match[4] else f"#{match[3]}"] += 1
    return found


def reported(pattern, x86):
    """Reports of ausearch tell no architecture. `x86`: what ends the paths of the 32-bit programs that show as such."""
    def count(text):
        found = collections.Counter()
        for match in re.finditer(pattern, text, re.M):
            name = re.sub(r"unknown-syscall\((\d+)\)", r"#\1", match["what"])
            is_x86 = x86 and match["exe"].endswith(x86) and name[0] != "#"
            found["x86" if is_x86 else "x86_64", re.sub(r"\(.*", "", name)] += 1
        return found
    return count


# What sysdig's events are called, where that is not what calls are (event_table.c of its driver).
EVENTS = {"prlimit": ["prlimit64"], "pread": ["pread64"], "sigreturn": ["rt_sigreturn"]}
EVENTS_X86 = {"getrlimit": ["getrlimit", "ugetrlimit"], "socket": ["socket", "socketcall"], "sigreturn": ["sigreturn", "rt_sigreturn"],
              "pread": ["pread64"], "prlimit": ["prlimit64"]}


def events(text):
    """Lines of sysdig: no event tells a 32-bit program; here one has that in its name."""
    found, open_calls = collections.Counter(), {}
    for line in text.splitlines():
        match = re.match(r"\d+ \S+ \d+ (\S+) \((\d+)\) ([<>]) (\w+) ?(res=0 )?", line)
        if not match or match[4] in ("switch", "procexit", "signaldeliver", "page_fault", "drop"):
            continue
        program, who, way, name, zero = match.groups()
        if way == "<" and (open_calls.pop(who, None) == name or name in FORKS and zero):
            continue
        if way == ">":
            open_calls[who] = name
        x86 = program.endswith("32")
        for call in (EVENTS_X86 if x86 else EVENTS).get(name, [name]):
            found["x86" if x86 else "x86_64", call] += 1
    return found


def lttng(text):
    """Calls by name, and by number where there is none. An execve ends in the table of the program that it executes."""
    found, open_calls = collections.Counter(), {}
    for line in text.splitlines():
        match = re.search(r" (compat_)?syscall_(entry|exit)_(\w+): .*vtid = (\d+),.*\}, \{ (?:id = (\d+), )?(?:ret = (-?\d+))?", line)
        if not match:
            raise SystemExit(f"lttng: {line}")
        compat, way, name, who, number_, value = match.groups()
        arch, table = ("x86", X86) if compat else ("x86_64", X86_64)
        name = TRACEPOINT.get(name, name) if name != "unknown" else table[int(number_)]
        name = {"umount": "umount2"}.get(name, name)
        if way == "entry":
            open_calls[who] = name
        elif open_calls.pop(who, None) == name or name in FORKS and value == "0":
            continue
        for call in ["socket", "socketcall"] if compat and name == "socket" else [name]:
            found[arch, call] += 1
    return found


CSV = r"^.*,called-seccomp-controlled-syscall,\w+,(?P<what>[^,\n]+),.*,(?P<exe>/[^,\n]*)(?:,.*)?$"
TEXT = r"called-seccomp-controlled-syscall (?P<what>\S+) using (?P<exe>.*)$"


def simple(pattern, arch="x86_64", name=lambda word: word):
    def count(text):
        names = collections.Counter()
        for match in re.finditer(pattern, text, re.M):
            groups = match.groupdict()
            word = match["what"] or NAMELESS[groups["number"]]
            names[name(word)] += int(groups.get("times") or 1)
        return told(names, arch)
    return count


def constant(**calls):
    def count(_):
        return collections.Counter({tuple(key.split("__")): value for key, value in calls.items()})
    return count


FTRACE = (r"-(?P<who>\d+) .*sys_enter: +NR (?P<what>\d+) ", r"-(?P<who>\d+) .*sys_exit: +NR (?P<what>\d+) ")
FTRACE_FILE = (r"-(?P<who>\d+) .*: sys_(?P<what>\w+)\(", r"-(?P<who>\d+) .*: sys_(?P<what>\w+) -> ")
FTRACE_NAMES = (r"-(?P<who>\d+) .*sys_enter_(?P<what>\w+):", r"-(?P<who>\d+) .*sys_exit_(?P<what>\w+):")
SCRIPT = (r" (?P<who>\d+) \[\d+\].*sys_enter: NR (?P<what>\d+) ", r" (?P<who>\d+) \[\d+\].*sys_exit: NR (?P<what>\d+) ")
SCRIPT_NAMES = (r" (?P<who>\d+) \[\d+\].* syscalls:sys_enter_(?P<what>\w+)", r" (?P<who>\d+) \[\d+\].* syscalls:sys_exit_(?P<what>\w+)")
GVISOR = (r"\[ *\d+: *(?P<who>\d+)\] \S+ E (?P<what>\w+)\(", r"\[ *\d+: *(?P<who>\d+)\] \S+ X (?P<what>\w+)\(")
QEMU = r"^\d+ (?:(?P<what>[a-z_]\w*)\(|Unknown syscall (?P<number>\d+)$)"
TABLE = r"^   (?P<what>[a-z]\w*) +(?P<times>\d+) +\d+ +[\d.]+ "
# What qemu 7.2 has no name for: 334 on x86_64, 293 on aarch64 (include/uapi/asm-generic/unistd.h).
NAMELESS = {"334": "rseq", "293": "rseq"}

# Case: format, architecture to be told, how calls are counted, what is missing.
CASES = {
    "perf-trace/calls": ("perf-trace", "x86_64", perf_trace, []),
    "perf-trace/i386": ("perf-trace", "x86_64", perf_trace, ["wrong-table"]),
    "perf-trace/i386-static": ("perf-trace", "x86_64", perf_trace, ["wrong-table"]),
    "perf-trace/table-i386": ("perf-trace", "x86_64", simple(TABLE), ["summary-only", "wrong-table"]),
    "perf-trace/table-i386-static": ("perf-trace", "x86_64", simple(TABLE), ["summary-only", "wrong-table"]),
    "perf-trace/table-both": ("perf-trace", "x86_64", simple(TABLE), ["summary-only", "wrong-table"]),
    "perf-trace/table": ("perf-trace", "x86_64", simple(TABLE), ["summary-only"]),
    "perf-script/by-number": ("perf-script", "x86_64", lambda t: told(pairs(t, *SCRIPT, number), "x86_64"), []),
    "perf-script/i386": ("perf-script", "x86", None, []),
    "perf-script/i386-wrong-table": ("perf-script", "x86_64", lambda t: told(pairs(
        t, *SCRIPT, lambda word: X86_64.get(int(word), f"#{word}")), "x86_64"), ["wrong-table"]),
    "perf-script/lost": ("perf-script", "x86_64", lambda t: told(pairs(t, *SCRIPT, number), "x86_64"), ["lost"]),
    "perf-script/by-name": ("perf-script", "x86_64", lambda t: told(pairs(t, *SCRIPT_NAMES), "x86_64"), []),
    "perf-script/stat": ("perf-script", "x86_64", simple(r"^ +(?P<times>[1-9]\d*) +syscalls:sys_enter_(?P<what>\w+)"), []),
    "bpftrace/by-number": ("bpftrace", "x86_64", simple(r"^@\[(?P<what>\d+)\]: (?P<times>\d+)", name=number), []),
    "bpftrace/by-number-i386": ("bpftrace", "x86_64", simple(
        r"^@\[(?P<what>\d+)\]: (?P<times>\d+)", name=lambda word: X86_64.get(int(word), f"#{word}")), ["wrong-table"]),
    "bpftrace/by-program": ("bpftrace", "x86_64", simple(r"^@calls\[calls, (?P<what>\d+)\]: (?P<times>\d+)", name=number), []),
    "bpftrace/json": ("bpftrace", "x86_64", simple(r'"(?P<what>\d+)": (?P<times>\d+)', name=number), []),
    "bpftrace/by-probe": ("bpftrace", "x86_64", simple(r"sys_enter_(?P<what>\w+)\]: (?P<times>\d+)"), []),
    "ftrace/by-number": ("ftrace", "x86_64", lambda t: told(pairs(t, *FTRACE, number), "x86_64"), []),
    "ftrace/i386": ("ftrace", "x86", two_tables, []),
    "ftrace/trace-cmd": ("ftrace", "x86_64", lambda t: told(pairs(t, *FTRACE, number), "x86_64"), ["not-followed"]),
    "ftrace/trace-cmd-names": ("ftrace", "x86_64", lambda t: told(pairs(t, *FTRACE_NAMES), "x86_64"), ["not-followed"]),
    "ftrace/trace-cmd-both-i386": ("ftrace", "x86_64", two_tables, []),
    "ftrace/trace-cmd-dropped": ("ftrace", "x86_64", lambda t: told(pairs(t, *FTRACE, number), "x86_64"), ["not-followed", "lost"]),
    "ftrace/names-i386": ("ftrace", "x86_64", lambda t: told(pairs(t, *FTRACE_FILE), "x86_64"), ["wrong-table"]),
    "ftrace/pipe-lost": ("ftrace", "x86_64", lambda t: told(pairs(t, *FTRACE, number), "x86_64"), ["lost"]),
    "audit/raw": ("audit", None, audit, []),
    "audit/enriched": ("audit", None, audit, []),
    "audit/interpreted": ("audit", None, interpreted, []),
    "audit/dmesg": ("audit", None, audit, ["lost", "rate-limited"]),
    "audit/journald": ("audit", None, audit, ["killed-by-filter"]),
    "audit/rules": ("audit", None, audit, []),
    "audit/ausearch": ("audit", None, audit, []),
    "audit/interpreted-rules": ("audit", None, interpreted, []),
    "audit/dmesg-rules": ("audit", None, audit, ["lost", "rate-limited"]),
    "audit/journal": ("audit", None, journal, []),
    "audit/journal-json": ("audit", None, journal, []),
    "audit/docker": ("audit", None, audit, ["killed-by-filter"]),
    "audit/docker-enriched": ("audit", None, audit, ["killed-by-filter"]),
    "audit/docker-interpreted": ("audit", None, interpreted, ["killed-by-filter"]),
    "audit/docker-csv": ("audit", "x86_64", reported(CSV, ""), []),
    "audit/journal-export": ("audit", None, journal, []),
    "audit/journal-verbose": ("audit", None, journal, []),
    "audit/journal-json-pretty": ("audit", None, lambda t: journal(t.replace('\\"', '"').replace('" : "', '":"')), []),
    "audit/journal-json-calls32": ("audit", None, journal, []),
    "audit/journal-cat": ("audit", None, journal, []),
    "audit/journal-short-iso": ("audit", None, journal, []),
    "audit/journal-short-precise": ("audit", None, journal, []),
    "audit/journal-short-monotonic": ("audit", None, journal, []),
    "audit/report-raw": ("audit", None, audit, []),
    "audit/report-en-us": ("audit", None, interpreted, []),
    "audit/report-de": ("audit", None, interpreted, []),
    "audit/report-csv": ("audit", "x86_64", reported(CSV, "32"), ["selected", "wrong-table"]),
    "audit/report-csv-extra": ("audit", "x86_64", reported(CSV, "32"), ["selected", "wrong-table"]),
    "audit/report-text": ("audit", "x86_64", reported(TEXT, "32"), ["selected", "wrong-table"]),
    "qemu/x86_64": ("qemu", "x86_64", simple(QEMU), []),
    "qemu/aarch64": ("qemu", "aarch64", simple(QEMU, "aarch64"), []),
    "sysdig/documented": ("sysdig", "x86_64", simple(r"\) > (?P<what>(?!switch)[a-z]\w+) "), ["selected"]),
    "sysdig/calls": ("sysdig", "x86_64", events, ["selected"]),
    "sysdig/i386": ("sysdig", "x86_64", events, ["selected", "wrong-table"]),
    "falco/alerts": ("sysdig", "x86_64", simple(r"evt_type=(?P<what>\w+)"), ["selected"]),
    "lttng/documented": ("lttng", "x86_64", lambda t: collections.Counter({
        ("x86_64", "openat"): 1, ("x86_64", "fstat"): 1, ("x86_64", "#999"): 1, ("x86", "mmap2"): 1}), ["lost"]),
    "gvisor/documented": ("gvisor", "x86_64", lambda t: collections.Counter({
        ("x86_64", "openat"): 1, ("x86_64", "brk"): 1, ("x86_64", "write"): 1, ("x86_64", "#999"): 1,
        ("x86_64", "exit_group"): 1, ("x86_64", "read"): 1}), []),
    "lttng/calls": ("lttng", "x86_64", lttng, []),
    "lttng/calls-date": ("lttng", "x86_64", lttng, []),
    "gvisor/calls": ("gvisor", "x86_64", lambda t: told(pairs(t, *GVISOR), "x86_64"), []),
    "gvisor/calls-json": ("gvisor", "x86_64", lambda t: told(pairs(t, *GVISOR), "x86_64"), []),
    "tracee/documented": ("tracee", "x86_64", constant(x86_64__openat=2, x86__mmap2=1, x86_64__execve=1), ["selected"]),
    "inspektor-gadget/columns": ("inspektor-gadget", "x86_64", constant(x86_64__openat=1, x86_64__read=1, x86_64__unshare=1), []),
    "inspektor-gadget/json": ("inspektor-gadget", "x86_64", constant(x86_64__openat=2, x86_64__mkdir=1), []),
    "spo/log": ("spo-log", "x86_64", simple(r'"syscallName"="(?P<what>\w+)"'), []),
    "spo/profile": ("seccomp-profile", None, constant(
        x86_64__accept4=1, x86_64__exit_group=1, x86_64__futex=1, x86_64__read=1,
        x86__accept4=1, x86__exit_group=1, x86__futex=1, x86__read=1, x86__mmap2=1, x86__socketcall=1), ["not-observed"]),
    "json-lines/own": ("json-lines", None, constant(x86_64__openat=4, aarch64__openat=1), []),
    "strace-json/proposed": ("strace-json", "x86_64", constant(x86_64__openat=1, x86_64__exit_group=1), []),
    "names/list": ("names", "x86_64", constant(
        x86_64__read=1, x86_64__write=1, x86_64__openat=1, x86_64__exit_group=1, x86_64__arch_prctl=1, x86__mmap2=1),
        ["not-observed"]),
}


def of_i386(case, text):
    patterns = FTRACE if case.startswith("ftrace") else SCRIPT
    found = collections.Counter()
    for name, count in pairs(text, *patterns, lambda word: X86.get(int(word), f"#{word}")).items():
        found["x86", name] += count
    return found


def main():
    for case, (name, arch, count, gaps) in CASES.items():
        text = (HERE / case / "trace.txt").read_text()
        found = of_i386(case, text) if count is None else count(text)
        calls = {}
        for (on, call), times in sorted(found.items()):
            calls.setdefault(on, {})[call] = times
        if not calls:
            raise SystemExit(f"{case}: no calls")
        expected = {"format": name, "told": arch, "gaps": gaps, "calls": calls}
        (HERE / case / "expected.json").write_text(json.dumps(expected, indent=2) + "\n")


main()
