#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What only one of several callers may get, asked for by all of them at once, each on a connection of its own."""
import signal
import threading
import unittest

from harness import PASSWORD, Daemon
from wire import (ALREADY_EXISTS, DENIED, INVALID_ARGUMENT, NOT_FOUND, OK, PRECONDITION, Client, Person, decode,
                  new_request_id, text)

CALLERS = 8
MEMBER, ADMIN, OWNER = 1, 2, 3


def at_once(calls):
    """Makes each call in a thread of its own, all at the same moment; their replies in order."""
    barrier = threading.Barrier(len(calls))
    replies = [None] * len(calls)

    def run(n, client, arguments):
        with client:
            client.connect()
            barrier.wait(60)
            replies[n] = client.call(*arguments)

    threads = [threading.Thread(target=run, args=(n, client, arguments))
               for n, (client, *arguments) in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return replies


class Concurrency(unittest.TestCase):
    """Ada and Bob, and the operator, who is whoever calls without a session."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = cls.enterClassContext(Daemon(extra="limits { invitations_per_recipient_per_day = 1000 }"))
        cls.daemon.start_courier()
        cls.ada, cls.bob = Person(cls.daemon, "ada"), Person(cls.daemon, "bob")
        cls.operator = Client(cls.daemon.socket)
        cls.addClassCleanup(cls.operator.close)

    def client(self):
        return Client(self.daemon.socket)

    def ask(self, method, request=None, **options):
        reply = self.operator.call(method, request, **options)
        self.assertEqual(reply.code, OK, reply)
        return reply.fields

    def organization(self, handle):
        """A verified one of Ada's."""
        made = self.ask("OrganizationService/CreateOrganization", {1: {2: handle, 3: handle.title()}, 2: self.ada.id})
        organization = text(made, 1, 1)
        self.ask("VerificationService/VerifyOrganization", {1: organization})
        return organization

    def invite(self, organization, email, role=MEMBER):
        """The token of an invitation."""
        sent = len(self.daemon.mails(email))
        self.ask("InvitationService/CreateInvitation", {1: organization, 2: email, 3: role})
        return self.daemon.token_for(email, sent + 1)

    def members(self, organization):
        """Their roles by user id."""
        listed = self.operator.list("MemberService/ListMembers", {1: organization}, size=2, token=3)
        roles = {text(member, 2): member[3][0] for member in listed}
        self.assertEqual(len(roles), len(listed), "somebody is a member twice")
        return roles

    def titled(self, title):
        return [document for document in self.operator.list("DocumentService/ListDocuments")
                if text(document, 2) == title]

    def assert_sound(self):
        self.assertEqual(self.ask("EventService/VerifyEvents").get(2, [0])[0], 0)

    # --- rule 27 ---

    def test_rule_27_of_many_creating_one_handle_one_succeeds(self):
        for turn in range(5):
            spelled = [f"race-{turn}", f"RACE-{turn}"]  # one handle, however it is typed
            replies = at_once([(self.client(), "OrganizationService/CreateOrganization",
                                {1: {2: spelled[n % 2], 3: f"Number {n}"}, 2: (self.ada, self.bob)[n % 3 == 0].id})
                               for n in range(CALLERS)])
            codes = [reply.code for reply in replies]
            self.assertEqual((codes.count(OK), codes.count(ALREADY_EXISTS)), (1, CALLERS - 1), replies)
            self.assertEqual({reply.reason for reply in replies if reply.code}, {"HANDLE_TAKEN"})
            winner = next(reply for reply in replies if reply.code == OK)
            found = self.ask("OrganizationService/GetOrganization", {2: f"race-{turn}"})
            self.assertEqual(text(found, 1, 1), text(winner.fields, 1, 1))
            self.ask("VerificationService/VerifyOrganization", {1: text(found, 1, 1)})
        self.assert_sound()

    # --- rule 16 ---

    def two_owners(self, handle):
        organization = self.organization(handle)
        token = self.invite(organization, self.bob.email, OWNER)
        with self.bob.client() as client:
            self.assertEqual(client.call("InvitationService/AcceptInvitation", {1: token}).code, OK)
        return organization

    def test_rule_16_two_owners_who_demote_each_other_leave_one(self):
        organization = self.two_owners("duel")
        for _ in range(20):
            for person in (self.ada, self.bob):
                self.ask("MemberService/ChangeRole", {1: organization, 2: person.id, 3: OWNER})
            replies = at_once([
                (self.ada.client(), "MemberService/ChangeRole", {1: organization, 2: self.bob.id, 3: ADMIN}),
                (self.bob.client(), "MemberService/ChangeRole", {1: organization, 2: self.ada.id, 3: ADMIN})])
            # Who came second was no Owner any more.
            self.assertEqual(sorted(reply.code for reply in replies), [OK, DENIED], replies)
            self.assertEqual(sorted(self.members(organization).values()), [ADMIN, OWNER])

    def test_rule_16_two_owners_who_step_down_at_once_leave_one(self):
        organization = self.two_owners("retreat")
        for _ in range(20):
            for person in (self.ada, self.bob):
                self.ask("MemberService/ChangeRole", {1: organization, 2: person.id, 3: OWNER})
            replies = at_once([(person.client(), "MemberService/ChangeRole", {1: organization, 2: person.id, 3: MEMBER})
                               for person in (self.ada, self.bob)])
            self.assertEqual(sorted(reply.code for reply in replies), [OK, PRECONDITION], replies)
            self.assertIn("LAST_OWNER", [reply.reason for reply in replies])
            self.assertEqual(sorted(self.members(organization).values()), [MEMBER, OWNER])
        self.assert_sound()

    def test_rule_16_two_owners_who_leave_at_once_leave_one(self):
        organization = self.two_owners("exodus")
        replies = at_once([(person.client(), "MemberService/LeaveOrganization", {1: organization})
                           for person in (self.ada, self.bob)])
        self.assertEqual(sorted(reply.code for reply in replies), [OK, PRECONDITION], replies)
        self.assertEqual(list(self.members(organization).values()), [OWNER])
        left = decode(self.ask("OrganizationService/GetOrganization", {1: organization})[1][0])
        self.assertEqual(text(left, 11), next(iter(self.members(organization))), "the primary contact is the Owner")

    # --- rule 6 ---

    def test_rule_06_of_many_accepting_one_token_one_joins(self):
        organization = self.organization("door")
        for _ in range(3):
            token = self.invite(organization, self.bob.email)
            replies = at_once([(self.bob.client(), "InvitationService/AcceptInvitation", {1: token})
                               for _ in range(CALLERS)])
            codes = [reply.code for reply in replies]
            self.assertEqual((codes.count(OK), codes.count(ALREADY_EXISTS)), (1, CALLERS - 1), replies)
            self.assertEqual({reply.reason for reply in replies if reply.code}, {"ALREADY_A_MEMBER"})
            self.assertEqual(self.members(organization), {self.ada.id: OWNER, self.bob.id: MEMBER})
            self.ask("MemberService/RemoveMember", {1: organization, 2: self.bob.id})
        self.assert_sound()

    def test_rule_06_of_many_signing_up_with_one_token_one_joins(self):
        organization = self.organization("gate")
        token = self.invite(organization, "cem@example.com")
        anyone = [Client(self.daemon.socket, authorization="") for _ in range(4)]
        replies = at_once([(client, "UserService/SignUp", {2: PASSWORD, 3: f"Cem {n}", 4: token})
                           for n, client in enumerate(anyone)])
        codes = [reply.code for reply in replies]
        self.assertEqual(codes.count(OK), 1, replies)
        self.assertLessEqual({reply.reason for reply in replies if reply.code}, {"TOKEN_INVALID"}, replies)
        joined = text(next(reply for reply in replies if reply.code == OK).fields, 1, 1)
        self.assertEqual(self.members(organization), {self.ada.id: OWNER, joined: MEMBER})

    def test_rule_06_of_accepting_declining_and_revoking_at_once_one_happens(self):
        organization = self.organization("fork")
        client = self.bob.client
        for _ in range(5):
            token = self.invite(organization, self.bob.email)
            pending = self.operator.list("InvitationService/ListInvitations", {1: organization, 4: 1}, size=2, token=3)
            self.assertEqual(len(pending), 1)
            replies = at_once([
                (client(), "InvitationService/AcceptInvitation", {1: token}),
                (client(), "InvitationService/DeclineInvitation", {1: token}),
                (self.client(), "InvitationService/RevokeInvitation", {1: organization, 2: text(pending[0], 1)})])
            self.assertEqual([reply.code for reply in replies].count(OK), 1, replies)
            self.assertEqual(self.bob.id in self.members(organization), replies[0].code == OK)
            if replies[0].code == OK:
                self.ask("MemberService/RemoveMember", {1: organization, 2: self.bob.id})

    # --- rule 34 ---

    def test_rule_34_one_request_id_sent_by_many_at_once_happens_once(self):
        for turn in range(10):
            title, request_id = f"Only one {turn}", new_request_id()
            replies = at_once([(self.client(), "DocumentService/CreateDocument", {1: {2: title, 3: "/"}}, request_id)
                               for _ in range(CALLERS)])
            self.assertEqual({reply.code for reply in replies}, {OK}, replies)
            self.assertEqual(len({reply.payload for reply in replies}), 1, replies)
            self.assertEqual([reply.committed for reply in replies].count(True), 1)
            self.assertEqual(len(self.titled(title)), 1)
        self.assert_sound()

    def test_rule_34_a_secret_handed_out_under_one_id_is_one_secret(self):
        request_id = new_request_id()
        replies = at_once([(self.client(), "ApiKeyService/CreateApiKey", {1: {2: "Only one", 3: ["check"]}}, request_id)
                           for _ in range(CALLERS)])
        self.assertEqual({reply.code for reply in replies}, {OK}, replies)
        self.assertEqual(len({reply.payload for reply in replies}), 1)
        listed = [text(key, 2) for key in self.operator.list("ApiKeyService/ListApiKeys")]
        self.assertEqual(listed.count("Only one"), 1)

    def test_rule_34_signing_in_under_one_id_makes_one_session(self):
        # Hashing the password takes its time, before the writer's turn: here the others truly wait.
        request_id = new_request_id()
        def sessions():
            return len(self.operator.list("SessionService/ListSessions", {1: self.bob.id}, size=2, token=3))

        before = sessions()
        replies = at_once([(Client(self.daemon.socket, authorization=""), "SessionService/SignIn",
                            {1: self.bob.email, 2: PASSWORD}, request_id) for _ in range(4)])
        self.assertEqual({reply.code for reply in replies}, {OK}, replies)
        self.assertEqual(len({reply.payload for reply in replies}), 1)
        self.assertEqual(sessions(), before + 1)

    def test_rule_34_of_two_payloads_under_one_id_one_is_refused(self):
        for turn in range(10):
            titles, request_id = [f"Either {turn}", f"Or {turn}"], new_request_id()
            replies = at_once([(self.client(), "DocumentService/CreateDocument", {1: {2: title, 3: "/"}}, request_id)
                               for title in titles])
            self.assertEqual(sorted(reply.code for reply in replies), [OK, INVALID_ARGUMENT], replies)
            self.assertIn("REQUEST_ID_REUSED", [reply.reason for reply in replies])
            self.assertEqual(sum(len(self.titled(title)) for title in titles), 1)

    def test_rule_34_one_id_of_two_callers_is_two_calls(self):
        request_id = new_request_id()
        replies = at_once([(person.client(), "UserService/UpdateUser", {1: {4: "Renamed"}, 2: {1: "display_name"}},
                            request_id) for person in (self.ada, self.bob)])
        self.assertEqual({reply.code for reply in replies}, {OK}, replies)
        self.assertEqual([text(reply.fields, 1, 1) for reply in replies], [self.ada.id, self.bob.id])

    def test_rule_34_a_refusal_is_decided_anew(self):
        request_id = new_request_id()
        ask = (self.ada.client(), "InvitationService/CreateInvitation")
        organization = text(self.ask("OrganizationService/CreateOrganization",
                                     {1: {2: "later", 3: "Later"}, 2: self.ada.id}), 1, 1)
        request = {1: organization, 2: "guest@example.com", 3: MEMBER}
        self.assertEqual(at_once([(*ask, request, request_id)])[0].reason, "ORGANIZATION_NOT_VERIFIED")
        self.ask("VerificationService/VerifyOrganization", {1: organization})
        self.assertEqual(at_once([(*ask, request, request_id)])[0].code, OK)


class Replay(unittest.TestCase):
    def test_rule_34_a_replay_after_a_crash_or_a_restart_returns_the_first_reply(self):
        with Daemon() as daemon, Client(daemon.socket) as client:
            once = [("DocumentService/CreateDocument", {1: {2: f"Document {n}", 3: "/"}}, new_request_id())
                    for n in range(10)]
            once.append(("ApiKeyService/CreateApiKey", {1: {2: "A key", 3: ["check"]}}, new_request_id()))
            first = [client.call(*call) for call in once]
            for how in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
                daemon.stop(how)
                daemon.start()
                client.close()
                again = [client.call(*call) for call in once]
                self.assertEqual([reply.payload for reply in again], [reply.payload for reply in first])
                self.assertEqual({(reply.code, reply.committed) for reply in again}, {(OK, False)})
                self.assertEqual(client.call("DocumentService/CreateDocument", {1: {2: "Other", 3: "/"}},
                                             once[0][2]).reason, "REQUEST_ID_REUSED")
            self.assertEqual(len(client.call("DocumentService/ListDocuments").fields[1]), 10)
            # What was undone since stays undone.
            document = text(first[0].fields, 1, 1)
            self.assertEqual(client.call("DocumentService/DeleteDocument", {1: document}).code, OK)
            self.assertEqual(client.call(*once[0]).payload, first[0].payload)
            self.assertEqual(client.call("DocumentService/GetDocument", {1: document}).code, NOT_FOUND)
            self.assertEqual(daemon.stop(), 0)


class Start(unittest.TestCase):
    def test_calls_that_come_the_moment_orgd_listens_find_everything_in_place(self):
        with Daemon() as daemon:
            for _ in range(20):
                daemon.stop()
                replies = []

                def ask(method):
                    with Client(daemon.socket) as client:
                        replies.append(client.call_until_answered(method, seconds=20))

                callers = [threading.Thread(target=ask, args=(method,)) for method in (
                    "AdminService/GetStatus", "AdminService/GetStatus", "grpc.health.v1.Health/Check")]
                for caller in callers:
                    caller.start()
                daemon.start()
                for caller in callers:
                    caller.join(60)
                self.assertEqual([reply.code for reply in replies], [OK] * 3)


if __name__ == "__main__":
    unittest.main()
