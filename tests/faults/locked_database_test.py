#!/usr/bin/env python3
"""Another program has the database for longer than a commit may take."""

import sqlite3

from service import Client, FaultTest, main, transfer, transfers, until


def blocked(service):
    """Has the database until it is closed."""
    other = sqlite3.connect(service.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    return other


class LockedDatabase(FaultTest):
    def test_who_has_the_database_is_storage_that_does_not_serve(self):
        service = self.service()
        blocker = blocked(service)
        with Client(service.address) as client:
            told = client.ask(**transfer("while it is locked"))
            self.assertEqual(told["error"], "storage")
            blocker.close()
            until(lambda: client.ask(**transfer("afterwards"))["ok"])
            self.assertEqual(client.ask(op="health")["restarts"], 0)
        self.assertIn("the storage has failed: %s: database is locked" % service.database, service.errors())
        self.assertIn("the storage can be written again", service.errors())
        service.stop()
        self.assertEqual(list(transfers(service.database)), ["afterwards"])

    def test_a_restart_is_told_with_its_cause(self):
        service = self.service("--commit-limit", "200")
        blocker = blocked(service)
        with Client(service.address) as client:
            self.assertEqual(client.ask(**transfer("in doubt"))["error"], "in_doubt")
            blocker.close()
            until(lambda: client.ask(**transfer("in doubt"))["ok"])
            self.assertGreater(client.ask(op="health")["restarts"], 0)
        self.assertRegex(service.errors(), r"troupe: ledger: \S*journal has failed: .*\n  the actors are started anew")
        service.stop()
        self.assertEqual(list(transfers(service.database)), ["in doubt"])


if __name__ == "__main__":
    main()
