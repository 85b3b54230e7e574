# SPDX-License-Identifier: Apache-2.0
"""What orgctl says about itself, without a daemon."""
import os
import re
import tempfile
import unittest

from terminal import run

USAGE = 2
UNAVAILABLE = 7


class HelpTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.state = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.state.cleanup)
        cls.environment = {"XDG_STATE_HOME": cls.state.name, "PATH": os.environ["PATH"],
                           "ORGD_URL": f"ipc://{cls.state.name}/nobody.sock"}

    def orgctl(self, *arguments, stdin=""):
        return run(*arguments, environment=self.environment, stdin=stdin)

    def commands(self):
        """The syntax of every command, as the help of its noun lists it."""
        overview = self.orgctl().stdout
        nouns = re.findall(r"^  ([a-z-]+)  +\S", overview.split("Commands of their own")[0], re.M)
        self.assertGreater(len(nouns), 10)
        texts = [overview] + [self.orgctl("help", noun).stdout for noun in nouns]
        found = {line for text in texts for line in re.findall(r"^  orgctl (.*)\n      \S", text, re.M)}
        self.assertGreater(len(found), 70)
        return sorted(found)

    def test_every_command_has_help_with_an_example(self):
        for syntax in self.commands():
            words = re.match(r"[a-z -]+?(?= [<\[-]|$)", syntax).group().split()
            for asked in (["help", *words], [*words, "--help"]):
                with self.subTest(asked=asked):
                    done = self.orgctl(*asked)
                    self.assertEqual((done.returncode, done.stderr), (0, ""))
                    self.assertIn(f"usage: orgctl {syntax}\n", done.stdout)
                    self.assertIn(f"Example:\n  orgctl {' '.join(words)}", done.stdout)
                    self.assertNotIn("(null)", done.stdout)

    def test_help_comes_in_every_form(self):
        overview = self.orgctl()
        self.assertEqual(overview.returncode, 0)
        for asked in (["help"], ["--help"], ["-h"]):
            self.assertEqual(self.orgctl(*asked).stdout, overview.stdout)
        noun = self.orgctl("help", "member")
        self.assertIn("member remove <organization> <user> [--yes]", noun.stdout)
        for asked in (["member"], ["member", "--help"], ["--help", "member"]):
            self.assertEqual(self.orgctl(*asked).stdout, noun.stdout)

    def test_version(self):
        self.assertRegex(self.orgctl("--version").stdout, r"^orgctl \d+\.\d+\.\d+\n$")

    def test_no_option_takes_a_secret(self):
        for syntax in self.commands():
            for option in re.findall(r"--([a-z-]+) [A-Z]", syntax):
                if re.search(r"password|token|secret|(?<!public-)key", option):
                    self.assertTrue(option.endswith("-file"), syntax)

    def test_what_is_mistyped_is_answered_with_what_was_meant(self):
        for line, meant in ((["membr", "list"], "orgctl member"), (["member", "remov"], "orgctl member remove"),
                            (["org"], "orgctl organization"), (["help", "memberr"], "orgctl member"),
                            (["call", "MemberService/GetMembr"], "orgctl call MemberService/GetMember")):
            done = self.orgctl(*line)
            self.assertEqual(done.returncode, USAGE)
            self.assertTrue(done.stderr.startswith("orgctl: error: there is no "), done.stderr)
            self.assertTrue(done.stderr.endswith(f"hint: did you mean: {meant}\n"), done.stderr)

    def test_usage_errors_name_the_help_to_read(self):
        lines = (["member", "remove", "acme"], ["member", "list", "acme", "more"],
                 ["member", "list", "org_x", "--role", "king"], ["member", "list", "acme", "--rol", "owner"],
                 ["member", "list", "org_x", "--limit", "many"], ["member", "list", "acme", "-o", "xml"],
                 ["member", "list", "acme", "--timeout", "61"], ["member", "list", "acme", "--limit"],
                 ["grant", "create", "acme"], ["grant", "list"], ["session", "revoke"],
                 ["api-key", "create", "--display-name", "x", "--scope", "check", "-q"],
                 ["organization", "update", "acme"], ["organization", "create", "acme", "--display-name", "x",
                                                      "--metadata", "no-pair"],
                 ["invitation", "create-many", "acme"], ["user", "sign-up", "--display-name", "Ada"],
                 ["call", "MemberService/GetMember", "{"], ["call", "MemberService/GetMember", '{"no": 1}'],
                 ["whoami", "--operator", "--anonymous"], ["whoami", "--on-behalf-of", "usr_x"])
        for line in lines:
            with self.subTest(line=line):
                done = self.orgctl(*line)
                self.assertEqual(done.returncode, USAGE, done.stderr)
                self.assertRegex(done.stderr, rf"^orgctl: error: .+\nhint: orgctl help {line[0]}")
                self.assertEqual(done.stdout, "")

    def test_an_option_may_come_before_the_noun(self):
        done = self.orgctl("--output", "json", "member", "--help")
        self.assertEqual(done.returncode, 0)
        done = self.orgctl("--profile", "ada", "-o", "json", "whoami", "--url", f"ipc://{self.state.name}/x")
        self.assertEqual(done.returncode, UNAVAILABLE)

    def test_without_a_daemon_it_says_where_it_looked(self):
        done = self.orgctl("server", "health")
        self.assertEqual(done.returncode, UNAVAILABLE)
        self.assertRegex(done.stderr, r"^orgctl: error: .*\(UNAVAILABLE, CONNECTION_REFUSED\)\nhint: ")
        self.assertIn(f"{self.state.name}/nobody.sock", done.stderr)

    def test_a_url_that_is_none(self):
        done = self.orgctl("whoami", "--url", "http://portal.example/")
        self.assertEqual(done.returncode, USAGE)
        self.assertIn("URL_MALFORMED", done.stderr)

    def test_output_that_cannot_be_written_is_a_failure(self):
        import subprocess
        from harness import ORGCTL
        with open("/dev/full", "w") as full:
            done = subprocess.run([ORGCTL, "help"], env=self.environment, stdout=full, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 1)


if __name__ == "__main__":
    unittest.main()
