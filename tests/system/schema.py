# SPDX-License-Identifier: Apache-2.0
"""The contract by its names: messages as ProtoJSON-like dicts to bytes and back, as far as the tests need it."""
import base64
import functools
import json
import re
import subprocess

import wire
from harness import SOURCE
from wire import decode

ENUM, MESSAGE, BYTES, STRING, BOOL = 14, 11, 12, 9, 8
INT32, INT64, UINT64, UINT32 = 5, 3, 4, 13
REPEATED = 3


def camel(name):
    return re.sub("_(.)", lambda match: match.group(1).upper(), name)


def snake(name):
    return re.sub("([A-Z])", lambda match: "_" + match.group(1).lower(), name)


class Field:
    def __init__(self, packed):
        fields = decode(packed)
        self.name = camel(wire.text(fields, 1))
        self.number, self.label, self.type = fields[3][0], fields[4][0], fields[5][0]
        self.of = wire.text(fields, 6).lstrip(".")


class Schema:
    """What protoc says of the .proto files."""

    def __init__(self):
        protos = sorted((SOURCE / "proto").rglob("*_service.proto"))
        done = subprocess.run(["protoc", f"-I{SOURCE / 'proto'}", "-I/usr/include", "--include_imports",
                               "--descriptor_set_out=/dev/stdout", *map(str, protos)], check=True, capture_output=True)
        self.messages, self.enums, self.methods, self.maps = {}, {}, {}, set()
        for packed in decode(done.stdout)[1]:
            file = decode(packed)
            package = wire.text(file, 2)
            self.read_types(package, file.get(4, []), file.get(5, []))
            for service in map(decode, file.get(6, [])):
                name = f"{package}.{wire.text(service, 1)}".removeprefix("orgd.v1.")
                for method in map(decode, service[2]):
                    self.methods[f"{name}/{wire.text(method, 1)}"] = tuple(
                        wire.text(method, n).lstrip(".") for n in (2, 3))

    def read_types(self, scope, messages, enums):
        for packed in enums:
            enum = decode(packed)
            values = {wire.text(value, 1): value.get(2, [0])[0] for value in map(decode, enum[2])}
            self.enums[f"{scope}.{wire.text(enum, 1)}"] = values
        for packed in messages:
            message = decode(packed)
            name = f"{scope}.{wire.text(message, 1)}"
            self.messages[name] = [Field(field) for field in message.get(2, [])]
            if decode(message.get(7, [b""])[0]).get(7):
                self.maps.add(name)
            self.read_types(name, message.get(3, []), message.get(4, []))

    def encode(self, name, values):
        """The message as wire.encode takes it."""
        if name == "google.protobuf.FieldMask":
            return {1: [snake(path) for path in values.split(",")]}
        if name in ("google.protobuf.Duration", "google.protobuf.Timestamp"):
            return {1: int(values.removesuffix("s"))}
        fields = {field.name: field for field in self.messages[name]}
        return {fields[key].number: self.encode_value(fields[key], value) for key, value in values.items()}

    def encode_value(self, field, value):
        if field.of in self.maps:
            return [self.encode(field.of, {"key": key, "value": one}) for key, one in value.items()]
        if isinstance(value, list):
            return [self.encode_value(field, one) for one in value]
        if field.type == ENUM:
            return self.enums[field.of][value]
        if field.type == MESSAGE:
            return self.encode(field.of, value)
        if field.type == BYTES:
            return base64.b64decode(value)
        return int(value) if isinstance(value, bool) else value

    def decode(self, name, data):
        """The packed message as a dict."""
        got = decode(data)
        return {field.name: self.decode_values(field, got[field.number])
                for field in self.messages[name] if field.number in got}

    def decode_values(self, field, values):
        if field.of in self.maps:
            pairs = [self.decode(field.of, value) for value in values]
            return {pair.get("key", ""): pair.get("value", "") for pair in pairs}
        values = [self.decode_value(field, value) for value in values]
        return values if field.label == REPEATED else values[-1]

    def decode_value(self, field, value):
        if field.type == MESSAGE:
            return self.decode(field.of, value)
        if field.type == ENUM:
            return next((word for word, number in self.enums[field.of].items() if number == value), value)
        if field.type == STRING:
            return value.decode()
        if field.type == BYTES:
            return base64.b64encode(value).decode()
        return bool(value) if field.type == BOOL else value


@functools.cache
def schema():
    return Schema()


class Caller(wire.Client):
    """A client that takes requests by their names."""

    def send(self, method, request=None, extra=None, **options):
        """One call; `extra` holds fields by their numbers. The reply has `json` too."""
        input_, output = schema().methods[method]
        reply = self.call(method, {**schema().encode(input_, request or {}), **(extra or {})}, **options)
        reply.json = schema().decode(output, reply.payload) if reply.code == wire.OK else None
        return reply

    def ask(self, method, request=None, **options):
        """Must be answered OK."""
        reply = self.send(method, request, **options)
        if reply.code:
            raise AssertionError(f"{method} {json.dumps(request)}: {reply}")
        return reply.json

    def rows(self, method, request=None):
        """Of all pages of a list."""
        rows, token = [], ""
        while True:
            page = self.ask(method, {**(request or {}), "pageSize": 1000, "pageToken": token})
            token = page.pop("nextPageToken", "")
            rows += next(iter(page.values()), [])
            if not token:
                return rows
