# SPDX-License-Identifier: Apache-2.0
"""Sessions between runs, identities, prompts and secrets."""
import json
import os
import pathlib
import shutil
import stat
import unittest

from harness import PASSWORD, Daemon
from terminal import Terminal, run

OTHER, USAGE, UNAUTHENTICATED, DECLINED = 1, 2, 4, 9


class SessionTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = cls.enterClassContext(Daemon())
        cls.daemon.start_courier()
        for name in ("ada", "bob"):
            cls.daemon.orgctl("user", "sign-up", f"{name}@example.com", "--display-name", name.title(),
                              "--password-file", "-", stdin=PASSWORD)
            cls.daemon.orgctl("user", "verify", "--token-file", "-",
                              stdin=cls.daemon.token_for(f"{name}@example.com"))

    def setUp(self):
        self.home = self.daemon.state / "home"
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir()
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(self.home), "ORGD_URL": self.daemon.url}
        self.directory = self.home / ".local" / "state" / "orgctl"

    def orgctl(self, *arguments, stdin="", **more):
        return run(*arguments, environment={**self.environment, **more}, stdin=stdin)

    def at_terminal(self, *arguments):
        return Terminal(*arguments, environment=self.environment)

    def sign_in(self, name, profile=None):
        done = self.orgctl("session", "sign-in", f"{name}@example.com", "--password-file", "-",
                           "--profile", profile or name, stdin=PASSWORD + "\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        return self.directory / f"{profile or name}.session"

    def who(self, *arguments, **more):
        done = self.orgctl("whoami", *arguments, **more)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    # --- where a session is kept ---

    def test_a_session_is_for_its_owner_alone(self):
        path = self.sign_in("ada")
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(self.directory.stat().st_mode), 0o700)
        self.assertEqual([entry.name for entry in self.directory.iterdir()], ["ada.session"])

    def test_the_state_directory_is_that_of_xdg(self):
        done = self.orgctl("session", "sign-in", "ada@example.com", "--password-file", "-", stdin=PASSWORD,
                           XDG_STATE_HOME=f"{self.home}/state")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue((self.home / "state" / "orgctl" / "default.session").exists())

    def test_what_others_can_read_is_refused(self):
        path = self.sign_in("ada")
        for mode in (0o640, 0o604, 0o620):
            path.chmod(mode)
            done = self.orgctl("whoami", "--profile", "ada")
            self.assertEqual(done.returncode, OTHER)
            self.assertIn("chmod 600", done.stderr)
        path.chmod(0o600)
        self.directory.chmod(0o755)
        self.assertEqual(self.orgctl("whoami", "--profile", "ada").returncode, OTHER)

    def test_a_link_or_a_pipe_in_its_place_is_refused(self):
        path = self.sign_in("ada")
        path.rename(self.directory / "elsewhere")
        path.symlink_to(self.directory / "elsewhere")
        self.assertEqual(self.orgctl("whoami", "--profile", "ada").returncode, OTHER)
        self.sign_in_over(path)
        os.mkfifo(self.directory / "pipe.session", 0o600)
        self.assertEqual(self.orgctl("whoami", "--profile", "pipe").returncode, OTHER)

    def sign_in_over(self, path):
        """Writing replaces the link and leaves alone what it led to."""
        path.unlink()
        target = self.home / "precious"
        target.write_text("precious")
        (self.directory / "eve.session").symlink_to(target)
        done = self.orgctl("session", "sign-in", "bob@example.com", "--password-file", "-", "--profile", "eve",
                           stdin=PASSWORD)
        self.assertEqual(done.returncode, OTHER, "a link is no session, not even an old one")
        self.assertEqual(target.read_text(), "precious")

    def test_a_profile_is_no_path(self):
        for name in ("../ada", ".ada", "a/b", "", "a b", "x" * 65):
            done = self.orgctl("whoami", "--profile", name)
            self.assertEqual(done.returncode, USAGE, name)

    # --- as whom ---

    def test_profiles_live_side_by_side(self):
        self.sign_in("ada")
        self.sign_in("bob")
        self.assertIn("ada@example.com", self.who("--profile", "ada"))
        self.assertIn("bob@example.com", self.who(ORGCTL_PROFILE="bob"))
        self.assertIn("ada@example.com", self.who("--profile", "ada", ORGCTL_PROFILE="bob"))
        self.assertIn("operator", self.who())
        self.assertEqual(self.orgctl("session", "profiles", "-q").stdout, "ada\nbob\n")
        profiles = json.loads(self.orgctl("session", "profiles", "-o", "json").stdout)
        self.assertEqual([profile["email"] for profile in profiles], ["ada@example.com", "bob@example.com"])

    def test_only_where_no_session_was_ever_saved_it_is_the_operator(self):
        self.assertIn("operator", self.who())
        path = self.sign_in("ada", "default")
        self.assertIn("ada@example.com", self.who())
        self.assertEqual(self.orgctl("session", "sign-out").returncode, 0)
        self.assertNotIn("orgd_s_", path.read_text())
        done = self.orgctl("whoami")
        self.assertEqual(done.returncode, UNAUTHENTICATED)
        self.assertIn("signed out", done.stderr)
        self.assertIn("hint: sign in again: orgctl session sign-in ada@example.com", done.stderr)
        self.assertIn("operator", self.who("--operator"))

    def test_the_url_is_remembered(self):
        self.sign_in("ada")
        del self.environment["ORGD_URL"]
        self.assertIn("ada@example.com", self.who("--profile", "ada"))
        self.assertIn("ada@example.com",
                      self.who("--profile", "ada", "--url", f"tcp://127.0.0.1:{self.daemon.tcp_port}"))

    def test_signing_out_ends_the_session_and_survives_one_that_has_ended(self):
        path = self.sign_in("ada")
        token = path.read_text()
        self.assertEqual(self.orgctl("session", "sign-out", "--profile", "ada").returncode, 0)
        path.write_text(token)
        done = self.orgctl("whoami", "--profile", "ada")
        self.assertEqual(done.returncode, UNAUTHENTICATED)
        self.assertIn("SESSION_EXPIRED", done.stderr)
        self.assertEqual(self.orgctl("session", "sign-out", "--profile", "ada").returncode, 0)

    def test_a_service_speaks_by_its_key_and_for_others(self):
        key = self.home / "portal.key"
        done = self.orgctl("api-key", "create", "--display-name", "portal", "--scope", "act", "--scope", "check",
                           "--secret-file", key, "-q")
        self.assertRegex(done.stdout, r"^key_\w{26}\n$")
        self.assertEqual(stat.S_IMODE(key.stat().st_mode), 0o600)
        self.assertIn("service", self.who("--api-key-file", key))
        user = self.orgctl("user", "list", "--email", "bob@example.com", "-q").stdout.strip()
        self.assertIn("bob@example.com", self.who("--api-key-file", key, "--on-behalf-of", user))
        self.assertEqual(self.orgctl("api-key", "create", "--display-name", "x", "--scope", "act",
                                     "--secret-file", key).returncode, OTHER, "a file is not overwritten")
        self.assertEqual(len(self.orgctl("api-key", "list", "-q").stdout.split()), 1)

    def test_nobody_is_nobody(self):
        done = self.orgctl("whoami", "--anonymous")
        self.assertEqual(done.returncode, UNAUTHENTICATED)

    # --- at the terminal ---

    def test_a_password_is_asked_for_and_not_shown(self):
        terminal = self.at_terminal("session", "sign-in", "ada@example.com")
        terminal.until("Password: ")
        command = pathlib.Path(f"/proc/{terminal.pid}/cmdline").read_bytes()
        self.assertEqual(command.split(b"\0")[1:-1], [b"session", b"sign-in", b"ada@example.com"])
        terminal.type(PASSWORD)
        self.assertEqual(terminal.finish(), 0, terminal.seen)
        self.assertNotIn(PASSWORD, terminal.seen)
        self.assertIn("ada@example.com", self.who())

    def test_a_new_password_is_asked_for_twice(self):
        terminal = self.at_terminal("user", "sign-up", "eve@example.com", "--display-name", "Eve")
        terminal.until("Password: ")
        terminal.type(PASSWORD)
        terminal.until("Once more: ")
        terminal.type(PASSWORD + "!")
        self.assertEqual(terminal.finish(), USAGE)
        self.assertIn("the two are not the same", terminal.seen)

    def test_interrupting_a_prompt_leaves_the_terminal_as_it_was(self):
        terminal = self.at_terminal("session", "sign-in", "ada@example.com")
        terminal.until("Password: ")
        terminal.interrupt()
        self.assertEqual(terminal.finish(), -2)
        self.assertTrue(terminal.echoes)

    def test_no_terminal_no_password(self):
        done = self.orgctl("session", "sign-in", "ada@example.com")
        self.assertEqual(done.returncode, USAGE)
        self.assertIn("--password-file", done.stderr)

    def test_a_wrong_password(self):
        done = self.orgctl("session", "sign-in", "bob@example.com", "--password-file", "-", stdin="not this one\n")
        self.assertEqual(done.returncode, UNAUTHENTICATED)
        self.assertIn("SIGN_IN_FAILED", done.stderr)
        self.assertFalse(self.directory.exists())

    def test_a_destructive_command_asks_first(self):
        self.sign_in("ada", "default")
        for answer, code in (("n", DECLINED), ("", DECLINED), ("yes", 0)):
            terminal = self.at_terminal("session", "revoke", "--all")
            terminal.until("Go on? [y/N] ")
            terminal.type(answer)
            self.assertEqual(terminal.finish(), code, terminal.seen)
        self.assertEqual(self.orgctl("whoami").returncode, UNAUTHENTICATED)

    def test_without_a_terminal_it_is_declined_unless_told_to_go_on(self):
        self.sign_in("ada", "default")
        done = self.orgctl("session", "revoke", "--all")
        self.assertEqual(done.returncode, DECLINED)
        self.assertRegex(done.stderr, r"^orgctl: error: declined, since .*: .*\nhint: .*--yes")
        self.assertEqual(self.orgctl("session", "revoke", "--all", "--yes").returncode, 0)

    # --- secrets in the output ---

    def test_the_session_token_is_in_its_file_alone(self):
        done = self.orgctl("session", "sign-in", "ada@example.com", "--password-file", "-", "-o", "json",
                           stdin=PASSWORD)
        self.assertNotIn("orgd_s_", done.stdout + done.stderr)
        self.assertIn("orgd_s_", (self.directory / "default.session").read_text())


class ExpiryTest(unittest.TestCase):
    def test_an_expired_session_says_so(self):
        with Daemon() as daemon:
            daemon.start_courier()
            daemon.orgctl("user", "sign-up", "ada@example.com", "--display-name", "Ada", "--password-file", "-",
                          stdin=PASSWORD)
            daemon.orgctl("user", "verify", "--token-file", "-", stdin=daemon.token_for("ada@example.com"))
            daemon.orgctl("session", "sign-in", "ada@example.com", "--password-file", "-", profile="ada",
                          stdin=PASSWORD)
            daemon.advance(30 * 24 * 3600 + 3600)  # a day later its row is gone
            done = daemon.orgctl("whoami", profile="ada", check=False)
            self.assertEqual(done.returncode, UNAUTHENTICATED)
            self.assertRegex(done.stderr, r"\(UNAUTHENTICATED, SESSION_EXPIRED, cal_[0-9a-z]{26}\)\n")
            self.assertIn('hint: the session in profile "ada" has ended; sign in again: '
                          "orgctl --profile ada session sign-in ada@example.com", done.stderr)


if __name__ == "__main__":
    unittest.main()
