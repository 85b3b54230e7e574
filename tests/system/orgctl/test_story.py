# SPDX-License-Identifier: Apache-2.0
"""The portal's story in orgctl's nouns and verbs, with every exit code, and every rpc by `orgctl call`."""
import json
import os
import re
import subprocess
import unittest

from harness import ORGCTL, PASSWORD, Daemon, Refused, until
from terminal import Terminal

OTHER, USAGE, NOT_FOUND, UNAUTHENTICATED, DENIED = 1, 2, 3, 4, 5
CONFLICT, UNAVAILABLE, PARTIAL, DECLINED, LIMIT = 6, 7, 8, 9, 10


class StoryTest(unittest.TestCase):
    """Ada owns acme, Bob is an Admin there, Rita is a reviewer, the operator is who has no session."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = cls.enterClassContext(Daemon())
        cls.daemon.start_courier()
        for name in ("ada", "rita"):
            cls.person(name)
        cls.orgctl("user", "set-roles", "rita@example.com", "reviewer")
        cls.orgctl("organization", "create", "acme", "--display-name", "Acme", profile="ada")
        cls.orgctl("verification", "verify", "acme", "--private-note", "looks right", profile="rita")
        cls.orgctl("invitation", "create", "acme", "bob@example.com", "--role", "admin", profile="ada")
        cls.orgctl("user", "sign-up", "--display-name", "Bob", "--invitation-token-file", "-", "--password-file",
                   "-", profile="bob", stdin=f"{cls.daemon.token_for('bob@example.com')}\n{PASSWORD}\n")

    @classmethod
    def person(cls, name):
        address = f"{name}@example.com"
        cls.orgctl("user", "sign-up", address, "--display-name", name.title(), "--password-file", "-", stdin=PASSWORD)
        cls.orgctl("user", "verify", "--token-file", "-",
                   stdin=f"https://portal.example/verify?token={cls.daemon.token_for(address)}\n")
        cls.orgctl("session", "sign-in", address, "--password-file", "-", profile=name, stdin=PASSWORD)

    @classmethod
    def orgctl(cls, *arguments, **options):
        return cls.daemon.orgctl(*arguments, **options)

    def refused(self, code, reason, *arguments, **options):
        with self.assertRaises(Refused) as refused:
            self.orgctl(*arguments, **options)
        self.assertEqual(refused.exception.exit_code, code, refused.exception.text)
        self.assertIn(reason, refused.exception.text)
        return refused.exception.text

    def environment(self, profile):
        return {**os.environ, "ORGD_URL": self.daemon.url, "ORGCTL_PROFILE": profile,
                "XDG_STATE_HOME": str(self.daemon.state / "orgctl-state")}

    def json(self, *arguments, **options):
        return json.loads(self.orgctl(*arguments, "-o", "json", **options))

    # --- errors and exit codes ---

    def test_an_error_names_code_and_reason(self):
        text = self.refused(CONFLICT, "HANDLE_TAKEN", "organization", "create", "acme", "--display-name", "x",
                            profile="ada")
        self.assertRegex(text, r'^orgctl: error: .*"acme".* \(ALREADY_EXISTS, HANDLE_TAKEN, cal_[0-9a-z]{26}\)\n')

    def test_a_wrong_field_is_named(self):
        text = self.refused(USAGE, "INVALID_URL", "organization", "update", "acme", "--website", "nowhere",
                            profile="ada")
        self.assertRegex(text, r"^orgctl: error: organization\.website must .*[^.] "
                         r"\(INVALID_ARGUMENT, INVALID_URL, cal_[0-9a-z]{26}\)\n$")

    def test_not_found(self):
        self.refused(NOT_FOUND, "ORGANIZATION_NOT_FOUND", "organization", "show", "no-such-thing")
        self.refused(NOT_FOUND, "nobody@example.com", "user", "show", "nobody@example.com")
        self.refused(NOT_FOUND, "nobody@example.com", "member", "show", "acme", "nobody@example.com")

    def test_denied(self):
        self.refused(DENIED, "PERMISSION_DENIED", "user", "list", profile="bob")

    def test_an_unverified_organization_names_whom_to_ask(self):
        self.orgctl("organization", "create", "newco", "--display-name", "Newco", profile="bob")
        text = self.refused(CONFLICT, "ORGANIZATION_NOT_VERIFIED", "invitation", "create", "newco", "x@example.com",
                            profile="bob")
        self.assertIn("Newco is not verified", text)
        self.assertEqual(text.count("developer@example.com"), 1)

    def test_limits(self):
        self.person("lim")
        for i in range(5):
            self.orgctl("organization", "create", f"lim-{i}", "--display-name", "x", profile="lim")
        self.refused(LIMIT, "UNVERIFIED_ORGANIZATION_LIMIT", "organization", "create", "lim-5", "--display-name", "x",
                     profile="lim")

    def test_some_done_and_some_refused(self):
        done = self.orgctl("invitation", "create-many", "acme", "bob@example.com", "p1@example.com", profile="ada",
                           check=False)
        self.assertEqual(done.returncode, PARTIAL)
        self.assertIn("p1@example.com", done.stdout)
        self.refused(CONFLICT, "", "invitation", "create-many", "acme", "bob@example.com", profile="ada")
        self.refused(CONFLICT, "hint: send a new link: orgctl invitation resend acme p1@example.com\n", "invitation",
                     "create", "acme", "p1@example.com", profile="ada")
        done = self.orgctl("invitation", "create-many", "acme", "--file", "-", "-q", profile="ada",
                           stdin="# people\np2@example.com\n\n p3@example.com\n")
        self.assertRegex(done, r"^(inv_\w{26}\n){2}$")

    def test_more_than_a_hundred_are_invited_in_turns(self):
        addresses = [f"m{i}@example.com" for i in range(120)]
        results = self.json("invitation", "create-many", "acme", *addresses, profile="ada")["results"]
        self.assertEqual([result["email"] for result in results], addresses)

    # --- what is shown ---

    def test_lists_page_through_or_stop_at_the_limit(self):
        for i in range(5):
            self.orgctl("document", "create", "--title", f"Page {i}", "--locator", "s3://x")
        all_ids = self.orgctl("document", "list", "-q").split()
        self.assertGreaterEqual(len(all_ids), 5)
        done = self.orgctl("document", "list", "-q", "--limit", "2", check=False)
        self.assertEqual(done.stdout.split(), all_ids[:2])
        self.assertIn("there is more", done.stderr)
        self.assertEqual(len(self.json("document", "list")["documents"]), len(all_ids))

    def test_an_escape_from_elsewhere_reaches_no_terminal(self):
        document = self.orgctl("document", "create", "--title", "x", "--locator", "s3://x", "-q").strip()
        for arguments in (["document", "show", document], ["document", "list"], ["document", "list", "-o", "json"]):
            self.assertNotIn("\x1b", self.orgctl(*arguments))
        done = self.orgctl("member", "show", "acme", "\x1b[31mred@example.com", check=False)
        self.assertNotIn("\x1b", done.stderr)
        self.assertIn("\\u001b[31mred@example.com", done.stderr)

    def test_every_list_is_json_and_a_table(self):
        document = self.orgctl("document", "create", "--title", "x", "--locator", "s3://x", "-q").strip()
        lists = (["user", "list"], ["session", "list", "ada@example.com"], ["organization", "list"],
                 ["organization", "mine", "ada@example.com"], ["verification", "queue"],
                 ["verification", "decisions", "acme"], ["member", "list", "acme"], ["invitation", "list", "acme"],
                 ["document", "list"], ["collection", "list"], ["grant", "list", "--organization", "acme"],
                 ["grant", "list", "--document", document], ["access", "documents", "ada@example.com"],
                 ["access", "users", document], ["event", "list"], ["api-key", "list"], ["delivery", "list"])
        for arguments in lists:
            with self.subTest(arguments=arguments):
                self.assertIsInstance(self.json(*arguments), dict)
                self.orgctl(*arguments)
                self.orgctl(*arguments, "-q")
        self.assertIsInstance(self.json("invitation", "mine", profile="ada"), dict)

    # --- people ---

    def test_a_member_comes_and_goes(self):
        self.orgctl("invitation", "create", "acme", "carl@example.com", "--message", "Welcome!", "--expires-in", "2d",
                    profile="bob")
        self.assertIn("pending", self.orgctl("invitation", "show", "acme", "carl@example.com", profile="bob"))
        token = self.daemon.token_for("carl@example.com")
        self.assertIn("Welcome!", self.orgctl("invitation", "look-up", "--token-file", "-", stdin=token))
        self.person("dora")
        self.refused(CONFLICT, "EMAIL_MISMATCH", "invitation", "accept", "--token-file", "-", profile="dora",
                     stdin=token)
        self.refused(DENIED, 'profile "carl" has no session', "invitation", "accept", "--token-file", "-",
                     profile="carl", stdin=token)
        signed_up = self.orgctl("user", "sign-up", "--display-name", "Carl", "--invitation-token-file", "-",
                                "--password-file", "-", profile="carl", stdin=f"{token}\n{PASSWORD}\n")
        self.assertIn('Joined Acme (acme) as member, and signed in as Carl <carl@example.com> in profile "carl".\n',
                      signed_up)
        self.assertIn("acme", self.orgctl("organization", "mine", profile="carl"))
        self.orgctl("member", "change-role", "acme", "carl@example.com", "admin", profile="bob")
        self.assertIn("carl@example.com", self.orgctl("member", "list", "acme", "--role", "admin", profile="ada"))

        declined = self.orgctl("member", "remove", "acme", "carl@example.com", profile="bob", check=False)
        self.assertIn("Carl <carl@example.com>, admin", declined.stderr)
        terminal = Terminal("member", "remove", "acme", "carl@example.com", environment=self.environment("bob"))
        terminal.until("Carl <carl@example.com>, admin, from acme")
        terminal.until("Go on? [y/N] ")
        terminal.type("n")
        self.assertEqual(terminal.finish(), DECLINED)
        self.orgctl("member", "remove", "acme", "carl@example.com", "--yes", profile="bob")
        self.refused(NOT_FOUND, "carl@example.com", "member", "show", "acme", "carl@example.com", profile="bob")

    def test_an_invitation_is_sent_again_revoked_and_declined(self):
        for name in ("r1", "r2"):
            self.orgctl("invitation", "create", "acme", f"{name}@example.com", profile="ada")
        self.orgctl("invitation", "resend", "acme", "r1@example.com", profile="ada")
        self.orgctl("invitation", "revoke", "acme", "r1@example.com", "--yes", profile="ada")
        self.refused(NOT_FOUND, "r1@example.com", "invitation", "resend", "acme", "r1@example.com", profile="ada")
        token = self.daemon.token_for("r2@example.com")
        self.orgctl("invitation", "decline", "--token-file", "-", "--yes", stdin=token, profile="nobody")
        self.refused(NOT_FOUND, "TOKEN_INVALID", "invitation", "look-up", "--token-file", "-", stdin=token)
        self.assertIn("r2@example.com", self.orgctl("invitation", "list", "acme", "--state", "declined", profile="ada"))

    def test_passwords_change_and_are_reset(self):
        self.person("pam")
        fresh = "another horse, another battery"
        self.refused(CONFLICT, "WRONG_PASSWORD", "user", "change-password", "--current-password-file", "-",
                     "--new-password-file", "-", stdin=f"not the one\n{fresh}\n", profile="pam")
        self.orgctl("user", "change-password", "--current-password-file", "-", "--new-password-file", "-",
                    stdin=f"{PASSWORD}\n{fresh}\n", profile="pam")
        self.orgctl("user", "request-reset", "pam@example.com")
        token = self.daemon.token_for("pam@example.com", count=2)
        self.orgctl("user", "reset-password", "--token-file", "-", "--new-password-file", "-",
                    stdin=f"{token}\n{PASSWORD}\n")
        self.refused(UNAUTHENTICATED, "SESSION_EXPIRED", "whoami", profile="pam")
        self.orgctl("session", "sign-in", "pam@example.com", "--password-file", "-", stdin=PASSWORD, profile="pam")
        self.orgctl("user", "resend-verification", "pam@example.com")

    def test_an_account_is_changed_disabled_and_erased(self):
        self.person("eve")
        self.orgctl("user", "update", "--display-name", "Eve Adams", profile="eve")
        self.assertIn("Eve Adams", self.orgctl("user", "show", profile="eve"))
        self.refused(DECLINED, "declined", "user", "disable", "eve@example.com")
        self.orgctl("user", "disable", "eve@example.com", "--reason", "left", "--yes")
        self.refused(UNAUTHENTICATED, "", "whoami", profile="eve")
        self.orgctl("user", "enable", "eve@example.com")
        self.orgctl("session", "sign-in", "eve@example.com", "--password-file", "-", stdin=PASSWORD, profile="eve")
        self.refused(USAGE, "CONFIRMATION_MISMATCH", "user", "erase", "--confirm-email", "x@example.com", profile="eve")
        terminal = Terminal("user", "erase", environment=self.environment("eve"))
        terminal.until('Type "eve@example.com" to go on: ')
        terminal.type("eve@example.com")
        self.assertEqual(terminal.finish(), 0, terminal.seen)
        self.refused(UNAUTHENTICATED, "signed out", "whoami", profile="eve")

    # --- organizations ---

    def test_an_organization_from_its_form_to_its_end(self):
        self.person("olga")
        self.orgctl("organization", "create", "orca", "--display-name", "Orca", "--website", "https://orca.example",
                    "--country", "NO", "--metadata", "a=1", "--metadata", "b=2", profile="olga")
        self.assertIn("orca", self.orgctl("verification", "queue", profile="rita"))
        self.assertIn("The verification of Orca (orca) went from pending to needs-information.\n",
                      self.orgctl("verification", "ask", "orca", "--note", "Which team?", profile="rita"))
        self.orgctl("verification", "answer", "orca", "--note", "The whales.", profile="olga")
        self.orgctl("verification", "reject", "orca", "--code", "not-confirmed", "--note", "No register entry.",
                    "--without-mail", profile="rita")
        self.orgctl("verification", "resubmit", "orca", "--note", "There is one.", profile="olga")
        self.orgctl("verification", "withdraw", "orca", "--yes", profile="olga")
        self.orgctl("verification", "resubmit", "orca", profile="olga")
        etag = self.json("organization", "show", "orca")["organization"]["etag"]
        self.orgctl("verification", "verify", "orca", "--etag", etag, profile="rita")
        self.assertEqual(len(self.orgctl("verification", "decisions", "orca", "-q").split()), 7)

        self.orgctl("organization", "update", "orca", "--description", "Whales\nand more", "--metadata", "a=",
                    "--metadata", "c=3", profile="olga")
        shown = self.json("organization", "show", "orca", profile="olga")["organization"]
        self.assertEqual(shown["metadata"], {"b": "2", "c": "3"})
        self.assertEqual(shown["description"], "Whales\nand more")
        self.refused(CONFLICT, "ETAG_MISMATCH", "organization", "update", "orca", "--display-name", "x", "--etag", etag,
                     profile="olga")
        self.orgctl("organization", "update", "orca", "--seat-limit", "1")
        self.refused(LIMIT, "SEAT_LIMIT", "invitation", "create", "orca", "x@example.com", profile="olga")
        self.orgctl("organization", "set-primary-contact", "orca", "olga@example.com", profile="olga")
        self.orgctl("organization", "suspend", "orca", "--reason", "unpaid", "--yes")
        self.orgctl("organization", "unsuspend", "orca")
        self.refused(CONFLICT, "LAST_OWNER", "member", "leave", "orca", "--yes", profile="olga")

        self.refused(DECLINED, "1 member,", "organization", "delete", "orca", profile="olga")
        terminal = Terminal("organization", "delete", "orca", environment=self.environment("olga"))
        terminal.until('Type "orca" to go on: ')
        terminal.type("acme")
        self.assertEqual(terminal.finish(), DECLINED)
        self.orgctl("organization", "delete", "orca", "--confirm-handle", "orca", profile="olga")
        self.orgctl("organization", "undelete", "orca", profile="olga")
        self.refused(CONFLICT, "ORGANIZATION_NOT_DELETED", "organization", "undelete", "orca", profile="olga")

    def test_the_operator_creates_for_an_owner(self):
        self.orgctl("organization", "create", "given", "--display-name", "Given", "--owner", "ada@example.com")
        self.assertIn("owner", self.orgctl("member", "show", "given", "ada@example.com"))

    # --- documents ---

    def test_documents_are_granted_and_read(self):
        document = self.orgctl("document", "create", "--title", "Board", "--locator", "s3://board", "--labels", "a=1",
                               "-q").strip()
        self.orgctl("document", "update", document, "--title", "Board 2", "--labels", "b=2")
        self.assertIn("a=1, b=2", self.orgctl("document", "show", document))
        collection = self.orgctl("collection", "create", "--title", "Boards", "-q").strip()
        self.orgctl("collection", "update", collection, "--description", "All of them")
        self.orgctl("collection", "add", collection, document)
        self.assertIn("All of them", self.orgctl("collection", "show", collection))
        self.assertEqual(self.orgctl("document", "list", "--collection", collection, "-q").strip(), document)
        grant = self.orgctl("grant", "create", "acme", "--collection", collection, "--permission", "comment",
                            "--minimum-role", "admin", "--expires", "30d", "-q").strip()
        check = ["access", "check", document]
        self.assertIn("yes", self.orgctl(*check, profile="bob"))
        self.assertIn("collection-grant", self.orgctl("access", "explain", document, profile="bob"))
        self.assertIn(document, self.orgctl("access", "documents", profile="bob"))
        self.assertIn("bob", self.orgctl("access", "users", document).lower())
        write = [*check, "--permission", "write"]
        self.assertIn("no", self.orgctl(*write, profile="bob"))
        self.refused(DENIED, "", *write, "--exit-code", profile="bob")
        self.orgctl("grant", "delete", grant, "--yes")
        self.assertIn("no", self.orgctl(*check, "--user", "bob@example.com"))
        self.orgctl("collection", "remove", collection, document)
        self.orgctl("collection", "delete", collection, "--yes")
        self.orgctl("document", "delete", document, "--yes")
        self.refused(NOT_FOUND, "", "document", "delete", document, "--yes")
        self.orgctl("document", "delete", document, "--allow-missing", "--yes")

    # --- the platform ---

    def test_events_are_listed_followed_and_verified(self):
        events = self.json("event", "list", "--organization", "acme", "--action", "organization.", profile="ada")
        self.assertEqual(events["events"][0]["action"], "organization.created")
        table = self.orgctl("event", "list", "--organization", "acme", "--action", "member.", profile="ada")
        self.assertRegex(table, r"\AREVISION +TIME +ACTION +BY +DETAILS\n")
        self.assertRegex(table, r"member\.joined +Bob +.*email=bob@example\.com")
        self.assertNotIn("usr_", table)
        followed = self.orgctl("event", "follow", "--from", "1", "--limit", "3", "-o", "json")
        self.assertEqual(len([json.loads(line) for line in followed.splitlines()]), 3)
        self.assertRegex(self.orgctl("event", "verify"),
                         r"^The chain of \d+ events holds\.\nhead revision +\d+\nhead hash +\w{64}\n$")
        follower = subprocess.Popen([ORGCTL, "event", "follow", "--limit", "1", "--action", "document."],
                                    env=self.environment("operator"), stdout=subprocess.PIPE, text=True)

        def happened():
            self.orgctl("document", "create", "--title", "x", "--locator", "s3://x")
            return follower.poll() is not None

        until(happened, "the follower seeing it")
        self.assertIn("document.created", follower.communicate()[0])
        self.assertEqual(follower.returncode, 0)

    def test_the_platform_is_looked_after(self):
        self.assertRegex(self.orgctl("server", "status"), r"version +\d+\.")
        self.assertIn("serving", self.orgctl("server", "health"))
        key = self.orgctl("api-key", "create", "--display-name", "old", "--scope", "events", "--secret-file",
                          self.daemon.state / "old.key", "-q").strip()
        self.refused(DECLINED, "", "api-key", "revoke", key)
        self.orgctl("api-key", "revoke", key, "--yes")
        self.refused(UNAUTHENTICATED, "CREDENTIAL_INVALID", "whoami", "--api-key-file", self.daemon.state / "old.key")
        delivery = self.orgctl("delivery", "list", "--state", "sent", "--limit", "1", "-q").strip()
        self.refused(CONFLICT, "DELIVERY_SENT", "delivery", "retry", delivery)

    def test_a_change_repeated_under_its_id_happens_once(self):
        line = ["document", "create", "--title", "Once", "--locator", "s3://once", "-q",
                "--request-id", "once-0123456789abcdef"]
        self.assertEqual(self.orgctl(*line), self.orgctl(*line))

    # --- any rpc ---

    def test_every_rpc_is_reached_by_call(self):
        methods = self.orgctl("server", "methods", "-q").split()
        self.assertGreater(len(methods), 75)
        at_once = {"orgd.v1.EventService/WatchEvents": '{"fromRevision": "1"}'}
        for method in methods:
            with self.subTest(method=method):
                done = self.orgctl("call", method, at_once.get(method, "{}"), check=False)
                if done.returncode == 0:
                    json.loads(done.stdout)
                else:
                    self.assertRegex(done.stderr, r"^orgctl: error: .* \([A-Z_, ]+(, cal_[0-9a-z]{26})?\)\n")
                    self.assertNotIn("METHOD_UNKNOWN", done.stderr)

    def test_call_takes_json_in_every_way(self):
        request = '{"handle": "acme"}'
        for method in ("OrganizationService/GetOrganization", "orgd.v1.OrganizationService/GetOrganization",
                       "/orgd.v1.OrganizationService/GetOrganization"):
            self.assertEqual(json.loads(self.orgctl("call", method, request))["organization"]["handle"], "acme")
        self.assertIn("acme", self.orgctl("call", "OrganizationService/GetOrganization", "-", stdin=request))
        self.refused(USAGE, "handel", "call", "OrganizationService/GetOrganization", '{"handel": "acme"}')


class DowntimeTest(unittest.TestCase):
    def test_a_daemon_that_is_gone(self):
        with Daemon() as daemon:
            daemon.orgctl("whoami")
            daemon.stop()
            done = daemon.orgctl("whoami", check=False)
            self.assertEqual(done.returncode, UNAVAILABLE)
            self.assertRegex(done.stderr, r"\(UNAVAILABLE, \w+\)\n")
            self.assertRegex(done.stderr, re.escape(daemon.url))


if __name__ == "__main__":
    unittest.main()
