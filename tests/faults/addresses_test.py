#!/usr/bin/env python3
"""NF-11: where a service, or a part of it, cannot start. (Where a client cannot connect: tests/tools/load_test.py.)"""

import sqlite3
import subprocess
import time

from service import TOOL, Client, FaultTest, main, transfer, until

WAITS = 0.2 + 0.2 + 0.4 + 0.8 + 1.6  # before each of five restarts, less a half of it at most


class Addresses(FaultTest):
    def refused(self, address):
        done = subprocess.run([TOOL, "run", "ledger", "--listen", address, "--database", self.folder + "/other.db"],
                              capture_output=True, text=True, timeout=20)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertNotIn("listening", done.stdout)
        return done.stderr

    def test_a_port_in_use_is_told(self):
        service = self.service()
        self.assertIn("cannot listen on %s: Address already in use" % service.address, self.refused(service.address))
        self.assert_serves(service, "the one that has it")

    def test_a_name_without_an_address_is_told(self):
        self.assertIn("cannot listen on nobody.invalid", self.refused("nobody.invalid:7070"))

    def test_an_address_of_another_machine_is_told(self):
        self.assertIn("cannot listen on 192.0.2.1:7070: Cannot assign requested address",
                      self.refused("192.0.2.1:7070"))

    def test_a_part_that_cannot_start_is_tried_again_so_often_and_ends_the_service_with_its_cause(self):
        service = self.service()
        other = sqlite3.connect(service.database)
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        other.close()
        with open(service.database, "r+b") as file:
            file.write(b"no database at all " * 500)
        begun = time.monotonic()
        with Client(service.address) as client:
            self.assertEqual(client.ask(**transfer("fails"))["error"], "unavailable")  # what is started anew fails as well
            until(lambda: not service.is_alive(), limit=20, what="the end")
        took = time.monotonic() - begun
        self.assertEqual(service.ended(), 1)
        told = service.errors()
        self.assertIn("journal has failed", told)
        self.assertRegex(told, "(?m)^troupe: error: .* gives up: .*file is not a database.*its intensity is 5 within 30 s")
        self.assertGreater(took, WAITS / 2)
        self.assertLess(took, WAITS + 10)


if __name__ == "__main__":
    main()
