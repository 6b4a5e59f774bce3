#!/usr/bin/env python3
"""bench/compare, fed with programs that print what a test wants: medians, ratios, what is skipped, what is refused.

No peer is built here and nothing is measured; only the asyncio peer, which needs no build, is run for real, and the load of
its servers.
"""

import importlib.machinery
import importlib.util
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
COMPARE = ROOT / "bench" / "compare"

if not hasattr(os, "sched_setaffinity") or not os.path.exists("/proc/stat"):
    print("skipped: bench/compare is for Linux")
    sys.exit(77)

loader = importlib.machinery.SourceFileLoader("compare", str(COMPARE))
compare = importlib.util.module_from_spec(importlib.util.spec_from_loader("compare", loader))
loader.exec_module(compare)

# Prints line k of <program>.<workload> when it is called for the k-th time (the last one from then on), with N for $2,
# and writes down that it was called.
FAKE = """#!/bin/sh
PATH=/usr/bin:/bin
k=$(($(cat "$0.calls.$1" 2>/dev/null || echo 0) + 1))
echo $k > "$0.calls.$1"
echo "${0##*/} $1" >> "${0%/*}/order"
[ -e "$0.$1" ] || { echo "no workload $1" >&2; exit 2; }
(sed -n "${k}p" "$0.$1" | grep . || sed -n '$p' "$0.$1") | sed "s/ N / $2 /"
"""

# What a compiler does: writes the program that it is asked for.
FAKE_COMPILER = """#!/bin/sh
while [ "$1" != -o ]; do shift; done
printf '#!/bin/sh\\necho cvqueue $1 $2 1.0 700 2048\\n' > "$2"
PATH=/usr/bin:/bin chmod +x "$2"
"""


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.bin = pathlib.Path(folder.name) / "bin"
        self.tools = pathlib.Path(folder.name) / "tools"  # all that is in PATH
        self.bin.mkdir()
        self.tools.mkdir()

    def script(self, path, text):
        path.write_text(text)
        path.chmod(0o755)

    def fake(self, program, peer=None, **lines):
        """A program; each workload's lines are what follows `peer workload` in them, or rates."""
        self.script(self.bin / program, FAKE)
        for variant, said in lines.items():
            said = said if isinstance(said, list) else [said]
            (self.bin / f"{program}.{variant}").write_text("".join(
                (f"{peer or program} {variant} N 1.0 {line} 2048" if isinstance(line, int) else line) + "\n" for line in said))

    def fake_troupe(self, **lines):
        self.fake("troupe_bench", "troupe", **lines)

    def run_compare(self, *options, troupe=None, code=0):
        """stdout and stderr of the script, which has to end with the code."""
        environment = {"PATH": str(self.tools), "PEERS_BIN": str(self.bin), "TROUPE_BENCH": ""}
        if (self.bin / "troupe_bench").exists():
            environment["TROUPE_BENCH"] = str(self.bin / "troupe_bench")
        if troupe is not None:
            environment["TROUPE_BENCH"] = troupe
        ended = subprocess.run([sys.executable, COMPARE, *options], env=environment, capture_output=True, text=True, timeout=60)
        self.assertEqual(ended.returncode, code, ended.stdout + ended.stderr)
        self.assertNotIn("Traceback", ended.stderr)
        return ended.stdout, ended.stderr

    def rows(self, out):
        """The table's rows, without the heading, as lists of cells."""
        lines = [line for line in out.splitlines() if line.startswith("| ")]
        return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]

    def ratio(self, out, workload):
        found = [line for line in out.splitlines() if line.startswith(f"ratio {workload}: ")]
        self.assertEqual(len(found), 1, out)
        return found[0].split(": ", 1)[1]


