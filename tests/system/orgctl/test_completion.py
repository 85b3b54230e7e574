# SPDX-License-Identifier: Apache-2.0
"""What the shells complete orgctl's lines by, in the shells themselves."""
import os
import pathlib
import subprocess
import tempfile
import unittest

from harness import ORGCTL
from terminal import Terminal, run

SHELLS = {"bash": ["-n"], "zsh": ["-n"], "fish": ["--no-execute"]}

# What may stand where the line ends: some of it, and some of what may not.
CASES = (
    ("orgctl ", {"member", "whoami", "call", "help"}, {"list", "--role"}),
    ("orgctl mem", {"member"}, {"user"}),
    ("orgctl help inv", {"invitation"}, {"member"}),
    ("orgctl member ", {"list", "change-role", "remove"}, {"member", "create"}),
    ("orgctl --profile ada member li", {"list"}, {"leave"}),
    ("orgctl member list acme --", {"--role", "--limit", "--output"}, {"--scope"}),
    ("orgctl member list acme --role ", {"member", "admin", "owner"}, {"pending"}),
    ("orgctl member list acme --role ad", {"admin"}, {"owner"}),
    ("orgctl member change-role acme ada@example.com ", {"member", "admin", "owner"}, {"acme"}),
    ("orgctl user list --state ", {"active", "disabled"}, {"pending"}),
    ("orgctl invitation list acme --state ", {"pending", "accepted"}, {"disabled"}),
    ("orgctl user set-roles ada@example.com reviewer plat", {"platform-admin"}, {"reviewer"}),
    ("orgctl -o ", {"table", "json", "jsonl", "csv"}, {"member"}),
    ("orgctl document show doc_x --output cs", {"csv"}, {"json"}),
    ("orgctl call MemberService/Get", {"MemberService/GetMember"}, {"MemberService/ListMembers"}),
    ("orgctl completion ", {"bash", "zsh", "fish"}, {"help"}),
    ("orgctl session sign-in ada@example.com --password-file some", {"some-password"}, {"bash"}),
)

BASH = """
source "$1"
[[ $(complete -p orgctl) == 'complete -F _orgctl orgctl' ]] || exit 1
line=$2
COMP_WORDS=($line)
[[ $line == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_orgctl orgctl "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


class CompletionTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.environment = {"PATH": os.environ["PATH"], "HOME": str(cls.directory), "TERM": "dumb", "PS1": "> ",
                           "XDG_STATE_HOME": str(cls.directory), "ORGD_URL": "ipc:///nowhere", "LC_ALL": "C.UTF-8"}
        (cls.directory / "some-password").touch()
        for shell in SHELLS:
            done = run("completion", shell, environment=cls.environment)
            assert done.returncode == 0, done.stderr
            (cls.directory / f"orgctl.{shell}").write_text(done.stdout)

    def run_shell(self, *arguments):
        done = subprocess.run(arguments, env=self.environment, cwd=self.directory, capture_output=True, text=True,
                              timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""), arguments)
        return done.stdout

    def test_each_is_a_script_of_its_shell(self):
        for shell, check in SHELLS.items():
            self.run_shell(shell, *check, self.directory / f"orgctl.{shell}")

    def check(self, complete):
        for line, expected, unexpected in CASES:
            with self.subTest(line=line):
                found = complete(line)
                self.assertLessEqual(expected, found)
                self.assertFalse(unexpected & found, found)

    def test_bash(self):
        self.check(lambda line: set(self.run_shell("bash", "-c", BASH, "bash", self.directory / "orgctl.bash",
                                                   line).split()))

    def test_bash_splits_at_the_equals_sign(self):
        found = self.run_shell("bash", "-c", BASH, "bash", self.directory / "orgctl.bash",
                               "orgctl member list acme --role = ad")
        self.assertEqual(found.split(), ["admin"])

    def test_fish(self):
        script = f"source {self.directory}/orgctl.fish; complete -C $argv[1]"
        self.check(lambda line: {found.split("\t")[0] for found in
                                 self.run_shell("fish", "--no-config", "-c", script, line).splitlines()})

    def test_zsh(self):
        """At a prompt, as a person sees it: what is typed ends where only one thing fits."""
        terminal = Terminal("-f", "-i", program="/usr/bin/zsh", environment=self.environment)
        terminal.until("> ")
        terminal.type(f"cd {self.directory}; unsetopt zle_bracketed_paste; autoload -U compinit; compinit -u -D; "
                      "source orgctl.zsh; echo rea''dy")
        terminal.until("ready")
        for typed, seen in (("mem", "member "), ("member chan", "member change-role "),
                            ("help inv", "help invitation "), ("-p ada member li", "-p ada member list "),
                            ("member list acme --ro", "member list acme --role="),
                            ("member list acme --role ad", "--role admin "), ("user list --state dis", "disabled "),
                            ("invitation list acme --state pend", "pending "),
                            ("member change-role acme ada own", "acme ada owner "),
                            ("user set-roles ada reviewer plat", "platform-admin "),
                            ("-o csv wh", "-o csv whoami "), ("call MemberService/GetM", "MemberService/GetMember "),
                            ("completion fi", "completion fish "),
                            ("session sign-in ada --password-file some", "some-password ")):
            with self.subTest(typed=typed):
                terminal.write(f"orgctl {typed}\t")
                terminal.until(seen)
                terminal.write("\x15")
        terminal.write("exit\n")
        terminal.finish()


if __name__ == "__main__":
    unittest.main()
