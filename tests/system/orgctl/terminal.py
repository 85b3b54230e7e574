# SPDX-License-Identifier: Apache-2.0
"""orgctl at a terminal of its own, and without one."""
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time

from harness import ORGCTL

WAITS_S = 30


class Terminal:
    """One run with a controlling terminal: what a person would see and type."""

    def __init__(self, *arguments, environment, program=ORGCTL, columns=80):
        self.seen = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
            os.execve(program, [str(program), *map(str, arguments)], environment)

    def until(self, text):
        """Waits until `text` is shown, after what was waited for before."""
        end = time.monotonic() + WAITS_S
        start = getattr(self, "start", 0)
        while text not in self.seen[start:]:
            if not self.read(end - time.monotonic()):
                raise AssertionError(f"{text!r} was not shown: {self.seen!r}")
        self.start = self.seen.index(text, start) + len(text)

    def read(self, seconds):
        if not select.select([self.fd], [], [], max(0, seconds))[0]:
            return False
        try:
            data = os.read(self.fd, 4096)
        except OSError:  # the other end is gone
            return False
        self.seen += data.decode()
        return bool(data)

    def write(self, text):
        os.write(self.fd, text.encode())

    def type(self, line):
        self.write(f"{line}\n")

    def interrupt(self):
        os.kill(self.pid, signal.SIGINT)

    def finish(self):
        """Reads on to the end. Returns the exit code, negative for a signal."""
        while self.read(WAITS_S):
            pass
        self.echoes = bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self.fd)
        return code


def run(*arguments, environment, stdin=""):
    """One run without any terminal."""
    return subprocess.run([ORGCTL, *map(str, arguments)], env=environment, input=stdin, text=True,
                          capture_output=True, timeout=120, start_new_session=True)