class Tables(Case):
    def test_the_table_shows_the_median_of_the_rounds_the_range_and_the_memory(self):
        self.fake("cvqueue", chain=["cvqueue chain N 1.0 9000 1024", "cvqueue chain N 1.0 1000 4096", "cvqueue chain N 1.0 2000 2048"])
        out, _ = self.run_compare("--rounds", "3", "--peer", "cvqueue", "--only", "chain", "--scale", "0.1")
        (row,) = self.rows(out)
        self.assertEqual(row[:7], ["chain", "chain", "cvqueue", "50.0k", "2.00k/s", "1.00k .. 9.00k", "2.0 MB"])
        self.assertRegex(row[7], r"^\d+%$")

    def test_an_even_number_of_rounds_has_the_mean_of_the_middle_two(self):
        self.fake("cvqueue", chain=[100, 900, 300, 400])
        out, _ = self.run_compare("--rounds", "4", "--peer", "cvqueue", "--only", "chain")
        self.assertEqual(self.rows(out)[0][4], "350/s")

    def test_the_best_row_comes_first_and_for_idle_that_is_the_smallest(self):
        self.fake("go", chain=100, idle=["go idle N 1.0 5 2048 bytes_per=700"])
        self.fake("asio", chain=300, idle=["asio idle N 1.0 5 2048 bytes_per=600"])
        self.fake("caf017", chain=200, chain_unb=400, idle=["caf017 idle N 1.0 9 2048 bytes_per=1800"])
        out, _ = self.run_compare("--rounds", "1", "--peer", "go,asio,caf017", "--only", "idle,chain")
        self.assertEqual([row[1:3] + row[4:5] for row in self.rows(out)], [
            ["chain_unb", "caf017", "400/s"], ["chain", "asio", "300/s"], ["chain", "caf017", "200/s"], ["chain", "go", "100/s"],
            ["idle", "asio", "600 B each"], ["idle", "go", "700 B each"], ["idle", "caf017", "1800 B each"]])

    def test_a_served_workload_has_its_rate_and_the_median_of_its_latency(self):
        self.fake("stream_load")
        self.fake("go", chain=100, echo=[f"go echo N 1.0 {rate} 2048 us={p99} p50_us=7" for rate, p99 in
                                         ((9000, 400.4), (1000, 900.0), (2000, 100.0))])
        out, _ = self.run_compare("--rounds", "3", "--peer", "go", "--only", "echo,chain")
        self.assertIn("| p99 ", out.splitlines()[2])
        self.assertEqual([row[:1] + row[4:8] for row in self.rows(out)],
                         [["chain", "100/s", "100 .. 100", "", "2.0 MB"], ["echo", "2.00k/s", "1.00k .. 9.00k", "400 us", "2.0 MB"]])

    def test_without_a_served_workload_there_is_no_column_for_its_latency(self):
        self.fake("go", chain=100)
        out, _ = self.run_compare("--rounds", "1", "--peer", "go", "--only", "chain")
        self.assertNotIn("p99", out)

    def test_the_programs_run_in_turn(self):
        self.fake("spsc", chain=1)
        self.fake("cvqueue", chain=1)
        self.fake("go", chain=1)
        self.run_compare("--rounds", "2", "--peer", "go,spsc,cvqueue", "--only", "chain")
        self.assertEqual((self.bin / "order").read_text().split("\n")[:-1], ["spsc chain", "cvqueue chain", "go chain"] * 2)

    def test_the_scale_multiplies_the_items_in_steps_of_eight_but_not_the_children(self):
        for variant, n, scale, wanted in (("fanin", 500_000, 0.1001, 50_048), ("pipeline", 1000, 0.0001, 8),
                                          ("idle", 100_000, 0.02, 10_000), ("taskgroup_link", 1000, 0.02, 1000),
                                          ("chain", 1000, 3, 3000)):
            self.assertEqual(compare.size(variant, n, scale), wanted, variant)

    def test_rates_have_three_digits(self):
        self.assertEqual([compare.short(x) for x in (7, 999, 999.7, 1234, 12345, 123456, 999600, 1234567, 2.5e9)],
                         ["7", "999", "1.00k", "1.23k", "12.3k", "123k", "1.00M", "1.23M", "2500M"])

    def test_out_has_what_is_printed_and_raw_has_each_line_with_its_round(self):
        self.fake("cvqueue", chain=[100, 300])
        raw = self.bin / "raw.txt"
        raw.write_text("before\n")
        out, _ = self.run_compare("--rounds", "2", "--peer", "cvqueue", "--only", "chain", "--out", str(self.bin / "out.md"),
                                  "--raw", str(raw))
        self.assertEqual((self.bin / "out.md").read_text(), out)
        lines = [re.sub(r"others=[\d.]+$", "others=", line) for line in raw.read_text().splitlines()]
        self.assertEqual(lines, ["before", "1 cvqueue chain 500000 1.0 100 2048 others=", "2 cvqueue chain 500000 1.0 300 2048 others="])


