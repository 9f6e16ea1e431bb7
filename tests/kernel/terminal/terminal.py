"""Runs a command on a terminal of 80 columns and 24 lines, on which a text is typed, and prints what is to be seen in
the end, also what has scrolled away. Before that, how often the recorder drew its lines.

    terminal.py TEXT COMMAND..."""
import fcntl, os, pty, re, struct, sys, termios

WIDTH, HEIGHT = 80, 24


def run(types, words):
    pid, master = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
        os.execvp(words[0], words)
    os.write(master, types.encode())
    got = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:
            break
        if not part:
            break
        got += part
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return got.decode(), status


class Screen:
    """All lines since the start; those above `top` have scrolled away."""

    def __init__(self):
        self.lines, self.row, self.column, self.top = [[]], 0, 0, 0

    def down(self):
        self.row += 1
        if self.row == len(self.lines):
            self.lines.append([])
        self.top = max(self.top, self.row - HEIGHT + 1)

    def put(self, c):
        if self.column == WIDTH:
            self.column = 0
            self.down()
        line = self.lines[self.row]
        line.extend(" " * (self.column + 1 - len(line)))
        line[self.column] = c
        self.column += 1

    def feed(self, text):
        for sequence, c in re.findall(r"\x1b\[([0-9;?]*[A-Za-z])|(.)", text, re.DOTALL):
            if not sequence:
                if c == "\r":
                    self.column = 0
                elif c == "\n":
                    self.down()
                else:
                    assert c.isprintable(), repr(c)
                    self.put(c)
            elif sequence[-1] == "A":
                self.row = max(self.top, self.row - int(sequence[:-1] or 1))
            elif sequence == "K":
                del self.lines[self.row][self.column:]
            elif sequence == "J":
                del self.lines[self.row][self.column:]
                for line in self.lines[self.row + 1:]:
                    line.clear()
            else:
                assert sequence[-1] == "m", repr(sequence)


got, status = run(sys.argv[1], sys.argv[2:])
print(f"drawn {got.count(' calls/s')} times, status {status}")
screen = Screen()
screen.feed(got)
for line in screen.lines:
    print("".join(line).rstrip())
