#!/usr/bin/env python3
"""`troupe run ledger --listen`: how it begins and how it ends. What it answers is tested in tests/ledger.

TROUPE_TOOL (or the first argument) is the program.
"""

import glob
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

TOOL = os.environ.get("TROUPE_TOOL") or (sys.argv.pop(1) if len(sys.argv) > 1 else "")


class Server:
    """A server that listens, and one connection to it."""

    def __init__(self, *arguments, listen="127.0.0.1:0", temporary=None):
        environment = dict(os.environ, **({"TMPDIR": temporary} if temporary else {}))
        self.process = subprocess.Popen([TOOL, "run", "ledger", "--listen", listen, *arguments], text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
        self.line = self.process.stdout.readline()
        self.host, _, port = self.line.removeprefix("listening on ").strip().rpartition(":")
        self.port = int(port)
        self.connection = socket.create_connection((self.host.strip("[]"), self.port), timeout=20)
        self.file = self.connection.makefile("rwb")

    def ask(self, **request):
        self.file.write(json.dumps(request).encode() + b"\n")
        self.file.flush()
        return json.loads(self.file.readline())

    def stop(self, how):
        """-> exit code, what it has printed since it listened"""
        self.process.send_signal(how)
        out, err = self.process.communicate(timeout=30)
        self.file.close()
        self.connection.close()
        return self.process.returncode, out + err


def fails(*arguments):
    return subprocess.run([TOOL, "run", "ledger", *arguments], capture_output=True, text=True, timeout=30)


class LedgerServer(unittest.TestCase):
    def test_serves_on_a_port_that_the_system_chooses_and_drains_at_a_signal(self):
        for how, code in ((signal.SIGTERM, 0), (signal.SIGINT, 130)):
            server = Server()
            self.assertRegex(server.line, r"^listening on 127\.0\.0\.1:[1-9]\d*\n$")
            self.assertTrue(server.ask(op="transfer", key="a", **{"from": 3}, to=5, amount=250)["ok"])
            self.assertEqual(server.ask(op="balance", account=3)["balance"], 9750)
            ended, printed = server.stop(how)
            self.assertEqual(ended, code, printed)
            self.assertRegex(printed, r"^served 1 connections and 2 requests in .* s: 1 transfers committed, ")

    def test_what_was_committed_is_there_in_the_next_run(self):
        with tempfile.TemporaryDirectory() as folder:
            database = os.path.join(folder, "ledger with space.db")
            server = Server("--database", database, "--accounts", "2", "--balance", "7")
            self.assertEqual(server.ask(op="transfer", key="a", **{"from": 0}, to=1, amount=7)["transfer"], 1)
            server.stop(signal.SIGTERM)
            server = Server("--database", database)
            self.assertEqual(server.ask(op="health")["accounts"], 2)
            self.assertEqual(server.ask(op="balance", account=1)["balance"], 14)
            again = server.ask(op="transfer", key="a", **{"from": 0}, to=1, amount=7)
            self.assertEqual((again["transfer"], again["repeated"]), (1, True))
            self.assertEqual(server.stop(signal.SIGTERM)[0], 0)

    def test_a_database_without_a_name_leaves_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            server = Server(temporary=folder)
            self.assertEqual(len(glob.glob(folder + "/*/ledger.db")), 1)
            server.stop(signal.SIGTERM)
            self.assertEqual(os.listdir(folder), [])

    def test_a_second_process_does_not_use_the_database_of_a_first_one(self):
        with tempfile.TemporaryDirectory() as folder:
            database = os.path.join(folder, "ledger.db")
            server = Server("--database", database)
            for others in (["--listen", "127.0.0.1:0"], ["--seconds", "1"], ["--audit"]):
                second = fails("--database", database, *others)
                self.assertEqual(second.returncode, 1, second.stdout)
                self.assertIn("%s: process %d uses this ledger" % (database, server.process.pid), second.stderr)
                self.assertIn("try:  stop that one first, or another --database", second.stderr)
            self.assertTrue(server.ask(op="transfer", key="a", **{"from": 3}, to=5, amount=250)["ok"])
            server.process.kill()
            server.stop(signal.SIGTERM)
            again = Server("--database", database)  # there is nothing to remove
            self.assertEqual(again.ask(op="balance", account=3)["balance"], 9750)
            self.assertEqual(again.stop(signal.SIGTERM)[0], 0)
            audit = fails("--database", database, "--audit")
            self.assertEqual(audit.returncode, 0, audit.stderr)

    def test_what_is_no_address_and_what_is_no_file_are_mistakes(self):
        for wrong, told in ((["--listen", ""], "--listen: `` is not HOST:PORT"),
                            (["--listen", "127.0.0.1:0", "--database", ":memory:"], "--database: `:memory:` is no file"),
                            (["--database", ""], "--database: `` is no file")):
            done = fails(*wrong)
            self.assertEqual(done.returncode, 2, done.stdout)
            self.assertIn(told, done.stderr)

    def test_bad_bytes_are_answered_on_a_socket_and_others_go_on(self):
        server = Server()
        for sent in (b"\xff\xfe\n", b"\0\n", b"{\n", b"x" * 1_000_000 + b"\n"):
            with socket.create_connection((server.host, server.port), timeout=20) as other:
                other.sendall(sent)
                with other.makefile("rb") as lines:
                    told = json.loads(lines.readline())
                self.assertEqual(told["error"], "too_long" if len(sent) > 4096 else "bad_request")
            self.assertTrue(server.ask(op="health")["ok"])
        self.assertEqual(server.stop(signal.SIGTERM)[0], 0)

    def test_a_flood_of_half_open_connections_keeps_nobody_out(self):
        server = Server("--connections", "20")
        self.assertTrue(server.ask(op="health")["ok"])
        flood = [socket.create_connection((server.host, server.port), timeout=20) for _ in range(100)]
        for each in flood[::2]:
            each.sendall(b'{"op":"hea')
        with flood[1].makefile("rb") as lines:
            self.assertEqual(json.loads(lines.readline())["error"], "idle")
        with flood[0].makefile("rb") as lines: # half a line that has come by then is one that ends too early
            self.assertEqual(json.loads(list(lines)[-1])["error"], "idle")
        self.assertTrue(server.ask(op="transfer", key="a", **{"from": 0}, to=1, amount=1)["ok"])
        self.assertLessEqual(server.ask(op="health")["connections"], 36)
        for each in flood:
            each.close()
        self.assertEqual(server.stop(signal.SIGTERM)[0], 0)

    def test_where_it_cannot_listen_it_says_why_and_what_to_do(self):
        server = Server()
        taken = fails("--listen", "127.0.0.1:%d" % server.port)
        self.assertEqual(taken.returncode, 1)
        self.assertRegex(taken.stderr, r"cannot listen on 127\.0\.0\.1:\d+: Address already in use\n  try:  ")
        server.stop(signal.SIGTERM)
        nowhere = fails("--listen", "no-such-host.invalid:0")
        self.assertEqual(nowhere.returncode, 1)
        self.assertRegex(nowhere.stderr, r"cannot listen on no-such-host\.invalid: .+\n  try:  ")
        for wrong in ("127.0.0.1", "127.0.0.1:x", "127.0.0.1:65536", ":80", "::1:80"):
            usage = fails("--listen", wrong)
            self.assertEqual(usage.returncode, 2, wrong)
            self.assertIn("is not HOST:PORT", usage.stderr)

    def test_a_database_that_cannot_be_opened_ends_it_at_once(self):
        missing = fails("--listen", "127.0.0.1:0", "--database", "/proc/no/such.db")
        self.assertEqual(missing.returncode, 1)
        self.assertIn("/proc/no/such.db: unable to open database file", missing.stderr)
        self.assertEqual(missing.stdout, "")


if __name__ == "__main__":
    unittest.main()