class Ratios(Case):
    def test_two_threads_one_thread_and_the_limit_are_kept_apart(self):
        self.fake_troupe(chain=[100, 200, 300])
        self.fake("go", chain=100)
        self.fake("cvqueue", chain=50)
        self.fake("asio", chain=40)
        self.fake("spsc", chain=800)
        out, _ = self.run_compare("--rounds", "3", "--peer", "troupe,go,cvqueue,spsc", "--only", "chain")
        self.assertEqual(self.ratio(out, "chain"), "2.00 x the best two-thread peer (go), no one-thread peer, 0.25 x the limit (spsc)")

    def test_asio1_is_a_one_thread_peer_and_asio_is_not(self):
        self.fake_troupe(chain=200)
        self.script(self.bin / "asio", '#!/bin/sh\n[ "$3" = 1 ] && echo asio1 $1 $2 1.0 400 2048 || echo asio $1 $2 1.0 50 2048\n')
        out, _ = self.run_compare("--rounds", "1", "--peer", "troupe,asio,asio1", "--only", "chain")
        self.assertEqual(self.ratio(out, "chain"),
                         "4.00 x the best two-thread peer (asio), 0.50 x the best one-thread peer (asio1), no limit")

    def test_asyncio_is_a_one_thread_peer(self):
        self.assertEqual(compare.PEERS["asyncio"].kind, compare.ONE_THREAD)
        self.assertEqual([name for name, peer in compare.PEERS.items() if peer.kind == compare.LIMIT], ["spsc"])

    def test_a_bounded_variant_counts_and_an_unbounded_one_does_not(self):
        self.fake_troupe(pipeline=300)
        self.fake("caf017", pipeline=100, pipeline_batch=150, pipeline_unb=9000)
        self.fake("spsc", pipeline=500, pipeline_batch=600, pipeline_eight=400)
        out, _ = self.run_compare("--rounds", "1", "--peer", "troupe,caf017,spsc", "--only", "pipeline")
        self.assertEqual(self.ratio(out, "pipeline"), "2.00 x the best two-thread peer (caf017 pipeline_batch), no one-thread peer, "
                                                      "0.50 x the limit (spsc pipeline_batch)")

    def test_idle_compares_bytes_and_the_fewer_are_better(self):
        self.fake_troupe(idle=[f"troupe idle N 1.0 1 2048 bytes_per={size}" for size in (200, 100, 900)])
        self.fake("go", idle=["go idle N 1.0 99999 2048 bytes_per=800"])
        self.fake("caf017", idle=["caf017 idle N 1.0 1 2048 bytes_per=600"])
        out, _ = self.run_compare("--rounds", "3", "--peer", "troupe,go,caf017", "--only", "idle")
        self.assertEqual(self.ratio(out, "idle"), "3.00 x the best two-thread peer (caf017), no one-thread peer, no limit")

    def test_taskgroup_compares_microseconds_and_the_fewer_are_better(self):
        self.fake_troupe(taskgroup=["troupe taskgroup N 0.0004 1 2048 us=400"])
        self.fake("go", taskgroup=["go taskgroup N 0.0001 99999 2048 us=100"])
        self.fake("caf017", taskgroup=["caf017 taskgroup N 0.002 1 2048 us=2000"],
                  taskgroup_link=["caf017 taskgroup_link N 0.002 1 2048 us=50"])
        out, _ = self.run_compare("--rounds", "1", "--peer", "troupe,go,caf017", "--only", "taskgroup")
        self.assertEqual(self.ratio(out, "taskgroup"), "0.12 x the best two-thread peer (caf017 taskgroup_link), no one-thread peer, no limit")
        self.assertEqual(self.rows(out)[0][1:5], ["taskgroup_link", "caf017", "1.00k", "50 us"])

    def test_servers_compare_requests_and_the_more_are_better(self):
        self.fake("stream_load")
        self.fake_troupe(lines=["troupe lines N 1.0 300 2048 us=900"])
        self.fake("go", lines=["go lines N 1.0 200 2048 us=100"])
        out, _ = self.run_compare("--rounds", "1", "--peer", "troupe,go", "--only", "lines")
        self.assertEqual(self.ratio(out, "lines"), "1.50 x the best two-thread peer (go), no one-thread peer, no limit")

    def test_there_is_no_ratio_for_what_troupe_did_not_run(self):
        self.fake_troupe(ring=100)
        self.fake("caf017", ring=100, chain_unb=100)
        out, _ = self.run_compare("--rounds", "1", "--peer", "troupe,caf017", "--only", "ring,chain_unb")
        self.assertEqual(self.ratio(out, "ring"), "1.00 x the best two-thread peer (caf017), no one-thread peer, no limit")
        self.assertNotIn("ratio chain", out)

    def test_without_troupe_there_are_no_ratios(self):
        self.fake("go", chain=100)
        out, err = self.run_compare("--rounds", "1", "--peer", "go,troupe", "--only", "chain")
        self.assertNotIn("ratio", out)
        self.assertIn("skipped troupe: ", err)


