#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The portal's own guide, point by point, through orgctl; and the same with orgd and the courier killed all along."""
import collections
import json
import re
import unittest

from harness import PASSWORD, Daemon, Refused, until

NOT_FOUND, DENIED, CONFLICT, DECLINED = 3, 5, 6, 9
LEASE_S = 4 * 60

# What the story comes to, however often it was interrupted.
EVENTS = [
    "organization.created", "member.joined",
    "organization.information_requested", "organization.reviewer_answered", "organization.verified",
    "invitation.created", "member.joined", "invitation.accepted",
    "invitation.created", "member.joined", "invitation.accepted",
    "grant.created",
    "member.role_changed", "member.role_changed",
    "member.role_changed", "organization.primary_contact_changed",
    "member.removed",
    "organization.deleted",
]
MAILS = {
    "verify_email": 3, "information_requested": 1, "organization_verified": 2, "organization_rejected": 1,
    "invitation": 2,
}


class Portal(Daemon):
    """The daemon, its courier, and people with a profile each, who read their mail."""

    def __init__(self):
        super().__init__()
        self.read = set()

    def __enter__(self):
        super().__enter__()
        self.start_courier()
        return self

    def before_step(self):
        pass

    def before_mail(self):
        pass

    def is_settled(self, delivery):
        return delivery["state"] == "DELIVERY_STATE_SENT"

    def say(self, who, *arguments, stdin=None):
        """A command of somebody's; what it prints."""
        self.before_step()
        return self.orgctl(*arguments, profile=who, stdin=stdin)

    def ask(self, who, *arguments, stdin=None):
        """The same as data."""
        return json.loads(self.say(who, *arguments, "-o", "json", stdin=stdin))

    def read_mail(self, address):
        """The mail to somebody that they have not read yet. A mail that is sent twice is one: it has one Message-ID."""
        self.before_mail()

        def unread():
            return {mail["Message-ID"]: mail for mail in self.mails(address) if mail["Message-ID"] not in self.read}

        (message_id, mail), = until(unread, f"a mail to {address}").items()
        self.read.add(message_id)
        return mail


class KilledPortal(Portal):
    """Where orgd is killed before every step, and the courier before every mail."""

    def before_step(self):
        self.process.kill()
        self.process.wait()
        self.start()

    def before_mail(self):
        self.courier.kill()
        self.courier.wait()
        self.advance(LEASE_S + 1)  # what it had in hand is given out again
        self.start_courier()

    def is_settled(self, delivery):
        """Or put away: the courier was killed before it could say that the mail went out, and its link was used since."""
        return super().is_settled(delivery) or delivery.get("lastError", "").startswith("obsolete: its link was used")


def token_of(mail):
    return re.search(r"token=([A-Za-z0-9_-]+)", mail.get_body(("plain",)).get_content()).group(1)


