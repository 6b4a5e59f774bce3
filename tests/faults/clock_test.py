#!/usr/bin/env python3
"""NF-13: the clock of the machine is set, by days in both directions, while it serves: deadlines are of the steady clock.

By Debian's libfaketime, which sets the clock of single processes: the simulator has no other clock than a steady one, so a
test there could not fail.
"""

import glob
import os
import subprocess
import time

from service import Client, FaultTest, main, sanitized, transfers, until

LIBRARIES = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")


class Clock(FaultTest):
    def setUp(self):
        super().setUp()
        if not LIBRARIES:
            self.skipTest("libfaketime is not installed: apt-get install faketime")
        if sanitized():
            self.skipTest("a sanitizer wants to be loaded before libfaketime")
        self.offset = os.path.join(self.folder, "offset")
        self.set_clock("+0d")
        self.environment = {**os.environ, "LD_PRELOAD": LIBRARIES[0], "FAKETIME_TIMESTAMP_FILE": self.offset,
                            "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}

    def set_clock(self, to):
        with open(self.offset + ".new", "w", encoding="ascii") as file:
            file.write(to + "\n")
        os.replace(self.offset + ".new", self.offset)

    def seconds(self):
        return int(subprocess.run(["date", "+%s"], env=self.environment, capture_output=True, check=True).stdout)

    def test_deadlines_do_not_move_with_the_clock(self):
        service = self.service(env=self.environment)
        load = self.load(service, "--seconds", "60", "--connections", "4", "--deadline", "2000", "--retries", "0")
        for step in ("+3d", "-3d", "+0d", "-300d", "+3000d"):
            self.set_clock(step)
            days = int(step[:-1])
            self.assertLess(abs(self.seconds() - time.time() - days * 86_400), 60, "the clock was not set")
            told = len(load.told())
            until(lambda: len(load.told()) > told + 500, what="progress after the clock was set to " + step)
        report = load.interrupt()
        self.assertEqual(report["outcomes"]["committed"], report["answered"])
        self.assertEqual(report["outcomes"]["no_answer"], 0)
        self.assertEqual(report["connections_lost"], 0)
        begun = time.monotonic()
        service.stop()
        self.assertLess(time.monotonic() - begun, 5)
        self.assert_all_there(load.told(), transfers(service.database))


    def test_a_limit_that_is_running_ends_when_it_should(self):
        limit = 2
        service = self.service("--idle-limit", str(limit), env=self.environment)
        for step in ("+3d", "-300d", "+0d"):
            with Client(service.address, limit=20) as idle:
                begun = time.monotonic()
                self.assertTrue(idle.ask(op="health")["ok"])
                time.sleep(0.3)
                self.set_clock(step)
                self.assertEqual(idle.answer()["error"], "idle")
                took = time.monotonic() - begun
                self.assertGreater(took, limit - 0.1, "after the clock was set to " + step)
                self.assertLess(took, limit + 2, "after the clock was set to " + step)


if __name__ == "__main__":
    main()
