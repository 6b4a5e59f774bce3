#!/usr/bin/env python3
"""NF-11: where a service cannot listen. (Where a client cannot connect: tests/tools/load_test.py.)"""

import subprocess

from service import TOOL, FaultTest, main


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


if __name__ == "__main__":
    main()
