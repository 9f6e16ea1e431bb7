#!/usr/bin/env python3
"""Counts the calls in every trace here, apart from the product, as an oracle for its own reader.

    sample-traces/expected.py [CASE...]

For each case this writes `expected-names.txt` (`NAME COUNT` lines, sorted; COUNT is the number of calls
begun, an unfinished call and its end are one) and, for traces of `strace -n`, `expected-numbers.txt`
(`NUMBER NAME COUNT` lines). Without arguments it also writes the table in README.md.

It knows exactly the shapes that are here, one pattern for each case, and stops at the first line that
fits none of them: no line is passed over in silence. It also checks that a trace is whole.
"""

import collections
import gzip
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent

PID = rb"(?P<pid>\d+) +"
COMM = rb"(?P<pid>\d+)<[^>]*> "
NUMBER = rb"\[(?P<number>[ \d]{4}|\?\?\?)\] "
POINTER = rb"\[(?:[0-9a-f]{16}|\?{16})\] "
CLOCK = rb"\d\d:\d\d:\d\d"
SINCE = rb"\(\+ *\d+\.\d{6}\) "
BRACKET = rb"(?:\[pid +(?P<pid>\d+)\] )?"

# Case: what stands before the body of a line.
LEADERS = {
    "all-flags": COMM + CLOCK + rb"\.\d{6} " + SINCE + NUMBER + POINTER,
    "attach": BRACKET,
    "busybox": PID + POINTER,
    "endings": PID,
    "gcc": PID,
    "git": COMM,
    "go": PID + NUMBER,
    "http-server": PID + rb"\d+\.\d{6} ",
    "i386-file": PID,
    "i386-numbers": PID + NUMBER,
    "i386-stderr": BRACKET,
    "initdb": PID + CLOCK + rb" ",
    "injected": rb"",
    "int80": PID + NUMBER,
    "mixed": BRACKET,
    "musl": rb"",
    "musl-follow": PID + CLOCK + rb"\.\d{6} ",
    "nginx": PID,
    "node": PID + rb" *\d+\.\d{6} ",
    "pool": PID + CLOCK + rb" " + SINCE,
    "postgres": rb"",
    "redis": PID + CLOCK + rb"\.\d{6} ",
    "stacks": PID,
    "table": None,
    "table-i386": None,
    "thread-exec": rb"",
    "thread-exec-follow": PID,
    "tls": PID,
    "trace-and-table": PID,
}

CALL = re.compile(rb"(?P<name>[a-z_][a-z0-9_]*)\((?P<rest>.*)\Z", re.DOTALL)
RESUMED = re.compile(rb"<\.\.\. (?P<name>[a-z_][a-z0-9_]*) resumed>(?P<rest>.*)\Z", re.DOTALL)
SIGNAL = re.compile(rb"--- (?:SIG[A-Z0-9_]+ \{.*\}|stopped by SIG[A-Z0-9]+) ---\Z")
EXIT = re.compile(rb"\+\+\+ (?:exited with \d+|killed by SIG[A-Z0-9]+(?: \(core dumped\))?) \+\+\+\Z")
SUPERSEDED = re.compile(rb"\+\+\+ superseded by execve in pid (\d+) \+\+\+\Z")
MODE = re.compile(rb"\[ Process PID=\d+ runs in (?:32|64) bit mode\. \]\Z")
STACK = re.compile(rb" > \S+(?:\(\S*\+0x[0-9a-f]+\))? \[0x[0-9a-f]+\]\Z")
PID_CHANGED = re.compile(rb" <pid changed to (\d+) \.\.\.>\Z")
STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')
# The end of a call that has ended, strings left out; what follows the result may be a path (-y), a text, a time (-T).
ENDED = re.compile(rb"\) += (?:-?\d+|0x[0-9a-f]+|\?)(?:[ <].*)?\Z", re.DOTALL)

# Lines that are the rest of a call begun on an earlier line, or the program's own words (standard error only).
CONTINUED = re.compile(
    rb" <unfinished \.\.\.>\Z|, child_tidptr=0x[0-9a-f]+\) = \d+\Z| => \{parent_tid=\[\d+\]\}, 88\) = \d+\Z"
    rb"|\) += -?\d+\Z| <detached \.\.\.>\Z"
)
STRACE_SAYS = re.compile(rb"strace: Process \d+ (?:attached|detached)\Z")
OWN_LINES = {"mixed": [b"from a child", b"from the parent", b"line", b"a(b) = 0 is no call, nor is [pid 7] this"]}
# Words without a line end, which a line of the trace may follow at once.
OWN_PARTS = {"mixed": re.compile(rb"(?:no newline at end|half a |last words)*")}

# Cases without a first execve or without the ends of processes, as their README says.
INCOMPLETE = {"attach": "no start, no end", "injected": "no end", "table": "table", "table-i386": "table"}
TABLE_HEAD = re.compile(rb"(?: *(?:% time|seconds|usecs/call|calls|errors|syscall))+\Z")


