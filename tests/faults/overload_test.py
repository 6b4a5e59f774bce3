#!/usr/bin/env python3
"""Overload: three times what the service can do, by the clock. What it accepts it does in time, as much as without.

The tolerances are those of a machine that others use as well. docs/ledger.md says how to measure exact figures.
"""

import json
import os
import sqlite3
import subprocess
import threading
import time

from service import TOOL, FaultTest, main, sanitized, transfers

DEADLINE = 500  # milliseconds
SPARE = 32 * 2**20  # bytes


class SlowDisk(threading.Thread):
    """Has the database to itself half of the time. So it is not the processors that decide how much the service can do:
    those its clients, and whoever else uses the machine, would take from it."""

    def __init__(self, database):
        super().__init__(daemon=True)
        self.database, self.over = database, False
        self.start()

    def run(self):
        mine = sqlite3.connect(self.database, timeout=10, isolation_level=None)
        while not self.over:
            mine.execute("BEGIN IMMEDIATE")
            time.sleep(0.005)
            mine.execute("ROLLBACK")
            time.sleep(0.005)
        mine.close()

    def end(self):
        self.over = True
        self.join()


class Overload(FaultTest):
    def measured(self, service, *options):
        done = subprocess.run([TOOL, "load", service.address, "--json", "--deadline", str(DEADLINE), "--retries", "0",
                               *options], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def setUp(self):
        super().setUp()
        if sanitized() or os.environ.get("TROUPE_IS_SLOW") == "1":
            self.skipTest("sanitized, or not optimised: its latency says nothing")

    def sustainable(self, service):
        return self.measured(service, "--seconds", "2", "--connections", "64")["committed_per_second"]

    def test_goodput_and_latency_hold_at_three_times_the_rate(self):
        service = self.service("--at-once", "1", "--capacity", "64")
        disk = SlowDisk(service.database)
        self.addCleanup(disk.end)
        before = self.sustainable(service)
        resident = service.resident()
        over = self.measured(service, "--seconds", "5", "--connections", "200", "--rate", str(int(3 * before)))
        peak = min(before, self.sustainable(service))  # others may have begun to use the machine
        committed = over["committed_per_second"]
        latency = over["latency_us"]["committed"]
        print("closed loop: %.0f/s; at %.0f/s by the clock: %.0f/s, p90 %.1f ms, %s" %
              (peak, 3 * before, committed, latency["p90"] / 1_000, over["outcomes"]))
        self.assertGreater(committed, 0.25 * peak)
        self.assertLess(latency["p90"], DEADLINE * 1_000)
        self.assertLess(service.resident(), resident + SPARE)
        # A connection is read seldom while the service is full, so much of the rest is not even sent.
        self.assertLess(over["outcomes"]["committed"], over["requests"] / 2, "it was no overload")
        self.assertGreater(over["outcomes"]["overloaded"], over["requests"] / 20, "it was not told")
        self.assert_serves(service, "after the overload")
        disk.end()
        service.stop()
        transfers(service.database)


if __name__ == "__main__":
    main()
