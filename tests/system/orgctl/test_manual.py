# SPDX-License-Identifier: Apache-2.0
"""The manual: the pages of orgctl hold every command, those of the daemons every option and flag, and all are set
without a warning."""
import os
import re
import subprocess
import tempfile
import unittest

from harness import BUILD, COURIER, ORGCTL, ORGD, SOURCE
from terminal import run

OF_ORGCTL = sorted((BUILD / "client" / "cli" / "man1").glob("*.1"))
BY_HAND = [BUILD / "daemon" / "man" / name for name in
           ("orgd.8", "orgd.conf.5", "orgd-courier.8", "orgd-courier.conf.5")]
# Where an option's default is, and where it is read.
CONFIGURATIONS = {"orgd.conf": SOURCE / "daemon" / "config.c",
                  "orgd-courier.conf": SOURCE / "daemon" / "courier" / "config.c"}


def page_text(path):
    """As on a terminal of 80 columns, without overstriking, and what groff has against it."""
    done = subprocess.run(["groff", "-ww", "-man", "-Tutf8", "-rLL=78n", path], capture_output=True, text=True,
                          env={**os.environ, "GROFF_NO_SGR": "1", "LC_ALL": "C.UTF-8"}, check=True)
    return re.sub(".\b", "", done.stdout), done.stderr


def options_of(source):
    """{(section, option)} that the program's table of options has; the section is "" outside of one."""
    text = source.read_text()
    tables = dict(re.findall(r"static cfg_opt_t (\w+)\[\] = \{(.*?)CFG_END", text, re.S))
    sections = {table: name for name, table in re.findall(r'CFG_SEC\("(\w+)", (\w+)', text)}
    return {(sections.get(table, ""), option) for table, rows in tables.items()
            for option in re.findall(r'CFG_(?:STR|INT|BOOL|STR_LIST|FLOAT)\("(\w+)"', rows)}


def documented(name):
    """{(section, option): default} that the page tells of."""
    found, section = {}, ""
    for line in (SOURCE / "daemon" / "man" / f"{name}.5.scd").read_text().splitlines():
        if heading := re.match(r"# (\w+)$", line):
            section = "" if heading[1] == "OPTIONS" else heading[1].lower()
        elif option := re.match(r"\*(\w+)\* = (.*)$", line):
            found[section, option[1]] = option[2]
    return found


def sampled(name):
    """The same of the sample configuration, for what is commented out there: that stands with its default."""
    found, section = {}, ""
    for line in (SOURCE / "systemd" / name).read_text().splitlines():
        if begin := re.match(r"(\w+) \{", line):
            section = begin[1]
        elif line == "}":
            section = ""
        elif option := re.match(r"\s*(# )?(\w+) = (.*)$", line):
            found[section, option[2]] = option[3] if option[1] else None
    return found


class ManualTest(unittest.TestCase):
    maxDiff = None

    def test_groff_has_nothing_against_any_page(self):
        for path in [*OF_ORGCTL, *BY_HAND]:
            with self.subTest(page=path.name):
                text, complaints = page_text(path)
                self.assertEqual(complaints, "")
                self.assertRegex(text, r"\nNAME\n +\S+ - \S")
                self.assertLessEqual(max(map(len, text.splitlines())), 80)

    def test_every_noun_has_a_page_with_its_commands(self):
        with tempfile.TemporaryDirectory() as state:
            environment = {"XDG_STATE_HOME": state, "PATH": os.environ["PATH"]}
            overview = run("help", environment=environment).stdout.split("Commands of their own")[0]
            nouns = re.findall(r"^  ([a-z-]+)  +\S", overview, re.M)
            self.assertEqual([path.name for path in OF_ORGCTL],
                             sorted(["orgctl.1", *(f"orgctl-{noun}.1" for noun in nouns)]))
            for noun in nouns:
                text = page_text(BUILD / "client" / "cli" / "man1" / f"orgctl-{noun}.1")[0]
                commands = re.findall(rf"^  orgctl {noun} ([a-z-]+)", run("help", noun, environment=environment).stdout,
                                      re.M)
                self.assertGreater(len(commands), 1)
                for verb in commands:
                    self.assertRegex(text, rf"\n   {verb}\n +orgctl {noun} {verb}")
                    self.assertRegex(text, rf"\n {{11}}orgctl {noun} {verb}", "it has an example")

    def test_every_option_of_a_configuration_has_a_paragraph_and_a_line_in_the_sample(self):
        for name, source in CONFIGURATIONS.items():
            with self.subTest(configuration=name):
                options = options_of(source)
                self.assertGreater(len(options), 10)
                self.assertEqual(set(documented(name)), options)
                self.assertEqual(set(sampled(name)), options)

    def test_page_and_sample_tell_the_same_defaults(self):
        for name in CONFIGURATIONS:
            page = documented(name)
            for option, default in sampled(name).items():
                if default is not None and option != ("smtp", "starttls"):
                    self.assertEqual(page[option], default, option)

    def test_the_defaults_are_those_in_effect(self):
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as empty:
            empty.write("maildir = \"/tmp\"\n")
            empty.flush()
            printed = {"orgd.conf": [ORGD, "--config", "/dev/null"],
                       "orgd-courier.conf": [COURIER, "--config", empty.name]}
            for name, command in printed.items():
                done = subprocess.run([*command, "--print-config"], capture_output=True, text=True, check=True)
                section = ""
                for line in done.stdout.splitlines():
                    if begin := re.match(r"(\w+) \{", line):
                        section = begin[1]
                    elif line == "}":
                        section = ""
                    elif (option := re.match(r"\s*(?:# )?(\w+) ?= ?(.*)$", line)) and option[1] != "maildir" and \
                            option[1] != "template_directory":
                        default = documented(name)[section, option[1]]
                        self.assertIn(option[2] or '""', (default, default.strip('"') or '""'), (section, option[1]))

    def test_every_flag_has_a_paragraph(self):
        for program, page in ((ORGD, "orgd.8"), (COURIER, "orgd-courier.8")):
            shown = subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout
            text = page_text(BUILD / "daemon" / "man" / page)[0]
            flags = re.findall(r"--[a-z-]+", shown)
            self.assertGreater(len(flags), 3)
            for flag in flags:
                self.assertIn(flag, text, page)

    def test_orgctl_names_its_formats_and_exit_codes(self):
        text = page_text(BUILD / "client" / "cli" / "man1" / "orgctl.1")[0]
        for word in ("jsonl", "csv", "NO_COLOR", "ORGCTL_PROFILE", "--request-id"):
            self.assertIn(word, text)
        for code in range(11):
            self.assertRegex(text, rf"\n +{code} +\S")


if __name__ == "__main__":
    unittest.main()
