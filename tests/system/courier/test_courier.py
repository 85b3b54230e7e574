#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Mails from the outbox to a mail server with STARTTLS, AUTH and faults. Everybody is a process of its own."""
import email
import email.policy
import html.parser
import json
import os
import pathlib
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import unittest
import unittest.mock

from certificates import make_ca, make_certificate
from harness import Daemon, until

LEASE_S = 4 * 60
RETRY_S = 76  # more than the first wait, by chance up to 75 s
NAME, PASSWORD = "portal", "a secret: with \"quotes\""


def setUpModule():
    global CERTIFICATES, CA, OTHER_CA, GOOD, WRONG_NAME
    CERTIFICATES = pathlib.Path(tempfile.mkdtemp(prefix="orgd-certificates-"))
    CA, OTHER_CA = make_ca(CERTIFICATES, "ca"), make_ca(CERTIFICATES, "other-ca")
    GOOD = make_certificate(CERTIFICATES, "DNS:localhost,IP:127.0.0.1", CA)
    WRONG_NAME = make_certificate(CERTIFICATES, "DNS:elsewhere.example", CA)


def tearDownModule():
    shutil.rmtree(CERTIFICATES)


class MailServer:
    def __init__(self, tls="starttls", login=f"{NAME}:{PASSWORD}", certificate=None):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="orgd-smtp-"))
        self.mode("ok")
        command = [sys.executable, pathlib.Path(__file__).with_name("smtp_server.py"), self.directory]
        if tls:
            certificate = certificate or GOOD
            command += ["--tls", tls, "--certificate", certificate.with_suffix(".crt"), "--key",
                        certificate.with_suffix(".key")]
        if login:
            command += ["--login", login]
        with open(self.directory / "log", "ab") as log:
            self.process = subprocess.Popen(list(map(str, command)), stdout=log, stderr=log)
        until(lambda: (self.directory / "port").exists() or self.process.poll() is not None, "the mail server")
        self.port = int((self.directory / "port").read_text())
        self.scheme = "smtps" if tls == "implicit" else "smtp"

    def mode(self, mode):
        (self.directory / "mode.part").write_text(mode)
        (self.directory / "mode.part").rename(self.directory / "mode")

    def go(self):
        (self.directory / "go").touch()

    @property
    def notes(self):
        path = self.directory / "notes"
        return path.read_text().splitlines() if path.exists() else []

    @property
    def mails(self):
        return [json.loads(path.read_text()) for path in sorted((self.directory / "mails").glob("*.json"))]

    def mails_to(self, address):
        return [mail for mail in self.mails if mail["recipients"] == [address]]

    def wait_for_mail_to(self, address):
        return until(lambda: self.mails_to(address), f"the mail to {address}")[0]

    def stop(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.directory)


