"""A pseudo terminal with a program in it, and what one would see there."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

ENOUGH = 60  # seconds that nothing here should need
SEQUENCE = re.compile(r"\x1b\[(\??)([0-9;]*)([A-Za-z])")


class Screen:
    """What a terminal shows: as much of one as frames use, and nothing else."""

    def __init__(self, lines, columns):
        self.resize(lines, columns)
        self.normal = ""  # all that was written there
        self.grid = {}
        self.line = self.column = 0
        self.alternate = False
        self.cursor = True
        self.frames = 0
        self.colours = 0
        self.wrong = []  # what frames must not do

    def resize(self, lines, columns):
        self.lines, self.columns = lines, columns

    def write(self, text):
        """The rest, a sequence that is not whole yet."""
        at = 0
        while at < len(text):
            if text[at] != "\x1b":
                self.put(text[at])
                at += 1
                continue
            found = SEQUENCE.match(text, at)
            if not found:
                if len(text) - at < 16:
                    return text[at:]
                self.wrong.append("an unknown sequence: %r" % text[at:at + 16])
                at += 1
                continue
            self.obey(*found.groups())
            at = found.end()
        return ""

    def put(self, letter):
        if not self.alternate:
            self.normal += letter
        elif letter == "\r":
            self.column = 0
        elif letter == "\n":
            self.line += 1
            if self.line >= self.lines:
                self.wrong.append("it scrolls")
        else:
            if self.column >= self.columns:
                self.wrong.append("line %d is longer than %d" % (self.line, self.columns))
            self.grid[self.line, self.column] = letter
            self.column += 1

    def obey(self, private, numbers, letter):
        if private:
            on = letter == "h"
            if numbers == "1049":
                self.alternate, self.grid = on, {}
            elif numbers == "25":
                self.cursor = on
            else:
                self.wrong.append("an unknown mode: " + numbers)
        elif letter == "H":
            self.line = self.column = 0
            self.frames += 1
        elif letter == "m":
            self.colours += 1
        elif letter == "K" and not self.alternate:
            self.normal += "\x1b[K"
        elif letter in "KJ":
            for place in list(self.grid):
                below = letter == "J" and place[0] > self.line
                if below or (place[0] == self.line and place[1] >= self.column):
                    del self.grid[place]
        else:
            self.wrong.append("an unknown sequence: " + letter)

    def text(self):
        """Of the frame."""
        rows = []
        for line in range(self.lines):
            rows.append("".join(self.grid.get((line, column), " ") for column in range(self.columns)).rstrip())
        return "\n".join(rows).rstrip("\n") + "\n"

    def is_as_before(self):
        return not self.alternate and self.cursor


class Terminal:
    """A program on a terminal of its own, as its foreground job. Killed when this is closed."""

    def __init__(self, arguments, lines=24, columns=80, environment=None):
        self.screen = Screen(lines, columns)
        self.rest = b""
        self.left = ""
        self.status = None
        self.ended = False
        environment = {**os.environ, "TERM": "xterm-256color", **(environment or {})}
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            try:
                set_size(0, lines, columns)
                os.execvpe(arguments[0], arguments, environment)
            finally:
                os._exit(127)

    def close(self):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.master)

    def resize(self, lines, columns):
        self.screen.resize(lines, columns)
        set_size(self.master, lines, columns)

    def echoes(self):
        return bool(termios.tcgetattr(self.master)[3] & termios.ECHO)

    def type(self, keys):
        os.write(self.master, keys)

    def read(self, seconds):
        """False at the end of what it writes."""
        if self.ended or not select.select([self.master], [], [], seconds)[0]:
            return not self.ended
        try:
            piece = os.read(self.master, 65536)
        except OSError:  # EIO: nobody has the other side any more
            piece = b""
        self.ended = not piece
        text, self.rest = decoded(self.rest + piece)
        self.left = self.screen.write(self.left + text)
        return not self.ended

    def wait_for(self, what, condition):
        until = time.monotonic() + ENOUGH
        while not condition(self.screen):
            if not self.read(0.1) or time.monotonic() > until:
                if condition(self.screen):
                    return
                raise AssertionError("%s did not come; frames %d, shown:\n%s\nand before:\n%s" % (
                    what, self.screen.frames, self.screen.text(), self.screen.normal))

    def wait_for_text(self, pattern):
        self.wait_for(pattern, lambda screen: screen.alternate and re.search(pattern, screen.text()))

    def wait_for_frames(self, count):
        begun = self.screen.frames
        self.wait_for("a frame", lambda screen: screen.frames >= begun + count)

    def wait_for_end(self):
        """The exit code; minus the signal that ended it."""
        until = time.monotonic() + ENOUGH
        while self.read(0.1):
            if time.monotonic() > until:
                raise AssertionError("it does not end; shown:\n" + self.screen.text())
        self.status = os.waitpid(self.pid, 0)[1]
        return os.waitstatus_to_exitcode(self.status)


def set_size(terminal, lines, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))


def decoded(data):
    """The text, and the bytes of a character that is not whole yet."""
    try:
        return data.decode(), b""
    except UnicodeDecodeError as error:
        if error.end != len(data):
            raise
        return data[:error.start].decode(), data[error.start:]


if __name__ == "__main__":  # shows frames: terminal.py SECONDS LINES COLUMNS COMMAND...
    shown = Terminal(sys.argv[4:], int(sys.argv[2]), int(sys.argv[3]))
    end = time.monotonic() + float(sys.argv[1])
    while time.monotonic() < end and shown.read(0.05):
        pass
    print(shown.screen.text(), shown.screen.wrong)
    shown.close()
