#!/usr/bin/env python3
"""The built `troupe` command, as a user meets it: every edge of its inputs, its outputs and its signals.

TROUPE_TOOL (or the first argument) is the program. TROUPE_BIG_MIB sets the size of the big input: 1024 by default, 64
when the program was built with a sanitizer, whose own memory hides ours.
"""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import tty
import unittest

TOOL = os.environ.get("TROUPE_TOOL") or (sys.argv.pop(1) if len(sys.argv) > 1 else "")
STATUS = "/var/lib/dpkg/status"
ENOUGH = 60  # seconds that nothing here should need


def sanitized():
    with open(TOOL, "rb") as program:
        text = program.read()
    return b"__asan_init" in text or b"__tsan_init" in text


def run(*arguments, stdin=b"", **options):
    """The ended process; stdout and stderr are text."""
    if isinstance(stdin, bytes):
        options["input"] = stdin
    else:
        options["stdin"] = stdin
    options.setdefault("stdout", subprocess.PIPE)
    ended = subprocess.run([TOOL, *arguments], stderr=subprocess.PIPE, timeout=ENOUGH, **options)
    ended.stdout = (ended.stdout or b"").decode()
    ended.stderr = ended.stderr.decode()
    return ended


def package(number, section="libs", size=1, extra=b""):
    return b"Package: p%d\nSection: %s\nInstalled-Size: %d\n%s\n" % (number, section.encode(), size, extra)


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def start(self, *arguments, **options):
        """A running process, killed at the end of the test if it still runs."""
        options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        process = subprocess.Popen([TOOL, *arguments], **options)
        self.addCleanup(self.finish, process)
        return process

    @staticmethod
    def finish(process):
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            try:
                if stream:
                    stream.close()
            except BrokenPipeError:
                pass

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def file(self, content, name="input"):
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def counts(self, ended):
        """(packages, rejected, read) of a report."""
        found = re.search(r"^packages (\d+), rejected (\d+); read (\d+) records", ended.stdout, re.M)
        self.assertIsNotNone(found, ended.stdout + ended.stderr)
        return tuple(int(number) for number in found.groups())

    def assert_books_hold(self, ended, entries=5):
        book = ended.stdout[ended.stdout.index("accounting\n"):].splitlines()[1:]
        self.assertEqual(len(book), entries, ended.stdout)
        for line in book:
            self.assertTrue(line.endswith("  ok"), line)

    def assert_whole(self, ended, packages, rejected=0):
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertEqual(self.counts(ended), (packages, rejected, packages + rejected))
        self.assertNotIn("partial", ended.stdout)
        self.assert_books_hold(ended)

    def ingest(self, content, *options, **others):
        return run("run", "ingest", "--input", self.file(content), *options, **others)


