#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Sockets that systemd listens on and passes: calls go through them, restarts refuse nobody, what does not fit the
configuration is refused."""
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import threading
import unittest

from harness import ORGD, Daemon, until
from wire import DENIED, OK, Client, new_request_id, text

EX_CONFIG = 78
CLIENTS, RESTARTS = 8, 8
ACTIVATE = "systemd-socket-activate"

# What systemd does: the descriptors are 3 and up, and the variables name the process that is to take them.
LAUNCHER = """
import fcntl, os, sys
names, *sockets = sys.argv[1].split("/")
kept = [fcntl.fcntl(int(fd), fcntl.F_DUPFD, 100) for fd in sockets]
for n, fd in enumerate(kept):
    os.dup2(fd, 3 + n)
    os.close(fd)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(len(kept)), "LISTEN_FDNAMES": names}
os.execv(sys.argv[2], sys.argv[2:])
"""


def command(daemon, sockets, names=None):
    """orgd with these sockets passed, and what it inherits."""
    names = ":".join(["orgd"] * len(sockets)) if names is None else names
    numbers = [str(each.fileno()) for each in sockets]
    return ([sys.executable, "-S", "-c", LAUNCHER, "/".join([names, *numbers]), str(ORGD), "--config",
             str(daemon.config), "--clock-offset-file", str(daemon.offset_file)],
            {"pass_fds": [each.fileno() for each in sockets]})


def local_socket(path, kind=socket.SOCK_STREAM, listens=True):
    made = socket.socket(socket.AF_UNIX, kind)
    made.bind(str(path))
    os.chmod(path, 0o666)
    if listens:
        made.listen(4096)
    return made


def tcp_socket(host="127.0.0.1", family=socket.AF_INET):
    made = socket.socket(family)
    made.bind((host, 0))
    made.listen(4096)
    return made


class Activated(Daemon):
    """orgd on sockets that outlive it."""

    def __init__(self, sockets=None, **options):
        super().__init__(**options)
        self.sockets = [local_socket(self.socket), tcp_socket()] if sockets is None else sockets

    def start(self):
        already = self.log.count(" serves epoch ") if self.log_path.exists() else 0
        arguments, options = command(self, self.sockets)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(arguments, stderr=log, stdout=log, **options)
        until(lambda: self.process.poll() is not None or self.log.count(" serves epoch ") > already, "orgd serving")
        if self.process.poll() is not None:
            raise AssertionError(f"orgd ended with {self.process.returncode}:\n{self.log}")
        return self

    def __exit__(self, *error):
        super().__exit__(*error)
        for each in self.sockets:
            each.close()


class Passed(unittest.TestCase):
    def test_systemd_itself_starts_it_at_the_first_call(self):
        daemon = Daemon()
        tcp = tcp_socket()
        port = tcp.getsockname()[1]
        tcp.close()
        with open(daemon.log_path, "ab") as log:
            daemon.process = subprocess.Popen(
                [ACTIVATE, "--listen", daemon.socket, "--listen", f"127.0.0.1:{port}", "--fdname", "orgd:orgd",
                 ORGD, "--config", daemon.config], stderr=log, stdout=log)
        until(daemon.socket.exists, "systemd listening")
        self.assertEqual(daemon.call("AdminService/GetStatus")["revision"], "0")
        self.assertIn(f"tcp port {port}", daemon.log)
        with self.assertRaisesRegex(Exception, "PEER_UNKNOWN"):
            daemon.orgctl("--operator", "--url", f"tcp://127.0.0.1:{port}", "whoami")
        self.assertEqual(daemon.stop(), 0)
        self.assertTrue(daemon.socket.exists())
        shutil.rmtree(daemon.state)

    def test_the_caller_is_who_the_kernel_says(self):
        with Activated() as daemon:
            daemon.state.chmod(0o755)
            self.assertIn(str(os.geteuid()), daemon.orgctl("whoami"))
            if os.geteuid() != 0:
                return
            # Somebody else is nobody to orgd, on the very same socket.
            other = os.fork()
            if not other:
                os.setgid(65534)
                os.setuid(65534)
                with Client(daemon.socket) as client:
                    os._exit(0 if client.call("AdminService/GetStatus").code in (DENIED, 16) else 1)
            self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(other, 0)[1]), 0)

    def test_the_socket_is_left_where_it_is_and_the_lock_is_its_own(self):
        with Activated() as daemon:
            before = daemon.socket.stat()
            self.assertEqual(daemon.stop(), 0)
            after = daemon.socket.stat()
            self.assertEqual((before.st_ino, before.st_mode), (after.st_ino, after.st_mode))
            self.assertTrue(pathlib.Path(f"{daemon.socket}.lock").exists())
            self.assertEqual(list(daemon.state.glob("orgd.sock.[0-9]*")), [])
            daemon.start()
            daemon.call("AdminService/GetStatus")

    def test_what_is_not_passed_it_makes_itself(self):
        with Activated(sockets=[tcp_socket()]) as daemon:
            daemon.call("AdminService/GetStatus")
            self.assertEqual(daemon.stop(), 0)
            self.assertFalse(daemon.socket.exists())

    def test_a_call_that_comes_while_it_is_down_waits_for_it(self):
        with Activated() as daemon:
            self.assertEqual(daemon.stop(), 0)
            answers = []
            caller = threading.Thread(target=lambda: answers.append(self.ask(daemon)))
            caller.start()
            until(lambda: self.waiting_at(daemon.socket), "a client in the socket")
            daemon.start()
            caller.join(60)
            self.assertEqual(answers, [OK])

    @staticmethod
    def ask(daemon):
        with Client(daemon.socket) as client:
            return client.call("AdminService/GetStatus").code

    @staticmethod
    def waiting_at(path):
        """Is there a connection that nobody has accepted? The kernel lists it beside the one that listens."""
        lines = pathlib.Path("/proc/net/unix").read_text().splitlines()
        return sum(line.endswith(f" {path}") for line in lines) > 1


class Restarts(unittest.TestCase):
    def test_restarts_under_load_refuse_no_connection_and_every_call_is_answered(self):
        with Activated() as self.daemon:
            self.over, self.failures = threading.Event(), []
            self.made, self.connections = [], [0] * CLIENTS
            clients = [threading.Thread(target=self.guard, args=(n,), daemon=True) for n in range(CLIENTS)]
            for client in clients:
                client.start()
            try:
                for _ in range(RESTARTS):
                    before = list(self.connections)
                    until(lambda: all(now > then for now, then in zip(self.connections, before)), "calls of each")
                    self.assertEqual(self.daemon.stop(), 0)
                    self.daemon.start()
            finally:
                self.over.set()
                for client in clients:
                    client.join(30)
            self.assertEqual(self.failures, [])
            with Client(self.daemon.socket) as operator:
                titles = [text(row, 2) for row in operator.list("DocumentService/ListDocuments")]
            self.assertEqual(sorted(titles), sorted(self.made))

    def guard(self, number):
        try:
            while not self.over.is_set():
                self.persist(f"{number}-{self.connections[number]}")
                self.connections[number] += 1
        except Exception as error:
            self.failures.append(f"{type(error).__name__}: {error}")

    def persist(self, title):
        """One call on a new connection. It may find itself cut off by the end of a daemon, and comes again; to connect
        never fails."""
        request_id = new_request_id()
        reply = None
        while not reply:
            with Client(self.daemon.socket) as client:
                try:
                    reply = client.call("DocumentService/CreateDocument", {1: {2: title, 3: "/"}}, request_id)
                except (ConnectionRefusedError, FileNotFoundError):
                    raise
                except OSError:
                    pass
        if reply.code != OK:
            raise AssertionError(f"{title}: {reply}")
        self.made.append(title)


class Refusals(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()
        self.elsewhere = self.daemon.state / "elsewhere.sock"

    def tearDown(self):
        shutil.rmtree(self.daemon.state)

    def expect(self, sentence, sockets, names=None):
        arguments, options = command(self.daemon, sockets, names)
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, **options)
        for each in sockets:
            each.close()
        self.assertEqual(done.returncode, EX_CONFIG, done.stderr)
        self.assertIn(sentence, done.stderr)

    def configure(self, old, new):
        self.daemon.config.write_text(self.daemon.config.read_text().replace(old, new))

    def test_another_name(self):
        self.expect('by the name "other"', [local_socket(self.daemon.socket)], "other")

    def test_another_path(self):
        self.expect(f"at {self.elsewhere}, but listen {{ ipc }} is {self.daemon.socket}",
                    [local_socket(self.elsewhere)])

    def test_an_abstract_address(self):
        self.expect("an abstract address", [self.abstract()])

    @staticmethod
    def abstract():
        made = socket.socket(socket.AF_UNIX)
        made.bind(f"\0orgd-test-{new_request_id()}")
        made.listen()
        return made

    def test_another_tcp_address(self):
        self.configure("127.0.0.1:0", "127.0.0.1:1")
        self.expect("but listen { tcp } is 127.0.0.1:1", [tcp_socket()])

    def test_tcp_on_another_host(self):
        self.expect("systemd passes a socket at 127.0.0.2:", [tcp_socket("127.0.0.2")])
        if socket.has_ipv6 and pathlib.Path("/proc/net/if_inet6").exists():
            self.expect("systemd passes a socket at [::1]:", [tcp_socket("::1", socket.AF_INET6)])

    def test_one_that_is_not_configured(self):
        self.configure('tcp = "127.0.0.1:0"', 'tcp = ""')
        self.expect("but listen { tcp } is empty", [tcp_socket()])
        self.configure(f'ipc = "{self.daemon.socket}"', 'ipc = ""')
        self.configure('tcp = ""', 'tcp = "127.0.0.1:0"')
        self.expect("but listen { ipc } is empty", [local_socket(self.daemon.socket)])

    def test_a_second_one_of_a_kind(self):
        self.expect("a second local socket", [local_socket(self.daemon.socket), local_socket(self.elsewhere)])

    def test_datagrams_one_that_does_not_listen_and_one_that_is_connected(self):
        kind = "is no listening stream socket"
        self.expect(kind, [local_socket(self.daemon.socket, socket.SOCK_DGRAM, listens=False)])
        self.expect(kind, [local_socket(self.elsewhere, listens=False)])
        ours, theirs = socket.socketpair()
        self.expect(kind, [ours])
        theirs.close()

    def test_a_file(self):
        with open(self.daemon.config) as file:
            self.expect("is no listening stream socket", [file])

    def test_a_daemon_that_holds_the_lock_keeps_the_socket_to_itself(self):
        with Daemon() as first:
            self.configure(str(self.daemon.socket), str(first.socket))
            passed = local_socket(self.elsewhere)
            first.socket.unlink()
            passed.close()
            passed = local_socket(first.socket)
            arguments, options = command(self.daemon, [passed])
            done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, **options)
            passed.close()
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("SOCKET_IN_USE", done.stderr)


if __name__ == "__main__":
    unittest.main()
