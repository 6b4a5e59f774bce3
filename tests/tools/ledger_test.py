#!/usr/bin/env python3
"""`troupe run ledger`: what clients were told agrees with the database, also after the process was killed.

TROUPE_TOOL (or the first argument) is the program.
"""

import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

TOOL = os.environ.get("TROUPE_TOOL") or (sys.argv.pop(1) if len(sys.argv) > 1 else "")
KILLS = 250 if os.environ.get("TROUPE_FULL") == "1" else 5


def ledger(*arguments):
    return subprocess.run([TOOL, "run", "ledger", *arguments], capture_output=True, text=True, timeout=120)


def told(output, answer):
    return int(re.search(r"^%s +(\d+)" % answer, output, re.M).group(1))


class Ledger(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.database = os.path.join(self.folder.name, "ledger with space.db")

    def tearDown(self):
        self.folder.cleanup()

    def assert_audit_holds(self):
        audit = ledger("--database", self.database, "--audit")
        self.assertEqual(audit.returncode, 0, audit.stdout + audit.stderr)
        return audit.stdout

    def test_answers_agree_with_the_database(self):
        done = ledger("--seconds", "1", "--seed", "7")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertGreater(told(done.stdout, "committed"), 0)
        self.assertGreater(told(done.stdout, "not_started"), 0)
        self.assertEqual(done.stderr, "")

    def test_a_limit_that_passes_in_a_commit_leaves_a_doubt(self):
        done = ledger("--seconds", "1", "--commit-limit", "1", "--database", self.database)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertGreater(told(done.stdout, "in_doubt"), 0)
        self.assert_audit_holds()

    def test_a_kill_at_any_moment_loses_no_answer(self):
        dice = random.Random(1)
        for _ in range(KILLS):
            process = subprocess.Popen([TOOL, "run", "ledger", "--database", self.database, "--seconds", "60"],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(dice.uniform(0.05, 0.5))
            process.send_signal(signal.SIGKILL)
            process.wait()
            if os.path.exists(self.database):
                self.assert_audit_holds()
        self.assertGreater(os.path.getsize(self.database + ".answers"), 0)
        again = ledger("--database", self.database, "--seconds", "1")
        self.assertEqual(again.returncode, 0, again.stdout + again.stderr)

    def test_ctrl_c_stops_clients_and_service_and_still_audits(self):
        process = subprocess.Popen([TOOL, "run", "ledger", "--database", self.database, "--seconds", "60"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 130, out)
        self.assertNotIn("FAILED", out)
        self.assertIn("told committed", out)

    def test_the_audit_finds_what_is_wrong(self):
        self.assertEqual(ledger("--database", self.database, "--seconds", "1").returncode, 0)
        for damage, sentence in (
                ("DELETE FROM transfers WHERE id = (SELECT max(id) FROM transfers)", "told committed"),
                ("UPDATE accounts SET balance = balance + 1 WHERE id = 3", "money in all accounts"),
        ):
            with sqlite3.connect(self.database) as open_database:
                open_database.execute(damage)
            audit = ledger("--database", self.database, "--audit")
            self.assertEqual(audit.returncode, 70, damage)
            self.assertRegex(audit.stdout, re.escape(sentence) + ".*FAILED")

    def test_mistakes_are_told_with_what_to_do(self):
        self.assertEqual(ledger("--audit").returncode, 2)
        missing = ledger("--audit", "--database", os.path.join(self.folder.name, "none.db"))
        self.assertEqual(missing.returncode, 1)
        self.assertIn("there is no such database", missing.stderr)
        nowhere = ledger("--database", os.path.join(self.folder.name, "no", "folder.db"), "--seconds", "1")
        self.assertEqual(nowhere.returncode, 1)
        self.assertIn("unable to open database file", nowhere.stderr)
        with open(self.database, "w") as text:
            text.write("this is a text, and no database at all, however long one looks at it\n" * 100)
        wrong = ledger("--database", self.database, "--seconds", "1")
        self.assertEqual(wrong.returncode, 1)
        self.assertIn("not a database", wrong.stderr)


if __name__ == "__main__":
    unittest.main()
