#!/usr/bin/env python3
"""`troupe run FILE` and `troupe top` on a terminal: a tree that is redrawn, and the terminal as it was, however it ends.

TROUPE_TOOL (or the first argument) is the program.
"""

import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from terminal import ENOUGH, Terminal  # noqa: E402

TOOL = os.environ.get("TROUPE_TOOL") or (sys.argv.pop(1) if len(sys.argv) > 1 else "")

CRASHES = """
title = "Two in a row"
watch = "The store crashes now and then."
[run]
lasts = "600s"
[supervisor.app]
intensity = 1000000
[node.read]
kind = "source"
items = 0
every = "5ms"
[node.store]
kind = "sink"
count = 12
work = "20ms"
faults = { crash_every = 20 }
[[edge]]
from = "read"
to = "store"
capacity = 8
"""

SHORT = CRASHES.replace('"600s"', '"1s"').replace("items = 0", "items = 20")


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def file(self, text):
        path = os.path.join(self.folder.name, "tree.toml")
        with open(path, "w", encoding="ascii") as to:
            to.write(text)
        return path

    def on_terminal(self, *arguments, **options):
        terminal = Terminal([TOOL, *arguments], **options)
        self.addCleanup(terminal.close)
        return terminal

    def assert_restored(self, terminal):
        self.assertTrue(terminal.screen.is_as_before(), (terminal.screen.alternate, terminal.screen.cursor))
        self.assertEqual(terminal.screen.wrong, [])

    def observed(self, text):
        """Where a program with that tree is observed, and the program."""
        process = subprocess.Popen([TOOL, "run", self.file(text), "--observe"], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        for line in process.stderr:
            found = re.search(rb"watch it at http://([0-9.]+:[0-9]+)/", line)
            if found:
                return found.group(1).decode(), process
        raise AssertionError("it is not observed")


class Run(Case):
    def test_the_tree_is_redrawn_and_the_report_comes_after_it(self):
        terminal = self.on_terminal("run", self.file(CRASHES), lines=30, columns=90)
        terminal.wait_for_text(r"Two in a row: The store crashes now and then\.\n\ntroupe run .*tree\.toml  \d+\.\d s  \d+ fibers")
        terminal.wait_for_text(r"(?m)^ +● store-1 +running ")
        terminal.wait_for_text(r"store-\d+ +\w+  \d+ restarts?")  # after a crash
        terminal.wait_for_text(r"(?m)^read -> store +\d+/s  [█░]{8} \d/8")
        first = terminal.screen.text()
        terminal.wait_for_frames(3)
        self.assertNotEqual(terminal.screen.text(), first)
        self.assertGreater(terminal.screen.colours, 0)
        self.assertFalse(terminal.echoes())  # keys that are typed would be seen
        terminal.type(b"\x03")
        self.assertEqual(terminal.wait_for_end(), 130)
        self.assert_restored(terminal)
        self.assertRegex(terminal.screen.normal, r"read -> store +send +\d+ +\d+")
        self.assertIn("stopped by Ctrl-C", terminal.screen.normal)

    def test_a_run_that_ends_by_itself_leaves_the_terminal_as_it_was(self):
        terminal = self.on_terminal("run", self.file(SHORT))
        self.assertEqual(terminal.wait_for_end(), 0)
        self.assert_restored(terminal)
        self.assertGreater(terminal.screen.frames, 0)
        self.assertRegex(terminal.screen.normal, r"nothing was expected of it: it has no \[expect\]\r\n$")

    def test_an_observed_run_is_served_after_its_end_until_ctrl_c(self):
        terminal = self.on_terminal("run", self.file(SHORT), "--observe", columns=120)
        terminal.wait_for("its end", lambda screen: "its last state is still at" in screen.normal)
        self.assert_restored(terminal)
        self.assertTrue(terminal.echoes())
        self.assertIn("also after its end, until Ctrl-C", terminal.screen.normal)
        self.assertIn("as expected", terminal.screen.normal)
        where = re.search(r"still at http://([0-9.:]+)/", terminal.screen.normal).group(1)
        seen = subprocess.run([TOOL, "top", where, "--once"], capture_output=True, text=True, timeout=ENOUGH, check=False)
        self.assertIn("(the tree has ended)", seen.stdout)
        terminal.type(b"\x03")
        self.assertEqual(terminal.wait_for_end(), 0)

    def test_a_frame_fits_the_window_and_follows_its_size(self):
        terminal = self.on_terminal("run", self.file(CRASHES), lines=12, columns=50)
        terminal.wait_for_text(r"▤ \d+ more")  # of the twelve
        terminal.wait_for_text(r"read -> store")
        terminal.resize(40, 120)
        terminal.wait_for_text(r"store-12 ")
        terminal.wait_for("all of them", lambda screen: "more" not in screen.text())
        terminal.resize(5, 20)
        terminal.wait_for_frames(3)  # the one under way may still be of another size
        terminal.screen.wrong.clear()
        terminal.wait_for_frames(3)
        terminal.type(b"\x03")
        self.assertEqual(terminal.wait_for_end(), 130)
        self.assert_restored(terminal)

    def test_a_second_ctrl_c_leaves_the_terminal_as_it_was_and_names_who_runs(self):
        hangs = CRASHES.replace("faults = { crash_every = 20 }", 'commit = "30s"\nshield = "60s"\nshutdown = "60s"')
        terminal = self.on_terminal("run", self.file(hangs))
        terminal.wait_for_text(r"store-\d+ +running .* waits to sleep")  # in its commit
        terminal.type(b"\x03")
        terminal.wait_for_text(r"▼")
        time.sleep(0.3)  # two at once are one
        terminal.type(b"\x03")
        self.assertEqual(terminal.wait_for_end(), 130)
        self.assert_restored(terminal)
        self.assertIn("a second signal, SIGINT; still running:", terminal.screen.normal)

    def test_a_signal_that_kills_leaves_the_terminal_as_it_was(self):
        for number in (signal.SIGABRT, signal.SIGQUIT, signal.SIGHUP):  # a failed assertion, Ctrl-\\, a lost connection
            with self.subTest(number):
                terminal = self.on_terminal("run", self.file(CRASHES))
                terminal.wait_for_frames(2)
                os.kill(terminal.pid, number)
                self.assertEqual(terminal.wait_for_end(), -number)
                self.assert_restored(terminal)
                self.assertTrue(terminal.echoes())

    def test_what_is_said_meanwhile_is_said_after_it(self):
        terminal = self.on_terminal("run", self.file(CRASHES), lines=24, columns=80)
        terminal.wait_for_frames(2)
        os.kill(terminal.pid, signal.SIGUSR1)  # prints a snapshot
        terminal.wait_for_frames(5)
        self.assertNotIn("a snapshot of the tree", terminal.screen.normal)
        terminal.type(b"\x03")
        self.assertEqual(terminal.wait_for_end(), 130)
        self.assert_restored(terminal)
        before, after = terminal.screen.normal.split("troupe: a snapshot of the tree:\r\n")
        self.assertIn("/app/store-1 ", after)
        self.assertIn("stopped by Ctrl-C", after)
        self.assertNotIn("stopped by Ctrl-C", before)

    def test_a_suspended_run_gives_the_terminal_back_meanwhile(self):
        script = 'set -m; "$@"; echo "code $?"; read -r _; fg >/dev/null; echo "code $?"'
        terminal = Terminal(["bash", "-c", script, "bash", TOOL, "run", self.file(CRASHES)])
        self.addCleanup(terminal.close)
        terminal.wait_for_frames(2)
        self.assertFalse(terminal.echoes())
        terminal.type(b"\x1a")
        terminal.wait_for("the shell", lambda screen: "code 148" in screen.normal)
        self.assert_restored(terminal)
        self.assertTrue(terminal.echoes())
        terminal.type(b"\n")
        terminal.wait_for("a frame", lambda screen: screen.alternate and not screen.cursor)
        terminal.wait_for_frames(2)
        terminal.type(b"\x03")
        terminal.wait_for("its end", lambda screen: "code 130" in screen.normal)
        terminal.wait_for_end()
        self.assert_restored(terminal)

    def test_plain_lines_where_nothing_is_to_be_redrawn(self):
        file = self.file(SHORT)
        for arguments, environment in ((["--plain"], {}), ([], {"TERM": "dumb"}), ([], {"TERM": ""}), (["--json"], {})):
            with self.subTest((arguments, environment)):
                terminal = self.on_terminal("run", file, *arguments, environment=environment)
                self.assertEqual(terminal.wait_for_end(), 0)
                self.assertEqual(terminal.screen.frames, 0)
                if not arguments == ["--json"]:
                    self.assertNotIn("\x1b", terminal.screen.normal)
                    self.assertRegex(terminal.screen.normal, r"(?m)^\d+ handled, 0 dropped, \d+ restarts")
        piped = subprocess.run([TOOL, "run", file], capture_output=True, timeout=ENOUGH, check=False)
        self.assertEqual(piped.returncode, 0)
        self.assertNotIn(b"\x1b", piped.stdout + piped.stderr)

    def test_lines_of_the_list_fit_the_window(self):
        terminal = self.on_terminal("list", columns=80)
        self.assertEqual(terminal.wait_for_end(), 0)
        table = terminal.screen.normal.split("\r\n\r\n")[0].split("\r\n")
        self.assertGreater(len(table), 5)
        self.assertEqual([line for line in table if len(line) > 80], [])
        self.assertRegex(terminal.screen.normal, r"(?m)^crawler +topology +Pages lead to pages .* \.\.\.\r$")

    def test_no_colours_where_there_are_to_be_none(self):
        terminal = self.on_terminal("run", self.file(CRASHES), environment={"NO_COLOR": "1"})
        terminal.wait_for_frames(3)
        terminal.type(b"\x03")
        self.assertEqual(terminal.wait_for_end(), 130)
        self.assertEqual(terminal.screen.colours, 0)
        self.assert_restored(terminal)


class Top(Case):
    def test_it_follows_a_tree_and_ctrl_c_ends_it(self):
        where, _ = self.observed(CRASHES)
        terminal = self.on_terminal("top", where, lines=12, columns=60)
        terminal.wait_for_text(r"troupe run .*tree\.toml  \d+ fibers")
        terminal.wait_for_text(r"store-\d+ +\w+  \d+ restarts?|more +.*\d+ restarts?")
        terminal.resize(40, 120)
        terminal.wait_for_text(r"store-12 ")
        terminal.wait_for("all of them", lambda screen: "more" not in screen.text())
        first = terminal.screen.text()
        terminal.wait_for("another frame", lambda screen: screen.text() != first)
        terminal.type(b"\x03")
        self.assertEqual(terminal.wait_for_end(), 0)
        self.assert_restored(terminal)

    def test_it_ends_with_what_it_follows_and_says_so(self):
        where, process = self.observed(CRASHES)
        terminal = self.on_terminal("top", where)
        terminal.wait_for_frames(2)
        process.kill()
        self.assertEqual(terminal.wait_for_end(), 0)
        self.assert_restored(terminal)
        self.assertRegex(terminal.screen.normal, r"troupe: .* does not answer: (Connection refused|the connection was lost)")

    def test_plain_frames_where_standard_output_is_no_terminal(self):
        where, process = self.observed(CRASHES)
        top = subprocess.Popen([TOOL, "top", where], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(top.kill)
        heads = 0
        while heads < 2:
            line = top.stdout.readline().decode()
            self.assertNotIn("\x1b", line)
            self.assertNotEqual(line, "")
            heads += line.startswith("troupe run ")
        top.send_signal(signal.SIGINT)
        top.communicate(timeout=ENOUGH)
        self.assertEqual(top.returncode, 0)
        process.kill()


if __name__ == "__main__":
    if not TOOL or not os.access(TOOL, os.X_OK):
        print("set TROUPE_TOOL to the program to test", file=sys.stderr)
        sys.exit(2)
    unittest.main()