class Links(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.links, self.tags, self.text = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag == "a":
            self.links.append(dict(attributes)["href"])

    def handle_data(self, data):
        self.text += data


class Story(unittest.TestCase):
    """orgd with an organization that can invite, for all tests of a class. What one leaves in the outbox, the next may
    meet, so each has an address of its own."""
    server = None

    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(extra="limits { invitations_per_organization_per_day = 1000 }").start()
        courier = cls.daemon.start_courier()
        cls.daemon.call("UserService/SignUp", {"email": "ada@example.com", "displayName": "Ada",
                                               "password": "correct horse battery staple"})
        cls.daemon.call("UserService/VerifyEmail", {"token": cls.daemon.token_for("ada@example.com")})
        owner = cls.daemon.call("UserService/ListUsers")["users"][0]["id"]
        cls.organization = cls.daemon.call("OrganizationService/CreateOrganization", {
            "organization": {"handle": "acme", "displayName": "<b>Müller & Söhne</b>"},
            "ownerUserId": owner})["organization"]["id"]
        cls.daemon.call("VerificationService/VerifyOrganization", {"organizationId": cls.organization})
        cls.daemon.wait_for_mail("ada@example.com", 2)
        courier.terminate()
        courier.wait(60)

    @classmethod
    def tearDownClass(cls):
        cls.daemon.stop()
        shutil.rmtree(cls.daemon.state)

    def setUp(self):
        self.address = f"{self.id().rsplit('.')[-1].replace('_', '-')[-48:].strip('-')}@example.com"
        (self.daemon.state / "orgd-courier.log").unlink(missing_ok=True)

    def tearDown(self):
        if self.daemon.courier:
            self.daemon.courier.kill()
            self.daemon.courier.wait()
        if self.server:
            self.server.stop()

    def use_server(self, **options):
        self.server = MailServer(**options)
        return self.server

    def start_courier(self, ca=None, login=True, starttls="required", url=None, timeout_s=120):
        credentials = ""
        if login:
            password = self.daemon.state / "smtp.password"
            password.write_text(PASSWORD + "\n")
            credentials = f'username = "{NAME}"\npassword_file = "{password}"'
        url = url or f"{self.server.scheme}://127.0.0.1:{self.server.port}"
        return self.daemon.start_courier(f"""
smtp {{
	url = "{url}"
	starttls = "{starttls}"
	timeout_s = {timeout_s}
	ca_file = "{(ca or CA).with_suffix('.crt')}"
	{credentials}
}}
""")

    @property
    def courier_log(self):
        return (self.daemon.state / "orgd-courier.log").read_text()

    def invite(self, address=None, message="Join us."):
        return self.daemon.call("InvitationService/CreateInvitation", {
            "organizationId": self.organization, "email": address or self.address, "role": "ROLE_ADMIN",
            "message": message})["invitation"]["id"]

    def status(self, invitation):
        return self.daemon.call("InvitationService/GetInvitation", {
            "organizationId": self.organization, "invitationId": invitation})["invitation"]["delivery"]

    def wait_for(self, invitation, state, attempts=None):
        def reached():
            status = self.status(invitation)
            return status["state"] == f"DELIVERY_STATE_{state}" and \
                (attempts is None or status.get("attempts", 0) == attempts) and status
        return until(reached, f"{state} of {invitation}")


class Sending(Story):
    def test_rule_14_the_mail_arrives_over_tls_with_all_its_parts(self):
        self.use_server()
        self.start_courier()
        invitation = self.invite("Eve.Example@Bücher.Example", "Tea & <i>cake</i>")
        taken = self.server.wait_for_mail_to("Eve.Example@xn--bcher-kva.example")
        self.assertEqual(taken["sender"], "portal@portal.example")
        self.assertTrue(taken["tls"])
        self.assertEqual(taken["login"], NAME)
        self.wait_for(invitation, "SENT", attempts=1)

        self.assertEqual(taken["message"].replace("\r\n", "").count("\n"), 0)
        message = email.message_from_string(taken["message"], policy=email.policy.default)
        self.assertEqual(message.defects, [])
        self.assertEqual(message["To"], "Eve.Example@xn--bcher-kva.example")
        self.assertEqual(message["From"].addresses[0].addr_spec, "portal@portal.example")
        self.assertIn("<b>Müller & Söhne</b>", message["Subject"])
        self.assertEqual(message["Auto-Submitted"], "auto-generated")
        self.assertEqual(message["MIME-Version"], "1.0")
        self.assertRegex(message["Message-ID"], r"^<dlv_[0-9a-z]{26}@portal\.example>$")
        self.assertLess(abs(message["Date"].datetime.timestamp() - time.time()), 300)
        for absent in ("List-Unsubscribe", "Bcc", "Cc", "Reply-To"):
            self.assertIsNone(message[absent])
        self.assertEqual([part.get_content_type() for part in message.walk()],
                         ["multipart/alternative", "text/plain", "text/html"])

        text = message.get_body(("plain",)).get_content()
        page = Links(message.get_body(("html",)).get_content())
        self.assertEqual(len(page.links), 1)
        self.assertRegex(page.links[0], r"^https://portal\.example/join\?token=orgd_i_[A-Za-z0-9_-]{64}$")
        self.assertEqual(text.count("https://"), 1)
        self.assertIn(page.links[0], text)
        for said in ("<b>Müller & Söhne</b>", "Tea & <i>cake</i>", "Admin", "UTC", "Decline"):
            self.assertIn(said, text)
            self.assertIn(said, page.text)
        for tag in ("b", "i", "script"):
            self.assertNotIn(tag, page.tags)

    def test_a_password_and_an_address_stand_in_no_log(self):
        self.use_server()
        self.start_courier()
        self.wait_for(self.invite(), "SENT")
        for log in (self.courier_log, self.daemon.log):
            for private in (PASSWORD, self.address, "orgd_i_"):
                self.assertNotIn(private, log)

    def test_tls_from_the_first_byte(self):
        self.use_server(tls="implicit")
        self.start_courier()
        self.wait_for(self.invite(), "SENT")

    def test_a_relay_without_tls_is_used_only_when_the_operator_says_so(self):
        self.use_server(tls=None, login=None)
        self.start_courier(login=False)
        invitation = self.invite()
        self.assertIn("STARTTLS", self.wait_for(invitation, "QUEUED", attempts=1)["lastError"])
        self.assertEqual(self.server.mails, [])
        self.daemon.courier.terminate()
        self.assertEqual(self.daemon.courier.wait(60), 0)
        self.daemon.advance(RETRY_S)
        self.start_courier(login=False, starttls="optional")
        self.wait_for(invitation, "SENT")

    def test_many_mails_go_over_one_connection(self):
        self.use_server()
        for n in range(8):
            self.invite(f"guest{n}@example.com")
        self.start_courier()
        for n in range(8):
            self.server.wait_for_mail_to(f"guest{n}@example.com")
        self.assertEqual(self.server.notes.count("connection"), 1)

    def test_for_development_mails_are_files_named_by_their_delivery(self):
        self.daemon.start_courier()
        invitation = self.invite()
        delivery = self.wait_for(invitation, "SENT")["deliveryId"]
        self.assertIn(delivery, [path.name for path in (self.daemon.maildir / "new").iterdir()])
        self.assertEqual(list((self.daemon.maildir / "tmp").iterdir()), [])
        message = self.daemon.wait_for_mail(self.address)
        self.assertIn("<b>Müller & Söhne</b>", message["Subject"])


class Faults(Story):
    def test_rule_15_a_permanent_refusal_is_failed_with_the_servers_text(self):
        self.use_server().mode("reply 550 5.1.1 no such user")
        self.start_courier()
        status = self.wait_for(self.invite(), "FAILED")
        self.assertEqual(status["lastError"], "550 5.1.1 no such user")
        self.assertEqual(status["attempts"], 1)

    def test_rule_15_a_refusal_of_the_message_itself_counts_too(self):
        self.use_server().mode("late 554 5.7.1 looks like spam")
        self.start_courier()
        self.assertEqual(self.wait_for(self.invite(), "FAILED")["lastError"],
                         "554 5.7.1 looks like spam")

    def test_rule_15_one_refusal_does_not_spoil_the_connection_for_the_next(self):
        self.use_server().mode("reply 550 5.1.1 no such user")
        self.start_courier()
        self.wait_for(self.invite(), "FAILED")
        self.server.mode("ok")
        self.wait_for(self.invite("another@example.com"), "SENT", attempts=1)

    def test_rule_15_a_temporary_refusal_is_tried_again(self):
        self.use_server().mode("reply 451 4.7.1 come back later")
        self.start_courier()
        invitation = self.invite()
        self.assertEqual(self.wait_for(invitation, "QUEUED", attempts=1)["lastError"], "451 4.7.1 come back later")
        self.server.mode("ok")
        self.daemon.advance(RETRY_S)
        self.wait_for(invitation, "SENT", attempts=2)
        self.assertEqual(len(self.server.mails_to(self.address)), 1)

    def test_rule_15_a_dropped_connection_is_tried_again(self):
        self.use_server().mode("drop")
        self.start_courier()
        invitation = self.invite()
        self.assertTrue(self.wait_for(invitation, "QUEUED", attempts=1)["lastError"])
        self.server.mode("ok")
        self.daemon.advance(RETRY_S)
        self.wait_for(invitation, "SENT", attempts=2)

    def test_rule_15_a_server_that_is_not_there_is_tried_again(self):
        self.use_server()
        self.start_courier(url="smtp://127.0.0.1:1")
        invitation = self.invite()
        self.assertIn("connect", self.wait_for(invitation, "QUEUED", attempts=1)["lastError"].lower())

    def test_rule_15_a_server_that_does_not_answer_in_time_is_tried_again_and_its_late_answer_is_nobodys(self):
        self.use_server().mode("wait")
        self.start_courier(timeout_s=1)
        late = self.invite()
        self.assertIn("time", self.wait_for(late, "QUEUED", attempts=1)["lastError"].lower())
        self.server.mode("reply 550 5.1.1 no such user")
        self.server.go()
        self.wait_for(self.invite("nobody.else@example.com"), "FAILED", attempts=1)
        self.assertEqual(self.status(late)["attempts"], 1)

    def test_a_wrong_password_fails_no_mail(self):
        self.use_server(login=f"{NAME}:another")
        self.start_courier()
        invitation = self.invite()
        self.assertRegex(self.wait_for(invitation, "QUEUED", attempts=1)["lastError"], "^535 ")

    def expect_no_mail(self, invitation):
        status = self.wait_for(invitation, "QUEUED", attempts=1)
        self.assertEqual(self.server.mails, [])
        self.assertFalse([note for note in self.server.notes if note.startswith("login")])
        return status["lastError"]

    def test_a_certificate_that_nobody_trusts_gets_neither_password_nor_mail(self):
        self.use_server()
        self.start_courier(ca=OTHER_CA)
        self.assertIn("certificate", self.expect_no_mail(self.invite()))

    def test_a_certificate_for_another_name_gets_neither_password_nor_mail(self):
        self.use_server(certificate=WRONG_NAME)
        self.start_courier()
        self.assertRegex(self.expect_no_mail(self.invite()), "subject name|certificate")

    def test_without_starttls_the_password_stays_here_whatever_the_configuration_says(self):
        self.use_server(tls=None)
        self.start_courier(starttls="optional")
        self.assertIn("STARTTLS", self.expect_no_mail(self.invite()))

    def test_rule_15_a_hanging_server_slows_no_call(self):
        def latencies(prefix):
            times = []
            for n in range(15):
                begun = time.monotonic()
                self.invite(f"{prefix}{n}@example.com")
                times.append(time.monotonic() - begun)
            return statistics.median(times)

        self.use_server().mode("hang")
        before = latencies("a")
        self.start_courier()
        until(lambda: "hanging" in self.server.notes, "the server hanging")
        self.assertLess(latencies("b"), 3 * before + 0.05)


class Crashes(Story):
    def test_rule_15_a_courier_killed_between_send_and_report_sends_again_under_the_same_message_id(self):
        self.use_server().mode("wait")
        self.start_courier()
        invitation = self.invite()
        self.server.wait_for_mail_to(self.address)
        self.daemon.courier.send_signal(signal.SIGSTOP)
        self.server.go()
        self.daemon.courier.kill()
        self.daemon.courier.wait()
        self.assertEqual(self.status(invitation)["state"], "DELIVERY_STATE_SENDING")
        self.server.mode("ok")
        self.daemon.advance(LEASE_S)
        self.start_courier()
        self.wait_for(invitation, "SENT", attempts=2)
        first, second = self.server.mails_to(self.address)
        self.assertEqual(first["message"], second["message"])
        self.assertRegex(first["message"], r"\r\nMessage-ID: <dlv_")

    def test_rule_15_a_mail_that_was_queued_survives_a_kill_of_orgd(self):
        invitation = self.invite()
        self.daemon.stop(signal.SIGKILL)
        self.daemon.start()
        self.use_server()
        self.start_courier()
        self.wait_for(invitation, "SENT")

    def test_a_courier_told_to_stop_finishes_the_mail_in_hand(self):
        self.use_server().mode("wait")
        courier = self.start_courier()
        invitation = self.invite()
        self.server.wait_for_mail_to(self.address)
        courier.terminate()
        until(lambda: "stopping" in self.courier_log, "the courier stopping")
        self.assertIsNone(courier.poll())
        self.server.go()
        self.assertEqual(courier.wait(60), 0)
        self.assertEqual(self.status(invitation)["state"], "DELIVERY_STATE_SENT")

    def test_an_idle_courier_stops_at_once(self):
        self.use_server()
        courier = self.start_courier()
        until(lambda: "takes mails" in self.courier_log, "the courier running")
        courier.terminate()
        self.assertEqual(courier.wait(10), 0)

    def test_systemd_is_told_that_it_runs_lives_and_stops(self):
        self.use_server()
        path = self.daemon.state / "notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told, \
                unittest.mock.patch.dict(os.environ, NOTIFY_SOCKET=str(path)):
            told.bind(str(path))
            told.settimeout(30)
            courier = self.start_courier()
            for message in (b"READY=1", b"WATCHDOG=1", b"STOPPING=1"):
                if message == b"STOPPING=1":
                    courier.terminate()
                while told.recv(4096) != message:
                    pass
        self.assertEqual(courier.wait(60), 0)

    @unittest.skipUnless(os.environ.get("ORGD_TESTS_LONG"), "takes 20 s")
    def test_a_courier_told_to_stop_does_not_wait_for_a_hanging_server_for_ever(self):
        self.use_server().mode("hang")
        courier = self.start_courier()
        invitation = self.invite()
        until(lambda: "hanging" in self.server.notes, "the server hanging")
        courier.terminate()
        self.assertEqual(courier.wait(40), 0)
        self.wait_for(invitation, "QUEUED", attempts=1)

    def test_a_courier_waits_for_orgd_and_says_so_once(self):
        self.use_server()
        invitation = self.invite()
        self.daemon.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.daemon.process.wait(60), 0)
        self.start_courier()
        until(lambda: "gives no mails out" in self.courier_log, "the courier noticing")
        self.daemon.start()
        self.wait_for(invitation, "SENT")
        self.assertEqual(self.courier_log.count("gives no mails out:"), 1)
        self.assertEqual(self.courier_log.count("gives mails out again"), 1)


if __name__ == "__main__":
    unittest.main()
