#!/usr/bin/env python3
"""An exploration under Ctrl-C, and on a terminal."""

import os
import pty
import signal
import subprocess
import sys
import time
import unittest

TOOL = os.environ.get("TROUPE_TOOL", "")
PROGRAM = os.path.join(os.path.dirname(os.path.dirname(TOOL)), "bench", "troupe_bench")
LONG = ["exploration", "100000000"]


class Interrupt(unittest.TestCase):
    def test_says_what_it_has_covered(self):
        with subprocess.Popen([PROGRAM, *LONG], stderr=subprocess.PIPE, text=True) as running:
            time.sleep(1.0)
            running.send_signal(signal.SIGINT)
            said = running.communicate(timeout=60)[1]
        self.assertRegex(said, r"interrupted after [1-9][0-9]* schedules, [0-9]+ to [0-9]+ steps each")
        self.assertEqual(running.returncode, -signal.SIGINT)

    def test_shows_how_far_it_is_on_a_terminal_and_nowhere_else(self):
        ours, theirs = pty.openpty()
        with subprocess.Popen([PROGRAM, *LONG], stderr=theirs) as running:
            os.close(theirs)
            shown = b""
            while b"schedules" not in shown:
                shown += os.read(ours, 1000)
            running.kill()
        os.close(ours)
        self.assertRegex(shown.decode(), r"\r.*: [0-9]+ of 100000000 schedules")
        done = subprocess.run([PROGRAM, "exploration", "300"], stderr=subprocess.PIPE, check=True)
        self.assertEqual(done.stderr, b"")


if __name__ == "__main__":
    if not os.path.exists(PROGRAM):
        print("skipped: there is no program of benchmarks")
        sys.exit(77)
    unittest.main()
