#!/usr/bin/env python3
"""`troupe load`: what it prints and its exit code, against a service that this test plays, and against none.

TROUPE_TOOL (or the first argument) is the program.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

TOOL = os.environ.get("TROUPE_TOOL") or (sys.argv.pop(1) if len(sys.argv) > 1 else "")


class Service:
    """Answers each line with what `answer(request)` returns: None ends the connection."""

    def __init__(self, answer):
        self.answer = answer
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            with connection, connection.makefile("rwb") as stream:
                for line in stream:
                    answer = self.answer(json.loads(line))
                    if answer is None:
                        return
                    stream.write(json.dumps(answer).encode() + b"\n")
                    stream.flush()
        except OSError:
            pass  # the client has gone

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def committed(request):
    return {"ok": True, "id": request["id"], "result": "committed", "transfer": request["id"]}


def load(*arguments, limit=30):
    return subprocess.run([TOOL, "load", *arguments], capture_output=True, text=True, timeout=limit)


class Load(unittest.TestCase):
    def against(self, answer):
        service = Service(answer)
        self.addCleanup(service.close)
        return service

    def test_a_report_and_the_file_of_what_was_acknowledged(self):
        service = self.against(committed)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "acknowledged")
            done = load(service.address, "--seconds", "1", "--connections", "4", "--acknowledged", path, "--json")
            self.assertEqual(done.returncode, 0, done.stderr)
            report = json.loads(done.stdout)
            self.assertGreater(report["outcomes"]["committed"], 10)
            self.assertEqual(report["outcomes"]["committed"], report["requests"])
            with open(path, encoding="utf-8") as lines:
                acknowledged = [line.split() for line in lines]
            self.assertEqual(len(acknowledged), report["requests"])
            self.assertEqual(len({line[0] for line in acknowledged}), len(acknowledged))
            self.assertTrue(all(len(line) == 5 for line in acknowledged))
        self.assertRegex(done.stderr, r"requests, .* committed/s, p99")

    def test_ctrl_c_prints_what_was_done_until_then(self):
        begun = threading.Event()

        def answer(request):
            if request["id"] > 20:
                begun.set()
            return committed(request)

        service = self.against(answer)
        process = subprocess.Popen([TOOL, "load", service.address, "--seconds", "60"], text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertTrue(begun.wait(20))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        self.assertEqual(process.returncode, 130, err)
        self.assertIn("partial: stopped by Ctrl-C (SIGINT)", out)
        self.assertIn("latency of what was committed: p50", out)

    def test_nobody_listens(self):
        with socket.create_server(("127.0.0.1", 0)) as once:
            address = "127.0.0.1:%d" % once.getsockname()[1]
        none = load(address)
        self.assertEqual(none.returncode, 1)
        self.assertIn("cannot connect to %s: Connection refused" % address, none.stderr)
        self.assertIn("try:  troupe run ledger --listen", none.stderr)
        self.assertEqual(none.stdout, "")

    def test_a_name_that_does_not_resolve(self):
        none = load("nobody.invalid:80")
        self.assertEqual(none.returncode, 1)
        self.assertRegex(none.stderr, "cannot connect to nobody.invalid:80: .")

    def test_who_does_not_accept_is_given_up(self):
        with socket.socket() as full:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            address = "127.0.0.1:%d" % full.getsockname()[1]
            inside = [socket.socket() for _ in range(4)]  # the system drops who comes behind the backlog
            try:
                for each in inside:
                    each.setblocking(False)
                    each.connect_ex(full.getsockname())
                late = load(address)
            finally:
                for each in inside:
                    each.close()
        self.assertEqual(late.returncode, 1)
        self.assertIn("cannot connect to %s: no answer within 5.00 s" % address, late.stderr)

    def test_a_connection_that_is_lost_in_the_middle(self):
        service = self.against(lambda request: None)
        lost = load(service.address, "--seconds", "1", "--connections", "1", "--retries", "1")
        self.assertEqual(lost.returncode, 1)
        self.assertIn("requests lost their connection to %s" % service.address, lost.stderr)
        self.assertIn("try:", lost.stderr)
        self.assertIn("connection_lost", lost.stdout)

    def test_a_file_that_takes_nothing_is_told_without_where_in_the_program_that_was(self):
        service = self.against(committed)
        full = load(service.address, "--seconds", "1", "--acknowledged", "/dev/full")
        self.assertEqual(full.returncode, 1)
        self.assertRegex(full.stderr, "(?m)^troupe: error: cannot write to /dev/full: No space left on device\n")
        self.assertNotIn("task group", full.stdout + full.stderr)

    def test_a_service_that_refuses_all_is_a_failure(self):
        service = self.against(lambda request: {"ok": False, "id": request["id"], "error": "bad_request",
                                                "message": "it is Sunday"})
        none = load(service.address, "--seconds", "1", "--connections", "1")
        self.assertEqual(none.returncode, 1)
        self.assertRegex(none.stderr, r"has refused all of \d+ requests, the first with bad_request: it is Sunday")

    def test_a_deadline_that_no_ledger_takes_is_a_mistake(self):
        wrong = load("127.0.0.1:1", "--deadline", "60001")
        self.assertEqual(wrong.returncode, 2)
        self.assertIn("`60001` is not a whole number from 1 to 60000", wrong.stderr)

    def test_what_is_no_ledger_is_told(self):
        service = self.against(lambda request: "hello")
        wrong = load(service.address, "--seconds", "1")
        self.assertEqual(wrong.returncode, 1)
        self.assertIn('%s is no ledger: it answers "hello"' % service.address, wrong.stderr)

    def test_a_file_that_cannot_be_written_is_told(self):
        service = self.against(committed)
        for path, why in (("/nowhere/file", "cannot open /nowhere/file"), ("/dev/full", "cannot write to /dev/full")):
            failed = load(service.address, "--acknowledged", path, "--seconds", "5")
            self.assertEqual(failed.returncode, 1)
            self.assertIn(why, failed.stderr)


if __name__ == "__main__":
    unittest.main()
