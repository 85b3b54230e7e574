# SPDX-License-Identifier: Apache-2.0
"""The real orgd under the model's words: speaks the wire, and keeps what orgd calls the things that the model names."""
import base64
import importlib
import os
import pathlib
import re
import shutil
import struct
import tempfile
import time
import uuid

from google.rpc import error_details_pb2
from harness import Daemon
from history import call
from orgd.rpc.v1 import rpc_pb2
from words import Refused
import wire

SERVICES = ("access", "api_key", "delivery", "document", "event", "invitation", "member", "organization", "session",
            "user", "verification")
MODULES = [importlib.import_module(f"orgd.v1.{name}_service_pb2") for name in SERVICES]
METHODS = {f"{service.name}/{method.name}": method for module in MODULES
           for service in module.DESCRIPTOR.services_by_name.values() for method in service.methods}
NAME = re.compile(r"(usr|org|inv|doc|col|grt|key|ses|session|secret|token)#")
# Nothing here outlives the test, and kills need no disk.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
LIMITS = """
limits {
	invitations_per_organization_per_day = 1000000
	invitations_per_recipient_per_day = 1000000
	account_mails_per_address_per_day = 1000000
	sign_in_failures_per_account = 1000000
	sign_in_failures_per_peer = 1000000
}
"""
SENDS_MAIL = {"UserService/SignUp", "InvitationService/CreateInvitation", "InvitationService/ResendInvitation",
              "InvitationService/BatchCreateInvitations"}


class Reply:
    """What orgd answered."""

    def __init__(self, response, message):
        self.code, self.text = response.status.code, response.status.message
        self.reason = reason_of(response.status)
        self.message = message
        self.committed, self.revision = response.committed, response.revision

    def __repr__(self):
        return f"{self.code} {self.reason}: {self.text}" if self.code else f"OK {str(self.message).split()}"


def reason_of(status):
    info = error_details_pb2.ErrorInfo()
    for detail in status.details:
        if detail.Unpack(info):
            return info.reason
    return ""


