# SPDX-License-Identifier: Apache-2.0
"""What answers look like in each format, that none is lost in silence, and how far long work is."""
import csv
import io
import json
import os
import re
import signal
import subprocess
import unittest

from harness import ORGCTL, PASSWORD, Daemon
from terminal import Terminal
from wire import Client

OTHER, USAGE, CONFLICT, PARTIAL = 1, 2, 6, 8
DOCUMENTS = 1200  # more than a page of a list


class OutputTest(unittest.TestCase):
    """Ada owns acme, which is verified. There are more documents than a page of a list has."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = cls.enterClassContext(Daemon(extra="limits { invitations_per_organization_per_day = 100000 }"))
        cls.daemon.start_courier()
        cls.orgctl("user", "sign-up", "ada@example.com", "--display-name", "Ada", "--password-file", "-",
                   stdin=PASSWORD)
        cls.orgctl("user", "verify", "--token-file", "-", stdin=cls.daemon.token_for("ada@example.com"))
        cls.orgctl("session", "sign-in", "ada@example.com", "--password-file", "-", profile="ada", stdin=PASSWORD)
        cls.orgctl("organization", "create", "acme", "--display-name", "Acme, \"the\" maker", "--legal-name",
                   "=HYPERLINK(\"http://evil.example\")", "--description", "Rockets\nand anvils", profile="ada")
        cls.orgctl("verification", "verify", "acme")
        cls.environment = {**os.environ, "ORGD_URL": cls.daemon.url, "ORGCTL_PROFILE": "ada", "TERM": "xterm",
                           "XDG_STATE_HOME": str(cls.daemon.state / "orgctl-state")}
        cls.environment.pop("NO_COLOR", None)
        cls.make_documents()

    @classmethod
    def make_documents(cls):
        """Over the socket, in one connection."""
        with Client(cls.daemon.socket) as operator:
            for i in range(DOCUMENTS):
                operator.call("DocumentService/CreateDocument", {1: {2: f"Document {i}", 3: f"s3://x/{i}"}})

    @classmethod
    def orgctl(cls, *arguments, **options):
        return cls.daemon.orgctl(*arguments, **options)

    def csv(self, *arguments):
        text = self.orgctl(*arguments, "-o", "csv")
        self.assertTrue(text == "" or text.endswith("\n"))
        return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))

    def raw(self, *arguments):
        """Bytes as they are: Python's text mode would hide line ends."""
        return subprocess.run([ORGCTL, *arguments], env={**self.environment, "ORGCTL_PROFILE": "operator"},
                              capture_output=True, timeout=120, check=True).stdout

    # --- formats ---

    def test_jsonl_has_an_element_a_line_over_all_pages(self):
        lines = self.orgctl("document", "list", "-o", "jsonl").splitlines()
        documents = json.loads(self.orgctl("document", "list", "-o", "json"))["documents"]
        self.assertEqual([json.loads(line) for line in lines], documents)
        self.assertGreaterEqual(len(lines), DOCUMENTS)

    def test_jsonl_of_one_thing_is_the_answer_on_a_line(self):
        line = self.orgctl("organization", "show", "acme", "-o", "jsonl", profile="ada")
        self.assertEqual(line.count("\n"), 1)
        self.assertEqual(json.loads(line), json.loads(self.orgctl("organization", "show", "acme", "-o", "json",
                                                                  profile="ada")))

    def test_a_list_that_is_empty(self):
        empty = ("invitation", "list", "acme", "--state", "declined")
        self.assertEqual(self.orgctl(*empty, "-o", "jsonl"), "")
        self.assertEqual(self.raw(*empty, "-o", "csv").count(b"\r\n"), 1)
        done = self.orgctl(*empty, check=False)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", "orgctl: none found\n"))

    def test_csv_is_rfc_4180(self):
        raw = self.raw("organization", "list", "-o", "csv")
        self.assertEqual(raw.replace(b"\r\n", b"").count(b"\n"), 0)
        self.assertTrue(raw.startswith(b"id,handle,display_name,verification,lifecycle,member_count,"))
        row = next(row for row in self.csv("organization", "list") if row["handle"] == "acme")
        self.assertEqual(row["display_name"], 'Acme, "the" maker')
        self.assertRegex(row["id"], r"^org_\w{26}$")
        self.assertRegex(row["create_time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")

    def test_csv_of_one_thing_has_every_field(self):
        row, = self.csv("organization", "show", "acme")
        shown = json.loads(self.orgctl("organization", "show", "acme", "-o", "json"))["organization"]
        self.assertEqual(row["description"], shown["description"])
        self.assertEqual(row["create_time"], shown["createTime"])
        self.assertEqual(row["verification"], "verified")
        self.assertEqual(row["etag"], shown["etag"])
        self.assertEqual(row["delete_time"], "")

    def test_csv_hands_no_formula_to_a_spreadsheet(self):
        row, = self.csv("organization", "show", "acme")
        self.assertEqual(row["legal_name"], "'=HYPERLINK(\"http://evil.example\")")

    def test_csv_covers_all_pages(self):
        self.assertEqual([row["id"] for row in self.csv("document", "list")],
                         self.orgctl("document", "list", "-q").split())

    def test_events_follow_in_every_format(self):
        follow = ("event", "follow", "--from", "1", "--limit", "3")
        for style in ("json", "jsonl"):
            self.assertEqual(len([json.loads(line) for line in self.orgctl(*follow, "-o", style).splitlines()]), 3)
        rows = self.csv(*follow)
        self.assertEqual(len(rows), 3)
        self.assertEqual(rows[0]["action"], "user.signed_up")

    def test_what_is_no_format(self):
        done = self.orgctl("document", "list", "-o", "xml", check=False)
        self.assertEqual(done.returncode, USAGE)
        self.assertIn("table, json, jsonl, csv", done.stderr)

    # --- for people ---

    def test_times_in_tables_say_how_far_away_they_are(self):
        self.orgctl("invitation", "create", "acme", "soon@example.com", profile="ada")
        table = self.orgctl("invitation", "list", "acme", profile="ada")
        self.assertRegex(table, r"soon@example\.com +member +pending +in 7 days ")
        self.assertRegex(self.orgctl("invitation", "show", "acme", "soon@example.com", profile="ada"),
                         r"expire time +\d{4}-\d\d-\d\dT\S+ \(in 7 days\)\n")
        self.assertRegex(self.orgctl("event", "list", "--limit", "1"), r"\n1 +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  user")

    def at_terminal(self, *arguments, **environment):
        terminal = Terminal(*arguments, environment={**self.environment, **environment})
        return terminal.finish(), terminal.seen

    def test_colours_are_for_terminals(self):
        listing = ("organization", "mine")
        self.assertIn("\x1b[1m", self.at_terminal(*listing)[1])
        self.assertNotIn("\x1b", self.at_terminal(*listing, NO_COLOR="1")[1])
        self.assertNotIn("\x1b", self.at_terminal(*listing, TERM="dumb")[1])
        self.assertNotIn("\x1b", self.orgctl(*listing, profile="ada"))
        code, seen = self.at_terminal("organization", "show", "nowhere")
        self.assertIn("\x1b[1;31merror:\x1b[0m", seen)
        self.assertNotIn("\x1b", self.at_terminal("organization", "show", "nowhere", NO_COLOR="1")[1])

    # --- what does not get out ---

    def operator_writes_to(self, file, *arguments, ignored=False):
        def begin():
            signal.signal(signal.SIGPIPE, signal.SIG_IGN if ignored else signal.SIG_DFL)

        return subprocess.run([ORGCTL, *arguments], env={**self.environment, "ORGCTL_PROFILE": "operator"},
                              stdout=file, stderr=subprocess.PIPE, text=True, restore_signals=False,
                              preexec_fn=begin, timeout=60)

    def test_a_full_disk_is_noticed_in_every_format(self):
        for style in ("table", "json", "jsonl", "csv"):
            with self.subTest(style=style), open("/dev/full", "w") as full:
                done = self.operator_writes_to(full, "document", "list", "-o", style)
                self.assertEqual(done.returncode, OTHER)
                self.assertEqual(done.stderr,
                                 "orgctl: error: the output could not be written: No space left on device\n")

    def test_a_reader_that_leaves_ends_it(self):
        for ignored in (False, True):
            read, write = os.pipe()
            os.close(read)
            with os.fdopen(write, "w") as pipe:
                done = self.operator_writes_to(pipe, "document", "list", "-o", "jsonl", ignored=ignored)
            if ignored:
                self.assertEqual(done.returncode, OTHER)
                self.assertIn("Broken pipe", done.stderr)
            else:
                self.assertEqual(done.returncode, -signal.SIGPIPE)

    # --- long work ---

    def many(self, name, count):
        return "".join(f"{name}{i}@example.com\n" for i in range(count))

    def test_many_are_invited_in_turns_with_a_bar(self):
        path = self.daemon.state / "many"
        path.write_text(self.many("bar", 250))
        many = ("invitation", "create-many", "acme", "--file", path)
        code, seen = self.at_terminal(*many)
        self.assertEqual(code, 0, seen)
        self.assertRegex(seen, r"\r\x1b\[KInviting  \[>? *\]  0 of 250")
        self.assertIn("Invited 250 of 250.", seen)
        self.assertIn("\r\x1b[K\x1b[1mEMAIL", seen, "the bar is taken away")
        code, seen = self.at_terminal(*many, "-q")
        self.assertNotIn("Inviting", seen)
        done = self.orgctl(*many, profile="ada", check=False)
        self.assertNotIn("Inviting", done.stdout + done.stderr)

    def test_a_list_shows_how_much_was_read(self):
        self.assertIn("Reading  1000", self.at_terminal("document", "list", ORGCTL_PROFILE="operator")[1])
        code, seen = self.at_terminal("document", "list", "-o", "jsonl", ORGCTL_PROFILE="operator")
        self.assertNotIn("Reading", seen, "the rows themselves scroll by")

    def test_a_rerun_under_the_same_id_goes_on_where_it_stopped(self):
        identifier = "a-rerun-0123456789abcdef"
        many = ("invitation", "create-many", "acme", "--file", "-", "--request-id", identifier, "-o", "jsonl")
        first = [json.loads(line) for line in
                 self.orgctl(*many, profile="ada", stdin=self.many("again", 150)).splitlines()]
        again = [json.loads(line) for line in
                 self.orgctl(*many, profile="ada", stdin=self.many("again", 150)).splitlines()]
        self.assertEqual(len(first), 150)
        self.assertEqual([result["invitation"]["id"] for result in first],
                         [result["invitation"]["id"] for result in again])
        done = self.orgctl(*many, profile="ada", stdin=self.many("other", 150), check=False)
        self.assertEqual(done.returncode, USAGE)
        self.assertIn("REQUEST_ID_REUSED", done.stderr)

    def test_the_id_for_a_rerun_is_told_before(self):
        done = self.orgctl("invitation", "create-many", "acme", "--file", "-", profile="ada",
                           stdin=self.many("told", 101), check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, r"the same line with --request-id [0-9a-f]{32} goes on where it stopped\n")

    def test_what_was_done_is_shown_before_it_breaks_off(self):
        path = self.daemon.state / "broken"
        path.write_text(self.many("broken", 100) + "x" * 2000 + "@example.com\n")
        done = self.orgctl("invitation", "create-many", "acme", "--file", path, "-o", "csv", profile="ada",
                           check=False)
        rows = list(csv.DictReader(io.StringIO(done.stdout, newline="")))
        self.assertGreaterEqual(len(rows), 100)
        self.assertIn(done.returncode, (USAGE, PARTIAL))

    def test_a_file_of_addresses_that_cannot_be_read(self):
        for path in ("/nowhere/at/all", str(self.daemon.state)):
            done = self.orgctl("invitation", "create-many", "acme", "--file", path, profile="ada", check=False)
            self.assertEqual(done.returncode, OTHER)
            self.assertRegex(done.stderr, rf"^orgctl: error: {re.escape(path)} cannot be read: ")

    # --- roles ---

    def test_no_role_is_taken_away_by_leaving_it_out(self):
        self.orgctl("user", "set-roles", "ada@example.com", "reviewer")
        for roles in ([], ["reviewer", "--none"]):
            done = self.orgctl("user", "set-roles", "ada@example.com", *roles, check=False)
            self.assertEqual(done.returncode, USAGE)
            self.assertIn("--none", done.stderr)
        self.assertIn("reviewer", self.orgctl("user", "show", "ada@example.com"))
        self.assertIn("has no platform role now", self.orgctl("user", "set-roles", "ada@example.com", "--none"))
        self.assertNotIn("reviewer", self.orgctl("user", "show", "ada@example.com"))


if __name__ == "__main__":
    unittest.main()
