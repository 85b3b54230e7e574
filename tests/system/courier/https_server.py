# SPDX-License-Identifier: Apache-2.0
"""A receiver of webhooks over TLS that does what the URL's path says:

    /200 /204 /301 ...  answers so; a 3xx names /redirected
    /continue           100, then 200
    /endless            200 and a body without end
    /headers            200 and headers without end
    /cut                200, and less body than announced
    /stuck              200, and a body that never comes
    /drop               ends the connection in place of an answer
    /garbage            answers what is no HTTP
    /hang               answers only once go() was called
    /told               answers what tell() said last, 200 at first

Each request that arrived whole is kept. Threads of the test's own process."""
import dataclasses
import socket
import ssl
import threading
import warnings


@dataclasses.dataclass
class Request:
    line: str
    headers: dict  # lower-case names
    body: bytes

    @property
    def path(self):
        return self.line.split(" ")[1]


class Receiver:
    def __init__(self, certificate, family=socket.AF_INET, tls12=True):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if not tls12:
            self.context.set_ciphers("ALL:@SECLEVEL=0")
            with warnings.catch_warnings(action="ignore"):
                self.context.maximum_version = ssl.TLSVersion.TLSv1_1
        self.context.load_cert_chain(certificate.with_suffix(".crt"), certificate.with_suffix(".key"))
        self.listener = socket.create_server(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0), family=family)
        self.port = self.listener.getsockname()[1]
        self.requests = []
        self.connections = 0
        self.status = 200
        self.gone, self.going = threading.Event(), threading.Event()
        threading.Thread(target=self.accept, daemon=True).start()

    def url(self, path, host="localhost"):
        return f"https://{host}:{self.port}{path}"

    def paths(self):
        return [request.path for request in self.requests]

    def go(self):
        self.going.set()

    def tell(self, status):
        self.status = status

    def stop(self):
        self.gone.set()
        self.going.set()
        self.listener.close()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            with self.context.wrap_socket(connection, server_side=True) as stream:
                request = self.read(stream)
                if request:
                    self.requests.append(request)
                    self.answer(stream, request.path.partition("?")[0].strip("/"))
        except OSError:
            connection.close()

    @staticmethod
    def read(stream):
        data = b""
        while b"\r\n\r\n" not in data:
            piece = stream.recv(65536)
            if not piece:
                return None
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        line, *headers = head.decode("ascii").split("\r\n")
        headers = {name.lower(): value for name, _, value in (header.partition(": ") for header in headers)}
        while len(body) < int(headers["content-length"]):
            piece = stream.recv(65536)
            if not piece:
                return None
            body += piece
        return Request(line, headers, body)

    def answer(self, stream, mode):
        def say(text):
            stream.sendall(text.encode())

        if mode == "drop":
            return
        if mode == "hang":
            self.going.wait()
            mode = "200"
        if mode == "told":
            mode = str(self.status)
        if mode == "garbage":
            say("hello\r\nworld\r\n")
        elif mode == "continue":
            say("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        elif mode == "endless":
            say("HTTP/1.1 200 OK\r\n\r\n")
            while not self.gone.is_set():
                say("x" * 4096)
        elif mode == "headers":
            say("HTTP/1.1 200 OK\r\n")
            while not self.gone.is_set():
                say("X-Header: " + "x" * 1000 + "\r\n")
        elif mode == "cut":
            say("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
        elif mode == "stuck":
            say("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
            self.going.wait()
        else:
            status = int(mode)
            location = f"Location: {self.url('/redirected')}\r\n" if 300 <= status <= 399 else ""
            length = "" if status == 204 else "Content-Length: 2\r\n"
            say(f"HTTP/1.1 {status} Status\r\n{location}{length}\r\n" + ("" if status == 204 else "{}"))
