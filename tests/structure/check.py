#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the shape of the tree: what includes what, what stands at the top, how files begin and look.

Run from anywhere; prints each finding as file:line: sentence and exits 1 if there is one."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOP_LEVEL = {"CMakeLists.txt", "README.md", "LICENSE", "proto", "daemon", "client", "tests", "systemd"}

# What a room may include of the daemon: itself and the rooms below it.
ROOMS = {
    "base": {"base"},
    "secret": {"base", "secret"},
    "store": {"base", "secret", "store"},
    "domain": {"base", "domain"},
    "rpc": {"base", "rpc"},
    "service": {"base", "secret", "store", "domain", "rpc", "service"},
    "conf": {"base", "conf"},
    "courier": {"base", "conf", "courier"},
}
# Who alone may include a library's header.
BORDERS = {
    "sodium.h": ("daemon/secret/", "client/cli/checkpoint.c", "client/cli/import_file.c"),
    "lmdb.h": "daemon/store/",
    "curl/curl.h": "daemon/courier/",
    "idn2.h": ("daemon/base/", "client/cli/lazy.c"),
    "nng/": "tests/",
    "jansson.h": ("client/cli/", "tests/"),
}
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')
findings = []


def find(path, line, sentence):
    findings.append(f"{path}:{line}: {sentence}")


def tracked():
    """What git has, and what it would add."""
    out = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard"], check=True,
                         capture_output=True, text=True).stdout
    return [path for path in out.splitlines() if (ROOT / path).is_file()]


def check_top_level(paths):
    for name in sorted({path.split("/")[0] for path in paths}):
        if name not in TOP_LEVEL and not name.startswith("."):
            find(name, 1, "the top level is fixed")


def check_includes(path, text):
    room = path.split("/")[1] if path.startswith("daemon/") and path.count("/") > 1 else None
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        quote, header = match.groups()
        target = header.split("/")[0]
        if header.endswith(".c"):
            find(path, number, "includes a source file")
        if room in ROOMS and quote == '"' and target in ROOMS and target not in ROOMS[room]:
            find(path, number, f"{room}/ includes {target}/: arrows point one way")
        if path.startswith("client/lib/") and quote == '"' and target in ROOMS:
            find(path, number, "the client library shares only proto/ with the daemon")
        if path.startswith("client/cli/") and quote == '"' and target in ROOMS and target != "base":
            find(path, number, "orgctl knows base/ alone of the daemon")
        for library, homes in BORDERS.items():
            inside = path.startswith(homes) or path.startswith("tests/")
            if header.startswith(library) and not inside:
                find(path, number, f"{library} is included elsewhere only")


def check_form(path, text):
    lines = text.splitlines()
    if not any("SPDX-License-Identifier: Apache-2.0" in line for line in lines[:2]):
        find(path, 1, "has no SPDX line")
    if re.search(r"\.(c|h)$", path):
        for number, line in enumerate(lines, 1):
            if len(line.expandtabs(8)) > 100:
                find(path, number, "is wider than 100 columns")
            if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line):
                find(path, number, "is unfinished by its own word")


def check_readme():
    """The README's example is the one that is built and tested."""
    example = (ROOT / "client/lib/example.c").read_text()
    if f"```c\n{example}```\n" not in (ROOT / "README.md").read_text():
        find("README.md", 1, "does not hold client/lib/example.c as it is")


def check_format(paths):
    out = subprocess.run(["clang-format", "--dry-run", *paths], cwd=ROOT, capture_output=True, text=True).stderr
    for line in out.splitlines():
        if "warning:" in line:
            findings.append(line.replace("[-Wclang-format-violations]", "").strip())


def main():
    paths = tracked()
    check_top_level(paths)
    code = [path for path in paths if re.search(r"\.(c|h)$", path)]
    for path in code:
        text = (ROOT / path).read_text()
        check_includes(path, text)
        check_form(path, text)
    for path in paths:
        if re.search(r"(\.(py|proto|in)|CMakeLists\.txt|/run|/check|/quickstart)$", path) and \
                not path.startswith("proto/google/") and not path.startswith("proto/grpc/"):
            check_form(path, (ROOT / path).read_text())
    check_readme()
    check_format(code)
    print("\n".join(findings) if findings else f"{len(paths)} files are where and as they should be.")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
