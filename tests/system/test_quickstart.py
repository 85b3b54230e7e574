#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""daemon/quickstart --serve, the sandbox: what it prints, what it continues, and that it cleans up."""
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import unittest

from harness import BUILD, ORGCTL, SOURCE, until
from wire import OK, Client, decode, text

QUICKSTART = SOURCE / "daemon" / "quickstart"
DAY_S = 24 * 3600


def processes(state):
    """What runs with a state directory in its command line: process ids, and the command lines."""
    running = {}
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode(errors="replace")
        except OSError:
            continue  # it has ended
        if f"{state}/" in words:
            running[int(path.parent.name)] = words
    return running


class Sandbox:
    """daemon/quickstart --serve with the build under test. Use it as a context manager."""

    def __init__(self, *arguments):
        environment = {**os.environ, "ORGD_QUICKSTART_BUILD": str(BUILD)}
        self.process = subprocess.Popen([QUICKSTART, "--serve", *map(str, arguments)], env=environment,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.printed = {}
        while "MAIL_DIR" not in self.printed:
            line = self.process.stdout.readline()
            if not line:
                raise AssertionError(f"it ended with {self.process.wait(60)}: {self.process.stderr.read()}")
            name, _, value = line.rstrip("\n").partition("=")
            self.printed[name] = value
        self.socket = self.printed["ORGD_URL"].removeprefix("ipc://")
        self.state = str(pathlib.Path(self.socket).parent)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def call(self, method, request=None):
        with Client(self.socket) as client:
            reply = client.call(method, request)
        if reply.code != OK:
            raise AssertionError(reply)
        return reply

    def stop(self, how=signal.SIGTERM):
        """Its exit code, and what it printed since."""
        self.process.send_signal(how)
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out, err


class Quickstart(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="orgd-test-"))
        self.addCleanup(shutil.rmtree, self.directory)
        self.state = self.directory / "state"

    def test_it_prints_where_it_is_and_serves_there(self):
        with Sandbox("--state", self.state) as sandbox:
            self.assertEqual(list(sandbox.printed), ["ORGD_URL", "ORGD_TCP_URL", "MAIL_DIR"])
            self.assertRegex(sandbox.printed["ORGD_TCP_URL"], r"^tcp://127\.0\.0\.1:[1-9]\d*$")
            for url in (sandbox.printed["ORGD_URL"], sandbox.printed["ORGD_TCP_URL"]):
                done = subprocess.run([ORGCTL, "--url", url, "server", "health"], capture_output=True, text=True,
                                      timeout=60)
                self.assertIn("serving", done.stdout, done.stderr)
            sandbox.call("UserService/SignUp", {1: "ada@example.com", 2: "correct horse battery staple", 3: "Ada"})
            new = pathlib.Path(sandbox.printed["MAIL_DIR"]) / "new"
            mail, = until(lambda: new.exists() and list(new.iterdir()), "the mail")
            self.assertIn("To: <ada@example.com>", mail.read_text())
            self.assertEqual(sandbox.stop(), (0, "", ""))

    def test_it_ends_with_zero_and_leaves_no_process_and_no_directory_of_its_own(self):
        for how in (signal.SIGTERM, signal.SIGINT):
            with Sandbox() as sandbox:
                self.assertEqual(len(processes(sandbox.state)), 2)
                self.assertEqual(sandbox.stop(how), (0, "", ""))
                self.assertEqual(processes(sandbox.state), {})
                self.assertFalse(os.path.exists(sandbox.state))

    def test_told_twice_it_still_ends_well(self):
        with Sandbox("--state", self.state) as sandbox:
            for _ in range(5):
                sandbox.process.send_signal(signal.SIGTERM)
            self.assertEqual(sandbox.stop()[0], 0)
            self.assertEqual(processes(sandbox.state), {})

    def test_killed_it_takes_orgd_and_the_courier_along_and_the_state_is_continued(self):
        with Sandbox("--state", self.state) as sandbox:
            made = text(sandbox.call("DocumentService/CreateDocument", {1: {2: "Kept", 3: "/"}}).fields, 1, 1)
            sandbox.stop(signal.SIGKILL)
            until(lambda: not processes(sandbox.state), "orgd and the courier ending")
        with Sandbox("--state", self.state) as sandbox:
            self.assertEqual(text(sandbox.call("DocumentService/GetDocument", {1: made}).fields, 1, 2), "Kept")
            self.assertEqual(sandbox.stop()[0], 0)

    def test_it_continues_a_state(self):
        with Sandbox("--state", self.state) as sandbox:
            epoch = sandbox.call("AdminService/GetStatus").epoch
            made = text(sandbox.call("DocumentService/CreateDocument", {1: {2: "Kept", 3: "/"}}).fields, 1, 1)
            self.assertEqual(sandbox.stop()[0], 0)
        self.assertTrue(self.state.is_dir())
        with Sandbox("--state", os.path.relpath(self.state)) as sandbox:
            self.assertEqual(sandbox.state, str(self.state))
            self.assertEqual(text(sandbox.call("DocumentService/GetDocument", {1: made}).fields, 1, 2), "Kept")
            self.assertEqual(sandbox.call("AdminService/GetStatus").epoch, epoch)
            self.assertEqual(sandbox.stop()[0], 0)

    def test_when_orgd_ends_it_says_so_with_the_log_and_ends(self):
        with Sandbox("--state", self.state) as sandbox:
            orgd, = (pid for pid, words in processes(self.state).items() if "orgd.conf" in words)
            os.kill(orgd, signal.SIGKILL)
            _, err = sandbox.process.communicate(timeout=60)
            self.assertEqual(sandbox.process.returncode, 1)
            self.assertIn("serves epoch", err)
            self.assertEqual(processes(sandbox.state), {})

    def test_rule_44_it_honours_the_clock_offset_file(self):
        offset = self.directory / "offset"
        with Sandbox("--state", self.state, "--clock-offset-file", offset) as sandbox:
            self.assertEqual(offset.read_text(), "0\n")  # made, since it was not there
            before = self.created(sandbox)
            offset.write_text(f"{7 * DAY_S}\n")
            self.assertAlmostEqual(self.created(sandbox) - before, 7 * DAY_S, delta=60)
            self.assertEqual(sandbox.stop()[0], 0)

    def created(self, sandbox):
        """The time of a change that is made now, in seconds."""
        made = sandbox.call("DocumentService/CreateDocument", {1: {2: "Dated", 3: "/"}})
        return decode(decode(made.fields[1][0])[6][0])[1][0]

    def test_wrong_arguments_are_usage_errors(self):
        for arguments in (["--nonsense"], ["stray"]):
            done = subprocess.run([QUICKSTART, *arguments], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 64)
            self.assertIn("--help", done.stderr)
        done = subprocess.run([QUICKSTART, "--help"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0)
        for option in ("--serve", "--once", "--state", "--clock-offset-file", "ORGD_QUICKSTART_BUILD"):
            self.assertIn(option, done.stdout)


if __name__ == "__main__":
    unittest.main()
