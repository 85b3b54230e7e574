#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""orgd-courier's flags and configuration."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from harness import COURIER, SOURCE

EX_USAGE, EX_CONFIG = 64, 78
SMTP = 'smtp { url = "smtp://127.0.0.1:25" }\n'


def courier(*arguments, **options):
    return subprocess.run([COURIER, *map(str, arguments)], capture_output=True, text=True, timeout=60, **options)


class Flags(unittest.TestCase):
    def test_version_says_the_version(self):
        done = courier("--version")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"^orgd-courier \d+\.\d+\.\d+\n$")

    def test_help_names_every_flag(self):
        done = courier("--help")
        self.assertEqual(done.returncode, 0)
        for flag in ("--config", "--check-config", "--print-config", "--version"):
            self.assertIn(flag, done.stdout)

    def test_an_unknown_or_abbreviated_flag_is_a_usage_error(self):
        for arguments in (["--nonsense"], ["--vers"], ["stray"]):
            done = courier(*arguments)
            self.assertEqual(done.returncode, EX_USAGE, arguments)
            self.assertIn("see orgd-courier --help", done.stderr)


class Configuration(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="orgd-courier-test-"))
        self.file = self.directory / "orgd-courier.conf"

    def tearDown(self):
        shutil.rmtree(self.directory)

    def check(self, text, **environment):
        self.file.write_text(text)
        inherited = {name: value for name, value in os.environ.items() if name != "CREDENTIALS_DIRECTORY"}
        return courier("--config", self.file, "--check-config", env={**inherited, **environment})

    def expect_sound(self, text, **environment):
        done = self.check(text, **environment)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("nothing is wrong", done.stdout)

    def expect_wrong(self, text, sentence, **environment):
        done = self.check(text, **environment)
        self.assertEqual(done.returncode, EX_CONFIG, text)
        self.assertIn(sentence, done.stderr)

    def test_sound_ones_pass(self):
        self.expect_sound(SMTP)
        self.expect_sound('smtp { url = "smtps://mail.example:465"\n starttls = "optional" }')
        self.expect_sound('smtp { url = "smtp://[::1]:2525" }')
        self.expect_sound('maildir = "/tmp/mail"\n')
        self.expect_sound("")
        self.expect_sound('webhooks { workers = 64\n allow_private_networks = true\n ca_file = "/etc/ca.pem" }')
        self.expect_sound(SMTP + "webhooks { workers = 0 }")

    def test_each_mistake_is_named_with_its_file_and_line(self):
        mistakes = {
            'nonsense = "1"': "nonsense",
            'log_level = "loud"': "log_level",
            'maildir = "relative"': "absolute path",
            'smtp { url = "http://mail.example" }': "smtp://host:port",
            'smtp { url = "smtp://user:secret@mail.example" }': "smtp://host:port",
            'smtp { url = "smtp://mail.example/\\r\\nRCPT" }': "smtp://host:port",
            'smtp { url = "smtp://" }': "smtp://host:port",
            'smtp { starttls = "never" }': "required or optional",
            'smtp { username = "a\\nb" }': "control character",
            'smtp { ca_file = "ca.pem" }': "absolute path",
            'smtp { timeout_s = 0 }': "it may be 1 to 120",
            'smtp { connect_timeout_s = 121 }': "it may be 1 to 120",
            'webhooks { workers = 65 }': "it may be 0 to 64",
            'webhooks { allow_private_networks = maybe }': "allow_private_networks",
            'webhooks { ca_file = "ca.pem" }': "absolute path",
            'webhooks { timeout_s = 121 }': "it may be 1 to 120",
            'webhooks { connect_timeout_s = 0 }': "it may be 1 to 120",
            'smtp { url = ': "orgd-courier.conf",
        }
        for mistake, sentence in mistakes.items():
            with self.subTest(mistake):
                done = self.check(f"\n\n{mistake}\n")
                self.assertEqual(done.returncode, EX_CONFIG)
                self.assertRegex(done.stderr, rf"{re.escape(str(self.file))}:[3-5]: ")
                self.assertIn(sentence, done.stderr)

    def test_mails_go_to_one_place(self):
        self.expect_wrong(SMTP + 'maildir = "/tmp/mail"\n', "give either")

    def test_a_courier_has_something_to_do(self):
        self.expect_wrong("webhooks { workers = 0 }", "nothing to do")

    def test_every_option_is_printed_as_it_is_in_effect(self):
        self.file.write_text(SMTP + "webhooks { timeout_s = 7 }\n")
        printed = courier("--config", self.file, "--print-config")
        self.assertEqual((printed.returncode, printed.stderr), (0, ""))
        for line in ('log_level="info"', '  url="smtp://127.0.0.1:25"', '  starttls="required"', 'maildir=""',
                     "  workers=8", "  allow_private_networks=false", "  timeout_s=7", "  timeout_s=120"):
            self.assertIn(line, printed.stdout.splitlines())
        self.expect_sound(printed.stdout)
        again = courier("--config", self.file, "--print-config")
        self.assertEqual(again.stdout, printed.stdout)

    def test_the_sample_names_every_option_with_its_default(self):
        sample = (SOURCE / "systemd" / "orgd-courier.conf").read_text()
        self.expect_sound(sample)
        uncommented = re.sub(r"(?m)^(\s*)# (\w+ = )", r"\1\2", sample)
        self.file.write_text(uncommented)
        from_sample = courier("--config", self.file, "--print-config")
        self.assertEqual(from_sample.stderr, "")
        self.file.write_text(re.search(r"(?ms)^smtp \{.*?^\}", sample).group())
        self.assertEqual(from_sample.stdout, courier("--config", self.file, "--print-config").stdout)

    def test_a_username_needs_a_password(self):
        user = 'smtp { url = "smtp://127.0.0.1:25"\n username = "portal"\n %s }\n'
        self.expect_wrong(user % "", "password_file or the credential")
        self.expect_wrong(user % 'password_file = "/nonexistent/password"', "No such file")
        password = self.directory / "smtp.password"
        for text, sentence in (("", "1 to 1024"), ("\n", "1 to 1024"), ("x" * 1025, "1 to 1024"),
                               ("one\r\ntwo", "control character")):
            password.write_text(text)
            self.expect_wrong(user % f'password_file = "{password}"', sentence)
        password.write_text("secret\n")
        self.expect_sound(user % f'password_file = "{password}"')
        self.expect_sound(user % "", CREDENTIALS_DIRECTORY=str(self.directory))

    def test_a_missing_file_is_named(self):
        done = courier("--config", "/nonexistent/orgd-courier.conf", "--check-config")
        self.assertEqual(done.returncode, EX_CONFIG)
        self.assertIn("/nonexistent/orgd-courier.conf: No such file", done.stderr)


if __name__ == "__main__":
    unittest.main()
