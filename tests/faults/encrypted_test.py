#!/usr/bin/env python3
"""The ledger over TLS: who trusts its authority is served, and nobody else is; whoever does not shake hands harms no other."""

import os
import socket
import ssl
import subprocess

from service import CERTIFICATES, TOOL, Client, FaultTest, main


class Encrypted(FaultTest):
    def setUp(self):
        super().setUp()
        if not CERTIFICATES:
            self.skipTest("TROUPE_CERTIFICATES, the program that makes them, is not given")
        maker = subprocess.Popen([CERTIFICATES], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 text=True)
        self.addCleanup(maker.communicate)
        self.files = maker.stdout.readline().strip()
        self.server = self.service("--certificate", self.file("server.pem"), "--key", self.file("server.key"))

    def file(self, name):
        return os.path.join(self.files, name)

    def load(self, authority):
        return subprocess.run([TOOL, "load", self.server.address, "--seconds", "1", "--connections", "4",
                               "--authorities", self.file(authority)], capture_output=True, text=True, timeout=30)

    def test_a_load_that_trusts_it_is_served(self):
        done = self.load("authority.pem")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"committed +[1-9]")
        self.server.stop()

    def test_a_load_that_does_not_trust_it_is_told_why(self):
        done = self.load("other.pem")
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("unable to get local issuer certificate", done.stderr)
        self.server.stop()

    def test_others_are_served_while_some_do_not_shake_hands(self):
        trusts = ssl.create_default_context(cafile=self.file("authority.pem"))
        silent = socket.create_connection(("127.0.0.1", self.server.port))
        with Client(self.server.address) as plain:
            plain.socket.sendall(b'{"op":"health"}\n')
            with trusts.wrap_socket(socket.create_connection(("127.0.0.1", self.server.port), timeout=10),
                                    server_hostname="server.test") as over, over.makefile("rwb") as lines:
                lines.write(b'{"op":"transfer","key":"over TLS","from":1,"to":2,"amount":5}\n')
                lines.flush()
                self.assertIn(b'"result":"committed"', lines.readline())
            try:
                rest = plain.socket.recv(1000)  # an alert
            except ConnectionResetError:
                rest = b""
            self.assertNotIn(b"{", rest)
        silent.close()
        self.server.stop()

    def test_a_key_of_another_certificate_is_refused_before_it_listens(self):
        done = subprocess.run([TOOL, "run", "ledger", "--listen", "127.0.0.1:0", "--certificate",
                               self.file("server.pem"), "--key", self.file("client.key")],
                              capture_output=True, text=True, timeout=20)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("cannot use the key in", done.stderr)
        self.assertEqual(done.stdout, "")
        self.server.stop()


if __name__ == "__main__":
    main()
