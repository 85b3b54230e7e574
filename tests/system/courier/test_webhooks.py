#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Webhooks from the change that causes them to a receiver, who verifies them as the Standard Webhooks project does."""
import base64
import datetime
import filecmp
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from certificates import make_ca, make_certificate
from harness import BUILD, PASSWORD, Daemon, until
from https_server import Receiver

HERE = pathlib.Path(__file__).parent
LIBRARY = BUILD / "webhooks"
LEASE_S = 4 * 60
HOUR_S, DAY_S = 3600, 24 * 3600
SEED = int(os.environ.get("ORGD_TESTS_SEED") or time.time_ns() % 1_000_000_007)


def install_library():
    """Once a build directory, as the lock file says."""
    LIBRARY.mkdir(exist_ok=True)
    lock = HERE / "package-lock.json"
    if (LIBRARY / "node_modules").exists() and filecmp.cmp(lock, LIBRARY / lock.name, shallow=False):
        return
    for file in (HERE / "package.json", lock):
        shutil.copy(file, LIBRARY)
    subprocess.run(["npm", "install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"], cwd=LIBRARY, check=True)


def without_defaults(message):
    """ProtoJSON as the specification has it: orgctl prints fields that are not set too."""
    if not isinstance(message, dict):
        return message
    return {name: without_defaults(value) for name, value in message.items() if value not in ("", 0, {}, [], None)}


def setUpModule():
    global CERTIFICATES, CA, GOOD
    print(f"ORGD_TESTS_SEED={SEED}", file=sys.stderr)
    install_library()
    CERTIFICATES = pathlib.Path(tempfile.mkdtemp(prefix="orgd-certificates-"))
    CA = make_ca(CERTIFICATES, "ca")
    GOOD = make_certificate(CERTIFICATES, "DNS:localhost,IP:127.0.0.1", CA)


def tearDownModule():
    shutil.rmtree(CERTIFICATES)


class Story(unittest.TestCase):
    """orgd, its courier, and Ada's organization, for all tests of a class; each has webhooks and a receiver of its own."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(extra="limits { invitations_per_organization_per_day = 1000 }").start()
        cls.start_courier()
        cls.daemon.call("UserService/SignUp", {"email": "ada@example.com", "displayName": "Ada", "password": PASSWORD})
        cls.daemon.call("UserService/VerifyEmail", {"token": cls.daemon.token_for("ada@example.com")})
        owner = cls.daemon.call("UserService/ListUsers")["users"][0]["id"]
        cls.organization = cls.make_organization("acme", owner)
        cls.other_organization = cls.make_organization("umbrella", owner)
        cls.daemon.call("VerificationService/VerifyOrganization", {"organizationId": cls.organization})
        cls.daemon.wait_for_mail("ada@example.com", 2)
        cls.sign_in()

    @classmethod
    def make_organization(cls, handle, owner):
        return cls.daemon.call("OrganizationService/CreateOrganization", {
            "organization": {"handle": handle, "displayName": handle.title()}, "ownerUserId": owner})[
                "organization"]["id"]

    @classmethod
    def sign_in(cls):
        cls.daemon.orgctl("session", "sign-in", "ada@example.com", "--password-file", "-", stdin=PASSWORD + "\n",
                          profile="ada")

    @classmethod
    def start_courier(cls, private=True):
        return cls.daemon.start_courier(f"""
