# SPDX-License-Identifier: Apache-2.0
"""An orgd that the test plays: it gives out the leases that the test lines up, and keeps what the courier reports. What
it says on the wire is what wire.py says on the other side."""
import collections
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import tempfile
import threading

from harness import COURIER, until
from wire import decode, encode

MAIL, WEBHOOK = 1, 2
ACCEPTED, REFUSED, UNREACHABLE = 1, 2, 3
UNAVAILABLE = 14

Report = collections.namedtuple("Report", "outcome http_status text duration_ms lease_token request_id")


def take(stream, size):
    data = b""
    while len(data) < size:
        piece = stream.recv(size - len(data))
        if not piece:
            raise ConnectionResetError
        data += piece
    return data


class FakeOrgd:
    def __init__(self):
        self.state = pathlib.Path(tempfile.mkdtemp(prefix="orgd-fake-"))
        self.socket = self.state / "orgd.sock"
        self.maildir = self.state / "mail"
        self.leases = {MAIL: collections.deque(), WEBHOOK: collections.deque()}
        self.lease_tokens, self.reports = {}, {}  # by delivery id
        self.lost_reports = 0  # how many to answer with UNAVAILABLE from now on
        self.refused_requests = []  # the request ids of those
        self.asked = collections.Counter()  # by channel
        self.lock = threading.Lock()
        self.count = 0
        self.courier = None
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.socket))
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        if self.courier and self.courier.poll() is None:
            self.courier.kill()
            self.courier.wait()
        self.listener.close()
        shutil.rmtree(self.state)

    def start_courier(self, settings):
        config = self.state / "orgd-courier.conf"
        config.write_text(f'orgd = "ipc://{self.socket}"\n{settings}')
        with open(self.state / "orgd-courier.log", "ab") as log:
            self.courier = subprocess.Popen([COURIER, "--config", config], stderr=log, stdout=log)
        return self.courier

    @property
    def log(self):
        return (self.state / "orgd-courier.log").read_text()

    # --- what there is to send ---

    def queue(self, channel, prefix, lease):
        self.count += 1
        delivery = f"{prefix}_{self.count:026}"
        self.lease_tokens[delivery] = os.urandom(16)
        self.leases[channel].append({1: delivery, 2: self.lease_tokens[delivery], **lease})
        return delivery

    def queue_webhook(self, url, body=b"{}", timeout_ms=60000, message_id="evt_1", timestamp="1700000000",
                      signature="v1,c2lnbmF0dXJl"):
        return self.queue(WEBHOOK, "whk", {7: timeout_ms, 8: {
            1: url, 2: body, 3: message_id, 4: timestamp, 5: signature}})

    def queue_mail(self, channel=MAIL):
        return self.queue(channel, "dlv", {4: "a@example.com", 5: "b@example.com",
                                           6: b"Subject: hello\r\n\r\n", 7: 60000})

    def wait_for(self, delivery):
        return until(lambda: self.reports.get(delivery), f"a report on {delivery}")

    # --- the wire ---

    def accept(self):
        while True:
            try:
                stream, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(stream,), daemon=True).start()

    def serve(self, stream):
        try:
            with stream:
                take(stream, 8)
                stream.sendall(b"\0SP\0\0\x31\0\0")
                while True:
                    _, length = struct.unpack(">BQ", take(stream, 9))
                    frame = take(stream, length)
                    hops = 4
                    while not frame[hops - 4] & 0x80:
                        hops += 4
                    answer = frame[:hops] + encode(self.answer(decode(frame[hops:])))
                    stream.sendall(b"\x01" + struct.pack(">Q", len(answer)) + answer)
        except OSError:
            pass

    def answer(self, envelope):
        request = decode(envelope.get(2, [b""])[0])
        if envelope[1][0].endswith(b"/LeaseDeliveries"):
            return {2: encode(self.lease(request))}
        return self.report(request, envelope[4][0].decode())

    def lease(self, request):
        channel = request[2][0]
        with self.lock:
            self.asked[channel] += 1
            queue = self.leases[channel]
            return {1: queue.popleft()} if queue else {}

    def report(self, request, request_id):
        with self.lock:
            if self.lost_reports:
                self.lost_reports -= 1
                self.refused_requests.append(request_id)
                return {1: {1: UNAVAILABLE, 2: "not now"}}
            self.reports[request[1][0].decode()] = Report(
                request[3][0], request.get(6, [0])[0], request.get(5, [b""])[0].decode(), request.get(7, [0])[0],
                request[2][0], request_id)
            return {2: b""}
