#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The process: its flags and configuration, how it starts, serves stock nng clients, stops and starts again."""
import json
import os
import pathlib
import re
import signal
import socket
import stat
import struct
import subprocess
import tempfile
import threading
import unittest

from harness import ORGD, SOURCE, Daemon, Refused, until

EX_USAGE, EX_CONFIG = 64, 78


def orgd(*arguments, **options):
    return subprocess.run([ORGD, *map(str, arguments)], capture_output=True, text=True, timeout=60, **options)


def field(number, data):
    """A length-delimited protobuf field of fewer than 128 bytes."""
    return bytes([number << 3 | 2, len(data)]) + data


HEALTH_REQUEST = field(1, b"/grpc.health.v1.Health/Check")
SERVING = field(2, b"\x08\x01")  # Response.payload: HealthCheckResponse{status: SERVING}


class Flags(unittest.TestCase):
    def test_version_says_the_version(self):
        done = orgd("--version")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"^orgd \d+\.\d+\.\d+\n$")

    def test_help_names_every_flag(self):
        done = orgd("--help")
        self.assertEqual(done.returncode, 0)
        for flag in ("--config", "--check-config", "--print-config", "--clock-offset-file", "--version"):
            self.assertIn(flag, done.stdout)

    def test_an_unknown_or_abbreviated_flag_is_a_usage_error(self):
        for arguments in (["--nonsense"], ["--vers"], ["stray"]):
            done = orgd(*arguments)
            self.assertEqual(done.returncode, EX_USAGE, arguments)
            self.assertIn("see orgd --help", done.stderr)


