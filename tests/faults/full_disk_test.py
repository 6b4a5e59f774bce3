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

    def ledger_on_small_disk(self):
        """The service, the folder of its database as seen from here, and what is in that."""
        disk, before = self.small_disk()
        service = self.service(before=before, database=os.path.join(disk, "ledger.db"))
        inside = "/proc/%d/root%s" % (service.process.pid, disk)

        def there():
            for name in os.listdir(inside):  # SQLite itself would look outside, where the links lead
                if name in ("ledger.db", "ledger.db-wal"):
                    shutil.copyfile(os.path.join(inside, name), os.path.join(self.folder, name))
            return transfers(os.path.join(self.folder, "ledger.db"))

        return service, inside, there

    def fill_all(self, inside):
        """Also with what the service has given back since the last time."""
        ballast = os.path.join(inside, "ballast")
        self.fill(ballast)
        return ballast

    def test_a_disk_that_stays_full_is_told_to_each_client_and_costs_no_restart(self):
        service, inside, there = self.ledger_on_small_disk()
        told, errors, number = {}, [], 0
        with Client(service.address) as client:

            def ask():
                nonlocal number
                number += 1
                answer = client.ask(**transfer("s-%d" % number, number))
                if answer["ok"]:
                    told["s-%d" % number] = answer["transfer"]
                return answer

            while number < 20:
                self.assertTrue(ask()["ok"])
            end = time.monotonic() + 8  # longer than six starts of a journal that fails at once
            while time.monotonic() < end:
                ballast = self.fill_all(inside)
                answer = ask()
                if not answer["ok"]:
                    self.assertIn(answer["error"], ("storage", "in_doubt"), answer)
                    errors.append(answer["error"])
                time.sleep(0.01)
            print("of %d requests %d were told storage, %d in_doubt" %
                  (number, errors.count("storage"), errors.count("in_doubt")))
            self.assertGreater(errors.count("storage"), 100)
            self.assertGreater(errors.count("storage"), 10 * errors.count("in_doubt"))
            health = client.ask(op="health")
            self.assertEqual((health["status"], health["restarts"]), ("no_storage", 0), service.errors())
            self.assertTrue(client.ask(op="balance", account=0)["ok"])
            os.remove(ballast)
            until(lambda: ask()["ok"], what="service once there is room")
            self.assertEqual(client.ask(op="health")["status"], "serving")
            for each in range(1, number + 1):  # what was not done is done once, and what was stays what it is
                answer = client.ask(**transfer("s-%d" % each, each))
                self.assertTrue(answer["ok"], answer)
                self.assertEqual(told.setdefault("s-%d" % each, answer["transfer"]), answer["transfer"])
        found = there()
        self.assertEqual({key: row[0] for key, row in found.items()}, told)
        log = service.errors()
        self.assertRegex(log, "the storage has failed: .*ledger.db: (disk I/O error|database or disk is full)")
        self.assertRegex(log, "the storage can be written again")
        self.assertLess(len(log.splitlines()), 12, log)
        self.assertEqual(service.stop(), 0)

    def test_a_kill_while_the_disk_is_full_loses_no_acknowledged_transfer(self):
        service, inside, _ = self.ledger_on_small_disk()
        root = os.open(inside, os.O_RDONLY)  # it stays when the process has gone
        self.addCleanup(os.close, root)
        inside = "/proc/self/fd/%d" % root
        told, refused = {}, []
        with Client(service.address) as client:
            for number in range(200):
                if number > 20:
                    self.fill_all(inside)
                answer = client.ask(**transfer("k-%d" % number, number))
                if answer["ok"]:
                    told["k-%d" % number] = answer["transfer"]
                elif answer["error"] == "storage":
                    refused.append("k-%d" % number)
        self.assertGreater(len(refused), 0, "the disk was never full")
        service.kill()
        for name in os.listdir(inside):
            if name in ("ledger.db", "ledger.db-wal"):
                shutil.copyfile(os.path.join(inside, name), os.path.join(self.folder, name))
        found = transfers(os.path.join(self.folder, "ledger.db"))
        for key, number in told.items():
            self.assertEqual(found[key][0], number)
        self.assertEqual([key for key in refused if key in found], [])


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