class Inputs(Case):
    @unittest.skipUnless(os.path.exists(STATUS), "no package database here")
    def test_names_as_many_packages_as_grep(self):
        with open(STATUS, "rb") as status:
            expected = sum(line.startswith(b"Package:") for line in status)
        for options in ([], ["--capacity", "1"], ["--workers", "1"], ["--workers", "64"],
                        ["--workers", "64", "--capacity", "1"], ["--workers", "1", "--capacity", "1"]):
            with self.subTest(options):
                self.assert_whole(run("run", "ingest", *options), expected)
                self.assert_whole(run("run", *options), expected)
        with open(STATUS, "rb") as status:
            self.assert_whole(run("run", "ingest", "--input", "-", stdin=status), expected)

    def test_table_is_sorted_by_size_with_a_total(self):
        ended = self.ingest(package(1, "small", 10) + package(2, "big", 2048) + package(3, "small", 11) +
                            b"Package: gone\nStatus: deinstall ok config-files\n")
        self.assert_whole(ended, 4)
        rows = [re.split(r"  +", line) for line in ended.stdout.split("\n\n")[0].splitlines()]
        self.assertEqual(rows[:4], [["section", "packages", "installed"], ["big", "1", "2.0 MiB"],
                                    ["small", "2", "21 KiB"], ["unknown", "1", "0 KiB"]])
        self.assertEqual(rows[5], ["total", "4", "2.0 MiB"])

    def test_empty_file(self):
        self.assert_whole(self.ingest(b""), 0)
        self.assert_whole(run("run", "ingest", "--input", "/dev/null"), 0)

    def test_file_without_a_final_newline(self):
        self.assert_whole(self.ingest(package(1) + b"Package: last"), 2)

    def test_crlf_line_ends(self):
        ended = self.ingest((package(1) + package(2, "web", 3)).replace(b"\n", b"\r\n"))
        self.assert_whole(ended, 2)
        self.assertNotIn("\\x0d", ended.stdout)

    def test_missing_file(self):
        ended = run("run", "ingest", "--input", self.path("missing"))
        self.assertEqual(ended.returncode, 1)
        self.assertEqual(ended.stdout, "")
        self.assertIn("cannot open %s: No such file or directory" % self.path("missing"), ended.stderr)

    def test_directory(self):
        ended = run("run", "ingest", "--input", self.folder.name)
        self.assertEqual(ended.returncode, 1)
        self.assertIn("Is a directory", ended.stderr)

    def test_unreadable_file(self):
        path = self.file(package(1))
        os.chmod(path, 0)
        become = {}
        if os.geteuid() == 0:  # root may read everything
            os.chmod(self.folder.name, 0o755)
            become = {"user": 65534, "group": 65534, "extra_groups": []}
            if not self.can_execute_as(become):
                self.skipTest("nobody cannot execute the program where it lies")
        ended = run("run", "ingest", "--input", path, **become)
        self.assertEqual(ended.returncode, 1)
        self.assertIn("Permission denied", ended.stderr)

    def can_execute_as(self, become):
        try:
            return run("--version", **become).returncode == 0
        except PermissionError:
            return False

    def test_malformed_records_are_reported_and_stop_nothing(self):
        bad = (b"no colon\n\n" b": no name\n\n" b"Section: x\n\n" b"Package: a\nInstalled-Size: -4\n\n"
               b"Package: a\nInstalled-Size: 99999999999999999999\n\n" b"Package: a\nPackage: b\n\n"
               b"Package: \x1b[31mred\n\n" b"Package: a\nX: \0\n\n")
        ended = self.ingest(package(1) + bad + package(2))
        self.assert_whole(ended, 2, rejected=8)
        path = self.path("input")
        lines = sorted(int(number) for number in re.findall(re.escape(path) + r":(\d+): rejected: ", ended.stderr))
        self.assertEqual(lines, [5, 7, 9, 12, 15, 18, 20, 23])
        self.assertNotIn("\x1b", ended.stderr)

    def test_only_the_first_rejections_are_shown(self):
        ended = self.ingest(b"bad\n\n" * 500 + package(1))
        self.assert_whole(ended, 1, rejected=500)
        self.assertEqual(ended.stderr.count(": rejected: "), 20)
        self.assertIn("counted and not shown", ended.stderr)

    def test_a_record_that_is_too_long_is_skipped(self):
        ended = self.ingest(package(1) + package(2, extra=b"X: %s\n" % (b"x" * 300_000)) + package(3))
        self.assert_whole(ended, 2, rejected=1)
        self.assertIn(":5: rejected: longer than a record may be", ended.stderr)

    def test_a_read_error_in_the_middle(self):
        # The master of a pseudo terminal fails with EIO once the other side has gone, after what that had written.
        master, slave = os.openpty()
        tty.setraw(slave)
        os.write(slave, package(1) + package(2) + b"Package: cut")
        process = self.start("run", "ingest", "--input", "-", stdin=master)
        time.sleep(0.3)
        os.close(slave)
        out, errors = process.communicate(timeout=ENOUGH)
        os.close(master)
        out = out.decode()
        self.assertEqual(process.returncode, 1, errors)
        self.assertIn(b"cannot read standard input: Input/output error", errors)
        self.assertTrue(out.startswith("partial: cannot read standard input"), out)
        self.assertIn("packages 2, rejected 1; read 3 records", out)
        self.assertIn("read = parsed + rejected         3 = 2 + 1  ok", out)

    def test_a_slow_pipe(self):
        process = self.start("run", "ingest", "--input", "-")
        for number in range(5):
            process.stdin.write(package(number))
            process.stdin.flush()
            time.sleep(0.05)
        out, _ = process.communicate(timeout=ENOUGH)
        self.assertEqual(process.returncode, 0)
        self.assertIn(b"packages 5, rejected 0", out)

    def test_standard_input_that_is_closed(self):
        ended = run("run", "ingest", "--input", "-", stdin=None, preexec_fn=lambda: os.close(0))
        self.assertEqual(ended.returncode, 1)
        self.assertIn("cannot read standard input", ended.stderr)
        self.assertIn("packages 0, rejected 0", ended.stdout)