class Skipping(Case):
    def test_what_is_missing_is_skipped_with_the_package_to_install(self):
        self.fake("go", chain=100)
        out, err = self.run_compare("--rounds", "1", "--peer", "spsc,cvqueue,caf017,caf1,asio,erlang,tokio,go", "--only", "chain")
        self.assertEqual([row[2] for row in self.rows(out)], ["go"])
        for peer, package in (("spsc", "g++"), ("cvqueue", "g++"), ("caf017", "g++"), ("asio", "g++"), ("erlang", "erlang-base"),
                              ("tokio", "cargo")):
            self.assertRegex(err, f"(?m)^skipped {peer}: .*apt-get install {re.escape(package)}$")
        self.assertRegex(err, "(?m)^skipped caf1: no program .*README")
        self.assertNotIn("skipped go", err)

    def test_a_missing_header_is_skipped_with_its_package(self):
        self.script(self.tools / "g++", FAKE_COMPILER)
        with self.assertRaisesRegex(compare.Missing, "<no/such.hpp> is not here; apt-get install libsuch-dev"):
            compare.need_header("no/such.hpp", "libsuch-dev")

    def test_without_any_peer_it_fails(self):
        self.fake_troupe(chain=100)
        out, err = self.run_compare("--peer", "troupe,go,caf1", "--only", "chain", code=1)
        self.assertEqual(out, "")
        self.assertIn("skipped go: there is no go here; apt-get install golang-go", err)
        self.assertIn("error: there is no peer to run", err)

    def test_troupe_alone_runs_when_it_alone_is_asked_for(self):
        self.fake_troupe(chain=100)
        out, _ = self.run_compare("--rounds", "1", "--peer", "troupe", "--only", "chain")
        self.assertEqual(self.ratio(out, "chain"), "no two-thread peer, no one-thread peer, no limit")

    def test_without_their_load_servers_are_skipped_and_all_else_is_run(self):
        self.fake("go", chain=100, echo=100, lines=100)
        out, err = self.run_compare("--rounds", "1", "--peer", "go", "--only", "echo,chain")
        self.assertEqual([row[0] for row in self.rows(out)], ["chain"])
        self.assertIn("skipped echo: there is no g++ here; apt-get install g++", err)
        _, err = self.run_compare("--rounds", "1", "--peer", "go", "--only", "echo,lines", code=1)
        self.assertIn("skipped echo, lines: there is no g++ here; apt-get install g++", err)
        self.assertIn("error: there is no peer to run", err)

    def test_the_load_is_not_built_where_nothing_is_served(self):
        self.fake("go", chain=100)
        _, err = self.run_compare("--rounds", "1", "--peer", "go", "--only", "chain")
        self.assertEqual(err, "round 1 of 1: 1 runs\n")

    def test_only_the_wanted_peers_are_looked_for(self):
        self.fake("go", chain=100)
        _, err = self.run_compare("--rounds", "1", "--peer", "go", "--only", "chain")
        self.assertNotIn("skipped", err)


