#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Moving house: orgctl export and import between real daemons, killed and taken up again."""
import json
import random
import signal
import subprocess
import unittest

from harness import ORGCTL, Daemon, until

LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
ORGANIZATIONS, MEMBERS_EACH = 60, 50
TIME = "2026-03-01T12:00:00Z"


def new_id(rnd, prefix):
    return prefix + rnd.choice("01234567") + "".join(rnd.choices(LETTERS, k=25))


def line(**record):
    return json.dumps(record, separators=(",", ":")) + "\n"


def portal(rnd):
    """The lines of a portal of a few thousand memberships, as another system might write them."""
    people = [new_id(rnd, "usr_") for _ in range(ORGANIZATIONS * MEMBERS_EACH // 2)]
    organizations = [new_id(rnd, "org_") for _ in range(ORGANIZATIONS)]
    shelves = [new_id(rnd, "col_") for _ in range(5)]
    documents = [new_id(rnd, "doc_") for _ in range(50)]
    for number, user in enumerate(people):
        yield line(user={"id": user, "email": f"Person-{number}@Example.com", "emailVerified": True,
                         "displayName": f"Person \u202f{number} \u00e9", "createTime": TIME})
    teams = [rnd.sample(people, MEMBERS_EACH) for _ in organizations]
    for number, (organization, team) in enumerate(zip(organizations, teams)):
        yield line(organization={"id": organization, "handle": f"organization-{number}", "displayName": f"No. {number}",
                                 "verification": rnd.choice(["VERIFICATION_STATE_VERIFIED", "VERIFICATION_STATE_PENDING"]),
                                 "metadata": {"b": "2", "a": "1"}, "createTime": TIME},
                   owners=[{"userId": user, "joinTime": TIME} for user in team[:3]])
    for organization, team in zip(organizations, teams):
        for user in team[3:]:
            yield line(member={"organizationId": organization, "userId": user, "joinTime": TIME,
                               "role": rnd.choice(["ROLE_MEMBER", "ROLE_ADMIN"])})
    for shelf in shelves:
        yield line(collection={"id": shelf, "title": "A shelf"})
    for document in documents:
        yield line(document={"id": document, "title": "A document", "locator": "/", "labels": {"z": "1", "a": "2"},
                             "collections": rnd.sample(shelves, 3)})
    for number, document in enumerate(documents):
        yield line(grant={"documentId": document, "permission": "PERMISSION_READ"}, handle=f"organization-{number}")


class Bulk(unittest.TestCase):
    def orgctl(self, daemon, *arguments, expect=0):
        done = subprocess.run([ORGCTL, "--operator", "--url", daemon.url, *arguments], capture_output=True, text=True,
                              timeout=120)
        self.assertEqual(done.returncode, expect, done.stderr)
        return done

    def write(self, daemon, name, text):
        path = daemon.state / name
        path.write_text(text)
        return path

    def check(self, daemon):
        report = daemon.call("AdminService/CheckIntegrity")["report"]
        self.assertNotIn("findings", {key for key, value in report.items() if value}, report)

    def counts(self, done):
        (row,) = json.loads(done.stdout)
        return int(row["imported"]), int(row["unchanged"])

    def test_an_export_imported_elsewhere_is_the_same_export(self):
        lines = list(portal(random.Random(1)))
        with Daemon() as old, Daemon() as new:
            path = self.write(old, "portal.jsonl", "".join(lines))
            done = self.orgctl(old, "import", path, "--output", "json")
            self.assertEqual(self.counts(done), (len(lines), 0))
            exported = self.orgctl(old, "export").stdout
            self.assertEqual(exported.count("\n"), len(lines))
            self.check(old)
            path = self.write(new, "export.jsonl", exported)
            self.orgctl(new, "import", path)
            self.assertEqual(self.orgctl(new, "export").stdout, exported)
            self.check(new)
            # And again, under ids of its own: everything is there.
            done = self.orgctl(new, "import", path, "--output", "json", "--request-id", "another run of it")
            self.assertEqual(self.counts(done), (0, len(lines)))
            self.assertEqual(self.orgctl(new, "export").stdout, exported)

    def test_an_import_goes_on_where_a_killed_daemon_left_it(self):
        lines = list(portal(random.Random(2)))
        with Daemon() as daemon:
            path = self.write(daemon, "portal.jsonl", "".join(lines))
            importing = subprocess.Popen([ORGCTL, "--operator", "--url", daemon.url, "import", path, "--timeout", "2"],
                                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

            def is_under_way():
                return int(daemon.call("AdminService/GetStatus").get("mutations", 0)) > 20

            until(is_under_way, "some of the import")
            daemon.stop(signal.SIGKILL)
            _, errors = importing.communicate(timeout=60)
            self.assertNotEqual(importing.returncode, 0)
            self.assertIn("the same command goes on from there", errors)
            daemon.start()
            self.check(daemon)
            done = self.orgctl(daemon, "import", path, "--output", "json")
            imported, unchanged = self.counts(done)
            self.assertEqual(imported + unchanged, len(lines))
            self.assertGreater(unchanged, 0)
            self.check(daemon)
            with Daemon() as straight:
                self.orgctl(straight, "import", path)
                self.assertEqual(self.comparable(straight), self.comparable(daemon))

    def comparable(self, daemon):
        """What does not depend on when it was imported."""
        records = [json.loads(text) for text in self.orgctl(daemon, "export").stdout.splitlines()]
        for record in records:
            for kind in ("collection", "document", "grant"):
                for key in ("id", "createTime", "updateTime"):
                    record.get(kind, {}).pop(key, None)
        return sorted(json.dumps(record, sort_keys=True) for record in records)

    def test_a_line_that_is_refused_is_named(self):
        with Daemon() as daemon:
            good = [line(user={"email": f"p{i}@example.com", "displayName": "P"}) for i in range(300)]
            bad = good[:200] + [line(user={"email": "nobody", "displayName": "P"})] + good[200:]
            path = self.write(daemon, "people.jsonl", "".join(bad))
            done = self.orgctl(daemon, "import", path, expect=2)
            self.assertIn(f"{path}:201: ", done.stderr)
            self.assertIn("INVALID_EMAIL", done.stderr)
            path = self.write(daemon, "people.jsonl", "".join(good[:7]) + '{"user": {"mail": 1}}\n')
            done = self.orgctl(daemon, "import", path, expect=2)
            self.assertIn(f"{path}:8: user.mail", done.stderr)
            done = self.orgctl(daemon, "import", self.write(daemon, "people.jsonl", "".join(good)))
            self.assertIn("Imported ", done.stdout)
            self.check(daemon)

    def test_a_dry_run_tells_every_line_and_changes_nothing(self):
        with Daemon() as daemon:
            lines = [
                line(user={"email": "Ada@example.com", "emailVerified": True, "displayName": "Ada"}),
                line(organization={"handle": "acme", "displayName": "Acme", "verification": "VERIFICATION_STATE_VERIFIED"},
                     owners=[{"email": "ada@EXAMPLE.com"}]),
                line(member={"email": "bob@example.com", "role": "ROLE_MEMBER"}, handle="acme"),
                "\n",
                line(user={"email": "bob@example.com", "displayName": "https://evil.example"}),
            ]
            path = self.write(daemon, "acme.jsonl", "".join(lines))
            before = daemon.call("AdminService/GetStatus")["revision"]
            done = self.orgctl(daemon, "import", path, "--dry-run", expect=3)
            self.assertIn(f"{path}:3: there is no bob@example.com, neither in orgd nor earlier in the file", done.stderr)
            self.assertIn(f"{path}:5: ", done.stderr)
            self.assertIn("2 of 4 records would be refused", done.stderr)
            self.assertEqual(daemon.call("AdminService/GetStatus")["revision"], before)
            path = self.write(daemon, "acme.jsonl", "".join(lines[:2]))
            self.assertIn("Would import 2 records", self.orgctl(daemon, "import", path, "--dry-run").stdout)
            self.assertEqual(self.orgctl(daemon, "export").stdout, "")
            self.assertIn("Imported 2 records", self.orgctl(daemon, "import", path).stdout)

    def test_it_reads_a_pipe(self):
        with Daemon() as daemon:
            done = subprocess.run([ORGCTL, "--operator", "--url", daemon.url, "import", "-"], text=True, timeout=60,
                                  input=line(user={"email": "ada@example.com", "displayName": "Ada"}), capture_output=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("Imported 1 records", done.stdout)


if __name__ == "__main__":
    unittest.main()
