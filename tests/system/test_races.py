#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The daemon and the courier under concurrent clients. Built with -DORGD_SANITIZE=thread, a data race in either is
a report of the sanitizer and fails the run."""
import re
import subprocess
import unittest

from harness import BUILD, Daemon, until

HAMMER = BUILD / "tests" / "system" / "hammer"
THREADS, ROUNDS = 8, 20


class Races(unittest.TestCase):
    def test_concurrent_clients_each_get_their_answer_and_a_clean_stop(self):
        with Daemon(extra="limits { invitations_per_organization_per_day = 100000 }") as daemon:
            daemon.start_courier()
            daemon.orgctl("user", "sign-up", "ada@example.com", "--display-name", "Ada",
                          "--password-file", "-", stdin="correct horse battery staple\n", profile="anyone")
            daemon.orgctl("user", "verify", "--token-file", "-", stdin=daemon.token_for("ada@example.com"),
                          profile="anyone")
            owner = daemon.call("UserService/ListUsers")["users"][0]["id"]
            organization = daemon.call("OrganizationService/CreateOrganization", {
                "organization": {"handle": "acme", "displayName": "Acme"}, "ownerUserId": owner})["organization"]["id"]
            daemon.call("VerificationService/VerifyOrganization", {"organizationId": organization})

            done = subprocess.run([HAMMER, daemon.url, str(THREADS), str(ROUNDS), organization],
                                  capture_output=True, text=True, timeout=280)
            self.assertEqual(done.returncode, 0, done.stderr)
            answers = int(re.match(r"(\d+) answers", done.stdout).group(1))
            self.assertGreaterEqual(answers, THREADS * ROUNDS * 5)

            pending = daemon.call("OrganizationService/GetOrganization", {"organizationId": organization})
            self.assertEqual(pending["organization"]["pendingCount"], THREADS * ROUNDS)
            until(lambda: len(self.invited(daemon)) == THREADS * ROUNDS, "a mail for each invitation", 120)
            self.assertEqual(daemon.stop(), 0)

    def invited(self, daemon):
        return {path.name for path in (daemon.maildir / "new").glob("*") if b"guest-" in path.read_bytes()[:2000]}


if __name__ == "__main__":
    unittest.main()
