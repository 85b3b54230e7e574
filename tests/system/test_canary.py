#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""SPEC rule 40: secrets that are known to this test are handed to orgd wherever it takes one or taken from where it hands
one out, and then looked for in all that it writes or shows: the database, a backup, the logs, lists, events, webhooks,
the configuration, the status. Each is looked for as it is, in hexadecimal and in both kinds of base64."""
import base64
import os
import re
import subprocess
import unittest

from harness import ORGD, Daemon, until
from schema import Caller
from wire import OK


def forms(secret):
    """How a secret may be written: {name: the bytes to look for}."""
    found = {"raw": secret, "hex": secret.hex().encode(), "HEX": secret.hex().upper().encode()}
    for skip in range(3):  # within a longer text, it may begin at any place of a group of three bytes
        whole = base64.b64encode(bytes(skip) + secret)
        first, last = (0, 2, 3)[skip], len(secret) + skip
        inner = whole[first:last // 3 * 4 + (0, 1, 2)[last % 3]]
        found[f"base64 +{skip}"] = inner
        found[f"base64url +{skip}"] = inner.translate(bytes.maketrans(b"+/", b"-_"))
    return found


def leaks(data, secret):
    return {name for name, form in forms(secret).items() if form in data}


def token_parts(token):
    """The text without its kind, and the secret in it, which follows the id of a row."""
    text = token[len("orgd_s_"):]
    return {"text": text.encode(), "secret": base64.urlsafe_b64decode(text)[16:]}


class Canary(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = cls.enterClassContext(Daemon(extra='log_level = "debug"'))
        cls.operator = Caller(cls.daemon.socket)
        cls.anyone = Caller(cls.daemon.socket, authorization="")
        cls.addClassCleanup(cls.operator.close)
        cls.addClassCleanup(cls.anyone.close)
        cls.secrets = {}  # by what they are
        cls.private = []  # notes, which the database has to hold
        cls.courier()
        cls.live()
        cls.surfaces = {}
        cls.look()
        cls.learn()

    @classmethod
    def courier(cls):
        cls.daemon.start_courier(f'maildir = "{cls.daemon.maildir}"\nlog_level = "debug"\n')

    # --- secrets go in and out ---

    @classmethod
    def password(cls, what):
        text = f"canary {what} {os.urandom(9).hex()}"
        cls.secrets[f"password {what}"] = text.encode()
        return text

    @classmethod
    def token(cls, what, token):
        for part, value in token_parts(token).items():
            cls.secrets[f"{what} {part}"] = value
        return token

    @classmethod
    def caller(cls, authorization):
        client = Caller(cls.daemon.socket, authorization)
        cls.addClassCleanup(client.close)
        return client

    @classmethod
    def bearer(cls, token):
        return cls.caller(f"Bearer {token}")

    @classmethod
    def live(cls):
        """What people do with secrets."""
        cls.accounts()
        cls.organizations()
        cls.refusals()
        cls.secrets["master key"] = (cls.daemon.state / "master.key").read_bytes()

    @classmethod
    def accounts(cls):
        daemon, anyone, ada = cls.daemon, cls.anyone, "ada@example.com"
        anyone.ask("UserService/SignUp", {"email": ada, "password": cls.password("of the first sign-up"),
                                          "displayName": "A Name In Plain Sight"})
        cls.token("verification token replaced", daemon.token_for(ada))
        anyone.ask("UserService/SignUp", {"email": ada, "password": cls.password("of the second sign-up"),
                                          "displayName": "A Name In Plain Sight"})
        anyone.ask("UserService/VerifyEmail", {"token": cls.token("verification token", daemon.token_for(ada, 2)),
                                               "password": cls.password("of the verification")})
        anyone.ask("UserService/RequestPasswordReset", {"email": ada})
        current = cls.password("of the reset")
        anyone.ask("UserService/ResetPassword", {"token": cls.token("reset token", daemon.token_for(ada, 3)),
                                                 "newPassword": current})
        anyone.ask("UserService/SignUp", {"email": ada, "password": cls.password("of a sign-up for a known address"),
                                          "displayName": "Somebody"})
        signed_in = anyone.ask("SessionService/SignIn", {"email": ada, "password": current, "client": "a browser"})
        cls.ada = cls.bearer(cls.token("session token", signed_in["sessionToken"]))
        cls.ada_id = signed_in["user"]["id"]
        cls.ada.ask("UserService/ChangePassword", {"currentPassword": current,
                                                   "newPassword": cls.password("of the change")})
        gone = anyone.ask("SessionService/SignIn", {"email": ada,
                                                    "password": cls.secrets["password of the change"].decode()})
        cls.bearer(cls.token("session token signed out", gone["sessionToken"])).ask("SessionService/SignOut")
        for what in ("live", "revoked"):
            made = cls.operator.ask("ApiKeyService/CreateApiKey", {"apiKey": {"displayName": "A key",
                                                                              "scopes": ["check", "events"]}})
            cls.bearer(cls.token(f"API key {what}", made["secret"])).ask("EventService/ListEvents")
        cls.operator.ask("ApiKeyService/RevokeApiKey", {"apiKeyId": made["apiKey"]["id"]})

    @classmethod
    def note(cls):
        cls.private.append(f"canary of a private note {os.urandom(9).hex()}".encode())
        return cls.private[-1].decode()

    @classmethod
    def organizations(cls):
        made = cls.ada.ask("OrganizationService/CreateOrganization", {"organization": {
            "handle": "acme", "displayName": "Acme", "description": cls.control()}})
        cls.acme = made["organization"]["id"]
        cls.webhooks()
        of_acme = {"organizationId": cls.acme}
        cls.operator.ask("VerificationService/RequestInformation", {**of_acme, "note": "What?",
                                                                    "privateNote": cls.note()})
        cls.ada.ask("VerificationService/AnswerReviewer", {**of_acme, "note": "That."})
        cls.operator.ask("VerificationService/RejectOrganization", {
            **of_acme, "reason": "DECISION_REASON_OTHER", "note": "No.", "privateNote": cls.note()})
        cls.ada.ask("VerificationService/Resubmit", of_acme)
        cls.operator.ask("VerificationService/VerifyOrganization", {**of_acme, "note": "Yes.",
                                                                    "privateNote": cls.note()})
        for name in ("bob", "cem", "dan"):
            cls.ada.ask("InvitationService/CreateInvitation", {**of_acme, "email": f"{name}@example.com",
                                                               "role": "ROLE_MEMBER", "message": "Join us."})
        token = cls.token("invitation token accepted", cls.daemon.token_for("bob@example.com"))
        joined = cls.anyone.ask("UserService/SignUp", {"invitationToken": token, "displayName": "Bob",
                                                       "password": cls.password("of an invited sign-up")})
        cls.token("session token of an invited sign-up", joined["sessionToken"])
        cls.anyone.ask("InvitationService/DeclineInvitation", {
            "token": cls.token("invitation token declined", cls.daemon.token_for("cem@example.com"))})
        cls.token("invitation token live", cls.daemon.token_for("dan@example.com"))

    @classmethod
    def webhooks(cls):
        """One that is new, one whose secret was replaced."""
        for url in ("https://hooks.example.com/one", "https://hooks.example.com/two"):
            made = cls.ada.ask("WebhookService/CreateWebhook", {"organizationId": cls.acme, "webhook": {"url": url}})
            cls.webhook_secret(f"webhook secret of {url[-3:]}", made["secret"])
        replaced = cls.ada.ask("WebhookService/UpdateWebhook", {"webhook": {"id": made["webhook"]["id"]},
                                                                "rotateSecret": True})
        cls.webhook_secret("webhook secret after rotation", replaced["secret"])

    @classmethod
    def webhook_secret(cls, what, text):
        cls.secrets[what] = base64.b64decode(text.removeprefix("whsec_"))

    @classmethod
    def refusals(cls):
        """Secrets that come in calls which fail, and where they do not belong."""
        anyone, live = cls.anyone, f"orgd_s_{base64.urlsafe_b64encode(os.urandom(48)).decode()}"
        cls.token("session token made up", live)
        refused = [
            anyone.send("SessionService/SignIn", {"email": "ada@example.com", "password": cls.password("wrong")}),
            anyone.send("SessionService/SignIn", {"email": "nobody@example.com", "password": cls.password("of nobody")}),
            anyone.send("UserService/SignUp", {"email": "not an address", "displayName": "X",
                                               "password": cls.password("of a refused sign-up")}),
            cls.ada.send("UserService/ChangePassword", {"currentPassword": cls.password("current but wrong"),
                                                        "newPassword": cls.password("new but in vain")}),
            cls.caller(f"Bearer {live}").send("UserService/GetUser"),
            cls.caller(live).send("UserService/GetUser"),
            cls.ada.send("OrganizationService/GetOrganization", {"organizationId": live}),
            anyone.send("InvitationService/LookUpInvitation", {"token": live}),
            anyone.send("UserService/VerifyEmail", {"token": live}),
            cls.ada.send("UserService/ListUsers", {"pageToken": live}),
            anyone.send("OrganizationService/CreateOrganization", request_id=live[:60])]
        for reply in refused:
            assert reply.code != OK, reply

    # --- what there is to be seen ---

    CONTROL = b"a control for what is looked for: ~~~???>>>"

    @classmethod
    def control(cls):
        """Text that has CONTROL in every form, to see that none is overlooked."""
        text = [cls.CONTROL.decode(), cls.CONTROL.hex(), cls.CONTROL.hex().upper()]
        for skip in range(3):
            text += [base64.b64encode(b"%" * skip + cls.CONTROL + b"%").decode(),
                     base64.urlsafe_b64encode(b"%" * skip + cls.CONTROL + b"%").decode()]
        return "\n".join(text)

    @classmethod
    def show(cls, name, data):
        cls.surfaces[name] = data.encode() if isinstance(data, str) else data

    @classmethod
    def look(cls):
        daemon, operator = cls.daemon, cls.operator
        until(lambda: all(row["status"]["state"] == "DELIVERY_STATE_SENT"
                          for row in operator.rows("DeliveryService/ListDeliveries")), "all mails sent")
        daemon.courier.terminate()
        daemon.courier.wait(60)
        cls.leave_in_the_outbox()
        cls.show("a mailbox", b"".join(path.read_bytes() for path in (daemon.maildir / "new").iterdir()))
        cls.show("event list", daemon.orgctl("event", "list", "-o", "json"))
        cls.show("event list of the organization", daemon.orgctl("event", "list", "--organization", "acme", "-o", "json"))
        cls.show("GetStatus", repr(operator.ask("AdminService/GetStatus")))
        cls.show("--print-config", subprocess.run([ORGD, "--config", daemon.config, "--print-config"], check=True,
                                                  capture_output=True).stdout)
        of_acme = {"organizationId": cls.acme}
        cls.show("lists", repr([
            operator.rows("UserService/ListUsers"), operator.rows("ApiKeyService/ListApiKeys"),
            cls.ada.rows("SessionService/ListSessions"), operator.rows("OrganizationService/ListOrganizations"),
            cls.ada.rows("InvitationService/ListInvitations", of_acme), cls.ada.rows("MemberService/ListMembers", of_acme),
            cls.ada.rows("WebhookService/ListWebhooks", of_acme), operator.rows("DeliveryService/ListDeliveries")]))
        cls.show("decisions as an Admin reads them", repr(cls.ada.rows("VerificationService/ListDecisions", of_acme)))
        backup = operator.ask("AdminService/Backup")["backup"]["fileName"]
        cls.show("backup", (daemon.state / "backup" / backup).read_bytes())
        daemon.process.kill()
        daemon.process.wait()
        operator.close()
        for path in daemon.state.rglob("*"):
            name = path.relative_to(daemon.state)
            if path.is_file() and name.parts[0] not in ("mail", "orgctl-state", "backup") and name.name != "master.key":
                cls.show(f"file {name}", path.read_bytes())
        daemon.start()

    @classmethod
    def leave_in_the_outbox(cls):
        cls.ada.ask("InvitationService/CreateInvitation", {"organizationId": cls.acme, "email": "eve@example.com",
                                                           "role": "ROLE_MEMBER"})
        cls.anyone.ask("UserService/RequestPasswordReset", {"email": "ada@example.com"})
        cls.anyone.ask("UserService/SignUp", {"email": "fay@example.com", "displayName": "Fay",
                                              "password": cls.password("that waits for its mail")})

    @classmethod
    def learn(cls):
        """Only now do the mails go out that lay in the database all the while; and the webhooks."""
        leases = cls.operator.ask("DeliveryService/LeaseDeliveries", {})["leases"]
        mails = {lease["recipient"]: base64.b64decode(lease["message"]) for lease in leases if "webhook" not in lease}
        cls.daemon.advance(15 * 60)  # the courier reached nobody
        cls.show("webhooks", b"".join(cls.drain_webhooks()))
        for name in ("eve", "ada", "fay"):
            text = b"".join(base64.b64decode(part) for part in
                            re.findall(rb"base64\r\n\r\n(.*?)\r\n--", mails[f"{name}@example.com"], re.DOTALL))
            cls.token(f"queued token for {name}", re.search(rb"token=([A-Za-z0-9_-]+)", text).group(1).decode())

    @classmethod
    def drain_webhooks(cls):
        """The requests of all that happened, each of which is taken."""
        while hooks := [lease for lease in cls.operator.ask("DeliveryService/LeaseDeliveries", {}).get("leases", [])
                        if "webhook" in lease]:
            for lease in hooks:
                yield base64.b64decode(lease["webhook"]["body"]) + repr(lease["webhook"]).encode()
                cls.operator.ask("DeliveryService/ReportDelivery", {
                    "deliveryId": lease["deliveryId"], "leaseToken": lease["leaseToken"],
                    "outcome": "OUTCOME_ACCEPTED", "httpStatus": 200})

    # --- and must not ---

    def test_rule_40_no_secret_is_in_anything_that_orgd_writes_or_shows(self):
        for surface, data in self.surfaces.items():
            for what, secret in self.secrets.items():
                if surface in ("a mailbox", "webhooks") and "token" in what:
                    continue  # it hands them out
                with self.subTest(f"{what} in {surface}"):
                    self.assertEqual(leaks(data, secret), set())
        self.assertGreater(len(self.secrets), 40)

    def test_rule_42_private_notes_are_in_no_event_webhook_log_or_mail(self):
        for surface, data in self.surfaces.items():
            if surface == "backup" or surface.endswith(".mdb"):
                continue
            for note in self.private:
                with self.subTest(surface):
                    self.assertEqual(leaks(data, note), set())

    def test_what_is_looked_for_is_found_where_it_is(self):
        databases = [name for name in self.surfaces if name.endswith("data.mdb") or name == "backup"]
        self.assertEqual(len(databases), 2, self.surfaces.keys())
        for name in databases:
            self.assertEqual(leaks(self.surfaces[name], self.CONTROL), set(forms(self.CONTROL)), name)
            for note in self.private:
                self.assertEqual(leaks(self.surfaces[name], note), {"raw"})
        self.assertEqual(leaks(self.surfaces["event list"], b"A Name In Plain Sight"), {"raw"})
        self.assertIn(b"https://portal.example/", self.surfaces["--print-config"])
        self.assertIn(b" serves epoch ", self.surfaces["file orgd.log"])
        self.assertGreater(len(self.surfaces["file orgd-courier.log"]), 0)
        for action, count in ((b"organization.rejected", 2), (b"invitation.created", 8)):  # to two webhooks
            self.assertEqual(self.surfaces["webhooks"].count(b'"type":"' + action), count)
        self.assertIn(self.acme.encode(), self.surfaces["lists"])


if __name__ == "__main__":
    unittest.main()
