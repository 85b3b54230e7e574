#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Hot backups and the way back, the check of a database that is damaged under the daemon, signed checkpoints."""
import fcntl
import json
import os
import re
import struct
import subprocess
import unittest

from harness import ORGD, Daemon
from wire import OK, Client, new_request_id, text

EX_OK, EX_DATAERR, EX_UNAVAILABLE = 0, 65, 69
ABORTED, EXHAUSTED, DATA_LOSS = 10, 8, 15
MIN_EPOCH, MIN_REVISION = 7, 8  # fields of orgd.rpc.v1.Request
PAGE = 4096
NEEDLE = "needle in a document"


def orgd(*arguments):
    return subprocess.run([ORGD, *map(str, arguments)], capture_output=True, text=True, timeout=60)


def make_document(client, title, request_id=None):
    reply = client.call("DocumentService/CreateDocument", {1: {2: title, 3: "/"}}, request_id)
    if reply.code != OK:
        raise AssertionError(reply)
    return reply


def titles(client):
    return [text(row, 2) for row in client.list("DocumentService/ListDocuments")]


class Backup(unittest.TestCase):
    def back_up(self, daemon):
        """The path of a new backup."""
        backup = daemon.call("AdminService/Backup")["backup"]
        path = daemon.state / "backup" / backup["fileName"]
        self.assertEqual(path.stat().st_size, int(backup["fileBytes"]))
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        return path

    def restore(self, daemon, path):
        return orgd("--config", daemon.config, "--clock-offset-file", daemon.offset_file, "--restore", path)

    def test_a_restored_backup_is_the_state_it_was_made_of_in_a_new_history(self):
        with Daemon() as daemon, Client(daemon.socket) as client:
            request_id = new_request_id()
            kept = make_document(client, "kept", request_id)
            path = self.back_up(daemon)
            lost = make_document(client, "lost")
            self.assertEqual(titles(client), ["kept", "lost"])

            refused = self.restore(daemon, path)
            self.assertEqual(refused.returncode, EX_UNAVAILABLE)
            self.assertIn("STORE_IN_USE", refused.stderr)
            client.close()
            self.assertEqual(daemon.stop(), 0)
            done = self.restore(daemon, path)
            self.assertEqual(done.returncode, EX_OK, done.stderr)
            daemon.start()

            self.assertEqual(titles(client), ["kept"])
            # Who saw the lost state asks for at least that, and is answered: an older history's is satisfied.
            seen = {MIN_EPOCH: lost.epoch, MIN_REVISION: lost.revision + 1000}
            reply = client.call("DocumentService/ListDocuments", envelope=seen, timeout_ms=1000)
            self.assertEqual(reply.code, OK, reply)
            self.assertGreater(reply.epoch, lost.epoch)
            # Replays of what is in the backup are recognised, those of what was lost happen anew.
            again = make_document(client, "kept", request_id)
            self.assertEqual(again.payload, kept.payload)
            self.assertEqual(titles(client), ["kept"])
            self.assertNotIn("finding", orgd("--check-database", daemon.state / "db").stdout)

    def test_a_restore_keeps_what_was_there(self):
        with Daemon() as daemon, Client(daemon.socket) as client:
            make_document(client, "first")
            path = self.back_up(daemon)
            make_document(client, "second")
            client.close()
            daemon.stop()
            self.assertEqual(self.restore(daemon, path).returncode, EX_OK)
            (replaced,) = (daemon.state / "db").glob("replaced-*.mdb")
            done = self.restore(daemon, replaced)
            self.assertEqual(done.returncode, EX_OK, done.stderr)
            daemon.start()
            self.assertEqual(titles(client), ["first", "second"])
            self.assertTrue(path.exists())

    def test_a_restore_needs_no_database_to_be_there(self):
        with Daemon() as daemon, Client(daemon.socket) as client:
            make_document(client, "moved")
            path = self.back_up(daemon)
            client.close()
            daemon.stop()
            (daemon.state / "db" / "data.mdb").unlink()
            done = self.restore(daemon, path)
            self.assertEqual(done.returncode, EX_OK, done.stderr)
            self.assertNotIn("is kept as", done.stderr)
            daemon.start()
            self.assertEqual(titles(client), ["moved"])

    def test_only_the_owner_of_the_state_directory_restores(self):
        with Daemon() as daemon:
            backup = self.back_up(daemon)
            daemon.stop()
            os.chown(daemon.state, 65533, -1)
            done = self.restore(daemon, backup)
            os.chown(daemon.state, os.geteuid(), -1)
            self.assertEqual(done.returncode, EX_UNAVAILABLE)
            self.assertIn("runuser", done.stderr)

    def test_what_is_no_backup_is_not_restored(self):
        with Daemon() as daemon, Client(daemon.socket) as client:
            make_document(client, "here")
            path = self.back_up(daemon)
            client.close()
            daemon.stop()
            torn = daemon.state / "torn.mdb"
            torn.write_bytes(path.read_bytes()[:-PAGE])
            text_file = daemon.state / "text.mdb"
            text_file.write_bytes(b"no database at all\n" * 1000)
            for wrong, code in ((torn, EX_DATAERR), (text_file, EX_DATAERR), (daemon.state / "none", EX_UNAVAILABLE)):
                done = self.restore(daemon, wrong)
                self.assertEqual(done.returncode, code, done.stderr)
            self.assertEqual(list((daemon.state / "db").glob("replaced-*")), [])
            daemon.start()
            self.assertEqual(titles(client), ["here"])

    def test_a_backup_is_made_while_others_write(self):
        with Daemon() as daemon, Client(daemon.socket) as client:
            for n in range(200):
                make_document(client, f"Document {n}")
            paths = {self.back_up(daemon) for _ in range(3)}
            self.assertEqual(len(paths), 3)
            for path in paths:
                done = orgd("--check-database", path)
                self.assertEqual(done.returncode, EX_OK, done.stdout)
            self.assertEqual([name for name in os.listdir(daemon.state / "backup") if "unfinished" in name], [])

    def test_one_process_at_a_time_makes_a_backup(self):
        with Daemon() as daemon, Client(daemon.socket) as client:
            self.back_up(daemon)
            directory = os.open(daemon.state / "backup", os.O_RDONLY)
            fcntl.flock(directory, fcntl.LOCK_EX)
            reply = client.call("AdminService/Backup")
            self.assertEqual((reply.code, reply.reason), (ABORTED, "BACKUP_RUNNING"))
            os.close(directory)
            self.back_up(daemon)

    def test_without_room_on_the_disk_no_backup_is_begun(self):
        with Daemon(extra="disk_reserve_mib = 1048576") as daemon, Client(daemon.socket) as client:
            reply = client.call("AdminService/Backup")
            self.assertEqual((reply.code, reply.reason), (EXHAUSTED, "STORAGE_FULL"))
            self.assertFalse((daemon.state / "backup").exists())

    def test_what_a_killed_copy_left_is_cleared_before_the_room_is_measured(self):
        with Daemon(extra="disk_reserve_mib = 1048576") as daemon, Client(daemon.socket) as client:
            left = daemon.state / "backup" / "unfinished"
            left.parent.mkdir()
            left.write_bytes(b"half a database")
            # Another process may still be at it.
            directory = os.open(left.parent, os.O_RDONLY)
            fcntl.flock(directory, fcntl.LOCK_EX)
            reply = client.call("AdminService/Backup")
            self.assertEqual((reply.code, reply.reason), (ABORTED, "BACKUP_RUNNING"))
            self.assertTrue(left.exists())
            os.close(directory)
            reply = client.call("AdminService/Backup")
            self.assertEqual((reply.code, reply.reason), (EXHAUSTED, "STORAGE_FULL"))
            self.assertFalse(left.exists())

    @unittest.skipIf(os.geteuid(), "gives a directory away")
    def test_only_the_owner_of_a_database_checks_it_or_makes_a_backup(self):
        with Daemon() as daemon:
            backup = self.back_up(daemon)
            daemon.stop()
            database = daemon.state / "db"
            lock = database / "lock.mdb"
            lock.unlink()
            made = os.listdir(backup.parent)
            os.chown(database, 65533, -1)
            for flag in ("--check-database", "--backup-database"):
                done = orgd(flag, database)
                self.assertEqual(done.returncode, EX_UNAVAILABLE, done.stdout)
                self.assertIn("belongs to uid 65533: run this as that user", done.stdout)
            self.assertFalse(lock.exists())
            self.assertEqual(os.listdir(backup.parent), made)
            os.chown(backup, 65533, -1)
            self.assertEqual(orgd("--check-database", backup).returncode, EX_OK)
            missing = orgd("--check-database", daemon.state / "none")
            self.assertIn("STORE_MISSING", missing.stdout)

    def test_orgctl_makes_one_and_shows_it(self):
        with Daemon() as daemon:
            name = daemon.orgctl("server", "backup", "-q").strip()
            self.assertTrue((daemon.state / "backup" / name).exists())
            self.assertIn(name, daemon.orgctl("server", "status"))