class Story(unittest.TestCase):
    def test_the_portals_story(self):
        with Portal() as portal:
            self.tell(portal)
            self.assertEqual({delivery["status"]["attempts"] for delivery in self.deliveries(portal)}, {1})
            self.assertEqual(portal.stop(), 0)

    def test_rule_15_the_story_goes_on_when_orgd_is_killed_before_every_step_and_the_courier_before_every_mail(self):
        with KilledPortal() as portal:
            self.tell(portal)
            self.assertEqual(portal.stop(), 0)

    def refused(self, code, reason, portal, *command, **options):
        with self.assertRaises(Refused) as refused:
            portal.say(*command, **options)
        self.assertEqual(refused.exception.exit_code, code, refused.exception.text)
        self.assertIn(reason, refused.exception.text)
        return refused.exception.text

    def deliveries(self, portal):
        return json.loads(portal.orgctl("delivery", "list", "-o", "json"))["deliveries"]

    def account(self, portal, who, name):
        """Somebody with a confirmed address, signed in; their id."""
        address = f"{who}@example.com"
        portal.say(who, "user", "sign-up", address, "--display-name", name, "--password-file", "-", stdin=PASSWORD)
        mail = portal.read_mail(address)
        sign_in = (who, "session", "sign-in", address, "--password-file", "-")
        self.refused(CONFLICT, "EMAIL_NOT_VERIFIED", portal, *sign_in, stdin=PASSWORD)
        user = portal.ask(who, "user", "verify", "--token-file", "-", stdin=token_of(mail))["user"]
        self.assertEqual((user["email"], user["emailVerified"], user["displayName"]), (address, True, name))
        portal.say(*sign_in, stdin=PASSWORD)
        self.assertIn(address, portal.say(who, "whoami"))
        return user["id"]

    def tell(self, portal):
        self.signing_up(portal)
        self.verifying(portal)
        self.inviting(portal)
        self.reading(portal)
        self.managing(portal)
        self.removing(portal)
        self.choosing(portal)
        self.ending(portal)

    def signing_up(self, portal):
        """1. They become its Owner."""
        self.ada = self.account(portal, "ada", "Ada Lovelace")
        acme = portal.ask("ada", "organization", "create", "acme", "--display-name", "Acme",
                          "--legal-name", "Acme Instruments Ltd", "--website", "https://acme.example.com/",
                          "--country", "GB", "--intended-use", "Building against the partner API.")["organization"]
        self.assertEqual((acme["handle"], acme["displayName"], acme["legalName"], acme["country"]),
                         ("acme", "Acme", "Acme Instruments Ltd", "GB"))
        self.assertEqual((acme["owners"], acme["primaryContact"], acme["memberCount"]), ([self.ada], self.ada, 1))
        self.assertEqual(acme["verification"], "VERIFICATION_STATE_PENDING")

    def verifying(self, portal):
        """2. An administrator verifies, asks for more, or rejects. 3. Before that nobody is invited."""
        text = self.refused(CONFLICT, "ORGANIZATION_NOT_VERIFIED", portal, "ada",
                            "invitation", "create", "acme", "bob@example.com", "--role", "admin")
        self.assertIn("developer@example.com", text)

        queue = portal.ask("operator", "verification", "queue")["entries"]
        self.assertEqual([entry["organization"]["handle"] for entry in queue], ["acme"])
        portal.say("operator", "verification", "ask", "acme", "--note", "Which register are you in?")
        self.assertIn("Which register are you in?",
                      portal.read_mail("ada@example.com").get_body(("plain",)).get_content())
        portal.say("ada", "verification", "answer", "acme", "--note", "Companies House, 01234567.")
        decision = portal.ask("operator", "verification", "verify", "acme", "--note", "Welcome.")["decision"]
        self.assertEqual((decision["from"], decision["to"]),
                         ("VERIFICATION_STATE_PENDING", "VERIFICATION_STATE_VERIFIED"))
        self.assertIn("Acme is verified", portal.read_mail("ada@example.com")["Subject"])
        notes = portal.ask("ada", "verification", "decisions", "acme")["decisions"]
        self.assertEqual({note["note"] for note in notes if note.get("note")},
                         {"Which register are you in?", "Companies House, 01234567.", "Welcome."})

    def inviting(self, portal):
        """4. Owners and Admins invite. 5. The mail has a button; accepting joins, with an account or without."""
        self.bob = self.account(portal, "bob", "Bob Wilson")
        invited = portal.ask("ada", "invitation", "create", "acme", "bob@example.com", "--role", "admin",
                             "--message", "We need you.")["invitation"]
        self.assertEqual((invited["email"], invited["role"], invited["state"], invited["invitedBy"]),
                         ("bob@example.com", "ROLE_ADMIN", "INVITATION_STATE_PENDING", self.ada))

        mail = portal.read_mail("bob@example.com")
        token = token_of(mail)
        self.assertEqual(mail["Subject"], "Ada Lovelace invites you to join Acme")
        self.assertRegex(mail.get_body(("html",)).get_content(), rf'<a\s[^>]*href="[^"]*{token}"')
        for _ in range(2):  # looking changes nothing
            shown = portal.ask("anyone", "invitation", "look-up", "--token-file", "-", "--anonymous", stdin=token)
            self.assertEqual((shown["organizationHandle"], shown["role"]), ("acme", "ROLE_ADMIN"))
        self.assertEqual(portal.ask("ada", "invitation", "list", "acme")["invitations"][0]["state"],
                         "INVITATION_STATE_PENDING")
        joined = portal.ask("bob", "invitation", "accept", "--token-file", "-", stdin=token)["member"]
        self.assertEqual((joined["userId"], joined["role"]), (self.bob, "ROLE_ADMIN"))

        self.refused(DENIED, "PERMISSION_DENIED", portal, "bob",
                     "invitation", "create", "acme", "cem@example.com", "--role", "owner")
        portal.say("bob", "invitation", "create", "acme", "cem@example.com", "--role", "member")
        token = token_of(portal.read_mail("cem@example.com"))
        signed_up = portal.ask("cem", "user", "sign-up", "--display-name", "Cem Yılmaz", "--invitation-token-file",
                               "-", "--password-file", "-", stdin=f"{token}\n{PASSWORD}\n")["user"]
        self.cem = signed_up["id"]
        self.assertEqual((signed_up["email"], signed_up["emailVerified"]), ("cem@example.com", True))
        self.assertEqual(self.roles(portal, "cem"),
                         {self.ada: "ROLE_OWNER", self.bob: "ROLE_ADMIN", self.cem: "ROLE_MEMBER"})

    def roles(self, portal, who):
        members = portal.ask(who, "member", "list", "acme")["members"]
        return {member["userId"]: member["role"] for member in members}

    def allowed(self, portal, who, permission="read"):
        return portal.ask(who, "access", "check", self.document, "--permission", permission)["allowed"]

    def reading(self, portal):
        """6. Members read what their organization was granted; others do not."""
        self.document = portal.ask("operator", "document", "create", "--title", "Partner API, version 3",
                                   "--locator", "/docs/partner-api-3")["document"]["id"]
        self.assertFalse(self.allowed(portal, "cem"))
        portal.say("operator", "grant", "create", "acme", "--document", self.document, "--permission", "read")
        for who in ("ada", "bob", "cem"):
            self.assertTrue(self.allowed(portal, who))
        self.assertFalse(self.allowed(portal, "cem", "write"))
        self.assertIn("document-grant", portal.say("cem", "access", "explain", self.document))
        documents = portal.ask("cem", "access", "documents")["documents"]
        self.assertEqual([entry["document"]["id"] for entry in documents], [self.document])
        self.account(portal, "eve", "Eve")
        self.assertFalse(self.allowed(portal, "eve"))
        self.refused(DENIED, "PERMISSION_DENIED", portal, "eve", "member", "list", "acme")

    def managing(self, portal):
        """6. Admins manage members, but make no Owners; one Owner is the main point of contact."""
        self.refused(DENIED, "PERMISSION_DENIED", portal, "cem", "member", "change-role", "acme", "bob@example.com",
                     "member")
        portal.say("bob", "member", "change-role", "acme", "cem@example.com", "admin")
        portal.say("bob", "member", "change-role", "acme", "cem@example.com", "member")
        self.refused(DENIED, "PERMISSION_DENIED", portal, "bob", "member", "change-role", "acme", "cem@example.com",
                     "owner")
        self.refused(CONFLICT, "LAST_OWNER", portal, "ada", "member", "leave", "acme", "--yes")
        self.refused(DENIED, "PERMISSION_DENIED", portal, "bob", "organization", "delete", "acme",
                     "--confirm-handle", "acme")
        portal.say("ada", "member", "change-role", "acme", "bob@example.com", "owner")
        portal.say("ada", "organization", "set-primary-contact", "acme", "bob@example.com")
        shown = portal.ask("bob", "organization", "show", "acme")["organization"]
        self.assertEqual((set(shown["owners"]), shown["primaryContact"]), ({self.ada, self.bob}, self.bob))

    def removing(self, portal):
        """7. After a confirmation; their access ends with that same call."""
        text = self.refused(DECLINED, "Cem Yılmaz", portal, "bob", "member", "remove", "acme", "cem@example.com")
        self.assertIn("--yes", text)
        self.assertTrue(self.allowed(portal, "cem"))
        portal.say("bob", "member", "remove", "acme", "cem@example.com", "--yes")
        self.assertFalse(self.allowed(portal, "cem"))
        self.refused(NOT_FOUND, "", portal, "bob", "member", "show", "acme", "cem@example.com")
        self.assertEqual(self.roles(portal, "ada"), {self.ada: "ROLE_OWNER", self.bob: "ROLE_OWNER"})

    def choosing(self, portal):
        """8. Someone in several sees them all, with their role in each. (2. A rejected one comes again.)"""
        portal.say("bob", "organization", "create", "wilson", "--display-name", "Wilson & Sons")
        portal.say("operator", "verification", "reject", "wilson", "--code", "incomplete", "--note", "No website.")
        self.assertIn("No website.", portal.read_mail("bob@example.com").get_body(("plain",)).get_content())
        portal.say("bob", "organization", "update", "wilson", "--website", "https://wilson.example.com/")
        portal.say("bob", "verification", "resubmit", "wilson")
        portal.say("operator", "verification", "verify", "wilson")
        portal.read_mail("bob@example.com")
        portal.say("ada", "member", "change-role", "acme", "bob@example.com", "owner")  # he is: no event
        mine = portal.ask("bob", "organization", "mine")["organizations"]
        self.assertEqual([(entry["organization"]["handle"], entry["role"]) for entry in mine],
                         [("acme", "ROLE_OWNER"), ("wilson", "ROLE_OWNER")])
        self.assertEqual(portal.ask("eve", "organization", "mine")["organizations"], [])

    def ending(self, portal):
        """6. Owners can delete the organization. All of it stands in the log, and every mail went out."""
        self.refused(DECLINED, "acme", portal, "ada", "organization", "delete", "acme")
        portal.say("ada", "organization", "delete", "acme", "--confirm-handle", "acme")
        self.assertFalse(self.allowed(portal, "bob"))
        self.assertEqual([entry["organization"]["handle"]
                          for entry in portal.ask("bob", "organization", "mine")["organizations"]], ["wilson"])

        events = portal.ask("operator", "event", "list", "--organization", "acme")["events"]
        actions = [event["action"] for event in events if not event["action"].startswith("delivery.")]
        self.assertEqual(actions, EVENTS)
        verified = portal.ask("operator", "event", "verify")
        self.assertEqual(verified["nextRevision"], "0")
        self.assertGreater(int(verified["eventsVerified"]), len(EVENTS))

        portal.before_mail()
        until(lambda: all(portal.is_settled(row["status"]) for row in self.deliveries(portal)), "all mails sent")
        self.assertEqual(collections.Counter(row["kind"] for row in self.deliveries(portal)), MAILS)


if __name__ == "__main__":
    unittest.main()