class Configuration(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()
        self.good = self.daemon.config.read_text()

    def tearDown(self):
        subprocess.run(["rm", "-r", self.daemon.state], check=True)

    def check(self, text):
        self.daemon.config.write_text(text)
        return orgd("--config", self.daemon.config, "--check-config")

    def test_a_sound_one_passes(self):
        done = self.check(self.good)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("nothing is wrong", done.stdout)

    def test_what_is_printed_is_a_configuration_again(self):
        printed = orgd("--config", self.daemon.config, "--print-config")
        self.assertEqual(printed.returncode, 0)
        self.assertIn(str(self.daemon.socket), printed.stdout)
        self.assertEqual(self.check(printed.stdout).returncode, 0)

    def test_each_mistake_is_named_with_its_file_and_line(self):
        mistakes = {
            'nonsense = "1"': "nonsense",
            "map_gib = 0": "map_gib is 0; it may be 1 to 65536",
            "map_gib = many": "invalid integer value",
            'log_level = "loud"': "log_level",
            'state_directory = "relative"': "absolute path",
            'platform { courier = "nobody-of-that-name" }': 'no user "nobody-of-that-name"',
            'platform { operators = {"nobody-of-that-name"} }': 'no user "nobody-of-that-name"',
            'platform { portal_url = "ftp://x" }': "portal_url",
            'mail { sender = "not an address" }': "sender",
            'mail { join_url = "https://portal.example/join" }': "must hold {token}",
            "limits { invitation_expiry_hours = 721 }": "it may be 1 to 720",
            "limits { crypto_threads = 5 }": "it may be 0 to 4",
            "listen { ipc = ": "orgd.conf",
        }
        for mistake, sentence in mistakes.items():
            with self.subTest(mistake):
                done = self.check(f"\n\n{mistake}\n")
                self.assertEqual(done.returncode, EX_CONFIG)
                self.assertRegex(done.stderr, rf"{re.escape(str(self.daemon.config))}:[3-5]: ")
                self.assertIn(sentence, done.stderr)

    def test_comments_do_not_shift_the_line(self):
        done = self.check('# one\n// two\n/* three\nfour */ log_level = "in#fo"\nmap_gib = 0 # five\n')
        self.assertIn(f'{self.daemon.config}:4: log_level is "in#fo"', done.stderr)
        done = self.check("# one\n// two\n/* three\nfour */\nmap_gib = 0 # five\n")
        self.assertIn(f"{self.daemon.config}:5: map_gib is 0", done.stderr)
        sample = (SOURCE / "systemd" / "orgd.conf").read_text().splitlines()
        line = next(n for n, text in enumerate(sample, 1) if text.startswith("platform {"))
        sample.insert(line, "\tnonsense = 1")
        done = self.check("\n".join(sample) + "\n")
        self.assertIn(f"{self.daemon.config}:{line + 1}: ", done.stderr)

    def test_the_sample_is_sound(self):
        sample = (SOURCE / "systemd" / "orgd.conf").read_text()
        sample = sample.replace('courier = "orgd-courier"', 'courier = "root"')
        done = self.check(sample)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_what_one_option_needs_of_another_is_checked(self):
        for text, sentence in (
                ('listen { ipc = "" }', "nobody can call"),
                ('mail { sender = "a@b.example" }', "join_url }"),
                (self.good.replace('portal_url = "https://portal.example/"', ""), "portal_url }")):
            done = self.check(text)
            self.assertEqual(done.returncode, EX_CONFIG)
            self.assertIn(sentence, done.stderr)

    def test_a_missing_file_is_named(self):
        done = orgd("--config", "/nonexistent/orgd.conf", "--check-config")
        self.assertEqual(done.returncode, EX_CONFIG)
        self.assertIn("/nonexistent/orgd.conf: No such file", done.stderr)

    def test_a_missing_mail_template_is_named(self):
        templates = pathlib.Path(re.search(r'template_directory = "(.*)"', self.good).group(1))
        done = self.check(self.good.replace(str(templates), str(self.daemon.state / "none")))
        self.assertEqual(done.returncode, EX_CONFIG)
        self.assertIn("TEMPLATE_MISSING", done.stderr)

    def test_rule_45_it_does_not_start_without_its_master_key(self):
        key = self.daemon.state / "master.key"
        key.unlink()
        for text, reason in ((self.good, "MASTER_KEY_MISSING"),
                             (re.sub("master_key_file.*", "", self.good), "MASTER_KEY_MISSING")):
            self.daemon.config.write_text(text)
            done = orgd("--config", self.daemon.config)
            self.assertEqual(done.returncode, EX_CONFIG)
            self.assertIn(reason, done.stderr)
            self.assertFalse((self.daemon.state / "db").exists())
        key.write_bytes(b"short")
        self.daemon.config.write_text(self.good)
        done = orgd("--config", self.daemon.config)
        self.assertEqual(done.returncode, EX_CONFIG)
        self.assertIn("MASTER_KEY_MALFORMED", done.stderr)

    def test_rule_45_the_master_key_comes_as_a_credential_too(self):
        self.daemon.config.write_text(re.sub("master_key_file.*", "", self.good))
        self.daemon.start(env={**os.environ, "CREDENTIALS_DIRECTORY": str(self.daemon.state)})
        self.assertEqual(self.daemon.stop(), 0)


class Wire(unittest.TestCase):
    def nngcat(self, url, request):
        with tempfile.NamedTemporaryFile() as file:
            file.write(request)
            file.flush()
            done = subprocess.run(["nngcat", "--req", "--dial", url, "--raw", "--recv-timeout", "10", "--file", file.name],
                                  capture_output=True, timeout=60)
        return done.stdout

    def test_a_stock_nng_client_calls_over_ipc_and_tcp(self):
        with Daemon() as daemon:
            for url in (daemon.url, f"tcp://127.0.0.1:{daemon.tcp_port}"):
                self.assertIn(SERVING, self.nngcat(url, HEALTH_REQUEST), url)

    def test_garbage_gets_an_error_or_the_end_of_its_connection_and_disturbs_nobody(self):
        with Daemon() as daemon:
            self.assertIn(b"MALFORMED_REQUEST", self.nngcat(daemon.url, b"\xff\xff\xff\xff"))
            hello = b"\0SP\0\0\x30\0\0"
            for garbage in (b"GET / HTTP/1.1\r\n\r\n", hello + b"\0" * 64,
                            hello + b"\x01" + struct.pack(">Q", 1 << 40), b"\0SP\0\0\x10\0\0"):
                with socket.socket(socket.AF_UNIX) as client:
                    client.settimeout(30)
                    client.connect(str(daemon.socket))
                    client.sendall(garbage)
                    data = b"begin"
                    while data:
                        try:
                            data = client.recv(4096)
                        except ConnectionResetError:
                            data = b""
            self.assertIn(SERVING, self.nngcat(daemon.url, HEALTH_REQUEST))

    def test_peer_is_who_the_kernel_says_and_nobody_over_tcp(self):
        with Daemon() as daemon:
            self.assertEqual(daemon.call("SessionService/WhoAmI")["kind"], "KIND_OPERATOR")
            with self.assertRaises(Refused) as refused:
                daemon.orgctl("--operator", "--url", f"tcp://127.0.0.1:{daemon.tcp_port}", "whoami")
            self.assertIn("PEER_UNKNOWN", refused.exception.text)


class Life(unittest.TestCase):
    def test_the_socket_is_for_everybody_and_the_state_for_nobody_else(self):
        with Daemon() as daemon:
            self.assertEqual(stat.S_IMODE(daemon.socket.stat().st_mode), 0o666)
            self.assertEqual(stat.S_IMODE((daemon.state / "db").stat().st_mode), 0o700)

    def test_a_second_daemon_is_refused_and_the_first_serves_on(self):
        with Daemon() as daemon:
            second = orgd("--config", daemon.config)
            self.assertNotEqual(second.returncode, 0)
            self.assertIn("STORE_IN_USE", second.stderr)
            daemon.call("AdminService/GetStatus")

    def test_it_leaves_a_file_alone_that_is_where_its_socket_should_be(self):
        daemon = Daemon()
        daemon.socket.write_text("precious")
        done = orgd("--config", daemon.config)
        self.assertIn("SOCKET_PATH_TAKEN", done.stderr)
        self.assertEqual(daemon.socket.read_text(), "precious")
        subprocess.run(["rm", "-r", daemon.state], check=True)

    def test_sigterm_ends_it_with_zero_and_takes_its_socket_away(self):
        daemon = Daemon().start()
        self.assertEqual(daemon.stop(), 0)
        self.assertFalse(daemon.socket.exists())
        self.assertIn("nothing was left undone", daemon.log)
        subprocess.run(["rm", "-r", daemon.state], check=True)

    def test_a_waiting_call_is_answered_when_it_stops(self):
        with Daemon() as daemon:
            answers = []
            waiting = threading.Thread(target=lambda: answers.append(
                daemon.call("EventService/WatchEvents", {})))
            calls = int(daemon.call("AdminService/GetStatus")["calls"])
            waiting.start()
            # Two more have come in: the one that waits, and the one that asks.
            until(lambda: int(daemon.call("AdminService/GetStatus")["calls"]) >= calls + 2, "the call waiting")
            self.assertEqual(daemon.stop(), 0)
            waiting.join(30)
            self.assertEqual(len(answers), 1)

    def test_what_was_acknowledged_is_there_after_a_kill_and_the_epoch_stays(self):
        daemon = Daemon().start()
        before = daemon.call("AdminService/GetStatus")
        made = [daemon.call("DocumentService/CreateDocument",
                            {"document": {"title": f"Document {n}", "locator": f"/{n}"}})["document"]["id"]
                for n in range(20)]
        daemon.stop(signal.SIGKILL)
        daemon.start()
        listed = daemon.call("DocumentService/ListDocuments")["documents"]
        self.assertEqual([document["id"] for document in listed], made)
        after = daemon.call("AdminService/GetStatus")
        self.assertEqual(after["epoch"], before["epoch"])
        self.assertGreaterEqual(int(after["revision"]), int(before["revision"]) + 20)
        self.assertEqual(daemon.stop(), 0)
        subprocess.run(["rm", "-r", daemon.state], check=True)

    def test_rule_44_the_clock_follows_its_offset_file_and_the_log_warns(self):
        with Daemon() as daemon:
            self.assertIn("for tests only", daemon.log)
            daemon.advance(7 * 24 * 3600)
            made = daemon.call("DocumentService/CreateDocument", {"document": {"title": "Later", "locator": "/"}})
            started = daemon.call("AdminService/GetStatus")["startTime"]
            self.assertGreater(made["document"]["createTime"], started)
            self.assertEqual(daemon.stop(), 0)

    def test_a_full_battery_of_connections_costs_no_descriptor_afterwards(self):
        with Daemon() as daemon:
            descriptors = pathlib.Path(f"/proc/{daemon.process.pid}/fd")
            daemon.call("AdminService/GetStatus")
            before = len(list(descriptors.iterdir()))
            for _ in range(200):
                with socket.socket(socket.AF_UNIX) as client:
                    client.connect(str(daemon.socket))
            until(lambda: len(list(descriptors.iterdir())) <= before, "the descriptors coming back")
            json.dumps(daemon.call("AdminService/GetStatus"))


if __name__ == "__main__":
    unittest.main()