class Subject(Daemon):
    """A daemon, and the names: what orgd calls the things that the model names."""

    def __init__(self, template=None):
        state = pathlib.Path(tempfile.mkdtemp(prefix="orgd-model-", dir=MEMORY))
        self.names, self.began = {}, time.time()
        if template:
            shutil.rmtree(state)
            shutil.copytree(template.state, state, ignore=shutil.ignore_patterns("*.sock*", "*.log", "*.lock"))
            self.names, self.began = dict(template.names), template.began
        super().__init__(state=state, extra=LIMITS)
        self.client = wire.Client(self.socket)

    def end(self):
        self.client.close()
        if self.process:
            self.stop(9)
        shutil.rmtree(self.state)

    def kill(self):
        """Kills it in the middle of whatever it does, and starts it again."""
        self.client.close()
        self.stop(9)
        self.start()

    def real(self, value, key=""):
        """A value of the model as orgd knows it. What does not exist gets an id that nothing has."""
        if isinstance(value, dict):
            if key == "expire_time":
                return {"seconds": int(self.began) + 1 + value["seconds"]}
            return {name: self.real(part, name) for name, part in value.items()}
        if isinstance(value, list):
            return [self.real(part, key) for part in value]
        if isinstance(value, str) and NAME.match(value):
            kind = value.split("#")[0]
            return self.names.get(value, f"{kind}_{'1' * 25}0")
        return value

    def send(self, step, page_token=""):
        """Sends a call in the model's words; `receive` gives its answer, when all that were sent before have theirs."""
        credential, authorization = step.credential, step.credential
        if credential == "operator":
            authorization = "Peer"
        elif "#" in credential:
            authorization = f"Bearer {self.names.get(credential, 'x' * 43)}"
        request = METHODS[step.method].input_type._concrete_class(**self.real(step.request))
        if page_token:
            request.page_token = page_token
        body = rpc_pb2.Request(
            method=f"/orgd.v1.{step.method}", payload=request.SerializeToString(), timeout_ms=30000,
            request_id=step.request_id, authorization=authorization,
            on_behalf_of=self.real(step.on_behalf)).SerializeToString()
        if not self.client.socket:
            self.client.connect()
            self.answers = {}
        hop = struct.pack(">I", 0x80000000 | next(self.client.ids) & 0x7FFFFFFF)
        self.client.socket.sendall(b"\x01" + struct.pack(">Q", len(hop) + len(body)) + hop + body)
        return hop

    def receive(self, step, hop):
        while hop not in self.answers:
            _, length = struct.unpack(">BQ", self.client.take(9))
            answer = self.client.take(length)
            self.answers[answer[:4]] = answer[4:]
        response = rpc_pb2.Response.FromString(self.answers.pop(hop))
        return Reply(response, METHODS[step.method].output_type._concrete_class.FromString(response.payload))

    def call(self, step, hop=None):
        """One call, sent already or not yet. A list comes whole, in pages of the request's page_size."""
        reply = self.receive(step, hop or self.send(step))
        whole = reply
        while token := getattr(reply.message, "next_page_token", ""):
            reply = self.receive(step, self.send(step, token))
            if reply.code:
                return reply
            whole.message.MergeFrom(reply.message)
            whole.message.next_page_token = ""
        if not whole.code and step.method in SENDS_MAIL:
            self.take_mails(step)
        return whole

    def ask(self, method, **request):
        """A call of the test's own."""
        reply = self.call(call(uuid.uuid4().hex, method, **request))
        if reply.code:
            raise AssertionError(f"{method}: {reply}")
        return reply.message

    def head(self):
        """The revision of the latest commit."""
        return self.call(call("", "SessionService/WhoAmI")).revision

    def take_mails(self, step=None):
        """The courier's part: takes the mails that are due, and keeps the tokens in their links."""
        emails = [email.strip().casefold() for email in step.request.get("emails", [])] if step else []
        while True:
            leases = self.ask("DeliveryService/LeaseDeliveries").leases
            for lease in leases:
                text = base64.b64decode(lease.message.split(b"base64\r\n\r\n", 1)[1].split(b"--", 1)[0])
                token = re.search(rb"token=([A-Za-z0-9_-]+)", text)
                if token and step:
                    recipient = lease.recipient.casefold()
                    part = f".{emails.index(recipient)}" if recipient in emails else ""
                    self.names.setdefault(f"token#{step.label}{part}", token.group(1).decode())
                self.ask("DeliveryService/ReportDelivery", delivery_id=lease.delivery_id,
                         lease_token=lease.lease_token, outcome=1)
            if len(leases) < 20:
                return

    # Comparing

    def differences(self, message, expected, where=""):
        """Where an answer is not as the model expects it. What the model names for the first time gets its id here."""
        for field, value in expected.items():
            actual, place = getattr(message, field), f"{where}.{field}" if where else field
            if value is None or isinstance(value, (dict, Refused)):
                if message.HasField(field) != (value is not None):
                    yield f"{place}: model {value}, orgd {'has' if message.HasField(field) else 'lacks'} it"
                elif isinstance(value, dict):
                    yield from self.differences(actual, value, place)
                elif value and not fits(value.code, value.reasons, actual.code, reason_of(actual)):
                    yield f"{place}: model {value}, orgd {actual.code} {reason_of(actual)}"
            elif isinstance(value, range):
                if actual not in value:
                    yield f"{place}: model {value}, orgd {actual}"
            elif isinstance(value, list) and value and isinstance(value[0], dict):
                if len(actual) != len(value):
                    yield f"{place}: model has {len(value)} {brief(value)}, orgd {len(actual)} {self.named(actual)}"
                for index, (part, want) in enumerate(zip(actual, value)):
                    yield from self.differences(part, want, f"{place}[{index}]")
            elif isinstance(value, list):
                if list(actual) != self.real(value):
                    yield f"{place}: model {value}, orgd {self.named(list(actual))}"
            elif isinstance(value, str) and NAME.match(value) and value not in self.names:
                self.names[value] = actual
            elif actual != self.real(value):
                yield f"{place}: model {value!r}, orgd {self.named(actual)!r}"

    def named(self, value):
        """orgd's ids by their names, for people to read."""
        text = re.sub(r"\s+", " ", str(value))
        for name, actual in self.names.items():
            text = text.replace(actual, name)
        return text


def brief(value):
    return [{k: v for k, v in part.items() if not isinstance(v, dict)} for part in value]


def fits(code, reasons, actual_code, actual_reason):
    return code == actual_code and (not reasons or actual_reason in reasons)