class Odd(Exception):
    """A line or a trace that is not as expected."""


def text_of(path):
    """The bytes of a trace, decompressed by its suffix."""
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes())
    if path.suffix == ".zst":
        return subprocess.run(["zstd", "-dcq", path], check=True, stdout=subprocess.PIPE).stdout
    return path.read_bytes()


def traces_of(case):
    """The files of a case in the order of their process numbers."""
    folder = HERE / case / "trace"
    if not folder.is_dir():
        return sorted((HERE / case).glob("trace.strace*"))
    return sorted(folder.iterdir(), key=lambda path: int(path.name.split(".")[1]))


def read_table(lines, names):
    """Adds up the tables of `-c`: columns are found by the head and the ruler below it."""
    column = None
    for before, line in zip([b""] + lines, lines):
        if re.fullmatch(rb"(?:-+ ?)+", line):
            spans = [match.span() for match in re.finditer(rb"-+", line)]
            head = [before[start:end].strip() for start, end in spans]
            if column is None or b"calls" in head:
                calls, name = head.index(b"calls"), head.index(b"syscall")
                column = spans
            continue
        if column is None or b"usage summary" in line or TABLE_HEAD.match(line) or not line:
            continue
        # The last column may be longer than its ruler.
        cells = [line[start : None if (start, end) == column[-1] else end].strip() for start, end in column]
        if cells[name] == b"total":
            column = None
            continue
        names[cells[name].decode()] += int(cells[calls])


class Reader:
    """State of one case: names, and for each process the call it has not ended."""

    def __init__(self, case):
        self.case = case
        self.leader = re.compile(LEADERS[case])
        self.on_stderr = LEADERS[case] == BRACKET
        self.names = collections.Counter()
        self.numbers = collections.Counter()
        self.pending = {}
        self.changed = collections.Counter()
        self.alive = set()
        self.attached = set()
        self.ended = 0
        self.first = True
        # Standard error only: a call whose line was broken off, and the process it belongs to.
        self.broken = None

    def begin(self, match, pid, name, rest):
        if pid in self.pending:
            raise Odd(f"{name} begins while {self.pending[pid]} has not ended")
        if self.first and name != "execve" and self.case not in INCOMPLETE:
            raise Odd("first call is not execve")
        self.first = False
        self.alive.add(pid)
        self.names[name] += 1
        if "number" in match.re.groupindex:
            self.numbers[int(match["number"]), name] += 1
        self.rest(pid, name, rest)

    def rest(self, pid, name, rest):
        """Looks at how the line of a call ends."""
        if rest.endswith(b" <unfinished ...>"):
            self.pending[pid] = name
        elif changed := PID_CHANGED.search(rest):
            self.changed[changed[1]] += 1
            self.alive.discard(pid)
        elif not ENDED.search(STRING.sub(b'""', rest)):
            if not self.on_stderr:
                raise Odd("a call without an end")
            self.broken = (pid, name)

    def resume(self, pid, name, rest):
        if self.pending.get(pid) == name:
            del self.pending[pid]
        elif name == "execve" and self.changed[pid]:
            self.changed[pid] -= 1
        else:
            raise Odd(f"{name} resumed but {self.pending.get(pid)} unfinished")
        self.rest(pid, name, rest)

    def event(self, pid, body):
        """Signals, exits and the like; says whether the line was one."""
        if superseded := SUPERSEDED.match(body):
            # The call goes on under the number of the first thread.
            other = superseded[1]
            if other in self.pending:
                self.pending[pid] = self.pending.pop(other)
            self.alive.discard(other)
        elif EXIT.match(body):
            self.pending.pop(pid, None)
            self.alive.discard(pid)
            self.ended += 1
        elif not (SIGNAL.match(body) or MODE.match(body) or STACK.match(body)):
            return False
        return True

    def line(self, line, pid_of_file):
        if line in OWN_LINES.get(self.case, []):
            return
        if self.case in OWN_PARTS:
            line = line[OWN_PARTS[self.case].match(line).end() :]
        if STACK.match(line) and self.case == "stacks":
            return
        match = self.leader.match(line)
        if not match:
            raise Odd("no leader")
        pid = match["pid"] if "pid" in match.re.groupindex else pid_of_file
        body = line[match.end() :]
        if self.on_stderr and pid is None:
            if self.broken and CONTINUED.search(line):
                owner, name = self.broken
                self.broken = None
                if CONTINUED.match(line) and line.startswith(b" <unfinished"):
                    self.pending[owner] = name
                return
            if STRACE_SAYS.match(line):
                return
        if self.broken:
            raise Odd(f"{self.broken} has no end")
        if self.on_stderr and pid is None:
            pid = self.alone()
        if call := CALL.match(body):
            name = call["name"].decode()
            self.begin(match, pid, name, call["rest"])
        elif resumed := RESUMED.match(body):
            self.resume(pid, resumed["name"].decode(), resumed["rest"])
        elif not self.event(pid, body):
            raise Odd("not understood")

    def alone(self):
        """Lines without a number are of the only process there is."""
        if len(self.alive) > 1:
            raise Odd(f"no number, but processes {self.alive}")
        return next(iter(self.alive), b"first")

    def know(self, line):
        """Gives the first process, which had no number, the first one that belongs to no attached process."""
        if attached := re.search(rb"strace: Process (\d+) attached\Z", line):
            self.attached.add(attached[1])
        shown = re.match(rb"\[pid +(\d+)\] ", line)
        if b"first" in self.alive and shown and shown[1] not in self.attached:
            self.alive = self.alive - {b"first"} | {shown[1]}
            if b"first" in self.pending:
                self.pending[shown[1]] = self.pending.pop(b"first")
            if self.broken and self.broken[0] == b"first":
                self.broken = (shown[1], self.broken[1])

    def whole(self):
        if self.case in INCOMPLETE:
            return
        if self.alive or self.pending:
            raise Odd(f"not ended: {self.alive} {self.pending}")
        if self.ended == 0:
            raise Odd("no exit")


