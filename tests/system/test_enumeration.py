#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""SPEC rules 4, 6, 13 and 41, and the order of refusals: whoever may not know whether something exists is not told by the
reply, which is compared to the byte, nor by how long it takes, which is compared loosely."""
import statistics
import time
import unittest

from harness import PASSWORD, Daemon
from schema import Caller
from wire import DENIED, INVALID_ARGUMENT, NOT_FOUND, OK, PRECONDITION, Person

FACTOR = 3  # between the medians
ROUNDS = 4  # of measuring, for a machine that has other things to do
WEEK_S = 7 * 24 * 3600
WRONG = "wrong horse battery staple"
LIMITS = """limits {
	account_mails_per_address_per_day = 100000
	invitations_per_organization_per_day = 100000
	invitations_per_recipient_per_day = 100000
	sign_in_failures_per_account = 100000
	sign_in_failures_per_peer = 100000
}"""
NO_SUCH = "0123456789abcdefghjkmnpqrs"
FRESH = {"id", "invitationId", "deliveryId", "etag", "email", "createTime", "updateTime", "expireTime", "nextAttemptTime",
         "sentTime"}


def without(json_, names):
    if isinstance(json_, dict):
        return {key: without(value, names) for key, value in json_.items() if key not in names}
    return list(map(lambda one: without(one, names), json_)) if isinstance(json_, list) else json_


class World(unittest.TestCase):
    """A daemon with some people, under addresses of one length."""
    limits, people = LIMITS, ()

    @classmethod
    def setUpClass(cls):
        cls.daemon = cls.enterClassContext(Daemon(extra=cls.limits))
        cls.daemon.start_courier()
        cls.operator = cls.caller("Peer")
        cls.anyone = cls.caller("")
        for name in cls.people:
            setattr(cls, name, Person(cls.daemon, name))
        cls.unknown = 0

    @classmethod
    def caller(cls, authorization):
        client = Caller(cls.daemon.socket, authorization)
        cls.addClassCleanup(client.close)
        return client

    @classmethod
    def as_(cls, person):
        return cls.caller(f"Bearer {person.session}")

    @staticmethod
    def sign_up(email, password=PASSWORD):
        return {"email": email, "password": password, "displayName": "Somebody"}

    @classmethod
    def nobody(cls):
        """An address that was never heard of."""
        cls.unknown += 1
        return f"n{cls.unknown:04}@example.com"

    def assert_same(self, replies, code):
        """`replies` by what they are of."""
        (first, expected), *others = replies.items()
        self.assertEqual(expected.code, code, expected)
        for name, reply in others:
            self.assertEqual(reply.essence, expected.essence, f"{name} differs from {first}")

    def assert_as_fast(self, calls, count=15):
        """`calls` by what they are of; each makes one. They are measured in turns."""
        for _ in range(ROUNDS):
            taken = {name: [] for name in calls}
            for _ in range(count):
                for name, call in calls.items():
                    begun = time.perf_counter()
                    call()
                    taken[name].append(time.perf_counter() - begun)
            medians = {name: statistics.median(times) for name, times in taken.items()}
            if max(medians.values()) <= FACTOR * min(medians.values()):
                return
        self.fail(f"medians in seconds: {medians}")


class Enumeration(World):
    people = ("known", "other", "away1", "gone1")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.anyone.ask("UserService/SignUp", cls.sign_up("fresh@example.com"))  # and never verified
        cls.operator.ask("UserService/DisableUser", {"userId": cls.away1.id})
        cls.operator.ask("UserService/EraseUser", {"userId": cls.gone1.id, "confirmEmail": cls.gone1.email})
        cls.ada, cls.eve = cls.as_(cls.known), cls.as_(cls.other)
        made = cls.ada.ask("OrganizationService/CreateOrganization", {"organization": {"handle": "acme",
                                                                                       "displayName": "Acme"}})
        cls.acme = made["organization"]["id"]
        cls.operator.ask("VerificationService/VerifyOrganization", {"organizationId": cls.acme})

    # --- accounts ---

    def addresses(self):
        return {"known": "known@example.com", "unknown": self.nobody(), "unverified": "fresh@example.com",
                "disabled": "away1@example.com", "erased": "gone1@example.com"}

    def each(self, method, request):
        return {name: self.anyone.send(method, request(email)) for name, email in self.addresses().items()}

    def assert_each_as_fast(self, method, request, count):
        self.assert_as_fast({
            name: lambda name=name: self.anyone.send(method, request(self.addresses()[name]))
            for name in ("known", "unknown", "unverified")}, count)

    def test_rule_41_signing_up_says_nothing_about_the_address(self):
        self.assert_same(self.each("UserService/SignUp", self.sign_up), OK)
        self.assert_each_as_fast("UserService/SignUp", self.sign_up, 3)
        # Not even what is wrong with the rest of the request.
        self.assert_same(self.each("UserService/SignUp", lambda email: self.sign_up(email, "short")), INVALID_ARGUMENT)

    def test_rule_41_signing_in_says_nothing_about_the_address(self):
        def request(email):
            return {"email": email, "password": WRONG}

        replies = self.each("SessionService/SignIn", request)
        self.assert_same(replies, 16)
        self.assertEqual(replies["known"].reason, "SIGN_IN_FAILED")
        self.assert_each_as_fast("SessionService/SignIn", request, 3)
        # Whoever has the password learns more; with an erased account there is none.
        right = {name: self.anyone.send("SessionService/SignIn", {"email": email, "password": PASSWORD})
                 for name, email in self.addresses().items()}
        self.assertEqual({name: reply.reason for name, reply in right.items()},
                         {"known": "", "unknown": "SIGN_IN_FAILED", "unverified": "EMAIL_NOT_VERIFIED",
                          "disabled": "USER_DISABLED", "erased": "SIGN_IN_FAILED"})
        self.assertEqual(right["erased"].essence, right["unknown"].essence)

    def test_what_takes_longer_is_seen_to(self):
        with self.assertRaises(AssertionError):
            self.assert_as_fast({
                "hashes": lambda: self.anyone.send("SessionService/SignIn", {"email": self.nobody(), "password": WRONG}),
                "does not": lambda: self.anyone.send("UserService/GetUser")}, 1)

    def test_asking_for_a_reset_says_nothing_about_the_address(self):
        self.assert_same(self.each("UserService/RequestPasswordReset", lambda email: {"email": email}), OK)
        self.assert_each_as_fast("UserService/RequestPasswordReset", lambda email: {"email": email}, 15)

    def test_asking_for_another_verification_says_nothing_about_the_address(self):
        self.assert_same(self.each("UserService/ResendVerificationMail", lambda email: {"email": email}), OK)
        self.assert_each_as_fast("UserService/ResendVerificationMail", lambda email: {"email": email}, 15)

    def test_a_mailed_token_that_does_not_hold_is_like_one_that_never_was(self):
        email = "tokens@example.com"
        self.anyone.ask("UserService/SignUp", self.sign_up(email))
        replaced = self.daemon.token_for(email)
        self.anyone.ask("UserService/ResendVerificationMail", {"email": email})
        spent = self.daemon.token_for(email, 2)
        self.anyone.ask("UserService/VerifyEmail", {"token": spent})
        self.anyone.ask("UserService/RequestPasswordReset", {"email": email})
        reset = self.daemon.token_for(email, 3)
        tokens = {"replaced": replaced, "spent": spent, "of another kind": reset, "made up": "orgd_v_" + "A" * 64,
                  "cut": replaced[:-1], "too long": replaced + "A", "no token": "x", "empty": "",
                  "changed": replaced[:-1] + ("A" if replaced[-1] != "A" else "B"), "no text": "orgd_v_\u202e"}
        self.assert_same({name: self.anyone.send("UserService/VerifyEmail", {"token": token})
                          for name, token in tokens.items()}, PRECONDITION)
        self.daemon.advance(2 * 3600)
        tokens |= {"of another kind": spent, "expired": reset}
        self.assert_same({name: self.anyone.send("UserService/ResetPassword", {"token": token, "newPassword": PASSWORD})
                          for name, token in tokens.items()}, PRECONDITION)

    # --- organizations ---

    def invite(self, email, role="ROLE_MEMBER"):
        return self.ada.send("InvitationService/CreateInvitation", {"organizationId": self.acme, "email": email,
                                                                    "role": role})

    def test_rule_13_inviting_says_nothing_about_the_address(self):
        known, unknown, unverified = (self.invite(email) for email in
                                      ("other@example.com", self.nobody(), "fresh@example.com"))
        self.assertEqual(known.code, OK, known)
        for reply in (unknown, unverified):
            self.assertEqual(without(reply.json, FRESH), without(known.json, FRESH))
            self.assertEqual({**reply.essence, 2: []}, {**known.essence, 2: []})
            self.assertEqual(sorted(reply.json["invitation"]), sorted(known.json["invitation"]))
        again = [self.invite(email) for email in ("other@example.com", "fresh@example.com")]
        self.assertEqual([reply.reason for reply in again], ["ALREADY_INVITED"] * 2)
        for reply in (known, unverified):
            self.ada.ask("InvitationService/RevokeInvitation", {
                "organizationId": self.acme, "invitationId": reply.json["invitation"]["id"]})

        def invite_and_revoke(email):
            made = self.invite(email)
            self.ada.ask("InvitationService/RevokeInvitation", {"organizationId": self.acme,
                                                                "invitationId": made.json["invitation"]["id"]})

        self.assert_as_fast({"known": lambda: invite_and_revoke("other@example.com"),
                             "unknown": lambda: invite_and_revoke(self.nobody())})

    def tokens(self):
        """Those of invitations that do not hold."""
        emails, token = {}, {}
        for what in ("accepted", "declined", "revoked", "replaced", "expired"):
            emails[what] = f"{what}@example.com"
            made = self.invite(emails[what]).json["invitation"]
            token[what] = self.daemon.token_for(emails[what])
            ids = {"organizationId": self.acme, "invitationId": made["id"]}
            if what == "accepted":
                self.anyone.ask("UserService/SignUp", {"invitationToken": token[what], "password": PASSWORD,
                                                       "displayName": "Somebody"})
            elif what == "declined":
                self.anyone.ask("InvitationService/DeclineInvitation", {"token": token[what]})
            elif what == "revoked":
                self.ada.ask("InvitationService/RevokeInvitation", ids)
            elif what == "replaced":
                self.ada.ask("InvitationService/ResendInvitation", ids)
        self.daemon.advance(WEEK_S + 1)
        good = token["replaced"]
        return token | {"made up": "orgd_i_" + "A" * 64, "cut": good[:-1], "too long": good + "A", "no token": "x",
                        "empty": "", "of another kind": self.known.session, "no text": "orgd_i_\u202e",
                        "changed": good[:-1] + ("A" if good[-1] != "A" else "B"), "with a space": f" {good}"}

    def test_rule_06_a_link_that_does_not_hold_is_like_one_that_never_was(self):
        tokens = self.tokens()
        for client, who in ((self.anyone, "anyone"), (self.eve, "an outsider"), (self.ada, "the owner")):
            for method in ("LookUpInvitation", "DeclineInvitation", "AcceptInvitation"):
                if method == "AcceptInvitation" and client is self.anyone:
                    continue
                with self.subTest(method, by=who):
                    replies = {name: client.send(f"InvitationService/{method}", {"token": token})
                               for name, token in tokens.items()}
                    self.assert_same(replies, NOT_FOUND)
                    self.assertEqual(replies["expired"].reason, "TOKEN_INVALID")
        self.assert_same({name: self.anyone.send("UserService/SignUp", {
            "invitationToken": token, "password": PASSWORD, "displayName": "X"})
            for name, token in tokens.items() if name != "empty"}, NOT_FOUND)
        self.assert_as_fast({name: lambda name=name: self.anyone.send("InvitationService/LookUpInvitation",
                                                                      {"token": tokens[name]})
                             for name in ("accepted", "expired", "made up", "no token")})

    def test_rule_04_whose_the_address_is_not_leaves_the_invitation_alone(self):
        email = self.nobody()
        self.invite(email)
        token = self.daemon.token_for(email)
        for client in (self.eve, self.ada):
            reply = client.send("InvitationService/AcceptInvitation", {"token": token})
            self.assertEqual((reply.code, reply.reason), (PRECONDITION, "EMAIL_MISMATCH"))
        self.assertEqual(self.anyone.send("InvitationService/LookUpInvitation", {"token": token}).code, OK)

    def test_what_an_outsider_may_not_see_is_like_what_is_not_there(self):
        there = {"organizationId": self.acme}
        nowhere = {"organizationId": f"org_{NO_SUCH}"}
        person, nobody = {"userId": self.known.id}, {"userId": f"usr_{NO_SUCH}"}
        get = "OrganizationService/GetOrganization"
        for method, one, other in (
                (get, there, nowhere),
                (get, {"handle": "acme"}, {"handle": "emca"}),
                ("MemberService/ListMembers", there, nowhere),
                ("MemberService/GetMember", there | person, there | nobody),
                ("MemberService/GetMember", there | person, nowhere | person),
                ("InvitationService/ListInvitations", there, nowhere),
                ("EventService/ListEvents", there, nowhere),
                ("VerificationService/ListDecisions", there, nowhere),
                ("OrganizationService/DeleteOrganization", there | {"confirmHandle": "acme"}, nowhere),
                ("MemberService/LeaveOrganization", there, nowhere),
                ("UserService/GetUser", person, nobody),
                ("SessionService/ListSessions", person, nobody),
                ("OrganizationService/ListMyOrganizations", person, nobody)):
            with self.subTest(method):
                self.assert_same({"there": self.eve.send(method, one), "not there": self.eve.send(method, other)}, DENIED)
        self.assert_as_fast({"there": lambda: self.eve.send(get, there), "not there": lambda: self.eve.send(get, nowhere)},
                            50)

    def test_a_denial_comes_before_anything_is_said_about_the_request(self):
        there, nowhere = {"organizationId": self.acme}, {"organizationId": f"org_{NO_SUCH}"}
        for of in (there, nowhere):
            for method, wrong in (("InvitationService/CreateInvitation", {"email": "not an address"}),
                                  ("InvitationService/CreateInvitation", {"email": "known@example.com", "role": "ROLE_OWNER"}),
                                  ("OrganizationService/SuspendOrganization", {}),
                                  ("VerificationService/RejectOrganization", {})):
                with self.subTest(method):
                    self.assertEqual(self.eve.send(method, of | wrong).reason, "PERMISSION_DENIED")


class Limited(World):
    people = ("other",)
    limits = """limits {
	account_mails_per_address_per_day = 2
	sign_in_failures_per_account = 1
}"""

    def test_a_limit_is_reached_alike_with_and_without_an_account(self):
        nobody = self.nobody()
        for method, request, limit in (
                ("SessionService/SignIn", {"password": WRONG}, "SIGN_IN_LIMIT"),
                ("UserService/RequestPasswordReset", {}, "MAIL_LIMIT"),
                ("UserService/ResendVerificationMail", {}, "MAIL_LIMIT"),
                ("UserService/SignUp", {"password": PASSWORD, "displayName": "X"}, "SIGN_UP_LIMIT")):
            replies = []
            for email in ("other@example.com", nobody):
                replies.append([self.anyone.send(method, {**request, "email": email}) for _ in range(3)])
            with self.subTest(method):
                self.assertEqual(replies[0][-1].reason, limit)
                self.assertEqual(replies[0][-1].essence, replies[1][-1].essence)



if __name__ == "__main__":
    unittest.main()
