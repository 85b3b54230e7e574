#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Webhooks from a played orgd over the real courier to receivers with faults."""
import os
import pathlib
import shutil
import signal
import socket
import tempfile
import unittest
import unittest.mock

from certificates import make_ca, make_certificate
from fake_orgd import ACCEPTED, MAIL, REFUSED, UNREACHABLE, WEBHOOK, FakeOrgd
from harness import until
from https_server import Receiver


def setUpModule():
    global CERTIFICATES, CA, OTHER_CA, GOOD, WRONG_NAME
    CERTIFICATES = pathlib.Path(tempfile.mkdtemp(prefix="orgd-certificates-"))
    CA, OTHER_CA = make_ca(CERTIFICATES, "ca"), make_ca(CERTIFICATES, "other-ca")
    GOOD = make_certificate(CERTIFICATES, "DNS:localhost,IP:127.0.0.1,IP:::1", CA)
    WRONG_NAME = make_certificate(CERTIFICATES, "DNS:elsewhere.example", CA)


def tearDownModule():
    shutil.rmtree(CERTIFICATES)


class Courier(unittest.TestCase):
    def setUp(self):
        self.orgd = FakeOrgd()
        self.addCleanup(self.orgd.close)

    def use_receiver(self, certificate=None, **options):
        self.receiver = Receiver(certificate or GOOD, **options)
        self.addCleanup(self.receiver.stop)
        return self.receiver

    def start_courier(self, private=True, ca=None, timeout_s=30, workers=8, mail=""):
        return self.orgd.start_courier(f"""
webhooks {{
	workers = {workers}
	allow_private_networks = {"true" if private else "false"}
	ca_file = "{(ca or CA).with_suffix('.crt')}"
	timeout_s = {timeout_s}
}}
{mail}""")

    def start_courier_with_mail(self, **options):
        return self.start_courier(mail=f'maildir = "{self.orgd.maildir}"\n', **options)

    def send(self, url, **webhook):
        return self.orgd.wait_for(self.orgd.queue_webhook(url, **webhook))

    def expect(self, path, outcome, http_status, text=""):
        report = self.send(self.receiver.url(path))
        self.assertEqual((report.outcome, report.http_status), (outcome, http_status), report)
        self.assertIn(text, report.text)
        if outcome == ACCEPTED:
            self.assertEqual(report.text, "")
        return report

    def expect_unreachable(self, url, text, **webhook):
        report = self.send(url, **webhook)
        self.assertEqual((report.outcome, report.http_status), (UNREACHABLE, 0), report)
        self.assertRegex(report.text, text)


