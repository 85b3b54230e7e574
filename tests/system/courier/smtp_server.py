#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A mail server that does what it is told, as a process of its own:

    smtp_server.py DIRECTORY [--tls starttls|implicit --certificate FILE --key FILE] [--login NAME:PASSWORD]

It listens on a free port of 127.0.0.1, which it writes to DIRECTORY/port, and keeps each mail it has taken as
DIRECTORY/mails/NNNN.json. DIRECTORY/mode says what it does with the next mail, read anew for each:

    ok          takes it
    reply TEXT  answers RCPT with TEXT, "550 5.1.1 no such user", say
    late TEXT   takes the message, then answers TEXT
    hang        never answers the message
    drop        drops the connection in place of an answer
    wait        keeps the mail, but answers only once DIRECTORY/go is there
"""
import argparse
import asyncio
import json
import pathlib
import ssl

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


class Handler:
    def __init__(self, directory):
        self.directory = directory
        (directory / "mails").mkdir(parents=True)
        self.taken = 0

    def mode(self):
        name, _, text = (self.directory / "mode").read_text().strip().partition(" ")
        return name, text

    def note(self, line):
        with open(self.directory / "notes", "a", encoding="utf-8") as notes:
            notes.write(line + "\n")

    async def handle_RCPT(self, server, session, envelope, address, options):
        name, text = self.mode()
        if name == "reply":
            return text
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    def keep(self, session, envelope):
        self.taken += 1
        path = self.directory / "mails" / f"{self.taken:04}.json"
        path.with_suffix(".part").write_text(json.dumps({
            "sender": envelope.mail_from, "recipients": envelope.rcpt_tos, "tls": session.ssl is not None,
            "login": session.auth_data.login.decode() if session.auth_data else None,
            "message": envelope.original_content.decode("ascii")}))
        path.with_suffix(".part").rename(path)

    async def handle_DATA(self, server, session, envelope):
        name, text = self.mode()
        if name == "hang":
            self.note("hanging")
            await asyncio.sleep(3600)
        if name == "drop":
            server.transport.abort()
            await asyncio.sleep(3600)
        if name == "late":
            return text
        self.keep(session, envelope)
        while name == "wait" and not (self.directory / "go").exists():
            await asyncio.sleep(0.005)
        return "250 2.0.0 OK: queued"


def authenticator(handler, login):
    def authenticate(server, session, envelope, mechanism, data):
        handler.note(f"login {'over TLS' if session.ssl is not None else 'in the clear'}")
        good = isinstance(data, LoginPassword) and f"{data.login.decode()}:{data.password.decode()}" == login
        return AuthResult(success=good, handled=False, auth_data=data)
    return authenticate


class Server(SMTP):
    def connection_made(self, transport):
        if self.transport is None:  # not once more after STARTTLS
            self.event_handler.note("connection")
        super().connection_made(transport)


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--tls", choices=("starttls", "implicit"))
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--login")
    arguments = parser.parse_args()
    handler = Handler(arguments.directory)
    context = None
    if arguments.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(arguments.certificate, arguments.key)
    starttls = context if arguments.tls == "starttls" else None

    def protocol():
        return Server(handler, hostname="mail.example", tls_context=starttls, require_starttls=starttls is not None,
                      auth_required=bool(arguments.login), auth_require_tls=starttls is not None,
                      authenticator=authenticator(handler, arguments.login) if arguments.login else None)

    server = await asyncio.get_running_loop().create_server(
        protocol, "127.0.0.1", 0, ssl=context if arguments.tls == "implicit" else None)
    port = server.sockets[0].getsockname()[1]
    (arguments.directory / "port.part").write_text(str(port))
    (arguments.directory / "port.part").rename(arguments.directory / "port")
    await server.serve_forever()


asyncio.run(main())