class Check(unittest.TestCase):
    def test_a_sound_database_has_no_findings(self):
        with Daemon() as daemon, Client(daemon.socket) as client:
            make_document(client, "sound")
            report = daemon.call("AdminService/CheckIntegrity")["report"]
            self.assertEqual(report["findingCount"], "0")
            self.assertGreater(int(report["rows"]), 3)
            self.assertIn("fit together", daemon.orgctl("server", "check"))

    def damage(self, daemon):
        """Overwrites the page that holds the needle, and no other, behind the daemon's back. The file is as it was
        restored, so that all pages are in use; what stands before a page's `upper` is left over from others."""
        data = daemon.state / "db" / "data.mdb"
        content = data.read_bytes()
        places = {match.start() // PAGE for match in re.finditer(NEEDLE.encode(), content)
                  if match.start() % PAGE >= struct.unpack_from("<H", content, match.start() // PAGE * PAGE + 14)[0]}
        (place,) = places
        with open(data, "r+b") as file:
            file.seek(place * PAGE)
            file.write(b"\xff" * PAGE)

    def test_a_damaged_page_is_found_by_the_check_and_does_not_end_the_daemon(self):
        with Daemon() as daemon, Client(daemon.socket) as client:
            for n in range(60):
                # A thousand bytes each, so that documents have pages of their own.
                labels = [{1: f"label-{i}", 2: "x" * 480} for i in range(2)]
                reply = client.call("DocumentService/CreateDocument", {1: {2: f"Document {n}", 3: "/", 4: labels}})
                self.assertEqual(reply.code, OK, reply)
            needle = client.call("DocumentService/CreateDocument", {1: {2: "Needle", 3: "/", 4: [
                {1: "a", 2: NEEDLE + "x" * 400}, {1: "b", 2: "x" * 480}]}})
            self.assertEqual(needle.code, OK, needle)
            backup = daemon.state / "backup" / daemon.call("AdminService/Backup")["backup"]["fileName"]
            client.close()
            daemon.stop()
            self.assertEqual(orgd("--config", daemon.config, "--restore", backup).returncode, EX_OK)
            # That a process crashes is the point: a sanitizer shall make no error of its own of it.
            daemon.start(env={**os.environ, "ASAN_OPTIONS":
                              os.environ.get("ASAN_OPTIONS", "") + ":handle_segv=0:handle_sigbus=0"})
            self.damage(daemon)

            report = daemon.call("AdminService/CheckIntegrity")["report"]
            self.assertGreater(int(report["findingCount"]), 0)
            self.assertTrue(report["findings"][0]["sentence"])
            self.assertEqual(daemon.orgctl("server", "check", check=False).returncode, 1)
            reply = client.call("AdminService/Backup")
            self.assertEqual(reply.code, DATA_LOSS, reply)
            self.assertIsNone(daemon.process.poll())
            self.assertEqual(client.call("SessionService/WhoAmI").code, OK)
            status = daemon.call("AdminService/GetStatus")
            self.assertFalse(status["check"]["succeeded"])
            self.assertFalse(status["backup"]["succeeded"])


class Checkpoint(unittest.TestCase):
    def checkpoint(self, daemon, name):
        path = daemon.state / name
        path.write_text(daemon.orgctl("event", "checkpoint"))
        return path, json.loads(path.read_text())

    def test_a_checkpoint_is_on_the_chain_of_later_events(self):
        with Daemon() as daemon, Client(daemon.socket) as client:
            make_document(client, "before")
            path, checkpoint = self.checkpoint(daemon, "checkpoint.json")
            make_document(client, "after")
            said = daemon.orgctl("event", "verify", "--against", path, "--public-key", checkpoint["publicKey"])
            self.assertIn("the events are those of the checkpoint", said)
            self.assertIn("The chain of 2 events holds", said)
            alone = daemon.orgctl("event", "verify", "--against", path, check=False)
            self.assertEqual(alone.returncode, 0)
            self.assertIn("--public-key", alone.stderr)

    def test_what_was_changed_in_a_checkpoint_is_noticed(self):
        with Daemon() as daemon, Client(daemon.socket) as client:
            make_document(client, "one")
            path, checkpoint = self.checkpoint(daemon, "checkpoint.json")
            other = "A" + checkpoint["publicKey"][1:] if checkpoint["publicKey"][0] != "A" else \
                "B" + checkpoint["publicKey"][1:]
            for field, value in (("revision", "77"), ("epoch", "1"), ("time", "2020-01-01T00:00:00Z"),
                                 ("headHash", "A" * 43 + "="), ("publicKey", other)):
                path.write_text(json.dumps({**checkpoint, field: value}))
                done = daemon.orgctl("event", "verify", "--against", path, check=False)
                self.assertEqual(done.returncode, 1, field)
                self.assertIn("does not hold", done.stderr, field)
            path.write_text(json.dumps(checkpoint))
            done = daemon.orgctl("event", "verify", "--against", path, "--public-key", other, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn("another key", done.stderr)

    def test_other_events_than_those_of_the_checkpoint_are_noticed(self):
        with Daemon() as daemon, Client(daemon.socket) as client:
            make_document(client, "one")
            backup = daemon.state / "backup" / daemon.call("AdminService/Backup")["backup"]["fileName"]
            make_document(client, "two")
            path, checkpoint = self.checkpoint(daemon, "checkpoint.json")
            client.close()
            daemon.stop()
            self.assertEqual(orgd("--config", daemon.config, "--restore", backup).returncode, EX_OK)
            daemon.start()
            lost = daemon.orgctl("event", "verify", "--against", path, check=False)
            self.assertIn("REVISION_UNKNOWN", lost.stderr)
            for title in ("another", "and another", "and one more"):
                make_document(client, title)
            done = daemon.orgctl("event", "verify", "--against", path, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"at revision {checkpoint['revision']} the events are not those", done.stderr)

    def test_a_checkpoint_is_in_the_log_when_orgd_stops(self):
        with Daemon() as daemon, Client(daemon.socket) as client:
            made = make_document(client, "one")
            client.close()
            daemon.stop()
            (line,) = re.findall(r"checkpoint epoch (\d+) revision (\d+) head ([0-9a-f]{64}) time \d+ "
                                 r"signature [0-9a-f]{128} key [0-9a-f]{64}\n", daemon.log)
            self.assertEqual((int(line[0]), int(line[1])), (made.epoch, made.revision))
            # Nothing has changed since: no second one.
            daemon.start()
            daemon.stop()
            self.assertEqual(daemon.log.count("checkpoint epoch"), 1)


if __name__ == "__main__":
    unittest.main()
