#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The reviewers' work through orgctl, by a reviewer who is nothing else: the queue, the dialogue, re-review, the history,
and what a reviewer may not."""
import json
import unittest

from harness import PASSWORD, Refused
from test_story import Portal, token_of

HOUR_S, DAY_S = 3600, 24 * 3600
PRIVATE = "Their neighbour says that nobody ever works there."


class Review(unittest.TestCase):
    maxDiff = 2000

    def test_a_reviewer_walks_the_whole_review(self):
        with Portal() as self.portal:
            self.people = {}
            for name in ("ada", "bob", "rita"):
                self.account(name)
            self.say("operator", "user", "set-roles", "rita@example.com", "reviewer")
            self.the_queue()
            self.asking()
            self.rejecting()
            self.verifying()
            self.reviewing_again()
            self.the_history()
            self.what_a_reviewer_may_not()
            self.taking_it_back()
            self.assertEqual(self.portal.stop(), 0)

    def say(self, who, *arguments, **options):
        return self.portal.say(who, *arguments, **options)

    def ask(self, who, *arguments, **options):
        return self.portal.ask(who, *arguments, **options)

    def refused(self, reason, who, *arguments, **options):
        with self.assertRaises(Refused, msg=f"{who}: {arguments}") as refused:
            self.say(who, *arguments, **options)
        self.assertIn(reason, refused.exception.text)
        return refused.exception.text

    def account(self, name):
        address = f"{name}@example.com"
        self.say(name, "user", "sign-up", address, "--display-name", name.title(), "--password-file", "-", stdin=PASSWORD)
        token = token_of(self.portal.read_mail(address))
        self.people[name] = self.ask(name, "user", "verify", "--token-file", "-", stdin=token)["user"]["id"]
        self.say(name, "session", "sign-in", address, "--password-file", "-", stdin=PASSWORD)

    def queue(self, who="rita"):
        """The handles in it, and how many whole hours each waits."""
        entries = self.ask(who, "verification", "queue")["entries"]
        return [(entry["organization"]["handle"], int(float(entry["waiting"].rstrip("s"))) // HOUR_S)
                for entry in entries]

    def state(self, handle):
        return self.ask("rita", "organization", "show", handle)["organization"]["verification"].removeprefix(
            "VERIFICATION_STATE_")

    def text_of_mail(self, name):
        return self.portal.read_mail(f"{name}@example.com").get_body(("plain",)).get_content()

    def the_queue(self):
        self.say("ada", "organization", "create", "acme", "--display-name", "Acme", "--legal-name", "Acme Ltd",
                 "--website", "https://acme.example.com/", "--country", "GB")
        self.portal.advance(2 * HOUR_S)
        self.say("bob", "organization", "create", "beta", "--display-name", "Beta")
        self.assertEqual(self.queue(), [("acme", 2), ("beta", 0)])
        self.portal.advance(3 * HOUR_S)
        self.assertEqual(self.queue(), [("acme", 5), ("beta", 3)])
        self.assertEqual(self.queue("operator"), self.queue())
        for who in ("ada", "bob"):
            self.refused("PERMISSION_DENIED", who, "verification", "queue")
        # Whoever is suspended has nothing to be reviewed, and keeps the place.
        self.say("operator", "organization", "suspend", "acme", "--reason", "unpaid", "--yes")
        self.assertEqual(self.queue(), [("beta", 3)])
        self.say("operator", "organization", "unsuspend", "acme")
        self.assertEqual(self.queue(), [("acme", 5), ("beta", 3)])

    def asking(self):
        self.say("rita", "verification", "ask", "acme", "--note", "Which register?", "--private-note", PRIVATE)
        mail = self.text_of_mail("ada")
        self.assertIn("Which register?", mail)
        self.assertNotIn("neighbour", mail)
        self.assertEqual((self.state("acme"), self.queue()), ("NEEDS_INFORMATION", [("beta", 3)]))
        self.refused("ILLEGAL_TRANSITION", "rita", "verification", "verify", "acme")
        self.portal.advance(HOUR_S)
        self.refused("PERMISSION_DENIED", "bob", "verification", "answer", "acme", "--note", "I answer.")
        self.say("ada", "verification", "answer", "acme", "--note", "Companies House.")
        self.assertEqual((self.state("acme"), self.queue()), ("PENDING", [("beta", 4), ("acme", 0)]))
        self.refused("ILLEGAL_TRANSITION", "ada", "verification", "answer", "acme", "--note", "And another thing.")

    def rejecting(self):
        self.refused("FIELD_REQUIRED", "rita", "call", "VerificationService/RejectOrganization", json.dumps({
            "organizationId": self.ask("rita", "organization", "show", "beta")["organization"]["id"],
            "reason": "DECISION_REASON_OTHER"}))
        self.assertEqual(self.state("beta"), "PENDING")
        self.say("rita", "verification", "reject", "beta", "--code", "incomplete", "--note", "No website.",
                 "--private-note", PRIVATE, "--without-mail")
        self.assertEqual((self.state("beta"), self.queue()), ("REJECTED", [("acme", 0)]))
        self.refused("ILLEGAL_TRANSITION", "rita", "verification", "verify", "beta")
        self.say("bob", "organization", "update", "beta", "--website", "https://beta.example.com/")
        self.say("bob", "verification", "resubmit", "beta", "--note", "It has one now.")
        self.assertEqual(self.queue(), [("acme", 0), ("beta", 0)])
        self.say("rita", "verification", "reject", "beta", "--code", "duplicate", "--note", "There is a Beta already.",
                 "--private-note", PRIVATE)
        mail = self.text_of_mail("bob")  # the first since: the other rejection was not mailed
        self.assertIn("There is a Beta already.", mail)
        self.assertIn("Reason: The organization is registered already.", mail)
        self.assertNotIn("neighbour", mail)
        self.say("bob", "verification", "resubmit", "beta")
        self.say("bob", "verification", "withdraw", "beta", "--yes")
        self.assertEqual((self.state("beta"), self.queue()), ("UNVERIFIED", [("acme", 0)]))

    def verifying(self):
        """With the etag that was looked at: an edit in between is noticed."""
        etag = self.ask("rita", "organization", "show", "acme")["organization"]["etag"]
        self.say("ada", "organization", "update", "acme", "--description", "Instruments.")
        self.refused("ETAG_MISMATCH", "rita", "verification", "verify", "acme", "--etag", etag)
        etag = self.ask("rita", "organization", "show", "acme")["organization"]["etag"]
        decision = self.ask("rita", "verification", "verify", "acme", "--etag", etag, "--note", "Welcome.",
                            "--private-note", PRIVATE)["decision"]
        self.assertEqual((decision["actor"], decision["privateNote"]), (self.people["rita"], PRIVATE))
        mail = self.text_of_mail("ada")
        self.assertIn("Acme", mail)
        self.assertNotIn("neighbour", mail)
        self.assertEqual(self.queue(), [])
        for name, role in (("ann", "admin"), ("cem", "member")):
            self.account(name)
            self.say("ada", "invitation", "create", "acme", f"{name}@example.com", "--role", role)
            token = token_of(self.portal.read_mail(f"{name}@example.com"))
            self.say(name, "invitation", "accept", "--token-file", "-", stdin=token)
        self.document = self.ask("operator", "document", "create", "--title", "A manual", "--locator", "/")["document"]["id"]
        self.say("operator", "grant", "create", "acme", "--document", self.document, "--permission", "read")
        self.assertTrue(self.may_read("cem"))

    def may_read(self, who):
        return self.ask(who, "access", "check", self.document)["allowed"]

    def pass_days(self, days):
        """Everybody looks in once a day, as sessions want it."""
        for _ in range(days):
            self.portal.advance(DAY_S)
        for who in self.people:
            self.say(who, "whoami")

    def reviewing_again(self):
        """A change of a verified field: members read on for 14 days, and nobody is added."""
        self.account("dan")
        self.say("ada", "invitation", "create", "acme", "dan@example.com", "--role", "member", "--expires-in", "30d")
        token = token_of(self.portal.read_mail("dan@example.com"))
        self.say("ann", "organization", "update", "acme", "--description", "Fine instruments.")
        self.assertEqual(self.state("acme"), "VERIFIED", "no verified field")
        self.say("ann", "organization", "update", "acme", "--legal-name", "Acme Instruments Ltd")
        self.assertEqual((self.state("acme"), self.queue()), ("REVERIFYING", [("acme", 0)]))
        for who in ("ada", "cem"):
            self.assertTrue(self.may_read(who))
        invite = ("ada", "invitation", "create", "acme", "eve@example.com", "--role", "member")
        accept = ("dan", "invitation", "accept", "--token-file", "-")
        self.assertIn("developer@example.com", self.refused("ORGANIZATION_NOT_VERIFIED", *invite))
        self.refused("ORGANIZATION_NOT_VERIFIED", *accept, stdin=token)
        self.say("rita", "verification", "ask", "acme", "--note", "Why?")
        self.assertIn("Why?", self.text_of_mail("ada"))
        self.say("ada", "verification", "answer", "acme", "--note", "We have grown.")
        self.assertEqual(self.state("acme"), "REVERIFYING")

        self.pass_days(13)
        self.assertEqual(self.queue(), [("acme", 13 * 24)])
        self.assertTrue(self.may_read("cem"))
        self.pass_days(1)
        self.assertFalse(self.may_read("cem"), "the days of grace are over")
        self.assertFalse(self.may_read("ada"))
        self.assertIn("acme", self.say("cem", "organization", "mine"), "they belong to it all the same")

        self.say("rita", "verification", "verify", "acme", "--note", "Well grown.")
        self.assertTrue(self.may_read("cem"))
        self.say(*accept, stdin=token)
        self.assertTrue(self.may_read("dan"))
        self.assertIn("Acme", self.text_of_mail("ada"))

    def the_history(self):
        steps = [("PENDING", "NEEDS_INFORMATION"), ("NEEDS_INFORMATION", "PENDING"), ("PENDING", "VERIFIED"),
                 ("VERIFIED", "REVERIFYING"), ("REVERIFYING", "REVERIFYING"), ("REVERIFYING", "REVERIFYING"),
                 ("REVERIFYING", "VERIFIED")]
        read = {who: self.ask(who, "verification", "decisions", "acme")["decisions"]
                for who in ("rita", "operator", "ada", "ann")}
        for decisions in read.values():
            self.assertEqual([(decision["from"].removeprefix("VERIFICATION_STATE_"),
                               decision["to"].removeprefix("VERIFICATION_STATE_")) for decision in decisions], steps)
            self.assertEqual([decision.get("note", "") for decision in decisions],
                             ["Which register?", "Companies House.", "Welcome.", "", "Why?", "We have grown.", "Well grown."])
        for who in ("rita", "operator"):
            self.assertEqual([decision.get("privateNote", "") for decision in read[who]],
                             [PRIVATE, "", PRIVATE, "", "", "", ""])
            self.assertEqual([decision["actor"] for decision in read[who]],
                             [self.people[name] for name in ("rita", "ada", "rita", "ann", "rita", "ada", "rita")])
        for who in ("ada", "ann"):
            self.assertEqual({decision.get("privateNote", "") for decision in read[who]}, {""})
            self.assertEqual([decision["actor"] for decision in read[who]],
                             ["platform" if name == "rita" else self.people[name]
                              for name in ("rita", "ada", "rita", "ann", "rita", "ada", "rita")])
        for who in ("cem", "bob"):
            self.refused("PERMISSION_DENIED", who, "verification", "decisions", "acme")
        events = self.say("ada", "event", "list", "--organization", "acme", "-o", "json")
        self.assertIn("organization.verified", events)
        for secret in ("neighbour", self.people["rita"], "Rita"):
            self.assertNotIn(secret, events)
        self.assertNotIn("neighbour", self.say("operator", "event", "list", "-o", "json"))
        beta = self.ask("rita", "verification", "decisions", "beta")["decisions"]
        self.assertEqual([decision["reason"].removeprefix("DECISION_REASON_") for decision in beta],
                         ["INCOMPLETE", "UNSPECIFIED", "DUPLICATE", "UNSPECIFIED", "UNSPECIFIED"])

    def what_a_reviewer_may_not(self):
        for may in (("organization", "show", "acme"), ("organization", "list"), ("member", "list", "acme")):
            self.say("rita", *may)
        for may_not in (
                ("verification", "answer", "acme", "--note", "x"), ("verification", "withdraw", "acme", "--yes"),
                ("verification", "resubmit", "beta"), ("organization", "update", "acme", "--description", "x"),
                ("organization", "delete", "acme", "--confirm-handle", "acme"),
                ("organization", "suspend", "acme", "--reason", "x", "--yes"),
                ("organization", "set-primary-contact", "acme", self.people["ada"]),
                ("invitation", "create", "acme", "eve@example.com", "--role", "member"), ("invitation", "list", "acme"),
                ("member", "change-role", "acme", self.people["cem"], "admin"),
                ("member", "remove", "acme", self.people["cem"], "--yes"),
                ("event", "list", "--organization", "acme"), ("event", "list"), ("user", "list"),
                ("user", "show", self.people["ada"]), ("user", "set-roles", self.people["rita"], "platform-admin"),
                ("user", "disable", self.people["ada"], "--yes"), ("document", "create", "--title", "x", "--locator", "/"),
                ("grant", "create", "acme", "--document", self.document, "--permission", "write"),
                ("access", "check", self.document, "--user", self.people["ada"]), ("delivery", "list"),
                ("api-key", "list")):
            with self.subTest(may_not):
                self.refused("PERMISSION_DENIED", "rita", *may_not)
        self.assertFalse(self.may_read("rita"))

    def taking_it_back(self):
        """A verified organization is rejected: access ends with the call. And a reviewer no more reviews."""
        self.say("rita", "verification", "reject", "acme", "--code", "abuse", "--note", "Documents were resold.",
                 "--private-note", PRIVATE)
        self.assertEqual(self.state("acme"), "REJECTED")
        for who in ("ada", "cem", "dan"):
            self.assertFalse(self.may_read(who))
        self.assertIn("Documents were resold.", self.text_of_mail("ada"))
        self.say("operator", "user", "set-roles", "rita@example.com", "--none")
        self.refused("PERMISSION_DENIED", "rita", "verification", "queue")
        self.refused("PERMISSION_DENIED", "rita", "organization", "show", "acme")


if __name__ == "__main__":
    unittest.main()