maildir = "{cls.daemon.maildir}"
webhooks {{
	allow_private_networks = {"true" if private else "false"}
	ca_file = "{CA.with_suffix('.crt')}"
}}
""")

    @classmethod
    def tearDownClass(cls):
        cls.daemon.stop()
        shutil.rmtree(cls.daemon.state)

    def setUp(self):
        self.receiver = self.new_receiver()

    def new_receiver(self):
        receiver = Receiver(GOOD)
        self.addCleanup(receiver.stop)
        return receiver

    # --- what Ada does ---

    def call(self, method, request):
        return self.daemon.call(method, request, profile="ada")

    def make(self, path="/told", receiver=None, prefixes=("organization.",)):
        made = self.call("WebhookService/CreateWebhook", {"organizationId": self.organization, "webhook": {
            "url": (receiver or self.receiver).url(path), "actionPrefixes": list(prefixes)}})
        identifier = made["webhook"]["id"]
        # By an operator: whoever may not see it is denied, also when it is not there.
        self.addCleanup(self.daemon.call, "WebhookService/DeleteWebhook",
                        {"webhookId": identifier, "allowMissing": True})
        return identifier, made["secret"]

    def webhook(self, identifier):
        return self.call("WebhookService/GetWebhook", {"webhookId": identifier})["webhook"]

    def update(self, identifier, mask="", rotate=False, **fields):
        return self.call("WebhookService/UpdateWebhook", {
            "webhook": {"id": identifier, **fields}, "updateMask": mask, "rotateSecret": rotate})

    def attempts(self, identifier):
        return self.call("WebhookService/ListAttempts", {"webhookId": identifier}).get("attempts", [])

    def wait_for_attempts(self, identifier, count):
        return until(lambda: len(found := self.attempts(identifier)) >= count and found, f"{count} attempts")

    def change(self, description):
        self.call("OrganizationService/UpdateOrganization", {
            "organization": {"id": self.organization, "description": description}, "updateMask": "description"})
        return self.updates()[-1]

    def updates(self):
        """The events that such changes made."""
        return self.call("EventService/ListEvents", {
            "organizationId": self.organization, "actionPrefix": "organization.updated", "pageSize": 1000})["events"]

    # --- what a receiver does ---

    def receive(self, count=1, receiver=None):
        receiver = receiver or self.receiver
        until(lambda: len(receiver.requests) >= count, f"{count} requests")
        return receiver.requests[count - 1]

    def now(self):
        return int(time.time()) + int(self.daemon.offset_file.read_text())

    def verify(self, request, secret, body=None, **headers):
        """What the library says to it, "good" or why not."""
        headers = {**request.headers, **{f"webhook-{name}": value for name, value in headers.items()}}
        question = {"secret": secret, "now": self.now(), "headers": headers,
                    "body": (request.body if body is None else body).decode()}
        return subprocess.run(["node", HERE / "verify.js", LIBRARY], input=json.dumps(question), text=True, check=True,
                              capture_output=True).stdout.strip()


class Signatures(Story):
    def test_an_event_arrives_as_the_standard_says(self):
        _, secret = self.make()
        event = self.change("Ünïcode, \"quotes\" and </script>")
        request = self.receive()
        self.assertEqual(request.headers["content-type"], "application/json")
        self.assertEqual(request.headers["webhook-id"], event["id"])
        self.assertLess(abs(int(request.headers["webhook-timestamp"]) - self.now()), 60)
        self.assertRegex(request.headers["webhook-signature"], r"^v1,[A-Za-z0-9+/]{43}=$")
        self.assertEqual(json.loads(request.body), {
            "type": "organization.updated", "timestamp": event["time"], "data": without_defaults(event)})
        self.assertEqual(self.verify(request, secret), "good")

    def test_what_was_tampered_with_does_not_verify(self):
        _, secret = self.make()
        self.change("tampered")
        request = self.receive()
        self.assertRegex(secret, r"^whsec_[A-Za-z0-9+/]{43}=$")
        self.assertEqual(self.verify(request, secret), "good")
        refusal = "No matching signature found"
        self.assertEqual(self.verify(request, secret, body=request.body.replace(b"updated", b"deleted")), refusal)
        self.assertEqual(self.verify(request, secret, id="evt_" + "0" * 26), refusal)
        self.assertEqual(self.verify(request, secret, timestamp=str(int(request.headers["webhook-timestamp"]) + 1)),
                         refusal)
        self.assertEqual(self.verify(request, "whsec_" + base64.b64encode(bytes(32)).decode()), refusal)

    def test_while_a_secret_is_replaced_both_sign(self):
        webhook, old = self.make()
        new = self.update(webhook, rotate=True)["secret"]
        self.assertNotEqual(new, old)
        self.change("both secrets")
        request = self.receive()
        self.assertEqual(len(request.headers["webhook-signature"].split(" ")), 2)
        self.assertEqual((self.verify(request, old), self.verify(request, new)), ("good", "good"))

        self.daemon.advance(DAY_S + 60)
        self.change("one secret")
        request = self.receive(2)
        self.assertEqual(len(request.headers["webhook-signature"].split(" ")), 1)
        self.assertEqual(self.verify(request, new), "good")
        self.assertNotEqual(self.verify(request, old), "good")
        self.assertNotIn("previousSecretExpireTime", self.webhook(webhook))

    def test_the_secret_is_shown_once_and_stands_in_no_log(self):
        webhook, secret = self.make("/told?key=sesame")
        self.change("secret")
        self.receive()
        courier_log = (self.daemon.state / "orgd-courier.log").read_text()
        shown = json.dumps([self.webhook(webhook), self.call("WebhookService/ListWebhooks", {
            "organizationId": self.organization}), self.daemon.call("EventService/ListEvents", {"pageSize": 1000})])
        for text in (self.daemon.log, courier_log, shown):
            self.assertNotIn(secret.removeprefix("whsec_"), text)
        for text in (self.daemon.log, courier_log):
            self.assertNotIn("sesame", text)


class Deliveries(Story):
    def test_events_arrive_in_order_one_at_a_time(self):
        _, secret = self.make()
        before = len(self.updates())
        for n in range(12):
            self.change(f"ordered {n}")
        self.receive(12)
        expected = [event["id"] for event in self.updates()[before:]]
        self.assertEqual([request.headers["webhook-id"] for request in self.receiver.requests], expected)
        self.assertEqual(self.verify(self.receiver.requests[-1], secret), "good")

    def test_only_what_the_filter_lets_through_and_only_from_creation_on(self):
        self.change("before")
        everything = self.new_receiver()
        self.make(prefixes=("invitation.",))
        self.make(receiver=everything, prefixes=())
        changed = self.change("after")
        self.call("InvitationService/CreateInvitation", {
            "organizationId": self.organization, "email": "filter@example.com", "role": "ROLE_MEMBER"})
        self.assertEqual(json.loads(self.receive().body)["type"], "invitation.created")
        until(lambda: "invitation.created" in self.types(everything), "the invitation everywhere")
        self.assertIn(changed["id"], [request.headers["webhook-id"] for request in everything.requests])
        self.assertEqual(self.types(everything).count("organization.updated"), 1)
        self.assertEqual(set(self.types(self.receiver)), {"invitation.created"})

    @staticmethod
    def types(receiver):
        return [json.loads(request.body)["type"] for request in receiver.requests]

    def test_rule_22_another_organization_s_events_do_not_arrive(self):
        self.make()
        self.call("OrganizationService/UpdateOrganization", {
            "organization": {"id": self.other_organization, "description": "foreign"}, "updateMask": "description"})
        event = self.change("own")
        self.assertEqual(self.receive().headers["webhook-id"], event["id"])
        self.assertEqual(len(self.receiver.requests), 1)

    def test_what_failed_is_tried_again_under_the_same_id_and_nothing_overtakes_it(self):
        webhook, secret = self.make()
        self.receiver.tell(500)
        first, second = self.change("first"), self.change("second")
        [attempt] = self.wait_for_attempts(webhook, 1)
        self.assertEqual((attempt["eventId"], attempt["action"], attempt["httpStatus"]),
                         (first["id"], "organization.updated", 500))
        self.assertIn("500", attempt["error"])
        failing = self.webhook(webhook)
        self.assertIn("500", failing["lastError"])
        self.assertIn("failingSinceTime", failing)
        self.assertIn("nextAttemptTime", failing)

        self.receiver.tell(200)
        self.daemon.advance(10)
        self.receive(3)
        self.assertEqual([request.headers["webhook-id"] for request in self.receiver.requests],
                         [first["id"], first["id"], second["id"]])
        self.assertEqual(self.verify(self.receiver.requests[1], secret), "good")
        latest, *_ = self.wait_for_attempts(webhook, 3)
        self.assertTrue(latest["succeeded"])
        self.assertEqual((latest["eventId"], latest["httpStatus"]), (second["id"], 200))
        for gone in ("failingSinceTime", "lastError"):
            self.assertFalse(self.webhook(webhook).get(gone))
        # That nothing waits is seen when the courier asks next.
        until(lambda: "nextAttemptTime" not in self.webhook(webhook), "nothing waiting")

    def test_rule_43_a_redirect_is_a_failure(self):
        webhook, _ = self.make("/302")
        self.change("redirect")
        [attempt] = self.wait_for_attempts(webhook, 1)
        self.assertEqual(attempt["httpStatus"], 302)
        self.assertIn("not followed", attempt["error"])
        self.assertEqual(self.receiver.paths(), ["/302"])

    def test_an_event_can_be_sent_again(self):
        webhook, secret = self.make()
        event = self.change("again")
        self.receive()
        self.wait_for_attempts(webhook, 1)
        self.call("WebhookService/RedeliverEvent", {"webhookId": webhook, "eventId": event["id"]})
        again = self.receive(2)
        self.assertEqual(again.headers["webhook-id"], event["id"])
        self.assertEqual(again.body, self.receiver.requests[0].body)
        self.assertEqual(self.verify(again, secret), "good")

    def test_after_a_day_of_failures_it_is_disabled_and_the_owner_is_mailed(self):
        webhook, secret = self.make("/told?key=sesame")
        mails = len(self.daemon.mails("ada@example.com"))
        self.receiver.tell(503)
        begun = self.now()
        event = self.change("a day of failures")
        for n in range(1, 20):
            self.wait_for_attempts(webhook, n)
            found = self.webhook(webhook)
            if found["state"] == "WEBHOOK_STATE_DISABLED":
                break
            due = datetime.datetime.fromisoformat(found["nextAttemptTime"]).timestamp()
            self.daemon.advance(max(0, int(due) + 1 - self.now()))
        self.assertEqual(found["disableReason"], "failures")
        self.assertTrue(DAY_S / 2 < self.now() - begun < 2 * DAY_S, self.now() - begun)
        # Others were disabled before, whose mails may still be on their way.
        [mail] = until(lambda: [mail for mail in self.daemon.mails("ada@example.com")[mails:]
                                if f"localhost:{self.receiver.port}" in mail.get_body(("plain",)).get_content()],
                       "the mail")
        self.assertNotIn("sesame", mail.as_string())

        self.sign_in()
        late = self.change("while it is disabled")
        seen = len(self.receiver.requests)
        self.assertEqual({request.headers["webhook-id"] for request in self.receiver.requests}, {event["id"]})
        self.receiver.tell(200)
        self.update(webhook, "state", state="WEBHOOK_STATE_ENABLED")
        self.receive(seen + 2)
        self.assertEqual([request.headers["webhook-id"] for request in self.receiver.requests[seen:]],
                         [event["id"], late["id"]])
        self.assertEqual(self.verify(self.receiver.requests[-1], secret), "good")

    def test_a_receiver_that_is_gone_for_good_is_told_nothing_more(self):
        webhook, _ = self.make("/410")
        self.change("gone")
        until(lambda: self.webhook(webhook)["state"] == "WEBHOOK_STATE_DISABLED", "the webhook disabled")
        self.assertEqual(len(self.receiver.requests), 1)

    def test_a_deleted_webhook_is_told_nothing_more(self):
        webhook, _ = self.make()
        other = self.new_receiver()
        self.make(receiver=other)
        self.call("WebhookService/DeleteWebhook", {"webhookId": webhook})
        self.change("deleted")
        self.receive(receiver=other)
        self.assertEqual(self.receiver.requests, [])

    def test_slow_receivers_hold_up_no_mail(self):
        for _ in range(2):
            self.make("/hang")
        self.change("slow")
        self.receive(2)
        self.call("InvitationService/CreateInvitation", {
            "organizationId": self.organization, "email": "fast@example.com", "role": "ROLE_MEMBER"})
        self.daemon.wait_for_mail("fast@example.com")
        self.assertFalse(self.receiver.going.is_set())
        self.receiver.go()


class CommandLine(Story):
    def orgctl(self, *arguments):
        return self.daemon.orgctl(*arguments, profile="ada")

    def test_an_owner_does_all_of_it_with_orgctl(self):
        secret = self.daemon.state / "webhook.secret"
        webhook = self.orgctl("--quiet", "webhook", "create", "acme", "--endpoint", self.receiver.url("/told"), "--action",
                              "organization.", "--secret-file", secret).strip()
        self.addCleanup(self.daemon.call, "WebhookService/DeleteWebhook", {"webhookId": webhook, "allowMissing": True})
        self.receiver.tell(500)
        event = self.change("by hand")
        self.wait_for_attempts(webhook, 1)
        self.assertIn("500", self.orgctl("webhook", "attempts", webhook))
        self.receiver.tell(200)
        self.daemon.advance(10)
        self.assertEqual(self.verify(self.receive(2), secret.read_text().strip()), "good")
        self.orgctl("webhook", "redeliver", webhook, event["id"])
        self.assertEqual(self.receive(3).headers["webhook-id"], event["id"])
        self.orgctl("webhook", "delete", webhook, "--yes")
        self.assertNotIn(webhook, self.orgctl("webhook", "list", "acme"))


class Operators(Story):
    def test_rule_43_by_default_nothing_is_sent_to_private_addresses(self):
        self.daemon.courier.terminate()
        self.assertEqual(self.daemon.courier.wait(60), 0)
        self.start_courier(private=False)
        webhook, _ = self.make()
        self.change("private")
        [attempt] = self.wait_for_attempts(webhook, 1)
        self.assertIn("loopback", attempt["error"])
        self.assertEqual(self.receiver.connections, 0)


class Crashes(Story):
    def test_a_request_in_the_hands_of_a_killed_courier_is_sent_again(self):
        _, secret = self.make("/hang")
        event = self.change("killed")
        self.receive()
        self.daemon.courier.kill()
        self.daemon.courier.wait()
        self.receiver.go()
        self.daemon.advance(LEASE_S + 1)
        self.start_courier()
        again = self.receive(2)
        self.assertEqual(again.headers["webhook-id"], event["id"])
        self.assertEqual(self.verify(again, secret), "good")

    def test_nothing_is_lost_when_orgd_and_the_courier_are_killed_at_any_moment(self):
        chance = random.Random(SEED)
        _, secret = self.make()
        before = len(self.updates())
        for n in range(20):
            self.change(f"kill {n}")
            time.sleep(chance.uniform(0, 0.3))  # any moment
            if chance.random() < 0.5:
                self.daemon.courier.kill()
                self.daemon.courier.wait()
                self.start_courier()
            if chance.random() < 0.5:
                self.daemon.process.send_signal(signal.SIGKILL)
                self.daemon.process.wait()
                self.daemon.start()
        expected = [event["id"] for event in self.updates()[before:]]
        self.assertEqual(len(expected), 20)

        def arrived():
            return list(dict.fromkeys(request.headers["webhook-id"] for request in self.receiver.requests))

        for _ in range(40):
            if len(arrived()) == len(expected):
                break
            self.daemon.advance(LEASE_S + 1)  # what a killed courier had in hand is given out again
            time.sleep(0.5)
        self.assertEqual(arrived(), expected)
        self.assertEqual(self.verify(self.receiver.requests[-1], secret), "good")


if __name__ == "__main__":
    unittest.main()
