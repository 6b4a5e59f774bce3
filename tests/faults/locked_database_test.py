#!/usr/bin/env python3
"""Another program has the database for longer than a commit may take."""

import sqlite3
import time

from service import Client, FaultTest, main, transfer, transfers


class LockedDatabase(FaultTest):
    def test_who_has_the_database_is_storage_that_does_not_serve(self):
        service = self.service()
        blocker = sqlite3.connect(service.database, isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        with Client(service.address) as client:
            told = client.ask(**transfer("while it is locked"))
            self.assertEqual(told["error"], "storage")
            blocker.execute("ROLLBACK")
            blocker.close()
            end = time.monotonic() + 10
            while not client.ask(**transfer("afterwards"))["ok"] and time.monotonic() < end:
                time.sleep(0.1)
            self.assertEqual(client.ask(op="health")["restarts"], 0)
        self.assertIn("the storage has failed: %s: database is locked" % service.database, service.errors())
        self.assertIn("the storage can be written again", service.errors())
        service.stop()
        self.assertEqual(list(transfers(service.database)), ["afterwards"])

    def test_a_restart_is_told_with_its_cause(self):
        service = self.service("--commit-limit", "200")
        blocker = sqlite3.connect(service.database, isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        with Client(service.address) as client:
            self.assertEqual(client.ask(**transfer("in doubt"))["error"], "in_doubt")
            blocker.execute("ROLLBACK")
            blocker.close()
            end = time.monotonic() + 10
            while not client.ask(**transfer("in doubt"))["ok"] and time.monotonic() < end:
                time.sleep(0.1)
            self.assertGreater(client.ask(op="health")["restarts"], 0)
        self.assertRegex(service.errors(), r"troupe: ledger: \S*journal has failed: .*\n  the actors are started anew")
        service.stop()
        self.assertEqual(list(transfers(service.database)), ["in doubt"])


if __name__ == "__main__":
    main()