class Sending(Courier):
    def test_the_request_arrives_as_it_was_leased(self):
        self.use_receiver()
        self.start_courier()
        body = '{"type":"member.added","data":{"name":"Müller"}}'.encode() + b" " * 60000
        report = self.send(self.receiver.url("/200?key=1"), body=body, message_id="evt_abc", timestamp="1764000000",
                           signature="v1,Zmlyc3Q= v1,c2Vjb25k")
        self.assertEqual(report.outcome, ACCEPTED)
        [request] = self.receiver.requests
        self.assertEqual(request.line, "POST /200?key=1 HTTP/1.1")
        self.assertEqual(request.body, body)
        agent = request.headers.pop("user-agent")
        self.assertRegex(agent, r"^orgd-courier/\d+\.\d+\.\d+$")
        self.assertEqual(request.headers, {
            "host": f"localhost:{self.receiver.port}", "accept": "*/*", "content-type": "application/json",
            "content-length": str(len(body)), "webhook-id": "evt_abc", "webhook-timestamp": "1764000000",
            "webhook-signature": "v1,Zmlyc3Q= v1,c2Vjb25k"})

    def test_2xx_is_accepted(self):
        self.use_receiver()
        self.start_courier()
        for status in (200, 202, 204, 299):
            self.expect(f"/{status}", ACCEPTED, status)
        self.expect("/continue", ACCEPTED, 200)

    def test_any_other_status_is_refused_and_says_which(self):
        self.use_receiver()
        self.start_courier()
        for status in (400, 401, 404, 410, 429, 500, 503):
            self.expect(f"/{status}", REFUSED, status, f"answered {status}")

    def test_rule_43_a_redirect_is_not_followed(self):
        self.use_receiver()
        self.start_courier()
        for status in (301, 302, 303, 307, 308):
            self.expect(f"/{status}", REFUSED, status, "redirect is not followed")
        self.assertNotIn("/redirected", self.receiver.paths())

    def test_each_attempt_has_a_connection_of_its_own(self):
        self.use_receiver()
        self.start_courier(workers=1)
        for _ in range(3):
            self.expect("/200", ACCEPTED, 200)
        self.assertEqual(self.receiver.connections, 3)

    def test_a_receiver_at_an_ipv6_address(self):
        self.use_receiver(family=socket.AF_INET6)
        self.start_courier()
        self.assertEqual(self.send(self.receiver.url("/200", host="[::1]")).outcome, ACCEPTED)

    def test_an_empty_body_stays_empty(self):
        self.use_receiver()
        self.start_courier()
        self.assertEqual(self.send(self.receiver.url("/200"), body=b"").outcome, ACCEPTED)
        self.assertEqual(self.receiver.requests[0].body, b"")

    def test_neither_proxy_nor_netrc_of_the_environment_counts(self):
        self.use_receiver()
        netrc = self.orgd.state / ".netrc"
        netrc.write_text("machine localhost login portal password secret\n")
        with unittest.mock.patch.dict(os.environ, https_proxy="http://127.0.0.1:1", ALL_PROXY="http://127.0.0.1:1",
                                      HOME=str(self.orgd.state), NETRC=str(netrc)):
            self.start_courier()
        self.expect("/200", ACCEPTED, 200)
        self.assertNotIn("authorization", self.receiver.requests[0].headers)

    def test_how_long_it_took_is_told(self):
        self.use_receiver()
        self.start_courier(timeout_s=1)
        self.assertGreaterEqual(self.expect("/hang", UNREACHABLE, 0).duration_ms, 1000)
        self.assertLess(self.expect("/200", ACCEPTED, 200).duration_ms, 1000)

    def test_the_lease_is_given_back_as_it_was(self):
        self.use_receiver()
        self.start_courier()
        delivery = self.orgd.queue_webhook(self.receiver.url("/200"))
        self.assertEqual(self.orgd.wait_for(delivery).lease_token, self.orgd.lease_tokens[delivery])


