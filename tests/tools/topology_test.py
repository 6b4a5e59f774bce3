#!/usr/bin/env python3
"""`troupe check`, `run FILE`, `explore`, `graph`, `list`, `completion`: what they print, and their exit codes.

TROUPE_TOOL (or the first argument) is the program.
"""

import json
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
import urllib.request

TOOL = os.environ.get("TROUPE_TOOL") or (sys.argv.pop(1) if len(sys.argv) > 1 else "")
FILES = pathlib.Path(__file__).resolve().parent.parent / "topology"

SOUND = """
title = "Two in a row"
[run]
lasts = "20s"
[supervisor.app]
intensity = 100
[node.read]
kind = "source"
items = 50
[node.store]
kind = "sink"
faults = { crash_every = 20 }
[[edge]]
from = "read"
to = "store"
capacity = 4
[expect]
ends = "normal"
[expect.node.store]
restarts = 2
[expect.edge."read -> store"]
sent = 50
"""
ENDLESS = SOUND.replace("items = 50", 'items = 0\nevery = "1ms"').split("[expect]")[0]

# Each question meets a crash.
ASKING = """
[supervisor.app]
intensity = 100
[node.shop]
kind = "client"
items = 3
[node.store]
kind = "server"
faults = { crash_every = 1 }
[[edge]]
from = "shop"
to = "store"
how = "ask"
[expect]
ends = "normal"
[expect.node.shop]
failed = 3
"""


def troupe(*arguments):
    return subprocess.run([TOOL, *map(str, arguments)], capture_output=True, text=True, timeout=120)


