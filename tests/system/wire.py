# SPDX-License-Identifier: Apache-2.0
"""A client of orgd's socket in a few lines, for calls that must really be under way at once: nng's REQ protocol
(hello, frames) around an orgd.rpc.v1.Request, with messages as {field number: value}."""
import itertools
import os
import socket
import struct
import uuid

from harness import PASSWORD, until

HELLO = b"\0SP\0\0\x30\0\0"
OK, INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, DENIED, PRECONDITION, UNAVAILABLE = 0, 3, 5, 6, 7, 9, 14


def varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out + bytes([number]))


def encode(message):
    """Packs {number: int, str, bytes, a message, or a list of these}."""
    out = b""
    for number, values in message.items():
        for value in values if isinstance(values, list) else [values]:
            if isinstance(value, int):
                out += varint(number << 3) + varint(value)
                continue
            data = encode(value) if isinstance(value, dict) else value.encode() if isinstance(value, str) else value
            out += varint(number << 3 | 2) + varint(len(data)) + data
    return out


def decode(data):
    """The fields of a packed message: {number: [int or bytes, ...]}."""
    def take_varint(at):
        number = shift = 0
        while True:
            number |= (data[at] & 0x7F) << shift
            shift, at = shift + 7, at + 1
            if data[at - 1] < 0x80:
                return number, at

    fields, at = {}, 0
    while at < len(data):
        tag, at = take_varint(at)
        value, at = take_varint(at)
        if tag & 7 == 2:
            value, at = data[at:at + value], at + value
        elif tag & 7 != 0:
            raise ValueError(f"wire type {tag & 7}")
        fields.setdefault(tag >> 3, []).append(value)
    return fields


def text(fields, *path):
    """The string at a path of field numbers, "" where there is none."""
    for number in path[:-1]:
        fields = decode(fields.get(number, [b""])[-1])
    return fields.get(path[-1], [b""])[-1].decode()


class Reply:
    """An orgd.rpc.v1.Response."""

    def __init__(self, data):
        fields = decode(data)
        status = decode(fields.get(1, [b""])[0])
        self.code = status.get(1, [0])[0]
        self.message = status.get(2, [b""])[0].decode()
        details = [decode(detail) for detail in status.get(3, [])]
        self.reason = next((text(decode(detail[2][0]), 1) for detail in details
                            if detail[1][0].endswith(b"/google.rpc.ErrorInfo")), "")
        self.payload = fields.get(2, [b""])[0]
        self.epoch = fields.get(3, [0])[0]
        self.revision = fields.get(4, [0])[0]
        self.committed = bool(fields.get(5, [0])[0])
        # What tells one reply from another, to the byte: all but the revision and the call's id.
        self.essence = {number: values for number, values in fields.items() if number not in (4, 6)}

    @property
    def fields(self):
        return decode(self.payload)

    def __repr__(self):
        return f"{self.code} {self.reason}: {self.message}" if self.code else f"OK, {self.payload!r}"


def new_request_id():
    return uuid.uuid4().hex


class Client:
    """One connection to orgd, made when a call needs it, ended by close() or a with. One thread at a time."""

    def __init__(self, path, authorization="Peer"):
        self.path, self.authorization = str(path), authorization
        self.socket = None
        self.ids = itertools.count(int.from_bytes(os.urandom(3), "big"))

    def connect(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(self.path)
        self.socket.sendall(HELLO)
        if self.take(len(HELLO)) != b"\0SP\0\0\x31\0\0":
            raise ConnectionError("no hello of a REP peer")

    def close(self):
        if self.socket:
            self.socket.close()
        self.socket = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def take(self, size):
        data = b""
        while len(data) < size:
            piece = self.socket.recv(size - len(data))
            if not piece:
                raise ConnectionResetError("the connection ended")
            data += piece
        return data

    def call(self, method, request=None, request_id=None, timeout_ms=30000, envelope=None):
        """Sends once. `envelope` has further fields of orgd.rpc.v1.Request. OSError when the connection cannot be made or is lost: the call may have happened then."""
        service = method.split("/")[0]
        name = f"/{method}" if "." in service else f"/orgd.v1.{method}"
        body = encode({1: name, 2: encode(request or {}), 3: timeout_ms, 4: request_id or new_request_id(),
                       5: self.authorization, **(envelope or {})})
        hop = struct.pack(">I", 0x80000000 | next(self.ids) & 0x7FFFFFFF)
        try:
            if not self.socket:
                self.connect()
            self.socket.sendall(b"\x01" + struct.pack(">Q", len(hop) + len(body)) + hop + body)
            kind, length = struct.unpack(">BQ", self.take(9))
            answer = self.take(length)
            if kind != 1 or answer[:4] != hop:
                raise ConnectionError("not the answer to this request")
        except OSError:
            self.close()
            raise
        return Reply(answer[4:])

    def call_until_answered(self, method, request=None, request_id=None, seconds=60):
        """Sends again under the same request id until there is an answer other than UNAVAILABLE."""
        request_id = request_id or new_request_id()

        def answer():
            try:
                reply = self.call(method, request, request_id)
            except OSError:
                return None
            return reply if reply.code != UNAVAILABLE else None

        return until(answer, f"an answer to {method}", seconds)

    def list(self, method, request=None, size=1, token=2):
        """The rows of all pages; `size` and `token` are the numbers of page_size and page_token in the request."""
        rows, page_token = [], ""
        while True:
            reply = self.call(method, {**(request or {}), size: 1000, token: page_token})
            if reply.code:
                raise AssertionError(f"{method}: {reply}")
            rows += map(decode, reply.fields.get(1, []))
            page_token = text(reply.fields, 2)
            if not page_token:
                return rows


class Person:
    """Somebody with an account, signed in. Needs a courier."""

    def __init__(self, daemon, name):
        self.daemon = daemon
        self.email = f"{name}@example.com"
        with Client(daemon.socket, authorization="") as anyone:
            anyone.call("UserService/SignUp", {1: self.email, 2: PASSWORD, 3: name.title()})
            anyone.call("UserService/VerifyEmail", {1: daemon.token_for(self.email)})
            signed_in = anyone.call("SessionService/SignIn", {1: self.email, 2: PASSWORD}).fields
        self.session = text(signed_in, 1)
        self.id = text(signed_in, 3, 1)

    def client(self):
        return Client(self.daemon.socket, f"Bearer {self.session}")