class BigInputs(Case):
    def test_memory_stays_bounded(self):
        mib = int(os.environ.get("TROUPE_BIG_MIB") or (64 if sanitized() else 1024))
        block = b"".join(package(number, "section%d" % (number % 40), number, b"Description: %s\n" % (b"d" * 900))
                         for number in range(1000))
        blocks = (mib << 20) // len(block) + 1
        fifo = self.path("fifo")
        os.mkfifo(fifo)
        process = self.start("run", "ingest", "--input", fifo)
        drained = threading.Thread(target=process.stderr.read)
        drained.start()
        began = time.monotonic()
        with open(fifo, "wb", buffering=0) as pipe:
            for _ in range(blocks):
                rest = memoryview(block)
                while rest:
                    rest = rest[pipe.write(rest):]
            resident = self.resident_max_mib(process.pid)
        out = process.stdout.read().decode()
        process.wait(ENOUGH)
        drained.join()
        took = time.monotonic() - began
        print("\n%d MiB in %.1f s, %.1f MiB resident at most" % (mib, took, resident), file=sys.stderr)
        self.assertEqual(process.returncode, 0)
        self.assertIn("packages %d, rejected 0; read %d records" % (blocks * 1000, blocks * 1000), out)
        if not sanitized():
            self.assertLess(resident, 64)

    def test_memory_stays_bounded_with_records_of_the_greatest_length(self):
        fifo = self.path("fifo")
        os.mkfifo(fifo)
        process = self.start("run", "ingest", "--input", fifo)
        record = package(1, extra=b"X: %s\n" % (b"x" * (256 * 1024 - 60)))
        count = 20 if sanitized() else 800
        with open(fifo, "wb", buffering=0) as pipe:
            for _ in range(count):
                rest = memoryview(record)
                while rest:
                    rest = rest[pipe.write(rest):]
            resident = self.resident_max_mib(process.pid)
        out, _ = process.communicate(timeout=ENOUGH)
        self.assertIn(b"packages %d, rejected 0" % count, out)
        if not sanitized():
            self.assertLess(resident, 64)

    def test_an_endless_line_is_not_held_and_can_be_stopped(self):
        process = self.start("run", "ingest", "--input", "/dev/zero")
        time.sleep(1)
        resident = self.resident_max_mib(process.pid)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=ENOUGH)
        self.assertEqual(process.returncode, 130)
        self.assertIn(b"packages 0, rejected 0; read 0 records", out)
        if not sanitized():
            self.assertLess(resident, 64)

    def resident_max_mib(self, pid):
        with open("/proc/%d/status" % pid, encoding="ascii") as status:
            return int(re.search(r"VmHWM:\s+(\d+) kB", status.read()).group(1)) / 1024


