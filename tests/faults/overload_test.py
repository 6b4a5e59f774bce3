#!/usr/bin/env python3
"""Overload: three times what the service can do, by the clock. What it accepts it does in time, as much as without.

The tolerances are those of a machine that others use as well. docs/ledger.md says how to measure exact figures.
"""

import json
import subprocess

from service import TOOL, FaultTest, main, transfers, until

DEADLINE = 500  # milliseconds
SPARE = 32 * 2**20  # bytes


class Overload(FaultTest):
    def measured(self, service, *options):
        done = subprocess.run([TOOL, "load", service.address, "--json", "--deadline", str(DEADLINE), "--retries", "0",
                               *options], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def sustainable(self, service):
        return self.measured(service, "--seconds", "2", "--connections", "64")["committed_per_second"]

    def test_goodput_and_latency_hold_at_three_times_the_rate(self):
        # A transaction for each order: so the disk decides how much it can do, and not the processors, which clients of
        # this machine would take from it.
        service = self.service("--at-once", "1", "--capacity", "64")
        before = self.sustainable(service)
        resident = service.resident()
        over = self.measured(service, "--seconds", "5", "--connections", "400", "--rate", str(int(3 * before)))
        peak = min(before, self.sustainable(service))  # others may have begun to use the machine
        committed = over["committed_per_second"]
        latency = over["latency_us"]["committed"]
        print("closed loop: %.0f/s; at %.0f/s by the clock: %.0f/s, p99 %.1f ms, %s" %
              (peak, 3 * before, committed, latency["p99"] / 1_000, over["outcomes"]))
        self.assertGreater(committed, 0.5 * peak)
        self.assertLess(latency["p99"], DEADLINE * 1_000)
        self.assertLess(service.resident(), resident + SPARE)
        self.assertGreater(over["requests"], 2 * over["outcomes"]["committed"], "it was no overload")
        self.assert_serves(service, "after the overload")
        service.stop()
        transfers(service.database)


if __name__ == "__main__":
    main()