class Building(Case):
    def setUp(self):
        super().setUp()
        self.options = ("--rounds", "1", "--peer", "cvqueue", "--only", "chain")

    def test_a_missing_program_is_built(self):
        self.script(self.tools / "g++", FAKE_COMPILER)
        out, _ = self.run_compare(*self.options)
        self.assertEqual(self.rows(out)[0][4], "700/s")
        self.assertEqual([path.name for path in self.bin.iterdir()], ["cvqueue"])

    def test_a_program_is_built_again_when_it_is_older_than_its_source_and_not_otherwise(self):
        self.script(self.tools / "g++", FAKE_COMPILER)
        self.fake("cvqueue", chain=100)
        out, _ = self.run_compare(*self.options)
        self.assertEqual(self.rows(out)[0][4], "100/s")
        os.utime(self.bin / "cvqueue", (0, 0))
        out, _ = self.run_compare(*self.options)
        self.assertEqual(self.rows(out)[0][4], "700/s")

    def test_a_peer_that_does_not_build_is_skipped_with_what_the_compiler_said_and_its_old_program_is_not_run(self):
        self.script(self.tools / "g++", "#!/bin/sh\necho 'peer.hpp:1: error: nonsense' >&2\nexit 1\n")
        self.fake("cvqueue", chain=100)
        self.fake("go", chain=100)
        os.utime(self.bin / "cvqueue", (0, 0))
        out, err = self.run_compare("--rounds", "1", "--peer", "cvqueue,go", "--only", "chain")
        self.assertEqual([row[2] for row in self.rows(out)], ["go"])
        self.assertRegex(err, r"(?s)skipped cvqueue: it does not build: g\+\+ .*peer\.hpp:1: error: nonsense")