class Signals(Case):
    def stopped_in_the_middle(self, number, *options):
        process = self.start("run", "ingest", "--input", "-", *options)
        feeding = threading.Event()

        def feed():
            block = b"".join(package(number) for number in range(1000))
            try:
                while True:
                    process.stdin.write(block)
                    feeding.set()
            except (BrokenPipeError, ValueError, OSError):
                pass

        feeder = threading.Thread(target=feed)
        feeder.start()
        feeding.wait(ENOUGH)
        time.sleep(0.4)
        began = time.monotonic()
        process.send_signal(number)
        out = process.stdout.read().decode()
        process.stderr.read()
        process.wait(ENOUGH)
        self.assertLess(time.monotonic() - began, 20 if sanitized() else 2)
        feeder.join()
        ended = subprocess.CompletedProcess(process.args, process.returncode, out, "")
        self.assertTrue(out.startswith("partial: stopped by "), out)
        self.assert_books_hold(ended)
        packages, rejected, read = self.counts(ended)
        self.assertGreater(packages, 0)
        dropped = re.search(r"^dropped (\d+);", out, re.M)
        self.assertEqual(read, packages + rejected + (int(dropped.group(1)) if dropped else 0))
        return process.returncode

    def test_ctrl_c_in_the_middle(self):
        self.assertEqual(self.stopped_in_the_middle(signal.SIGINT), 130)
        self.assertEqual(self.stopped_in_the_middle(signal.SIGINT, "--capacity", "1"), 130)
        self.assertEqual(self.stopped_in_the_middle(signal.SIGINT, "--workers", "64"), 130)

    def test_sigterm_in_the_middle(self):
        self.assertEqual(self.stopped_in_the_middle(signal.SIGTERM), 143)

    def test_ctrl_c_while_nothing_comes(self):
        os.mkfifo(self.path("fifo"))
        for path in ("-", self.path("fifo")):  # a pipe with a silent writer, and a FIFO that nobody writes to
            with self.subTest(path):
                process = self.start("run", "ingest", "--input", path)
                time.sleep(0.3)
                process.send_signal(signal.SIGINT)
                out = process.stdout.read()  # not communicate(): that would close its input
                self.assertEqual(process.wait(ENOUGH), 130)
                self.assertIn(b"packages 0", out)
                process.communicate()

    def test_ctrl_c_in_a_pipeline(self):
        process = self.start("run", "pipeline", "--items", "1000000000")
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=ENOUGH)
        self.assertEqual(process.returncode, 130)
        self.assertTrue(out.startswith(b"partial: stopped by Ctrl-C"), out)
        self.assertNotIn(b"FAILED", out)


class Outputs(Case):
    def test_a_reader_that_takes_one_line(self):
        ended = subprocess.run("'%s' run pipeline --workers 1024 | head -1; echo ${PIPESTATUS[0]}" % TOOL, shell=True,
                               executable="/bin/bash", capture_output=True, timeout=ENOUGH, check=False)
        lines = ended.stdout.decode().splitlines()
        self.assertTrue(lines[0].startswith("child"), lines)
        self.assertIn(lines[1], ("0", "141"))  # 0: all of it fitted the pipe before `head` went
        self.assertNotIn(b"error", ended.stderr)

    def test_a_reader_that_goes_before_there_is_anything(self):
        process = self.start("run", "ingest", "--input", "-")
        process.stdout.close()
        began = time.monotonic()
        errors = process.stderr.read()  # the input stays open: it ends although nothing comes
        self.assertEqual(process.wait(ENOUGH), 141)
        self.assertLess(time.monotonic() - began, 10)
        self.assertNotIn(b"error", errors)

    def test_a_reader_that_has_gone_when_the_table_is_written(self):
        for arguments in (["run"], ["run", "pipeline"], ["help"], ["list"]):
            with self.subTest(arguments):
                read_end, write_end = os.pipe()
                os.close(read_end)
                ended = run(*arguments, stdout=write_end)
                os.close(write_end)
                self.assertEqual(ended.returncode, 141)
                self.assertNotIn("error", ended.stderr)

    @unittest.skipUnless(os.path.exists("/dev/full"), "no /dev/full here")
    def test_a_full_disk(self):
        for arguments in (["run"], ["run", "pipeline"], ["help"]):
            with self.subTest(arguments), open("/dev/full", "wb") as full:
                ended = run(*arguments, stdout=full)
                self.assertEqual(ended.returncode, 1)
                self.assertIn("cannot write to standard output: No space left on device", ended.stderr)

    def test_no_standard_output(self):
        for arguments in (["run"], ["help"]):
            with self.subTest(arguments):
                ended = run(*arguments, stdout=None, preexec_fn=lambda: os.close(1))
                self.assertEqual(ended.returncode, 1)
                self.assertIn("there is no standard output", ended.stderr)

    def test_no_standard_error(self):
        process = subprocess.run([TOOL, "run", "ingest", "--input", self.file(b"bad\n\n" + package(1))],
                                 stdout=subprocess.PIPE, preexec_fn=lambda: os.close(2), timeout=ENOUGH, check=False)
        self.assertEqual(process.returncode, 0)
        self.assertIn(b"packages 1, rejected 1", process.stdout)

    def test_standard_error_that_nobody_reads_holds_nothing_up(self):
        read_end, write_end = os.pipe()
        os.set_blocking(write_end, False)
        try:
            while True:
                os.write(write_end, b"x" * 4096)
        except BlockingIOError:
            pass
        os.set_blocking(write_end, True)
        ended = subprocess.run([TOOL, "run", "ingest", "--input", self.file(b"bad\n\n" * 100)], stderr=write_end,
                               stdout=subprocess.PIPE, timeout=ENOUGH, check=False)
        self.assertEqual(ended.returncode, 0)
        os.close(read_end)
        os.close(write_end)


