#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""SPEC rule 38: hostile and merely unusual names, addresses and messages (strings.json says what must become of each), all
the way from the call to a mail server, and read there as a mail reader would."""
import email
import email.policy
import html.parser
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from harness import PASSWORD, Daemon, until
from schema import Caller
from wire import INVALID_ARGUMENT, OK, Person

HERE = pathlib.Path(__file__).parent
STRINGS = json.loads((HERE / "strings.json").read_text())
HEADERS = ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Auto-Submitted", "Content-Type"]
TOKEN = re.compile(r"token=[A-Za-z0-9_-]+")
PLAIN = {"what": "what all others are compared with", "text": "Plain"}


def value(entry):
    """What goes into the request."""
    if isinstance(entry["text"], str):
        return entry["text"]
    return bytes.fromhex(entry["text"]["hex"]) * entry["text"].get("times", 1)


def becomes(entry):
    return entry.get("becomes", entry["text"])


def refused(kind):
    return [entry for entry in STRINGS[kind] if "refused" in entry]


def accepted(kind):
    return [entry for entry in STRINGS[kind] if "refused" not in entry]


class MailServer:
    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="orgd-smtp-"))
        (self.directory / "mode").write_text("ok")
        with open(self.directory / "log", "ab") as log:
            self.process = subprocess.Popen([sys.executable, HERE / "courier" / "smtp_server.py", self.directory],
                                            stdout=log, stderr=log)
        until(lambda: (self.directory / "port").exists() or self.process.poll() is not None, "the mail server")
        self.port = int((self.directory / "port").read_text())

    @property
    def mails(self):
        return [json.loads(path.read_text()) for path in sorted((self.directory / "mails").glob("*.json"))]

    def stop(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.directory)


class Page(html.parser.HTMLParser):
    """What a browser makes of it: tags with their attributes, and the text between them."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.shape, self.text, self.hidden = [], "", 0
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        if tag == "br":
            self.text += "\n"
        elif tag != "p":  # a message makes one more
            self.shape.append((tag, [(name, TOKEN.sub("token", text or "")) for name, text in attributes]))
        self.hidden += tag in ("style", "title")

    def handle_endtag(self, tag):
        self.hidden -= tag in ("style", "title")

    def handle_comment(self, data):
        self.shape.append(("comment", data))

    def handle_decl(self, decl):
        self.shape.append(("declaration", decl))

    def unknown_decl(self, data):
        self.shape.append(("unknown declaration", data))

    def handle_pi(self, data):
        self.shape.append(("instruction", data))

    def handle_data(self, data):
        if not self.hidden:
            self.text += data


