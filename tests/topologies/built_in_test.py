#!/usr/bin/env python3
"""Each built-in topology, by the command: `check`, `run` with what it expects of itself, `explore --seeds 1000`.

TROUPE_TOOL (or the first argument) is the program. With TROUPE_IS_SLOW=1 it is not optimised, or sanitized, and ten times slower:
fewer schedules then, and what depends on the machine's time is not judged.
"""

import concurrent.futures
import itertools
import json
import os
import subprocess
import sys
import unittest

TOOL = os.environ.get("TROUPE_TOOL") or (sys.argv.pop(1) if len(sys.argv) > 1 else "")
IS_SLOW = os.environ.get("TROUPE_IS_SLOW") == "1"


def troupe(*arguments):
    return subprocess.run([TOOL, *arguments], capture_output=True, text=True, timeout=250)


def names():
    return [each["name"] for each in json.loads(troupe("list", "--json").stdout) if each["kind"] == "topology"]


class BuiltIn(unittest.TestCase):
    def test_there_are_nine(self):
        self.assertEqual(len(names()), 9)
        self.assertIn(names()[0], troupe("run", "no-such").stderr)

    def test_each_is_sound(self):
        for name in names():
            with self.subTest(name):
                ended = troupe("check", name)
                self.assertEqual(ended.returncode, 0, ended.stderr)
                self.assertNotIn("error:", ended.stderr)

    def test_each_comes_out_as_it_expects_of_itself(self):
        for name in names():
            with self.subTest(name):
                ended = troupe("run", name)
                if IS_SLOW and ended.returncode == 1:
                    self.assertIn("not as expected", ended.stdout)
                else:
                    self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)

    def explored(self, seeds, *faults):
        """Explores each, in virtual time, so as many at once as there are cores."""
        jobs = list(itertools.product(names(), faults or [None]))
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            ends = pool.map(lambda job: troupe("explore", job[0], "--seeds", str(seeds), *(["--faults", job[1]] if job[1] else [])),
                            jobs)
            for job, ended in zip(jobs, ends):
                with self.subTest(job):
                    self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)

    def test_each_holds_in_many_orders(self):
        self.explored(50 if IS_SLOW else 1000)

    def test_the_books_of_each_balance_whatever_crashes(self):
        self.explored(20 if IS_SLOW else 300, "crash,cancel,reset", "cancel")

    def test_each_can_be_drawn(self):
        for name in names():
            self.assertIn("subgraph", troupe("graph", name).stdout)


if __name__ == "__main__":
    unittest.main()