class Progress(Case):
    def test_plain_lines_when_standard_error_is_no_terminal(self):
        process = self.start("run", "ingest", "--input", "-")
        for number in range(25):
            process.stdin.write(package(number))
            process.stdin.flush()
            time.sleep(0.1)
        _, errors = process.communicate(timeout=ENOUGH)
        lines = errors.decode().splitlines()
        self.assertIn(len(lines), (2, 3, 4), errors)
        for line in lines:
            self.assertRegex(line, r"^\d+ records?, \S+( [kMG])?/s, records \d+/100 \(\d+ waits?\), "
                                   r"results \d+/100 \(\d+ waits?\), \S+ \w+$")

    def on_terminal(self, columns, content, *options):
        """What is written to standard error when that is a terminal."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = self.start("run", "ingest", "--input", "-", *options, stderr=slave, env={**os.environ, "TERM": "xterm"})
        os.close(slave)
        select.select([master], [], [], ENOUGH)  # until there is a line
        for piece in content:
            process.stdin.write(piece)
            process.stdin.flush()
            time.sleep(0.15)
        process.communicate(timeout=ENOUGH)
        seen = b""
        while select.select([master], [], [], 0)[0]:
            try:
                seen += os.read(master, 65536)
            except OSError:
                break
        os.close(master)
        return seen.decode()

    def test_a_line_redrawn_in_place_on_a_terminal(self):
        content = [package(number) for number in range(6)]
        for columns in (80, 40, 10):
            with self.subTest(columns):
                seen = self.on_terminal(columns, content)
                self.assertTrue(seen.endswith("\r\x1b[K"), repr(seen))
                drawn = [line for line in seen.split("\r\x1b[K") if line]
                self.assertGreater(len(drawn), 2)
                for line in drawn:
                    self.assertLess(len(line), columns)
                    self.assertNotIn("\n", line)

    def test_rejections_stand_above_the_line(self):
        seen = self.on_terminal(100, [package(1), b"bad\n\n", package(2), b"bad\n\n", package(3)])
        for line in (5, 11):
            self.assertIn("\r\x1b[Ktroupe: standard input:%d: rejected: neither" % line, seen)


class Pipeline(Case):
    def test_all_items_are_handled(self):
        for options in ([], ["--capacity", "1"], ["--workers", "1"], ["--workers", "64"], ["--items", "1"]):
            with self.subTest(options):
                ended = run("run", "pipeline", *options)
                self.assertEqual(ended.returncode, 0, ended.stderr)
                items = 1 if "--items" in options else 10000
                self.assertIn("handled %d of %d items" % (items, items), ended.stdout)
                self.assertIn("%d = %d " % (items * (items + 1) // 2, items * (items + 1) // 2), ended.stdout)
                self.assert_books_hold(ended, 7)

    def test_one_failure_stops_the_siblings_and_comes_back(self):
        for at in (1, 5000, 10000):
            with self.subTest(at):
                ended = run("run", "pipeline", "--fail-at", str(at))
                self.assertEqual(ended.returncode, 1)
                self.assertRegex(ended.stdout, r"consumer \d+ +\d+ +\d+ +failed: item %d: failed on purpose" % at)
                self.assertRegex(ended.stdout, r"error group: 1 failure.*\n  child \d+ \(consumer \d+\): item %d" % at)
                self.assertIn("failed on purpose", ended.stderr)
                self.assert_books_hold(ended, 5)

    def test_siblings_of_a_failure_do_not_finish(self):
        ended = run("run", "pipeline", "--items", "1000000000", "--fail-at", "1")
        self.assertEqual(ended.returncode, 1)
        self.assertRegex(ended.stdout, r"producer +\d+ +stopped: sibling_failed")
        self.assertEqual(len(re.findall(r"consumer \d.* stopped: sibling_failed", ended.stdout)), 7)
        self.assert_books_hold(ended, 5)


class Trees(Case):
    def test_each_message_of_a_pool_has_one_end(self):
        for options, entries in (([], 14), (["--messages", "2000", "--redeliveries", "3", "--crash-rate", "30"], 14),
                                 (["--messages", "1000", "--workers", "1", "--producers", "1", "--capacity", "1"], 14),
                                 (["--messages", "1000", "--crash-rate", "0"], 14)):
            with self.subTest(options):
                ended = run("run", "pool", *options)
                self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)
                self.assert_books_hold(ended, entries)

    def test_a_pool_that_gives_up_says_so_and_its_books_hold(self):
        ended = run("run", "pool", "--intensity", "3")
        self.assertEqual(ended.returncode, 1)
        self.assertIn("partial: the pool gave up", ended.stdout)
        self.assertIn("that is one restart too many", ended.stderr)
        self.assertNotIn("WRONG", ended.stdout)

    def test_a_storm_tells_its_story_and_its_books_hold(self):
        ended = run("run", "storm", "--seconds", "1")
        self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)
        for words in ("/app/ingest/parser-1 #1", "is ready", "failed: ", "restarts in ", "does not end: abandoned"):
            self.assertIn(words, ended.stdout)
        for line in ended.stdout.splitlines():
            self.assertLessEqual(len(line), 100)
        self.assert_books_hold(ended, 7)

    def test_a_simulated_storm_is_the_same_for_each_seed(self):
        told = [run("run", "storm", "--simulate", "--seed", seed).stdout for seed in ("1", "1", "2")]
        self.assertEqual(told[0], told[1])
        self.assertNotEqual(told[0], told[2])

    def test_a_storm_that_is_too_strong_ends_with_the_chain_of_causes(self):
        ended = run("run", "storm", "--simulate", "--crash-rate", "100")
        self.assertEqual(ended.returncode, 1)
        self.assertRegex(ended.stdout, r"/app gave up:\n/app/\w+ #\d+ failed.*\n  because /app/\w+/.* one restart too many")
        self.assert_books_hold(ended, 7)

    def test_ctrl_c_ends_a_storm_in_order(self):
        process = self.start("run", "storm", "--seconds", "600")
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=ENOUGH)
        self.assertEqual(process.returncode, 130)
        self.assertIn("partial: stopped by Ctrl-C", out.decode())

    def test_a_storm_whose_reader_goes_ends(self):
        process = self.start("run", "storm", "--seconds", "600")
        process.stdout.readline()
        process.stdout.close()
        self.assertEqual(process.wait(timeout=ENOUGH), 141)


class Usage(Case):
    def test_wrong_usage_says_what_where_and_what_to_do(self):
        for arguments in (["frobnicate"], ["run", "nothing"], ["run", "ingest", "--workers", "0"],
                          ["run", "ingest", "--workers", "1025"], ["run", "ingest", "--capacity", "none"],
                          ["run", "ingest", "--unknown"], ["run", "pipeline", "--fail-at", "10001"],
                          ["run", "ingest", "--workers"], ["run", "pool", "--workers", "0"],
                          ["run", "storm", "--seed", "x"], ["help", "nothing"], ["list", "more"]):
            with self.subTest(arguments):
                ended = run(*arguments)
                self.assertEqual(ended.returncode, 2)
                self.assertEqual(ended.stdout, "")
                self.assertRegex(ended.stderr, r"^troupe: error: .*\n  in:   troupe .*\n(  try:  .*\n)?  help: troupe .*\n$")

    def test_help_is_quick_and_lists_the_exit_codes(self):
        began = time.monotonic()
        ended = run("help")
        self.assertLess(time.monotonic() - began, 10 if sanitized() else 1)
        self.assertEqual(ended.returncode, 0)
        for code in (0, 1, 2, 70, 130, 141, 143):
            self.assertRegex(ended.stdout, r"(?m)^  %d +\w" % code)
        for line in ended.stdout.splitlines():
            self.assertLessEqual(len(line), 80)

    def test_version_and_list(self):
        self.assertRegex(run("--version").stdout, r"^troupe \d+\.\d+\.\d+\n$")
        self.assertRegex(run("list").stdout, r"(?m)^ingest +\w[^\n]*\npipeline +\w")


if __name__ == "__main__":
    if not TOOL or not os.access(TOOL, os.X_OK):
        print("set TROUPE_TOOL to the program to test", file=sys.stderr)
        sys.exit(2)
    unittest.main()