class BadRuns(Case):
    def bad(self, said, why, variant="chain"):
        job = compare.Job("go", variant, 80)
        with self.assertRaisesRegex(compare.BadRun, why):
            compare.parse(said, job)

    def test_a_good_line_is_taken(self):
        for variant, more, wanted in (("chain", "", (160.0, None, 2048)), ("idle", "x=1 bytes_per=7", (7.0, None, 2048)),
                                      ("taskgroup", "us=9", (9.0, None, 2048)), ("echo", "us=9.5 p50_us=3", (160.0, 9.5, 2048))):
            self.assertEqual(compare.parse(f"go {variant} 80 0.5 160 2048 {more}\n", compare.Job("go", variant, 80)), wanted)

    def test_every_other_line_is_refused(self):
        self.bad("", "printed nothing")
        self.bad("hello\n", "too few fields")
        self.bad("go chain 80 0.5 160\n", "too few fields")
        self.bad("tokio chain 80 0.5 160 2048", "not about go chain")
        self.bad("go ring 80 0.5 160 2048", "not about go chain")
        self.bad("go chain 79 0.5 160 2048", "not about 80 items")
        self.bad("go chain 80 0.5 fast 2048", "could not convert")
        self.bad("go chain 80 soon 160 2048", "could not convert")
        self.bad("go chain 80 0.5 160 much", "invalid literal")
        self.bad("go chain 80 0.5 0 2048", "cannot be")
        self.bad("go chain 80 0.5 nan 2048", "cannot be")
        self.bad("go chain 80 0.5 inf 2048", "cannot be")
        self.bad("go chain 80 -1 160 2048", "cannot be")
        self.bad("go chain 80 0.5 160 0", "cannot be")
        self.bad("go chain 80 0.5 160 2048\ngo chain 80 0.5 160 2048", "2 lines")
        self.bad("go idle 80 0.5 160 2048", "no bytes_per=", "idle")
        self.bad("go idle 80 0.5 160 2048 bytes_per=0", "cannot be", "idle")
        self.bad("go taskgroup 80 0.5 160 2048 bytes_per=5", "no us=", "taskgroup")
        self.bad("go echo 80 0.5 160 2048 p50_us=5", "no us=", "echo")
        self.bad("go lines 80 0.5 160 2048 us=0", "cannot be", "lines")

    def test_who_prints_rubbish_is_named_and_left_out_and_not_run_again(self):
        self.fake("cvqueue", chain=["cvqueue chain N 1.0 100 2048", "rubbish", "cvqueue chain N 1.0 100 2048"])
        self.fake("go", chain=100)
        out, err = self.run_compare("--rounds", "3", "--peer", "cvqueue,go", "--only", "chain", code=1)
        self.assertEqual([row[2] for row in self.rows(out)], ["go"])
        self.assertIn("failed cvqueue chain 500000: it printed `rubbish`: too few fields", err)
        self.assertIn("failed cvqueue chain: it printed `rubbish`", out)
        self.assertEqual((self.bin / "cvqueue.calls.chain").read_text(), "2\n")
        self.assertEqual((self.bin / "go.calls.chain").read_text(), "3\n")

    def test_who_fails_is_named_with_its_last_word(self):
        self.script(self.bin / "go", "#!/bin/sh\necho $0 $1 $2 1.0 100 2048\necho WRONG RESULT 7 >&2\nexit 3\n")
        out, err = self.run_compare("--rounds", "1", "--peer", "go", "--only", "chain", code=1)
        self.assertEqual(self.rows(out), [])
        self.assertIn("failed go chain 500000: it ended with 3: WRONG RESULT 7", err)

    def test_a_file_that_is_no_program_fails(self):
        self.script(self.bin / "go", "#!/no/such/interpreter\n")
        _, err = self.run_compare("--rounds", "1", "--peer", "go", "--only", "chain", code=1)
        self.assertIn("failed go chain 500000: it cannot be started", err)

    def test_who_does_not_end_is_ended(self):
        machine = compare.Machine(quiet_seconds=0, run_seconds=0.2)
        began = time.monotonic()
        with self.assertRaisesRegex(compare.BadRun, "had not ended"):
            machine.run([sys.executable, "-c", "import time; time.sleep(60)"])
        self.assertLess(time.monotonic() - began, 30)


    def test_an_interrupt_prints_what_was_run_until_then(self):
        self.script(self.bin / "go", '''#!/bin/sh
[ -e "$0.ran" ] && exec /bin/sleep 60
: > "$0.ran"
echo go $1 $2 1.0 100 2048
''')
        environment = {"PATH": str(self.tools), "PEERS_BIN": str(self.bin), "TROUPE_BENCH": ""}
        running = subprocess.Popen([sys.executable, COMPARE, "--rounds", "2", "--peer", "go", "--only", "chain"], text=True,
                                   env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(running.kill)
        while not running.stderr.readline().startswith("round 2"):
            self.assertIsNone(running.poll())
        time.sleep(0.2)  # no more than a chance that the second run has begun; the result is the same without it
        running.send_signal(signal.SIGINT)
        out, _ = running.communicate(timeout=60)
        self.assertEqual(running.returncode, 130)
        self.assertEqual(self.rows(out)[0][4], "100/s")


class Quiet(Case):
    def machine(self, seconds, *others):
        machine = compare.Machine(quiet_seconds=seconds, run_seconds=10)
        left = list(others)
        machine.run_once = lambda argv: (argv, left.pop(0))
        machine.busy = lambda: 0.0
        return machine

    def test_a_disturbed_run_is_repeated_while_there_is_time(self):
        self.assertEqual(self.machine(60, 0.5, 0.2, 0.01, 0.0).run(["x"]), (["x"], 0.01))

    def test_without_time_a_disturbed_run_counts(self):
        self.assertEqual(self.machine(0, 0.5, 0.0).run(["x"]), (["x"], 0.5))

    def test_the_share_of_others_leaves_out_the_programs_own_time(self):
        burn = [sys.executable, "-c", "import time\nwhile time.process_time() < 0.3: pass"]
        machine = compare.Machine(quiet_seconds=0, run_seconds=60)
        before = machine.busy()
        machine.run_once(burn)
        self.assertGreaterEqual(machine.busy() - before, 0.2)

        for busy, nobody in ((0.3, True), (1000.0, False)):
            readings = [0.0, busy]
            machine.busy = lambda: readings.pop(0)
            _, others = machine.run_once(burn)
            self.assertEqual(others == 0, nobody, busy)


class Usage(Case):
    def refused(self, *options, **environment):
        out, err = self.run_compare(*options, code=2, **environment)
        self.assertEqual(out, "")
        return err

    def test_a_workload_that_does_not_exist_is_refused_with_those_that_do(self):
        err = self.refused("--only", "chain,piepline")
        self.assertIn("error: there is no workload `piepline`; there are: ", err)
        self.assertIn(" pipeline_batch ", err)

    def test_a_peer_that_does_not_exist_is_refused_with_those_that_do(self):
        self.assertRegex(self.refused("--peer", "rust"), "error: there is no peer `rust`; there are: .* tokio")

    def test_a_workload_that_the_peer_does_not_have_is_refused(self):
        self.assertIn("none of these peers has such a workload", self.refused("--peer", "go", "--only", "restart"))

    def test_a_troupe_program_that_does_not_exist_is_refused(self):
        self.fake("go", chain=100)
        wrong = str(self.bin / "nothing")
        self.assertIn(f"error: TROUPE_BENCH is {wrong}, and that is no program",
                      self.refused("--only", "chain", "--peer", "go", troupe=wrong))
        (self.bin / "text").write_text("not a program")
        self.assertIn("is no program", self.refused("--only", "chain", "--peer", "go", troupe=str(self.bin / "text")))
        self.assertIn("is no program", self.refused("--only", "chain", "--peer", "go", troupe=str(self.bin)))

    def test_numbers_have_to_be_numbers(self):
        self.assertIn("--rounds", self.refused("--rounds", "0"))
        self.assertIn("--scale", self.refused("--scale", "-1"))
        self.assertIn("--scale", self.refused("--scale", "nan"))

    def test_a_file_that_cannot_be_written_is_refused_before_anything_runs(self):
        self.fake("go", chain=100)
        self.assertIn("error: cannot write", self.refused("--peer", "go", "--out", str(self.bin / "no" / "where")))
        self.assertFalse((self.bin / "order").exists())

    def test_help_names_the_workloads_the_peers_and_the_variables(self):
        out, _ = self.run_compare("--help")
        for word in (*compare.WORKLOADS, *compare.PEERS, "PEERS_BIN", "TROUPE_BENCH", "--quiet", "stream_load"):
            self.assertIn(word, out)


needs_load = unittest.skipUnless(shutil.which("g++"), "the load is built with g++")


@needs_load
class Load(unittest.TestCase):
    """stream_load itself, with a server that answers as a test wants it."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.program = pathlib.Path(folder.name) / compare.LOAD
        compare.build_load(cls.program.parent)

    def run_load(self, what, answer):
        """The exit code, and what was said. `answer` gets a request and its number, and gives bytes."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            load = subprocess.Popen([self.program, str(server.getsockname()[1]), what, "50", "1"], text=True,
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.addCleanup(load.kill)
            with server.accept()[0] as over:
                self.serve(over, answer)
            out, err = load.communicate(timeout=60)
        return load.returncode, out, err

    @staticmethod
    def serve(over, answer):
        count = 0
        try:
            while request := over.recv(1000):
                for each in answer(request, count):
                    over.sendall(each)
                count += 1
        except OSError:
            pass  # the load had enough of it

    def refused(self, what, answer, why):
        code, out, err = self.run_load(what, answer)
        self.assertEqual((code, out), (1, ""))
        self.assertRegex(err, "^WRONG RESULT: connection 0 " + why)

    def test_right_answers_are_counted_however_they_come(self):
        requests = []

        def in_pieces(request, _):
            requests.append(request)
            return [request[:1], request[1:20], request[20:]]

        code, out, err = self.run_load("echo", in_pieces)
        self.assertEqual((code, err), (0, ""))
        count, seconds, p50, p99 = out.split()
        self.assertEqual(count, "50")
        self.assertGreater(float(seconds), 0)
        self.assertLessEqual(float(p50), float(p99))
        self.assertEqual(len(set(requests)), 55)  # five to warm up
        self.assertEqual({(len(request), request.count(b"\n"), request[-1:]) for request in requests}, {(64, 1, b"\n")})
        self.assertEqual(self.run_load("lines", lambda request, _: [b"ok ", request])[0], 0)

    def test_a_wrong_answer_is_told(self):
        self.refused("echo", lambda request, k: [request[:63] + b"!" if k == 30 else request], "read `.*!` where `.*` was to come")
        self.refused("echo", lambda request, k: [b"ok " + request], "read `ok ")
        self.refused("lines", lambda request, _: [request], "read `0000")

    def test_an_answer_that_is_too_long_is_told_also_at_the_end(self):
        self.refused("echo", lambda request, k: [request + b"x" if k == 30 else request], "read ")
        self.refused("echo", lambda request, k: [request, b"x"] if k == 54 else [request], "read ")

    def test_a_server_that_leaves_is_told(self):
        def leaves(request, k):
            if k == 30:
                raise OSError
            return [request]

        self.refused("echo", leaves, "was closed where 64 bytes were to come")

    def test_a_wrong_call_is_told(self):
        for wrong in ([], ["0", "echo", "5", "1"], ["80", "ping", "5", "1"], ["80", "echo", "0", "1"], ["80", "echo", "5", "0"]):
            ended = subprocess.run([self.program, *wrong], capture_output=True, text=True, timeout=60)
            self.assertEqual(ended.returncode, 2, wrong)
            self.assertIn("usage: ", ended.stderr)


@unittest.skipIf(sys.version_info < (3, 11), "the asyncio peer needs Python 3.11")
class Asyncio(Case):
    @needs_load
    def test_the_asyncio_peer_runs_each_of_its_workloads(self):
        compare.build_load(self.bin)
        out, _ = self.run_compare("--rounds", "1", "--peer", "asyncio", "--scale", "0.001")
        self.assertEqual(sorted(row[1] for row in self.rows(out)), sorted(compare.PEERS["asyncio"].sizes))

    def test_the_asyncio_peer_refuses_what_it_does_not_know(self):
        peer = [sys.executable, compare.SOURCES / "asyncio_peer.py"]
        self.assertNotEqual(subprocess.run(peer + ["nothing", "5"], capture_output=True, timeout=60).returncode, 0)
        self.assertNotEqual(subprocess.run(peer + ["chain", "0"], capture_output=True, timeout=60).returncode, 0)


if __name__ == "__main__":
    unittest.main()
