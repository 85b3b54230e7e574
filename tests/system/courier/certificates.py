# SPDX-License-Identifier: Apache-2.0
"""Certificates for servers that tests play, by the openssl command. A name stands for its .key and .crt files."""
import subprocess

KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def make_ca(directory, name):
    stem = directory / name
    openssl("req", "-x509", *KEY, "-days", "2", "-subj", f"/CN={name}", "-keyout", stem.with_suffix(".key"), "-out",
            stem.with_suffix(".crt"))
    return stem


def make_certificate(directory, name, ca):
    """A certificate for `name` ("DNS:localhost,IP:127.0.0.1"), signed by `ca`."""
    stem = directory / name.replace(":", "-").replace(",", "-")
    openssl("req", *KEY, "-subj", "/CN=server.example", "-keyout", stem.with_suffix(".key"), "-out",
            stem.with_suffix(".csr"))
    stem.with_suffix(".ext").write_text(f"subjectAltName={name}\n")
    openssl("x509", "-req", "-days", "2", "-in", stem.with_suffix(".csr"), "-CA", ca.with_suffix(".crt"), "-CAkey",
            ca.with_suffix(".key"), "-CAcreateserial", "-extfile", stem.with_suffix(".ext"), "-out",
            stem.with_suffix(".crt"))
    return stem
