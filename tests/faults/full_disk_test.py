#!/usr/bin/env python3
"""NF-14: no room for the database, and nobody who reads what the service prints."""

import os
import shutil
import signal
import socket
import subprocess
import time

from service import TOOL, Client, FaultTest, main, transfer, transfers, until

MOUNT = "mount -t tmpfs -o size=16m tmpfs \"$0\" && exec \"$@\""


class FullDisk(FaultTest):
    def small_disk(self):
        """What runs a program that has a disk of 16 MiB of its own at the folder."""
        disk = os.path.join(self.folder, "disk")
        os.mkdir(disk)
        before = ["unshare", "-Urm", "sh", "-c", MOUNT, disk]
        tried = subprocess.run([*before, "true"], capture_output=True, text=True, check=False)
        if tried.returncode != 0:
            self.skipTest("no namespace with a disk of its own is allowed here: " + tried.stderr.strip())
        return disk, before

    def fill(self, path):
        with open(path, "ab", buffering=0) as ballast:
            with self.assertRaises(OSError):
                while ballast.write(b"x" * 4_096) == 4_096:
                    pass
                ballast.write(b"x")

    def test_a_disk_that_stays_full_ends_the_service_with_its_error_and_loses_nothing(self):
        disk, before = self.small_disk()
        service = self.service(before=before, database=os.path.join(disk, "ledger.db"))
        root = os.open("/proc/%d/root%s" % (service.process.pid, disk), os.O_RDONLY)  # it stays when the process has gone
        self.addCleanup(os.close, root)
        inside = "/proc/self/fd/%d" % root
        with Client(service.address) as client:
            told, number, end = {}, 0, time.monotonic() + 15
            try:
                while time.monotonic() < end and (answer := client.ask(**transfer("s-%d" % number, number))):
                    if answer["ok"]:
                        told["s-%d" % number] = answer["transfer"]
                    number += 1
                    if number >= 20:
                        self.fill(os.path.join(inside, "ballast"))  # also what a new run of the journal has freed
                        time.sleep(0.02)
            except (ConnectionResetError, BrokenPipeError):
                pass
            self.assertGreaterEqual(len(told), 20)
        self.assertEqual(service.ended(), 1)
        self.assertRegex(service.errors(), "ledger.db: (disk I/O error|database or disk is full)")
        for name in os.listdir(inside):
            if name in ("ledger.db", "ledger.db-wal"):
                shutil.copyfile(os.path.join(inside, name), os.path.join(self.folder, name))
        found = transfers(os.path.join(self.folder, "ledger.db"))
        for key, transfer_number in told.items():
            self.assertEqual(found[key][0], transfer_number)

    def test_a_full_disk_is_told_to_each_client_and_no_acknowledged_transfer_is_lost(self):
        disk, before = self.small_disk()
        service = self.service(before=before, database=os.path.join(disk, "ledger.db"))
        inside = "/proc/%d/root%s" % (service.process.pid, disk)
        told = {}

        def there():
            for name in os.listdir(inside):  # SQLite itself would look outside, where the links lead
                if name in ("ledger.db", "ledger.db-wal"):
                    shutil.copyfile(os.path.join(inside, name), os.path.join(self.folder, name))
            return transfers(os.path.join(self.folder, "ledger.db"))

        def ask(client, number):
            answer = client.ask(**transfer("d-%d" % number, number, deadline_ms=5_000))
            if answer["ok"]:
                told["d-%d" % number] = answer["transfer"]
            return answer

        with Client(service.address) as client:
            for number in range(50):
                self.assertTrue(ask(client, number)["ok"])
            self.fill(os.path.join(inside, "ballast"))
            failed = [answer for answer in (ask(client, 1_000 + i) for i in range(300)) if not answer["ok"]]
            self.assertGreater(len(failed), 0, "the disk was never full")
            for answer in failed:
                self.assertIn(answer["error"], ("unavailable", "in_doubt", "overloaded", "deadline_exceeded"))
            print("of 300 requests %d failed: %s" % (len(failed), failed[0]))
            os.remove(os.path.join(inside, "ballast"))

        def serves():
            self.assertTrue(service.is_alive(), service.errors())
            with Client(service.address) as client:
                return ask(client, 5_000)["ok"]

        until(serves, 15, "service once there is room")
        found = there()
        for key, number in told.items():
            self.assertEqual(found[key][0], number)
        # What failed was not done, or is done once by its key.
        with Client(service.address) as client:
            for number in range(1_000, 1_300):
                answer = ask(client, number)
                self.assertTrue(answer["ok"], answer)
        self.assertEqual(len(there()), 50 + 300 + 1)
        self.assertEqual(service.stop(), 0)


class Output(FaultTest):
    def serve_with(self, **output):
        """A service that cannot say where it listens, so it is told where."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        database = os.path.join(self.folder, "ledger.db")
        process = subprocess.Popen([TOOL, "run", "ledger", "--listen", "127.0.0.1:%d" % port, "--database", database],
                                   **output)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        address = "127.0.0.1:%d" % port

        def connected():
            self.assertIsNone(process.poll(), "the service has ended")
            try:
                return Client(address)
            except ConnectionRefusedError:
                return None

        with until(connected, what="the service") as client:
            for i in range(20):
                self.assertTrue(client.ask(**transfer("o-%d" % i, i))["ok"])
            with Client(address) as wrong:
                wrong.send({"op": "nothing"})
                wrong.answer()
                wrong.reset()
            self.assertTrue(client.ask(**transfer("after", 1))["ok"])
        process.send_signal(signal.SIGTERM)
        process.wait(15)
        self.assertEqual(len(transfers(database)), 21)
        return process.returncode

    def test_a_full_device_as_output_is_no_matter_to_clients(self):
        with open("/dev/full", "wb") as full:
            self.assertGreaterEqual(self.serve_with(stdout=full, stderr=full), 0)

    def test_a_pipe_that_nobody_reads_is_no_matter_to_clients(self):
        read, write = os.pipe()
        os.close(read)
        try:
            self.assertGreaterEqual(self.serve_with(stdout=write, stderr=write), 0)
        finally:
            os.close(write)


if __name__ == "__main__":
    main()