def count(case):
    """Names, numbers and the count of lines of one case."""
    names, numbers, total = collections.Counter(), collections.Counter(), 0
    reader = None if LEADERS[case] is None else Reader(case)
    table_names = collections.Counter()
    # The files of threads that went into another's number come first.
    files = traces_of(case)
    if case == "thread-exec":
        files.reverse()
    if not files:
        raise Odd(f"{case}: no trace")
    for path in files:
        content = text_of(path)
        if not content.endswith(b"\n"):
            raise Odd(f"{path}: last line is cut")
        lines = content[:-1].split(b"\n")
        total += len(lines)
        pid_of_file = path.name.split(".")[1].encode() if path.parent.name == "trace" else None
        if reader is None:
            read_table(lines, names)
            continue
        if pid_of_file is None and "pid" not in reader.leader.groupindex:
            pid_of_file = b"only"
        if case == "postgres":
            reader.first = False
        if case == "thread-exec":
            reader.first = False
        for index, line in enumerate(lines):
            if case == "trace-and-table" and line.startswith(b"% time"):
                read_table(lines[index:], table_names)
                break
            try:
                reader.know(line)
                reader.line(line, pid_of_file)
            except Odd as odd:
                raise Odd(f"{path}:{index + 1}: {odd}: {line[:160]!r}") from None
    if reader is not None:
        reader.whole()
        names, numbers = reader.names, reader.numbers
    if table_names:
        # The table leaves out what never returned, and nothing else.
        left = names - table_names
        if set(left) - {"exit_group", "exit"} or table_names - names:
            raise Odd(f"{case}: trace and table differ: {left} {table_names - names}")
    return names, numbers, total


def command_of(case):
    """The options of strace, from the case's README."""
    text = (HERE / case / "README.md").read_text()
    title = re.search(r"^# [^:]+: (.*)$", text, re.MULTILINE)[1]
    command = re.search(r"^\| command \| `(.*)` \|$", text, re.MULTILINE)[1]
    options = re.search(r"strace ((?:-e \S+ |-[sauUp] \S+ |-[a-zA-Z]+ (?!trace))*)", command)[1]
    if " -o trace" in command:
        options += "-o"
    return title, options.strip()


def main(wanted):
    rows = []
    found = {path.parent.name for path in HERE.glob("*/README.md")}
    if found != set(LEADERS):
        print(f"cases without a pattern or trace: {sorted(found ^ set(LEADERS))}", file=sys.stderr)
        return 1
    for case in wanted or sorted(LEADERS):
        try:
            names, numbers, lines = count(case)
        except Odd as odd:
            print(f"expected.py: {odd}", file=sys.stderr)
            return 1
        text = "".join(f"{name} {names[name]}\n" for name in sorted(names))
        (HERE / case / "expected-names.txt").write_text(text)
        if numbers:
            text = "".join(f"{number} {name} {numbers[number, name]}\n" for number, name in sorted(numbers))
            (HERE / case / "expected-numbers.txt").write_text(text)
        size = sum(path.stat().st_size for path in traces_of(case))
        title, options = command_of(case)
        rows.append(f"| [{case}]({case}/README.md) | {title} | `{options}` | {lines} | {sum(names.values())} | {len(names)} | {size} |\n")
    if not wanted:
        readme = HERE / "README.md"
        head, rest = readme.read_text().split("<!-- table -->\n", 1)
        tail = rest.split("<!-- end of table -->\n", 1)[1]
        table = "| case | program | strace options | lines | calls | distinct calls | stored bytes |\n| --- | --- | --- | ---: | ---: | ---: | ---: |\n"
        readme.write_text(f"{head}<!-- table -->\n{table}{''.join(rows)}<!-- end of table -->\n{tail}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
