#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""SPEC rule 34 for every mutation of the contract through the real daemon: each is called once, orgd is killed, and each
is called again. tests/support/mutations.json says how, for this and for the same in one process."""
import base64
import email
import email.policy
import itertools
import json
import re
import unittest

from harness import PASSWORD, SOURCE, Daemon
from schema import Caller, schema
from wire import OK, new_request_id

MUTATIONS = json.loads((SOURCE / "tests" / "support" / "mutations.json").read_text())
LIMITS = """limits {
	invitations_per_organization_per_day = 1000
	invitations_per_recipient_per_day = 1000
	account_mails_per_address_per_day = 1000
}"""
SHARED = ("ada", "bob", "cyd", "eve")  # by all scenes; everybody else is of one scene alone
UNKNOWN_FIELD = {15000: 1}


class World:
    """Who and what the scenes share."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.sessions, self.ids, self.mails = {}, {}, {}
        self.peer = Caller(daemon.socket)
        self.anyone = Caller(daemon.socket, authorization="")

    def close(self):
        self.peer.close()
        self.anyone.close()

    def caller(self, who):
        if who is None:
            return self.anyone
        return self.peer if who in ("operator", "courier") else Caller(self.daemon.socket, f"Bearer {self.sessions[who]}")

    def call(self, who, method, request, **options):
        client = self.caller(who)
        try:
            return client.send(method, request, **options)
        finally:
            client.close()

    def ask(self, who, method, request):
        reply = self.call(who, method, request)
        if reply.code != OK:
            raise AssertionError(f"{method} by {who}: {reply}")
        return reply.json

    def token(self, address):
        """The newest mailed to them."""
        while leases := self.ask("courier", "DeliveryService/LeaseDeliveries", {}).get("leases"):
            for lease in (lease for lease in leases if "webhook" not in lease):
                self.mails[lease["recipient"]] = base64.b64decode(lease["message"])
        message = email.message_from_bytes(self.mails[address], policy=email.policy.default)
        return re.search(r"token=([A-Za-z0-9_-]+)", message.get_body(("plain",)).get_content()).group(1)

    def person(self, name):
        """Their id; makes them."""
        if name not in self.ids:
            address = f"{name}@example.com"
            self.ask(None, "UserService/SignUp", {"email": address, "password": PASSWORD, "displayName": name.title()})
            self.ask(None, "UserService/VerifyEmail", {"token": self.token(address)})
            signed_in = self.ask(None, "SessionService/SignIn", {"email": address, "password": PASSWORD})
            self.sessions[name], self.ids[name] = signed_in["sessionToken"], signed_in["user"]["id"]
        return self.ids[name]


class Scene:
    """See tests/service/mutation_scene.h."""
    numbers = itertools.count(1)

    def __init__(self, world, method):
        self.world, self.method, self.entry = world, method, MUTATIONS[method]
        self.number = next(self.numbers)
        self.made, self.replies = {}, {}
        for name, role in self.entry.get("members", {}).items():
            self.join(name, role)
        for name, who, step, request in self.entry.get("before", []):
            self.replies[name] = world.ask(self.who(who), step, self.fill(request))
        self.caller = self.who(self.entry.get("as"))
        self.request = self.fill(self.entry["request"])
        self.request_id = new_request_id()

    def who(self, name):
        """Whom the scene calls so."""
        if name in (None, "operator", "courier"):
            return name
        own = name if name in SHARED else f"{name}-{self.number}"
        self.world.person(own)
        return own

    def join(self, name, role):
        who = self.who(name)
        self.world.ask("operator", "InvitationService/CreateInvitation",
                       {"organizationId": self.make("acme"), "email": f"{who}@example.com", "role": role})
        self.world.ask(who, "InvitationService/AcceptInvitation", {"token": self.world.token(f"{who}@example.com")})

    def make(self, name):
        if name not in self.made:
            self.made[name] = getattr(self, f"make_{name}")()
        return self.made[name]

    def make_acme(self):
        made = self.world.ask(self.who("ada"), "OrganizationService/CreateOrganization",
                              {"organization": {"handle": f"acme-{self.number}", "displayName": "Acme"}})
        organization = made["organization"]["id"]
        self.world.ask("operator", "VerificationService/VerifyOrganization", {"organizationId": organization})
        return organization

    def make_pending(self):
        return self.world.ask(self.who("cyd"), "OrganizationService/CreateOrganization", {"organization": {
            "handle": f"pending-{self.number}", "displayName": "Pending"}})["organization"]["id"]

    def make_document(self):
        return self.world.ask("operator", "DocumentService/CreateDocument",
                              {"document": {"title": "A manual", "locator": "/"}})["document"]["id"]

    def make_collection(self):
        return self.world.ask("operator", "DocumentService/CreateCollection",
                              {"collection": {"title": "Manuals"}})["collection"]["id"]

    def look_up(self, name):
        first, _, rest = name.partition(".")
        if name == "password":
            return PASSWORD
        if first in self.replies:
            value = self.replies[first]
            for word in rest.split("."):
                value = value[int(word)] if isinstance(value, list) else value[word]
            return value
        if rest == "handle":
            return f"{first}-{self.number}" if self.make("acme") or first == "new" else None
        if hasattr(self, f"make_{first}"):
            return self.make(first)
        who = f"new-{self.number}" if first == "new" else self.who(first)
        address = f"{who}@example.com"
        return address if rest == "email" else self.world.token(address) if rest else self.world.ids[who]

    def fill(self, json_):
        if isinstance(json_, dict):
            return {key: self.fill(value) for key, value in json_.items()}
        if isinstance(json_, list):
            return list(map(self.fill, json_))
        if isinstance(json_, str) and json_.startswith("{"):
            return self.look_up(json_[1:-1])
        return json_

    def call(self, who="", **options):
        return self.world.call(self.caller if who == "" else who, self.method, self.request,
                               request_id=self.request_id, **options)


class Idempotency(unittest.TestCase):
    def test_rule_34_what_every_mutation_did_before_a_kill_it_does_not_do_again(self):
        with Daemon(extra=LIMITS) as daemon:
            world = World(daemon)
            for name in SHARED:
                world.person(name)
            first = {}
            for method in MUTATIONS:
                scene = Scene(world, method)
                first[scene] = scene.call()
                with self.subTest(method):
                    self.assertEqual((first[scene].code, first[scene].committed), (OK, True), first[scene])
            world.close()
            daemon.process.kill()
            daemon.process.wait()
            daemon.start()

            before = world.peer.send("EventService/VerifyEvents")
            for scene in first:
                with self.subTest(scene.method):
                    again = scene.call()
                    self.assertEqual((again.code, again.payload), (OK, first[scene].payload), again)
                    self.assertEqual((again.committed, again.revision), (False, first[scene].revision))
                    self.assertEqual(scene.call(extra=UNKNOWN_FIELD).reason, "REQUEST_ID_REUSED")
            after = world.peer.send("EventService/VerifyEvents")
            self.assertEqual(after.payload, before.payload, "something happened")

            for scene in first:
                with self.subTest(scene.method):
                    other = scene.call("eve")
                    self.assertTrue(other.code != OK or other.committed, "replayed to another caller")
                    self.assertEqual(scene.call().payload, first[scene].payload)
            self.assertNotIn("nextRevision", world.peer.ask("EventService/VerifyEvents"))
            world.close()
            self.assertEqual(daemon.stop(), 0)

    def test_rule_34_the_table_knows_methods_of_the_contract_alone(self):
        self.assertLessEqual(set(MUTATIONS), set(schema().methods))


if __name__ == "__main__":
    unittest.main()