class Strings(unittest.TestCase):
    maxDiff = 2000

    @classmethod
    def setUpClass(cls):
        cls.server = MailServer()
        cls.addClassCleanup(cls.server.stop)
        cls.daemon = cls.enterClassContext(Daemon(extra="""limits {
	invitations_per_organization_per_day = 100000
	account_mails_per_address_per_day = 100000
}"""))
        cls.daemon.start_courier()
        cls.person = Person(cls.daemon, "ada")
        cls.ada, cls.anyone = cls.caller(f"Bearer {cls.person.session}"), cls.caller("")
        cls.operator = cls.caller("Peer")
        made = cls.ada.ask("OrganizationService/CreateOrganization", {"organization": {"handle": "acme",
                                                                                       "displayName": "Acme"}})
        cls.acme = made["organization"]["id"]
        cls.operator.ask("VerificationService/VerifyOrganization", {"organizationId": cls.acme})
        cls.daemon.wait_for_mail(cls.person.email, 2)
        cls.daemon.courier.terminate()
        cls.daemon.courier.wait(60)
        cls.daemon.start_courier(f'smtp {{\n\turl = "smtp://127.0.0.1:{cls.server.port}"\n\tstarttls = "optional"\n}}\n')
        cls.write_and_read()

    @classmethod
    def caller(cls, authorization):
        client = Caller(cls.daemon.socket, authorization)
        cls.addClassCleanup(client.close)
        return client

    @classmethod
    def invite(cls, email_, message="Join us."):
        return cls.ada.send("InvitationService/CreateInvitation", {
            "organizationId": cls.acme, "email": email_, "role": "ROLE_MEMBER", "message": message})

    @classmethod
    def rename(cls, name):
        """The inviter and the organization: what each is called then."""
        user = cls.ada.ask("UserService/UpdateUser", {"user": {"id": cls.person.id, "displayName": name},
                                                      "updateMask": "displayName"})["user"]
        organization = cls.ada.ask("OrganizationService/UpdateOrganization", {
            "organization": {"id": cls.acme, "displayName": name}, "updateMask": "displayName"})["organization"]
        return user["displayName"], organization["displayName"]

    @classmethod
    def write_and_read(cls):
        """Everything that is accepted, in a mail of its own; the mails by their recipients."""
        cls.called, cls.invited, cls.written = {}, {}, {}
        for n, entry in enumerate([PLAIN, *accepted("names")]):
            cls.called[f"name-{n}@example.com"] = entry, cls.rename(value(entry))
            assert cls.invite(f"name-{n}@example.com").code == OK
        cls.rename("Ada")
        for entry in accepted("addresses"):
            cls.invited[entry["what"]] = entry, cls.invite(value(entry))
        for n, entry in enumerate(accepted("messages")):
            cls.written[f"message-{n}@example.com"] = entry, cls.invite(f"message-{n}@example.com", value(entry))
        cls.signed = {f"sign-up-{n}@example.com": entry for n, entry in enumerate(accepted("names")) if n % 25 == 0}
        for address, entry in cls.signed.items():
            cls.anyone.ask("UserService/SignUp", {"email": address, "password": PASSWORD, "displayName": value(entry)})
        invitations = [reply for _, reply in [*cls.invited.values(), *cls.written.values()] if reply.code == OK]
        count = len(cls.called) + len(invitations) + len(cls.signed)
        until(lambda: all(row["status"]["state"] == "DELIVERY_STATE_SENT"
                          for row in cls.operator.rows("DeliveryService/ListDeliveries")), "all mails sent", 60)
        cls.mails = cls.server.mails
        assert len(cls.mails) == count, f"{len(cls.mails)} mails, not {count}"
        cls.by_recipient = {recipient: mail for mail in cls.mails for recipient in mail["recipients"]}

    def refused_everywhere(self, entry, calls):
        for who, method, request in calls:
            with self.subTest(entry["what"], method=method):
                reply = who.send(method, request)
                self.assertEqual((reply.code, reply.reason), (INVALID_ARGUMENT, entry["refused"]), reply)
                self.assertFalse(reply.committed)

    def read(self, address):
        """The mail as a reader sees it: message, plain text, page."""
        message = email.message_from_string(self.by_recipient[address]["message"], policy=email.policy.default)
        plain = message.get_body(("plain",)).get_content().replace("\r\n", "\n")
        return message, plain, Page(message.get_body(("html",)).get_content().replace("\r\n", "\n"))

    def test_there_are_enough_of_them(self):
        self.assertGreaterEqual(sum(map(len, STRINGS.values())), 150)
        for kind, entries in STRINGS.items():
            self.assertEqual(len({entry["what"] for entry in entries}), len(entries), kind)

    def test_rule_38_names_that_must_not_be_are_refused_wherever_they_come_in(self):
        for entry in refused("names"):
            name = value(entry)
            self.refused_everywhere(entry, [
                (self.anyone, "UserService/SignUp", {"email": "new@example.com", "password": PASSWORD, "displayName": name}),
                (self.ada, "UserService/UpdateUser", {"user": {"id": self.person.id, "displayName": name},
                                                      "updateMask": "displayName"}),
                (self.ada, "OrganizationService/CreateOrganization", {"organization": {"handle": "other",
                                                                                       "displayName": name}}),
                (self.ada, "OrganizationService/UpdateOrganization", {
                    "organization": {"id": self.acme, "displayName": name}, "updateMask": "displayName"})])

    def test_rule_38_addresses_that_must_not_be_are_refused_wherever_they_come_in(self):
        for entry in refused("addresses"):
            address = value(entry)
            self.refused_everywhere(entry, [
                (self.anyone, "UserService/SignUp", {"email": address, "password": PASSWORD, "displayName": "New"}),
                (self.anyone, "UserService/RequestPasswordReset", {"email": address}),
                (self.ada, "InvitationService/CreateInvitation", {"organizationId": self.acme, "email": address,
                                                                  "role": "ROLE_MEMBER"})])

    def test_rule_38_messages_that_must_not_be_are_refused(self):
        for entry in refused("messages"):
            self.refused_everywhere(entry, [
                (self.ada, "InvitationService/CreateInvitation", {
                    "organizationId": self.acme, "email": "new@example.com", "role": "ROLE_MEMBER",
                    "message": value(entry)})])

    def test_every_mail_is_one_mail_to_one_recipient_with_its_own_headers_alone(self):
        for mail in self.mails:
            with self.subTest(mail["recipients"]):
                self.assertEqual((mail["sender"], len(mail["recipients"])), ("portal@portal.example", 1))
                text = mail["message"]
                self.assertTrue(text.isascii())
                self.assertEqual(re.findall(r"(?<!\r)\n|\r(?!\n)", text), [])
                self.assertLessEqual(max(map(len, text.split("\r\n"))), 998)
                self.assertNotIn("\r\n.\r\n", text)
                message = email.message_from_string(text, policy=email.policy.default)
                self.assertEqual(message.keys(), HEADERS)
                self.assertEqual(message.defects, [])
                self.assertEqual([address.addr_spec for address in message["From"].addresses], ["portal@portal.example"])
                self.assertEqual([address.addr_spec for address in message["To"].addresses], mail["recipients"])
                self.assertEqual([part.get_content_type() for part in message.walk()],
                                 ["multipart/alternative", "text/plain", "text/html"])

    def test_names_arrive_as_they_were_written(self):
        _, _, plain_page = self.read("name-0@example.com")
        for address, (entry, (inviter, organization)) in self.called.items():
            with self.subTest(entry["what"]):
                self.assertEqual((inviter, organization), (becomes(entry), becomes(entry)))
                message, plain, page = self.read(address)
                self.assertEqual(message["Subject"], f"{inviter} invites you to join {organization}")
                sentence = f"{inviter} invites you to join {organization} on "
                self.assertIn(sentence, plain)
                self.assertIn(sentence, page.text)
                self.assertIn(f"Join {organization}", page.text)
                self.assertEqual(page.shape, plain_page.shape, "it became part of the page")
                self.assertEqual(len(TOKEN.findall(plain)), 1)

    def test_names_of_a_sign_up_arrive_as_they_were_written(self):
        shapes = []
        for address, entry in self.signed.items():
            with self.subTest(entry["what"]):
                _, plain, page = self.read(address)
                self.assertIn(f"Hello {becomes(entry)},\n", plain)
                self.assertIn(f"Hello {becomes(entry)},", page.text)
                shapes.append(page.shape)
        self.assertTrue(all(shape == shapes[0] for shape in shapes))

    def test_addresses_are_the_recipients_that_they_say(self):
        for entry, reply in self.invited.values():
            with self.subTest(entry["what"]):
                self.assertEqual(reply.code, OK, reply)
                self.assertEqual(reply.json["invitation"]["email"], entry["text"].strip())
                _, plain, page = self.read(becomes(entry))
                self.assertEqual(len(TOKEN.findall(plain)), 1)
                self.assertIn(f"The invitation is for {becomes(entry)}.", " ".join(plain.split()))

    def test_messages_arrive_as_they_were_written(self):
        _, _, plain_page = self.read("name-0@example.com")
        for address, (entry, reply) in self.written.items():
            with self.subTest(entry["what"]):
                self.assertEqual(reply.code, OK, reply)
                message = becomes(entry).strip()
                self.assertEqual(reply.json["invitation"]["message"], message)
                _, plain, page = self.read(address)
                self.assertIn(f"writes:\n\n{message}\n", plain)
                self.assertIn(message.replace("\n", "\n\n"), page.text)
                self.assertEqual(page.shape, plain_page.shape, "it became part of the page")


if __name__ == "__main__":
    unittest.main()
