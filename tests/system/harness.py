# SPDX-License-Identifier: Apache-2.0
"""Starts the real daemon, and the real courier where a test wants it, on a state directory of their own, and calls
them through orgctl. ORGD_BUILD names the build directory."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

BUILD = pathlib.Path(os.environ["ORGD_BUILD"])
SOURCE = pathlib.Path(__file__).resolve().parents[2]
ORGD = BUILD / "daemon" / "orgd"
COURIER = BUILD / "daemon" / "orgd-courier"
ORGCTL = BUILD / "client" / "cli" / "orgctl"
PASSWORD = "correct horse battery staple"
STARTS_WITHIN_S = 30


def until(condition, what, seconds=STARTS_WITHIN_S):
    """Waits for what other processes do; the wait ends as soon as it is done."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(0.005)
    raise AssertionError(f"{what} did not happen within {seconds} s")


class Refused(Exception):
    """A call that orgctl reported as failed."""

    def __init__(self, exit_code, text):
        super().__init__(text)
        self.exit_code = exit_code
        self.text = text


class Daemon:
    """orgd on a directory of its own. Use it as a context manager."""

    def __init__(self, state=None, mail=True, extra=""):
        self.own_state = state is None
        self.state = pathlib.Path(state or tempfile.mkdtemp(prefix="orgd-test-"))
        self.state.mkdir(exist_ok=True)
        self.socket = self.state / "orgd.sock"
        self.maildir = self.state / "mail"
        self.log_path = self.state / "orgd.log"
        self.offset_file = self.state / "clock-offset"
        self.process = self.courier = None
        key = self.state / "master.key"
        if not key.exists():
            key.write_bytes(os.urandom(32))
            self.offset_file.write_text("0\n")
        self.config = self.state / "orgd.conf"
        self.config.write_text(self.configuration(mail, extra))

    def configuration(self, mail, extra):
        sender = "portal@portal.example" if mail else ""
        return f"""
state_directory = "{self.state}"
master_key_file = "{self.state}/master.key"
map_gib = 16
listen {{
	ipc = "{self.socket}"
	tcp = "127.0.0.1:0"
}}
platform {{
	portal_url = "https://portal.example/"
	courier = "{os.geteuid()}"
}}
mail {{
	sender = "{sender}"
	join_url = "https://portal.example/join?token={{token}}"
	verify_url = "https://portal.example/verify?token={{token}}"
	reset_url = "https://portal.example/reset?token={{token}}"
	template_directory = "{SOURCE}/daemon/templates"
}}
{extra}
"""

    @property
    def url(self):
        return f"ipc://{self.socket}"

    @property
    def log(self):
        return self.log_path.read_text()

    def start(self, **options):
        """Starts it and waits until it serves."""
        already = self.log.count(" serves epoch ") if self.log_path.exists() else 0
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [ORGD, "--config", self.config, "--clock-offset-file", self.offset_file],
                stderr=log, stdout=log, **options)

        def serves():
            if self.process.poll() is not None:
                raise AssertionError(f"orgd ended with {self.process.returncode}:\n{self.log}")
            return self.log.count(" serves epoch ") > already

        until(serves, "orgd serving")
        self.tcp_port = int(re.findall(r"tcp port (\d+)", self.log)[-1])
        return self

    def start_courier(self, settings=None):
        config = self.state / "orgd-courier.conf"
        config.write_text(f'orgd = "{self.url}"\n' + (settings or f'maildir = "{self.maildir}"\n'))
        with open(self.state / "orgd-courier.log", "ab") as log:
            self.courier = subprocess.Popen([COURIER, "--config", config], stderr=log, stdout=log)
        return self.courier

    def stop(self, how=signal.SIGTERM):
        for process in (self.courier, self.process):
            if process and process.poll() is None:
                process.send_signal(how)
        code = self.process.wait(60) if self.process else None
        if self.courier:
            self.courier.wait(60)
        self.process = self.courier = None
        return code

    def advance(self, seconds):
        """Moves orgd's clock."""
        part = self.offset_file.with_suffix(".part")
        part.write_text(f"{int(self.offset_file.read_text()) + seconds}\n")
        part.rename(self.offset_file)

    def orgctl(self, *arguments, profile="operator", stdin=None, check=True):
        """One orgctl command with a profile of its own. Returns what it printed."""
        environment = {**os.environ, "ORGD_URL": self.url, "ORGCTL_PROFILE": profile,
                       "XDG_STATE_HOME": str(self.state / "orgctl-state")}
        done = subprocess.run([ORGCTL, *map(str, arguments)], env=environment, input=stdin,
                              capture_output=True, text=True, timeout=120)
        if check and done.returncode != 0:
            raise Refused(done.returncode, done.stderr)
        return done.stdout if check else done

    def call(self, method, request=None, **options):
        """Any rpc, in ProtoJSON."""
        return json.loads(self.orgctl("call", method, json.dumps(request or {}), **options))

    def mails(self, recipient):
        """The mails in the courier's maildir for a recipient, oldest first."""
        import email
        import email.policy
        found = []
        for path in (self.maildir / "new").glob("*") if self.maildir.exists() else []:
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            if recipient in str(message["To"]):
                found.append((path.stat().st_mtime_ns, message))
        return [message for _, message in sorted(found, key=lambda pair: pair[0])]

    def wait_for_mail(self, recipient, count=1):
        return until(lambda: (m := self.mails(recipient)) and len(m) >= count and m, f"mail to {recipient}")[-1]

    def token_for(self, recipient, count=1):
        """The token in the newest mail's link."""
        text = self.wait_for_mail(recipient, count).get_body(("plain",)).get_content()
        return re.search(r"token=([A-Za-z0-9_-]+)", text).group(1)

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, value, traceback):
        if self.process:
            self.stop(signal.SIGKILL if kind else signal.SIGTERM)
        if kind:
            print(f"\n--- orgd's log ---\n{self.log}")
        elif self.own_state:
            shutil.rmtree(self.state)