class Commands(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def file(self, text, name="mine.toml"):
        path = self.folder / name
        path.write_text(text)
        return path

    def test_a_sound_file_is_checked_with_what_is_known_of_it(self):
        ended = troupe("check", self.file(SOUND))
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        self.assertIn("3 actors, mailboxes of at most", ended.stdout)

    def test_a_wrong_file_of_each_kind_is_told_with_line_and_column(self):
        for wrong in sorted((FILES / "wrong").glob("*.toml")):
            with self.subTest(wrong.name):
                expected = wrong.with_suffix(".expected").read_text()
                ended = troupe("check", wrong)
                self.assertEqual(ended.returncode, 2 if ": error: " in expected else 0)
                self.assertEqual(ended.stderr.replace(str(wrong), wrong.name).strip(), expected.strip())
                if ": error: " in expected:
                    for command in ("run", "explore", "graph"):
                        self.assertEqual(troupe(command, wrong).returncode, 2)

    def test_findings_come_as_json(self):
        ended = troupe("check", "--json", self.file(SOUND), FILES / "wrong" / "unknown_name.toml")
        sound, wrong = json.loads(ended.stdout)
        self.assertTrue(sound["sound"])
        self.assertFalse(wrong["sound"])
        self.assertEqual((wrong["findings"][0]["rule"], wrong["findings"][0]["line"]), ("unknown-name", 12))
        ended = troupe("check", "--json", self.folder / "none.toml")
        missing, = json.loads(ended.stdout)
        self.assertEqual((ended.returncode, missing["sound"], missing["findings"]), (2, False, []))
        self.assertEqual(missing["file"], str(self.folder / "none.toml"))
        self.assertIn("No such file", missing["error"])

    def test_what_is_not_there_is_named(self):
        for name in (self.folder / "none.toml", "./none.toml"):
            for command in ("run", "check", "explore", "graph"):
                self.assertEqual(troupe(command, name).returncode, 2)
            ended = troupe("run", name)
            self.assertIn("No such file", ended.stderr)
            self.assertIn("try:", ended.stderr)
        self.assertIn("Is a directory", troupe("check", str(self.folder) + "/").stderr)

    def test_a_run_says_whether_it_came_out_as_expected(self):
        ended = troupe("run", self.file(SOUND))
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertIn("ended: normal", ended.stdout)
        self.assertIn("as expected", ended.stdout)
        ended = troupe("run", self.file(SOUND.replace("sent = 50", "sent = 51")))
        self.assertEqual(ended.returncode, 1)
        self.assertIn("not as expected", ended.stdout)

    def test_a_run_as_json(self):
        report = json.loads(
            troupe("run", self.file(SOUND), "--json").stdout)
        self.assertEqual(report["ended"], "normal")
        edge, = report["edges"]
        self.assertEqual((edge["offered"], edge["handled"], edge["dropped"]), (50, 48, 2))

    def test_a_report_has_what_kinds_count(self):
        asking = self.file(ASKING)
        client, server = json.loads(troupe("run", asking, "--json").stdout)["nodes"]
        self.assertEqual((client["failed_asks"], client["counters"]), (3, {"failed": 3, "given_up": 0}))
        self.assertEqual((server["handled"], server["counters"]), (0, {}))
        told = troupe("run", asking).stdout
        self.assertRegex(told, r"(?m)^shop +client .* 3 failed_asks, 3 failed ")
        self.assertRegex(told, r"(?m)^store +server .* nothing ")

    def test_ctrl_c_ends_a_run_with_its_report(self):
        running = subprocess.Popen([TOOL, "run", self.file(ENDLESS)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True)
        self.assertIn("Two in a row", running.stderr.readline())
        self.assertIn("handled", running.stderr.readline())
        running.send_signal(signal.SIGINT)
        out, _ = running.communicate(timeout=60)
        self.assertEqual(running.returncode, 130)
        self.assertIn("stopped by Ctrl-C", out)
        self.assertRegex(out, r"(?m)^ended: stopped, after \d")

    def test_a_run_that_sigterm_stops_tells_how_long_it_ran(self):
        running = subprocess.Popen([TOOL, "run", self.file(ENDLESS), "--json"], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        self.assertIn("handled", running.stderr.readline())
        running.send_signal(signal.SIGTERM)
        report = json.loads(running.communicate(timeout=60)[0])
        self.assertEqual((running.returncode, report["ended"]), (143, "stopped"))
        self.assertTrue(0 < report["seconds"] < 60, report["seconds"])

    def test_an_observed_run_shows_its_edges(self):
        running = subprocess.Popen([TOOL, "run", self.file(ENDLESS), "--observe"], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        try:
            url = None
            while url is None:
                said = re.search(r"watch it at (\S+)", running.stderr.readline())
                url = said and said.group(1)
            address = url.removeprefix("http://").strip("/")
            for _ in range(100):
                seen = urllib.request.urlopen(url + "tree.json", timeout=30).read().decode()
                if "read -> store" in seen:
                    break
                time.sleep(0.05)
            self.assertIn("read -> store", seen)
            frame = troupe("top", address, "--once")
            self.assertEqual(frame.returncode, 0, frame.stderr)
            self.assertIn("store", frame.stdout)
        finally:
            running.send_signal(signal.SIGTERM)
            running.communicate(timeout=60)
        self.assertEqual(running.returncode, 143)

    def test_a_run_whose_port_is_taken_does_not_begin(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            ended = troupe("run", self.file(SOUND), "--observe", taken.getsockname()[1])
        self.assertEqual((ended.returncode, ended.stdout), (1, ""))
        self.assertRegex(ended.stderr, r"^troupe: error: cannot listen on 127\.0\.0\.1:\d+: Address already in use\n"
                                       r"  try:  --observe without a number takes a free port\n$")

    def test_an_observed_run_can_be_kept_after_its_end_and_its_code_stays(self):
        lasting = self.file(ENDLESS.replace('"20s"', '"1s"') + '[expect]\nends = "normal"\n')
        self.assertEqual(troupe("run", lasting, "--observe").returncode, 1)  # ends at once: nobody sits there
        running = subprocess.Popen([TOOL, "run", lasting, "--observe", "--keep"], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        self.addCleanup(running.kill)
        line = ""
        while "its last state is still at" not in line:
            line = running.stderr.readline()
            self.assertTrue(line)
        url = re.search(r"http://\S+/", line).group()
        seen = json.loads(urllib.request.urlopen(url + "tree.json", timeout=30).read())
        self.assertFalse(seen["attached"])
        self.assertIn("store", [each["name"] for each in seen["nodes"]])
        self.assertEqual([each["name"] for each in seen["flows"]], ["read -> store"])
        running.send_signal(signal.SIGINT)
        out, _ = running.communicate(timeout=60)
        self.assertEqual(running.returncode, 1)
        self.assertIn("not as expected: it ended as time", out)

    def test_a_kept_run_that_is_stopped_ends_at_once(self):
        running = subprocess.Popen([TOOL, "run", self.file(ENDLESS), "--observe", "--keep"], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        self.addCleanup(running.kill)
        while "handled" not in running.stderr.readline():
            pass
        running.send_signal(signal.SIGTERM)
        _, error = running.communicate(timeout=60)
        self.assertEqual(running.returncode, 143)
        self.assertNotIn("its last state", error)

    def test_an_exploration_says_what_it_has_tried(self):
        ended = troupe("explore", self.file(SOUND), "--seeds", 100)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertTrue(ended.stdout.startswith("nothing wrong found: 100 schedules, "), ended.stdout)
        self.assertNotIn("faults", ended.stdout)
        ended = troupe("explore", self.file(SOUND), "--seeds", 50, "--faults", "crash,cancel")
        self.assertRegex(ended.stdout, r"(?m)^  faults \(crash, cancel\) have struck in \d+\.\d % of the runs$")
        ended = troupe("explore", self.file(SOUND), "--seeds", 20, "--faults", "reset")  # it has no streams
        self.assertIn("no fault (reset) has struck", ended.stdout)
        tried = json.loads(troupe("explore", self.file(SOUND), "--seeds", 50, "--faults", "crash,cancel", "--json").stdout)
        self.assertEqual(tried["schedules"], 50)
        self.assertTrue(0 < tried["share_with_faults"] <= 1, tried)

    def test_an_exploration_that_fails_can_be_had_again(self):
        wrong = self.file(SOUND.replace("restarts = 2", 'restarts = "3.."'))
        ended = troupe("explore", wrong, "--seeds", 20)
        self.assertEqual(ended.returncode, 1)
        again = re.search(r"To have it again: troupe explore \S+ --replay '(.*)'", ended.stderr)
        self.assertIn(f", {wrong}\n", ended.stderr)
        for of_a_program in (".cpp", "TROUPE_REPLAY", "in a test"):
            self.assertNotIn(of_a_program, ended.stderr)
        self.assertLess(ended.stderr.index(again.group()), ended.stderr.index("What happened"))
        self.assertTrue(ended.stderr.endswith(again.group() + "\n"), ended.stderr)  # its story is long
        told = json.loads(troupe("explore", wrong, "--seeds", 20, "--json").stdout)
        self.assertEqual((told["is_bug_in_troupe"], ".cpp" in told["broken"]), (False, False))
        replayed = troupe("explore", wrong, "--replay", again.group(1))
        self.assertEqual(replayed.returncode, 1)
        self.assertIn("restarts", replayed.stderr)
        self.assertEqual(troupe("explore", wrong, "--replay", "nonsense").returncode, 2)

    def test_a_graph_is_drawn(self):
        mine = self.file(SOUND)
        self.assertTrue(troupe("graph", mine).stdout.startswith("flowchart"))
        self.assertTrue(troupe("graph", mine, "--as", "dot").stdout.startswith("digraph"))
        picture = self.folder / "mine.svg"
        ended = troupe("graph", mine, "--as", "svg", "--output", picture)
        if shutil.which("dot"):
            self.assertEqual(ended.returncode, 0, ended.stderr)
            self.assertIn("</svg>", picture.read_text())
        without = subprocess.run([TOOL, "graph", mine, "--as", "svg"], capture_output=True, text=True,
                                 env={**os.environ, "PATH": str(self.folder)})
        self.assertEqual(without.returncode, 1)
        self.assertIn("apt-get install graphviz", without.stderr)

    def test_what_can_be_run_is_listed(self):
        all_of_them = json.loads(troupe("list", "--json").stdout)
        self.assertIn("storm", [each["name"] for each in all_of_them if each["kind"] == "demo"])
        kinds = json.loads(troupe("list", "--kinds", "--json").stdout)
        self.assertIn(["items", "every", "keys"], [each["keys"] for each in kinds if each["name"] == "source"])
        self.assertRegex(troupe("list", "--kinds").stdout, r"(?m)^sink +Works on each item")
        crawler, = [each["summary"] for each in all_of_them if each["name"] == "crawler"]
        self.assertGreater(len(crawler), 80)  # what to watch
        text = troupe("list").stdout
        self.assertIn(crawler, text)
        for each in all_of_them:
            self.assertIn(each["name"], text)

    COMPLETED = [("troupe ex", ["explore"]), ("troupe run st", ["storm"]), ("troupe explore mine.toml --fa", ["--faults"]),
                 ("troupe explore --faults c", ["crash", "cancel"]), ("troupe graph mine.toml --as d", ["dot"]),
                 ("troupe run crawler --obs", ["--observe"]), ("troupe run ./mine.toml --js", ["--json"]),
                 ("troupe run ledger --li", ["--listen"]), ("troupe completion f", ["fish"]),
                 ("troupe help co", ["completion"]), ("troupe help run led", ["ledger"]), ("troupe check craw", ["crawler"])]

    def test_words_are_completed(self):
        script = troupe("completion", "bash").stdout
        script += 'complete_line() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _troupe; echo "${COMPREPLY[*]}"; }\n'
        for line, _ in self.COMPLETED + [("troupe explore --faults crash,ca", [])]:
            script += "complete_line %s\n" % line
        ended = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
        self.assertEqual(ended.stderr, "")
        expected = [sorted(words) for _, words in self.COMPLETED] + [["crash,cancel"]]
        self.assertEqual([sorted(line.split()) for line in ended.stdout.splitlines()], expected)

    @unittest.skipUnless(shutil.which("fish"), "no fish here")
    def test_words_are_completed_in_fish(self):
        for line, words in self.COMPLETED:
            script = troupe("completion", "fish").stdout + "complete -C '%s'" % line
            ended = subprocess.run(["fish", "--no-config", "-c", script], capture_output=True, text=True, cwd=self.folder,
                                   env={**os.environ, "HOME": str(self.folder)})
            found = [each.split("\t")[0] for each in ended.stdout.splitlines()]
            self.assertEqual((sorted(found), ended.stderr), (sorted(words), ""), line)

    @unittest.skipUnless(shutil.which("zsh"), "no zsh here")
    def test_zsh_takes_its_script(self):
        script = "autoload -U compinit && compinit -D\n" + troupe("completion", "zsh").stdout + "echo $_comps[troupe]"
        ended = subprocess.run(["zsh", "-f", "-c", script], capture_output=True, text=True)
        self.assertEqual((ended.stdout.strip(), ended.stderr), ("_bash_complete -o default -F _troupe", ""))


if __name__ == "__main__":
    unittest.main()