class Faults(Courier):
    def test_no_answer_in_time(self):
        self.use_receiver()
        self.start_courier(timeout_s=1)
        self.expect("/hang", UNREACHABLE, 0, "timed out")

    def test_the_lease_says_how_long_an_attempt_may_take(self):
        self.use_receiver()
        self.start_courier()
        self.expect_unreachable(self.receiver.url("/hang"), "timed out", timeout_ms=500)

    def test_a_dropped_connection_and_an_answer_that_is_none(self):
        self.use_receiver()
        self.start_courier()
        self.expect("/drop", UNREACHABLE, 0, "Empty reply")
        self.expect("/garbage", UNREACHABLE, 0, "HTTP/0.9")
        self.expect("/headers", UNREACHABLE, 0, "headers do not end")

    def test_an_answer_counts_whatever_becomes_of_its_body(self):
        self.use_receiver()
        self.start_courier(timeout_s=1)
        for path in ("/endless", "/cut", "/stuck"):
            self.expect(path, ACCEPTED, 200)

    def test_after_each_fault_the_next_answer_is_its_own(self):
        self.use_receiver()
        self.start_courier(workers=1, timeout_s=1)
        for path in ("/hang", "/endless", "/cut", "/stuck", "/drop", "/garbage"):
            self.expect(path, *((UNREACHABLE, 0) if path in ("/hang", "/drop", "/garbage") else (ACCEPTED, 200)))
            self.expect("/410", REFUSED, 410)

    def test_nobody_there(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        self.start_courier()
        self.expect_unreachable(f"https://localhost:{port}/", "connect")
        self.expect_unreachable("https://no-such-host.invalid/", "resolve host")

    def test_a_certificate_that_nobody_trusts_gets_nothing(self):
        self.use_receiver()
        self.start_courier(ca=OTHER_CA)
        self.expect_unreachable(self.receiver.url("/200"), "certificate")
        self.assertEqual(self.receiver.requests, [])

    def test_a_certificate_for_another_name_gets_nothing(self):
        self.use_receiver(certificate=WRONG_NAME)
        self.start_courier()
        self.expect_unreachable(self.receiver.url("/200"), "subject name")
        self.assertEqual(self.receiver.requests, [])

    def test_tls_before_1_2_gets_nothing(self):
        self.use_receiver(tls12=False)
        self.start_courier()
        self.expect_unreachable(self.receiver.url("/200"), "protocol version|unsupported protocol|SSL")
        self.assertEqual(self.receiver.requests, [])

    def test_only_https_without_user_information_is_sent(self):
        self.use_receiver()
        self.start_courier()
        here = f"localhost:{self.receiver.port}/200"
        self.expect_unreachable(f"http://{here}", "Protocol \"http\" not supported")
        self.expect_unreachable(here, "not supported")
        self.expect_unreachable("file:///etc/passwd", "not supported")
        self.expect_unreachable(f"https://portal:secret@{here}", "Login denied")
        self.expect_unreachable(f"https://localhost:{self.receiver.port}/200\r\nX: y", "URL|format")
        self.assertEqual(self.receiver.requests, [])

    def test_a_header_s_value_holds_no_other_header(self):
        self.use_receiver()
        self.start_courier()
        url = self.receiver.url("/200")
        for value in ("v1,a\r\nX-Evil: 1", "v1,a\nX-Evil: 1", "v1,a\rb", "v1,a\tb", "v1,\x7f", "v1,é", ""):
            self.expect_unreachable(url, "webhook-signature (holds|is empty)", signature=value)
        self.expect_unreachable(url, "webhook-id holds", message_id="evt\r\nX: y")
        self.expect_unreachable(url, "webhook-timestamp holds", timestamp="1\n")
        self.assertEqual(self.receiver.requests, [])


class Addresses(Courier):
    def test_rule_43_private_addresses_are_refused_unless_the_operator_allows_them(self):
        self.use_receiver()
        self.start_courier(private=False)
        port = self.receiver.port
        for host in ("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "127.1",
                     "017700000001"):
            self.expect_unreachable(f"https://{host}:{port}/200", "loopback .*public addresses only")
        self.expect_unreachable(f"https://10.0.0.1:{port}/200", "RFC 1918")
        self.expect_unreachable(f"https://[fd00::1]:{port}/200", "unique local")
        self.assertEqual(self.receiver.connections, 0)

    def test_rule_43_some_addresses_are_refused_whatever_the_operator_allows(self):
        self.start_courier()
        for host, rule in (("169.254.169.254", "link-local"), ("0.0.0.0", "this network"), ("[::]", "unspecified"),
                           ("[fe80::1]", "link-local"), ("[::ffff:169.254.169.254]", "link-local"),
                           ("[64:ff9b::169.254.169.254]", "link-local"), ("[2002:7f00:1::]", "6to4"),
                           ("224.0.0.1", "multicast"), ("255.255.255.255", "broadcast"), ("192.0.2.1", "documentation")):
            self.expect_unreachable(f"https://{host}/", rule)

    def test_the_report_does_not_say_what_a_name_means_here(self):
        self.start_courier(private=False)
        report = self.send("https://localhost/")
        self.assertNotRegex(report.text, r"127\.0\.0\.1|::1")


class Lanes(Courier):
    def mail_is_there(self, delivery):
        return (self.orgd.maildir / "new" / delivery).exists()

    def test_slow_receivers_hold_up_neither_mails_nor_other_receivers(self):
        self.use_receiver()
        self.start_courier_with_mail(workers=3)
        slow = [self.orgd.queue_webhook(self.receiver.url("/hang")) for _ in range(2)]
        until(lambda: self.receiver.paths().count("/hang") == 2, "both hanging")
        self.assertEqual(self.orgd.wait_for(self.orgd.queue_mail()).outcome, ACCEPTED)
        self.expect("/200", ACCEPTED, 200)
        for delivery in slow:
            self.assertNotIn(delivery, self.orgd.reports)
        self.receiver.go()
        for delivery in slow:
            self.assertEqual(self.orgd.wait_for(delivery).outcome, ACCEPTED)

    def test_no_more_is_leased_than_there_are_workers_and_mails_go_out_even_then(self):
        self.use_receiver()
        courier = self.start_courier_with_mail(workers=2)
        for _ in range(4):
            self.orgd.queue_webhook(self.receiver.url("/hang"))
        until(lambda: self.receiver.paths().count("/hang") == 2, "both hanging")
        self.assertTrue(self.orgd.wait_for(self.orgd.queue_mail()))
        asked = self.orgd.asked[MAIL]
        until(lambda: self.orgd.asked[MAIL] > asked + 2, "the other lane asking on")
        self.assertEqual(len(self.orgd.leases[WEBHOOK]), 2)
        courier.kill()
        courier.wait()
        self.assertEqual(len(self.orgd.leases[WEBHOOK]), 2)

    def test_a_courier_without_mail_settings_leases_no_mail_and_says_so(self):
        self.use_receiver()
        self.start_courier()
        self.orgd.queue_mail()
        self.expect("/200", ACCEPTED, 200)
        self.assertEqual(self.orgd.asked[MAIL], 0)
        self.assertIn("mails are left where they are", self.orgd.log)

    def test_a_courier_without_workers_for_webhooks_leases_none(self):
        self.start_courier_with_mail(workers=0)
        self.orgd.queue_webhook("https://localhost/")
        self.assertTrue(self.orgd.wait_for(self.orgd.queue_mail()))
        self.assertEqual(self.orgd.asked[WEBHOOK], 0)

    def test_what_was_not_asked_for_is_reported_not_sent(self):
        self.use_receiver()
        self.start_courier_with_mail()
        stray = self.orgd.queue_mail(channel=WEBHOOK)
        self.assertEqual(self.orgd.wait_for(stray).outcome, UNREACHABLE)
        self.assertFalse(self.mail_is_there(stray))

    def test_a_report_is_repeated_under_its_request_id_until_orgd_takes_it(self):
        self.use_receiver()
        self.start_courier()
        self.orgd.lost_reports = 2
        report = self.expect("/200", ACCEPTED, 200)
        self.assertEqual(self.orgd.refused_requests, [report.request_id] * 2)
        self.assertEqual(self.receiver.paths(), ["/200"])

    def test_told_to_stop_it_finishes_what_is_in_hand_and_takes_nothing_more(self):
        self.use_receiver()
        courier = self.start_courier_with_mail(workers=2)
        busy = [self.orgd.queue_webhook(self.receiver.url("/hang")) for _ in range(2)]
        until(lambda: self.receiver.paths().count("/hang") == 2, "both hanging")
        courier.send_signal(signal.SIGTERM)
        until(lambda: "stopping" in self.orgd.log, "the courier stopping")
        late = self.orgd.queue_webhook(self.receiver.url("/200"))
        self.receiver.go()
        self.assertEqual(courier.wait(30), 0)
        for delivery in busy:
            self.assertEqual(self.orgd.reports[delivery].outcome, ACCEPTED)
        self.assertNotIn(late, self.orgd.reports)
        self.assertIn("stopped", self.orgd.log)

    def test_idle_it_stops_at_once_however_many_workers_it_has(self):
        courier = self.start_courier_with_mail(workers=64)
        until(lambda: self.orgd.asked[WEBHOOK] and self.orgd.asked[MAIL], "the courier running")
        courier.terminate()
        self.assertEqual(courier.wait(10), 0)

    @unittest.skipUnless(os.environ.get("ORGD_TESTS_LONG"), "takes 20 s")
    def test_told_to_stop_it_does_not_wait_for_a_hanging_receiver_for_ever(self):
        self.use_receiver()
        courier = self.start_courier(timeout_s=120)
        hanging = self.orgd.queue_webhook(self.receiver.url("/hang"))
        until(lambda: self.receiver.requests, "the receiver hanging")
        courier.terminate()
        self.assertEqual(courier.wait(40), 0)
        self.assertEqual((self.orgd.reports[hanging].outcome, self.orgd.reports[hanging].text),
                         (UNREACHABLE, "the courier had to stop"))

    def test_no_secret_of_a_url_or_a_body_stands_in_the_log(self):
        self.use_receiver()
        self.start_courier()
        self.send(self.receiver.url("/200?key=sesame"), body=b"hidden", signature="v1,sealed")
        self.send(self.receiver.url("/drop?key=sesame"))
        self.send("https://localhost:1/?key=sesame")
        for private in ("sesame", "hidden", "sealed"):
            self.assertNotIn(private, self.orgd.log)


if __name__ == "__main__":
    unittest.main()
