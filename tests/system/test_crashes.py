#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""orgd and the courier killed at any moment, under clients that go on: what was acknowledged is there, once.

The moments are drawn from a seed, which is printed; ORGD_TESTS_SEED repeats one."""
import collections
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import unittest

from harness import ORGD, Daemon, until
from wire import OK, Client, Person, decode, new_request_id, text

KILLS = 25
LEASE_S = 4 * 60
EX_UNAVAILABLE = 7
SEED = int(os.environ.get("ORGD_TESTS_SEED") or time.time_ns() % 1_000_000_007)


def setUpModule():
    print(f"ORGD_TESTS_SEED={SEED}", file=sys.stderr)


class Crashes(unittest.TestCase):
    def setUp(self):
        self.chance = random.Random(SEED)

    def test_rule_34_what_was_acknowledged_under_kills_is_there_once_and_its_mail_goes_out(self):
        with Daemon(extra="limits { invitations_per_organization_per_day = 1000000 }") as self.daemon:
            self.daemon.start_courier()
            owner = Person(self.daemon, "ada")
            with Client(self.daemon.socket) as operator:
                made = operator.call("OrganizationService/CreateOrganization", {1: {2: "acme", 3: "Acme"}, 2: owner.id})
                self.organization = text(made.fields, 1, 1)
                operator.call("VerificationService/VerifyOrganization", {1: self.organization})

            self.documents, self.invitations = {}, {}  # what was acknowledged: title or address → id
            self.tried = set()  # titles and addresses of clients that do not ask twice
            self.done = threading.Event()
            self.failures = []
            workers = [threading.Thread(target=self.guard, args=(work, n)) for n, work in enumerate(
                [self.persist, self.persist, self.persist, self.give_up, self.give_up, self.orgctl, self.orgctl])]
            for worker in workers:
                worker.start()
            try:
                self.kill_and_start()
            finally:
                self.done.set()
                for worker in workers:
                    worker.join(120)
            self.assertEqual(self.failures, [])

            with Client(self.daemon.socket) as operator:
                self.check_documents(operator)
                self.check_invitations(operator)
                self.check_log(operator)
            self.assertEqual(self.daemon.stop(), 0)

    # --- those who kill ---

    def kill_and_start(self):
        for _ in range(KILLS):
            self.done.wait(self.chance.uniform(0, 0.15))  # any moment
            self.daemon.process.kill()
            self.daemon.process.wait()
            if self.chance.random() < 0.4:
                self.daemon.courier.kill()
                self.daemon.courier.wait()
                self.daemon.start_courier()
            self.daemon.start()

    # --- those who go on ---

    def guard(self, work, n):
        try:
            for turn in range(1_000_000):
                if self.done.is_set():
                    break
                work(n, turn)
        except Exception as failure:
            self.failures.append(f"{work.__name__} {n}: {failure!r}")

    def requests(self, n, turn):
        """A document or, now and then, an invitation: (where its id is noted, its name, method, request)."""
        if turn % 6 == 5:
            address = f"guest-{n}-{turn}@example.com"
            return (self.invitations, address, "InvitationService/CreateInvitation",
                    {1: self.organization, 2: address, 3: 1})
        title = f"Document {n}-{turn}"
        return self.documents, title, "DocumentService/CreateDocument", {1: {2: title, 3: "/"}}

    def persist(self, n, turn):
        """Asks again under the same id until answered, and once more to see that the answer stays."""
        noted, name, method, request = self.requests(n, turn)
        request_id = new_request_id()
        with Client(self.daemon.socket) as client:
            for _ in range(2):
                reply = client.call_until_answered(method, request, request_id)
                if reply.code != OK:
                    raise AssertionError(reply)
                self.note(noted, name, text(reply.fields, 1, 1))

    def give_up(self, n, turn):
        """Asks once. Without an answer it may have happened."""
        noted, name, method, request = self.requests(n, turn)
        with Client(self.daemon.socket) as client:
            until(lambda: self.connects(client), "orgd being there")
            self.tried.add(name)
            try:
                reply = client.call(method, request)
            except OSError:
                return
        if reply.code == OK:
            self.note(noted, name, text(reply.fields, 1, 1))

    def connects(self, client):
        try:
            client.connect()
        except OSError:
            client.close()
            return False
        return True

    def orgctl(self, n, turn):
        """The command line, which asks again by itself, and is repeated where it gave up."""
        noted, name, _, _ = self.requests(n, turn)
        command = (["invitation", "create", self.organization, name] if noted is self.invitations else
                   ["document", "create", "--title", name, "--locator", "/"])
        command += ["-q", "--request-id", new_request_id()]

        def answer():
            done = self.daemon.orgctl(*command, check=False)
            if done.returncode not in (0, EX_UNAVAILABLE):
                raise AssertionError(f"{command}: {done.stderr}")
            return done.stdout.strip()

        self.note(noted, name, until(answer, "an answer to orgctl", 60))

    def note(self, noted, name, made):
        if noted.setdefault(name, made) != made:
            raise AssertionError(f"{name} is {noted[name]} and {made}")

    # --- what must hold then ---

    def check_listed(self, listed, noted):
        self.assertEqual(max(collections.Counter(name for name, _ in listed).values()), 1)
        listed = dict(listed)
        self.assertEqual({name: listed.get(name) for name in noted}, noted)
        self.assertLessEqual(set(listed) - set(noted), self.tried)

    def check_documents(self, operator):
        rows = operator.list("DocumentService/ListDocuments")
        self.check_listed([(text(row, 2), text(row, 1)) for row in rows], self.documents)

    def check_invitations(self, operator):
        rows = operator.list("InvitationService/ListInvitations", {1: self.organization}, size=2, token=3)
        self.check_listed([(text(row, 3), text(row, 1)) for row in rows], self.invitations)
        organization = operator.call("OrganizationService/GetOrganization", {1: self.organization}).fields
        self.assertEqual(decode(organization[1][0])[14][0], len(rows))

        # What a killed courier had in hand is given out again.
        self.daemon.advance(LEASE_S + 1)
        new = self.daemon.maildir / "new"
        addresses = {text(row, 3) for row in rows}

        def all_sent():
            states = [decode(row[4][0])[1][0] for row in operator.list("DeliveryService/ListDeliveries")]
            return set(states) == {3}

        until(all_sent, "all mails sent", 60)
        mails = collections.Counter()
        for path in new.iterdir():
            mails[re.search(rb"^To: <([^>]*)>", path.read_bytes(), re.MULTILINE).group(1).decode()] += 1
        self.assertEqual(mails.pop("ada@example.com"), 2)
        self.assertEqual(set(mails), addresses)
        self.assertEqual(set(mails.values()), {1}, "a mail sent again is the same file")

    def check_log(self, operator):
        verified = operator.call("EventService/VerifyEvents").fields
        self.assertEqual(verified.get(2, [0])[0], 0)
        actions = collections.Counter(text(row, 5) for row in operator.list("EventService/ListEvents", size=2, token=3))
        self.assertEqual(actions["document.created"], len(operator.list("DocumentService/ListDocuments")))
        self.assertEqual(actions["invitation.created"], len(operator.list(
            "InvitationService/ListInvitations", {1: self.organization}, size=2, token=3)))

    # --- the first start ---

    def test_a_kill_at_any_moment_of_the_first_start_leaves_what_starts(self):
        for _ in range(20):
            daemon = Daemon()
            with open(daemon.log_path, "ab") as log:
                first = subprocess.Popen([ORGD, "--config", daemon.config], stderr=log)
            try:
                first.wait(self.chance.uniform(0, 0.04))
            except subprocess.TimeoutExpired:
                first.kill()
            first.wait()
            daemon.start()
            with Client(daemon.socket) as client:
                self.assertEqual(client.call("SessionService/WhoAmI").code, OK)
            daemon.stop(signal.SIGKILL)
            shutil.rmtree(daemon.state)


if __name__ == "__main__":
    unittest.main()
