#!/usr/bin/env python3
"""What can be checked by pattern, as pairs (banned, use instead).

    tests/tidy.py               checks the tree; exit code 1 if anything is found
    tests/tidy.py --self-test   proves that each rule fires on a bad sample and stays silent on a good one

A single line can be excused where it stands, with the reason: `// tidy: allow <rule> (why)`.
"""

import os
import re
import sys
from typing import Callable, NamedTuple

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LAYERS = ("scope", "mailbox", "simulation", "actors", "supervision", "runtime", "streams", "testing", "topology", "observe",
          "program")
CODE_FOLDERS = LAYERS + ("tools", "tests", "examples", "bench")
CODE = (".cpp", ".hpp")
TEXT = CODE + (".md", ".txt", ".cmake", ".in", ".py", ".sh", ".json", ".yml", ".yaml", ".toml", "")
LINES_MAX = 300

# Headers that are tested by a test of another name, or need none, each with the reason.
TESTED_ELSEWHERE = {
    "program/completion.hpp": "tests/tools/topology_test.py, which completes words in bash",
    "tools/listing.hpp": "tests/tools/topology_test.py: list and list --json",
    "program/command_tree.hpp": "tests/tools/command_line_test.cpp: each way to be right and wrong",
    "program/description.hpp": "data: tests/tools/descriptions_test.cpp",
    "program/exit_code.hpp": "data",
    "program/kind_list.hpp": "tests/program/topology_program_test.cpp: list",
    "program/main_program.hpp": "tests/tools/command_test.py: without standard output, input and error",
    "program/topology_command_set.hpp": "tests/tools/command_line_test.cpp, and topology_program_test.cpp",
    "program/topology_context.hpp": "tests/tools/topology_test.py: names and files",
    "program/topology_descriptions.hpp": "data: tests/tools/descriptions_test.cpp",
    "program/usage.hpp": "tests/tools/command_line_test.cpp: what is closest",
    "tools/flow_demo_options.hpp": "tests/tools/command_line_test.cpp: the options of ingest and pipeline",
    "program/loaded_topology.hpp": "tests/tools/topology_test.py: files that are wrong, or not there",
    "program/picture_output.hpp": "tests/tools/topology_test.py: graph, with and without dot",
    "program/top_options.hpp": "tests/tools/command_line_test.cpp: the arguments of top",
    "program/topology_command_line.hpp": "tests/tools/command_line_test.cpp: the arguments of run FILE, check, explore, graph",
    "program/topology_commands.hpp": "tests/tools/topology_test.py: each way they can end",
    "program/topology_options.hpp": "tests/tools/command_line_test.cpp: as above",
    "program/topology_report.hpp": "tests/tools/topology_test.py: the report, also as JSON",
    "program/live_tree.hpp": "tests/tools/screen_test.py: on a pseudo terminal",
    "program/terminal_screen.hpp": "tests/tools/screen_test.py: each way it can end",
    "program/awaited_signals.hpp": "tests/tools/screen_test.py: Ctrl-C and Ctrl-Z, with a screen and without",
    "program/held_output.hpp": "tests/tools/screen_test.py: what is said meanwhile",
    "program/topology_screen.hpp": "tests/tools/topology_test.py: its line while a run goes on",
    "program/conclusion.hpp": "tests/tools/command_test.py: what each demo prints at its end, and its exit code",
    "program/number_option.hpp": "tests/tools/command_line_test.cpp: numbers in their range, and what is none",
    "program/host_and_port.hpp": "tests/tools/command_line_test.cpp: where load asks, and a ledger listens",
    "tools/load_command.hpp": "tests/tools/load_test.py",
    "tools/load_command_line.hpp": "tests/tools/command_line_test.cpp: the arguments of load",
    "tools/tree_demo_options.hpp": "tests/tools/command_line_test.cpp: the options of pool and storm",
    "tools/embedded_files.hpp": "tests/tools/new_project_test.cpp: what it writes is what is embedded",
    "tools/new_command_line.hpp": "tests/tools/new_project_test.cpp: names that are none, and what is given",
    "tools/template/service.hpp": "service_test.cpp beside it, which .ci/run builds as its user would",
    "tools/tree_demos.hpp": "tests/tools/command_test.py, which runs pool and storm in each way they can end",
    "tools/ledger_report.hpp": "tests/tools/ledger_test.py, which sees it hold and fail",
    "tools/ledger_command.hpp": "tests/tools/ledger_test.py and ledger_server_test.py: each way it can end",
    "tools/ledger_options.hpp": "tests/tools/command_line_test.cpp: the options of the ledger",
    "observe/connection_threads.hpp": "tests/observe/observer_stress.cpp: 200 clients at once, and one more",
    "observe/http_connection.hpp": "tests/observe/observer_stress.cpp: long requests, clients that do not read",
    "observe/live_feed.hpp": "tests/observe/observer_stress.cpp: what followers get, and come back to",
    "observe/live_server.hpp": "tests/observe/observer_stress.cpp",
    "observe/embedded_file.hpp": "tests/web/page_test.py",
    "observe/scene_json.hpp": "tests/observe/scene_test.cpp: written, read again, and differences",
    "observe/scene_rows.hpp": "tests/observe/scene_test.cpp: siblings that are folded",
    "observe/scene_text.hpp": "tests/observe/scene_test.cpp: frames of text",
    "program/observe_options.hpp": "data: tests/web/page_test.py",
    "program/observed_run.hpp": "tests/web/page_test.py, whose program is run so",
    "program/scratch_folder.hpp": "tests/tools/ledger_server_test.py, which finds nothing left of it",
    "scope/type_name.hpp": "tests/testing/probe_test.cpp, and what is in hand in tests/scope/snapshot_test.cpp",
    "scope/counted_pointer.hpp": "what addresses and replies hold: actor_life_, actor_ref_ and reply_ tests, under AddressSanitizer",
    "supervision/child_spec.hpp": "data: supervisor_test, supervisor_requests_test",
    "supervision/escalated.hpp": "tests/supervision/supervisor_test.cpp and supervisor_requests_test.cpp, which bring about each of them",
    "supervision/exit_reason.hpp": "data: tests/supervision/restart_policy_test.cpp",
    "supervision/supervisor_core.hpp": "what fibers share of a supervisor: supervisor_sim and supervisor_stress, under the sanitizers",
    "supervision/supervisor_options.hpp": "data: supervisor_test, supervisor_requests_test",
    "scope/endless_wait.hpp": "what tests in every folder wait with, and what a supervisor serves with: supervisor_test",
    "supervision/repeated_call.hpp": "supervisor_test (fresh copies), supervised_actor_test",
    "scope/wait_for_graph.hpp": "tests/actors/deadlock_*: it takes actors to make a cycle",
    "scope/would_deadlock.hpp": "tests/actors/deadlock_*: it takes actors to make a cycle",
    "runtime/troupe.hpp": "the umbrella: tests/consumer includes it, tests/layers.cmake checks what it brings",
    "actors/ask_error.hpp": "tests/actors/actor_ref_test.cpp, which brings about each of them",
    "scope/blocked_thread.hpp": "what send_blocking and ask_blocking wait in: sender_test, actor_ref_stress",
    "scope/as_outcome.hpp": "tests/scope/task_test.cpp, beside the awaits that it is an alternative to",
    "scope/station.hpp": "internal to deadlines and groups: deadline_test, task_group_test",
    "scope/assert.hpp": "one macro: tests/mailbox/mailbox_test.cpp sees it end a program with its sentence",
    "scope/executor.hpp": "an interface: the simulator and the carriers are its tests",
    "scope/fiber.hpp": "what all tests of scope run on; its wait protocol: cancel_scope_, task_group_ and mailbox_ sim and stress",
    "mailbox/halves.hpp": "internal to the halves: mailbox_test, mailbox_state_test",
    "mailbox/mailbox_core.hpp": "internal to the mailbox: mailbox_state_test, statistics_test; its blocked_sender: sender_test",
    "mailbox/receiver.hpp": "mailbox_test, receiving_test; its batches: received_batch_test",
    "scope/delivery.hpp": "streams/delivery_sim",
    "program/cli_names.hpp": "two names of a library",
    "scope/offload_queue.hpp": "internal to offload: offload_test, offload_sim, offload_stress",
    "streams/listener_state.hpp": "what a listener is: tests/streams/listener_stress.cpp",
    "streams/stream_error.hpp": "tests/streams/byte_stream_test.cpp and framing_test.cpp, which bring about each of them",
    "streams/stream_state.hpp": "what a byte_stream is: byte_stream_test, pipe_faults_sim, and the suites of conformance",
    "streams/pipe_state.hpp": "what pipe_pair is: byte_stream_test, pipe_faults_sim, and the mutants of tests/mutants/streams.toml",
    "streams/serving.hpp": "internal to serve: serve_test",
    "streams/tls_transport.hpp": "what tls_test runs on, with faults at its bytes; tests/fuzz/tls_fuzz.cpp",
    "streams/transport.hpp": "an interface: pipe_pair_test, pipe_faults_sim",
    "scope/spinlock.hpp": "a lock: every stress test under ThreadSanitizer",
    "testing/event_words.hpp": "tests/testing/mermaid_test.cpp and chrome_trace_test.cpp, which show each of these words",
    "testing/trace_walk.hpp": "the order of all in chrome_trace_test and mermaid_test",
    "scope/fault_point.hpp": "tests/testing/sweep_test.cpp and simulation_test.cpp, with and without a test that plans one",
    "simulation/choice.hpp": "an interface: tests/simulation/strategies_test.cpp, and all that is explored",
    "testing/explorer.hpp": "the search behind explore, sweep and replay: explore_test, sweep_test, simulation_test",
    "testing/proxy_state.hpp": "what the connections of a fault_proxy share: fault_proxy_stress",
    "testing/path_names.hpp": "tests/testing/faults_test.cpp and matchers_test.cpp, which name what has a path",
    "testing/progress.hpp": "Ctrl-C: tests/testing/last_words_test.cpp; a line on a terminal is looked at",
    "testing/scenario_run.hpp": "one run of explore: explore_test, sweep_test, last_words_test",
    "testing/trace.hpp": "what rules, matchers and exports read: their tests, and determinism in simulation_test",
    "runtime/caf_simulated_clock.hpp": "tests/runtime/caf_simulation_test.cpp: hours of timeouts, and all other clocks of CAF's",
    "runtime/caf_simulated_scheduler.hpp": "tests/runtime/caf_simulation_test.cpp, which sees all it does",
    "simulation/step_source.hpp": "an interface: offloaded functions and CAF's scheduler are its tests",
    "topology/description.hpp": "data: running_test, wrong_test",
    "topology/file_reader.hpp": "what parse is made of: wrong_test has a file for its findings",
    "topology/table_reader.hpp": "what parse is made of: wrong_test has a file for its findings",
    "topology/text_tree.hpp": "what parse is made of: wrong_test, tests/fuzz/topology_fuzz.cpp",
    "topology/spellings.hpp": "what parse is made of: wrong_test",
    "topology/words.hpp": "how values are written: wrong_test",
    "topology/node_keys.hpp": "data: kinds.cpp",
    "topology/finding.hpp": "wrong_test, byte by byte",
    "topology/finding_list.hpp": "wrong_test",
    "topology/parse.hpp": "wrong_test, tests/fuzz/topology_fuzz.cpp",
    "topology/check.hpp": "wrong_test, deadlocks_test, sound_sim",
    "topology/waiting_cycles.hpp": "deadlocks_test, sound_sim",
    "topology/kinds.hpp": "running_test",
    "topology/parameter.hpp": "wrong_test",
    "topology/node.hpp": "running_test",
    "topology/item.hpp": "running_test, whose books balance",
    "topology/live.hpp": "running_test",
    "topology/report.hpp": "running_test",
    "topology/picture.hpp": "deadlocks_test draws each file",
    "scope/work.hpp": "internal to child and root: child_test, root_test",
}


class Finding(NamedTuple):
    path: str
    line: int
    rule: str
    message: str


class Rule(NamedTuple):
    name: str
    use_instead: str
    check: Callable  # (path, text, code) -> line numbers; code = text without comments and strings
    bad: tuple  # (path, text) samples that must be found
    good: tuple  # (path, text) samples that must not


def blank(match):
    return re.sub(r"[^\n]", " ", match.group(0))


def strip(text, strings=True):
    """The text with comments (and strings) blanked out; line numbers stay."""
    token = re.compile(
        r'(?P<raw>R"(?P<d>[^()\s\\]{0,16})\(.*?\)(?P=d)")'
        r"|(?P<comment>//[^\n]*|/\*.*?\*/)"
        r'|(?P<string>"(?:\\.|[^"\\\n])*")'
        r"|(?<![0-9a-fA-F])(?P<char>'(?:\\.|[^'\\\n])+')",
        re.S)

    def replace(match):
        if match.group("comment") or strings:
            return blank(match)
        return match.group(0)

    return token.sub(replace, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def top(path):
    return path.split("/", 1)[0]


def is_code(path):
    return path.endswith(CODE) and top(path) in CODE_FOLDERS


def everywhere(path):
    return is_code(path)


def code_pattern(pattern, where=everywhere, strings=True, flags=0):
    """A check: the pattern, in code without comments, in the files that `where` accepts."""
    regex = re.compile(pattern, flags | re.M)

    def check(path, text, code):
        if not where(path):
            return []
        searched = code if strings else strip(text, strings=False)
        return [line_of(searched, match.start()) for match in regex.finditer(searched)]

    return check


def text_pattern(pattern):
    regex = re.compile(pattern, re.M)
    return lambda path, text, code: [line_of(text, match.start()) for match in regex.finditer(text)]


def caf_allowed(path):
    """CAF headers: any .cpp of runtime/ and its tests, and examples about CAF; in headers only caf/fwd.hpp, and the
    opt-in runtime/caf_*.hpp."""
    if top(path) == "runtime":
        return path.endswith(".cpp") or os.path.basename(path).startswith("caf_")
    return path.startswith("tests/runtime/") or path.startswith("bench/") or re.match(r"examples/\d+_caf_", path)


def check_caf(path, text, code):
    if not is_code(path) or caf_allowed(path):
        return []
    pattern = r'^[ \t]*#[ \t]*include[ \t]*[<"]caf/(?!fwd\.hpp)' if top(path) == "runtime" else \
        r'^[ \t]*#[ \t]*include[ \t]*[<"]caf/'
    return code_pattern(pattern, strings=False)(path, text, code)


CLOCK_FILES = ("scope/steady_time.cpp", "scope/steady_time.hpp", "scope/carriers.cpp", "runtime/carriers.cpp")


def needs_clock(path):
    """Where the real clock is banned: everywhere but in the clock itself and in what measures real time."""
    return is_code(path) and path not in CLOCK_FILES and not path.endswith("_stress.cpp") and top(path) != "bench"


def statements(code):
    """(offset, text) of the pieces between braces and semicolons; a ternary spans one piece."""
    for match in re.finditer(r"[^;{}]+", code):
        yield match.start(), match.group(0)


def check_conditional(path, text, code):
    if not is_code(path):
        return []
    return [line_of(code, start + piece.index("co_await")) for start, piece in statements(code)
            if re.search(r"\bco_await\b", piece) and "?" in piece]


def check_stress_tag(path, text, code):
    if not path.endswith("_stress.cpp"):
        return []
    plain = strip(text, strings=False)
    return [line_of(plain, match.start()) for match in re.finditer(r"\bTEST_CASE\(([^;{]*)\{", plain)
            if "[stress]" not in match.group(1)]


def check_test_names(path, text, code):
    if not path.startswith("tests/") or not is_code(path):
        return []
    plain = strip(text, strings=False)
    return [line_of(plain, match.start()) for match in re.finditer(r'\bTEST_CASE\(\s*"((?:\\.|[^"\\\n])*)"', plain)
            if re.search(r'[;\\*]|^[~\[]|^exclude:', match.group(1))]


def check_machine_path(path, text, code):
    names = "|".join(("work", "root", "home"))
    return text_pattern(r"(?<![\w.~}$])/(?:%s)/" % names)(path, text, code)


def in_tests(path):
    return is_code(path) and path not in CLOCK_FILES


def hot(path):
    return is_code(path) and top(path) in ("scope", "mailbox")


A, T = "co_await", "\t"
RULES = (
    Rule("relative-include", "<troupe/folder/name.hpp>",
         code_pattern(r'^[ \t]*#[ \t]*include[ \t]*[<"][^<>"\n]*\.\./', strings=False),
         (("scope/a.cpp", '#include "../mailbox/b.hpp"\n'),),
         (("scope/a.cpp", '#include <troupe/scope/b.hpp>\n// #include "../b.hpp"\n'),)),
    Rule("caf-include", "only .cpp files of runtime/ (and caf_*.hpp there) include CAF; headers take <caf/fwd.hpp>",
         check_caf,
         (("scope/a.cpp", "#include <caf/all.hpp>\n"), ("runtime/runtime.hpp", "#include <caf/actor.hpp>\n"),
          ("mailbox/a.hpp", "#include <caf/fwd.hpp>\n")),
         (("runtime/a.cpp", "#include <caf/all.hpp>\n"), ("runtime/a.hpp", "#include <caf/fwd.hpp>\n"),
          ("runtime/caf_actor.hpp", "#include <caf/actor.hpp>\n"))),
    Rule("clock", "scope's time_source (steady_time); only it reads the real clock",
         code_pattern(r"\b(?:steady|system|high_resolution)_clock\s*::\s*now\b", needs_clock),
         (("mailbox/a.cpp", "auto t = std::chrono::steady_clock::now();\n"),
          ("tests/mailbox/a_test.cpp", "auto t = steady_clock::now();\n")),
         (("scope/steady_time.cpp", "return std::chrono::steady_clock::now();\n"),
          ("tests/mailbox/a_stress.cpp", "auto t = steady_clock::now();\n"))),
    Rule("thread-sleep", "co_await sleep_for(...) on virtual time; a stress test waits for a condition",
         code_pattern(r"\bthis_thread\s*::\s*sleep_(?:for|until)\s*\(|\b(?:usleep|nanosleep)\s*\(", in_tests),
         (("tests/scope/a_test.cpp", "std::this_thread::sleep_for(1ms);\n"), ("scope/a.cpp", "usleep(1);\n")),
         (("tests/scope/a_test.cpp", A + " sleep_for(1ms);\n"),)),
    Rule("std-function", "a template parameter or a function pointer with context; scope/ and mailbox/ are hot paths",
         code_pattern(r"\bstd\s*::\s*function\s*<", hot),
         (("scope/a.hpp", "std::function<void()> f_;\n"),),
         (("tools/a.hpp", "std::function<void()> f_;\n"), ("scope/a.hpp", "// not std::function<void()>\n"))),
    Rule("detach", "a scope that joins; nothing is detached",
         code_pattern(r"(?:\.|->)\s*detach\s*\(\s*\)"),
         (("tools/a.cpp", "thread.detach();\n"), ("tools/a.cpp", "thread->detach();\n")),
         (("tools/a.cpp", "thread.join();\n"),)),
    Rule("bare-while-await", "while (auto item = %s ...): g++ 12 miscompiles the bare form" % A,
         code_pattern(r"\bwhile\s*\(\s*(?:!\s*)?\(*\s*%s\b" % A),
         (("scope/a.cpp", "while (%s q.receive()) {}\n" % A), ("scope/a.cpp", "while (!%s q.done()) {}\n" % A)),
         (("scope/a.cpp", "while (auto item = %s q.receive()) {}\n" % A),)),
    Rule("bare-if-await", "auto met = %s ...; if (met): g++ 12 takes an await that is a whole condition wrongly" % A,
         code_pattern(r"\bif\s*\(\s*!?\s*%s\b" % A),
         (("scope/a.cpp", "if (%s q.receive())\n  f();\n" % A), ("scope/a.cpp", "if (!%s q.done()) f();\n" % A)),
         (("scope/a.cpp", "if (auto item = %s q.receive())\n  f();\n" % A),)),
    Rule("await-binding", "auto r = %s f(); auto& [a, b] = r; (GCC 15 and 16 skip the destructor)" % A,
         code_pattern(r"\bauto\s*&{0,2}\s*\[[^\]]*\]\s*=\s*[^;{]*\b%s\b" % A),
         (("scope/a.cpp", "auto [a, b] = %s f();\n" % A), ("scope/a.cpp", "auto&& [a, b] =\n    %s f();\n" % A)),
         (("scope/a.cpp", "auto r = %s f();\nauto& [a, b] = r;\n" % A),)),
    Rule("await-conditional", "if and else, or a named variable: g++ 12 destroys the temporaries of ?: twice",
         check_conditional,
         (("scope/a.cpp", "auto x = c ? %s a() : %s b();\n" % (A, A)), ("scope/a.cpp", "%s f(c ? s1() : s2());\n" % A)),
         (("scope/a.cpp", "auto x = c ? a : b;\n%s f(x);\n" % A), ("scope/a.cpp", "%s f(\"what?\"); // why?\n" % A))),
    Rule("await-in-new", "a named variable, then new or std::make_unique: g++ 12 destroys the object twice",
         code_pattern(r"\bnew\b[^;{]*[({][^;]*\b%s\b" % A),
         (("scope/a.cpp", "auto* x = new job{%s f()};\n" % A), ("scope/a.cpp", "x.reset(new job(1, %s f()));\n" % A)),
         (("scope/a.cpp", "auto x = %s f();\nnew job{std::move(x)};\n" % A),)),
    Rule("await-in-check", "a named variable: g++ 12 runs the operand of a checked await three times",
         code_pattern(r"\b(?:CHECK|REQUIRE)(?:_FALSE|_THROWS|_THROWS_AS|_NOTHROW)?\s*\([^;{]*\b%s\b" % A),
         (("tests/scope/a_test.cpp", "CHECK(%s f() == 1);\n" % A),),
         (("tests/scope/a_test.cpp", "auto x = %s f();\nCHECK(x == 1);\n" % A),)),
    Rule("stress-tag", "tag the case [stress], so that it runs alone",
         check_stress_tag,
         (("tests/scope/a_stress.cpp", 'TEST_CASE("threads", "[scope]") {\n'),),
         (("tests/scope/a_stress.cpp", 'TEST_CASE("threads", "[scope][stress]") {\n'),)),
    Rule("test-name", "a plain sentence without ; \\ * and not starting with ~ or [: ctest selects the case by its name",
         check_test_names,
         (("tests/scope/a_test.cpp", 'TEST_CASE("one; two", "[scope]") {\n'),
          ("tests/scope/a_test.cpp", 'TEST_CASE("*", "[scope]") {\n')),
         (("tests/scope/a_test.cpp", 'TEST_CASE("one, two [x] `y`", "[scope]") {\n'),)),
    Rule("machine-path", "a path relative to the tree, or a temporary folder: this one exists on one machine only",
         check_machine_path,
         (("tools/a.cpp", 'open("/' + 'home/me/x");\n'), ("docs/a.md", "see `/" + "work/x`\n"),
          ("a.cmake", "/" + "root/x\n")),
         (("docs/a.md", "network/root/x and ./home/x and ~/work/x\n"),)),
    Rule("trailing-space", "no space at the end of a line",
         text_pattern(r"[ \t\r]+$"),
         (("docs/a.md", "text \n"), ("scope/a.cpp", "int a;" + T + "\n"), ("scope/a.cpp", "int a;\r\n")),
         (("docs/a.md", "text\n\ntext\n"),)),
    Rule("tab", "spaces",
         text_pattern(r"\t"),
         (("scope/a.cpp", T + "int a;\n"),),
         (("scope/a.cpp", "  int a; // \\t\n"),)),
)

# Whole files, or folders, excused from a rule, each with the reason.
SHAPES = "holds the shapes that compilers break"
EXCUSED = (
    ("bare-while-await", "tests/compiler/", SHAPES),
    ("bare-if-await", "tests/compiler/", SHAPES),
    ("await-binding", "tests/compiler/", SHAPES),
    ("await-conditional", "tests/compiler/", SHAPES),
    ("await-in-new", "tests/compiler/", SHAPES),
)


def check_file(path, text):
    findings = []
    code = strip(text) if path.endswith(CODE) else text
    lines = text.split("\n")
    for rule in RULES:
        if any(rule.name == name and path.startswith(prefix) for name, prefix, _ in EXCUSED):
            continue
        for number in rule.check(path, text, code):
            if not re.search(r"tidy: allow %s \(.+\)" % rule.name, lines[number - 1]):
                findings.append(Finding(path, number, rule.name, "use instead: " + rule.use_instead))
    return findings


def check_headers_have_tests(paths):
    """Every header of a layer or of tools has a test of its name, as a file of its own or in the allowlist above."""
    findings = []
    known = set(paths)
    for path in sorted(paths):
        folder, _, name = path.partition("/")
        if folder not in LAYERS + ("tools",) or not path.endswith(".hpp") or path in TESTED_ELSEWHERE:
            continue
        base = "tests/%s/%s" % (folder, name[:-len(".hpp")])
        wanted = [base + end for end in ("_test.cpp", "_sim.cpp", "_stress.cpp", "_test.py")]
        if not known.intersection(wanted):
            findings.append(Finding(path, 1, "header-without-test",
                                    "add %s_test.cpp (or _sim, _stress), or say in tests/tidy.py where it is tested" % base))
    return findings


def check_allowlist(paths):
    return [Finding("tests/tidy.py", 1, "stale-allowlist", "%s is in TESTED_ELSEWHERE but gone" % path)
            for path in sorted(set(TESTED_ELSEWHERE) - set(paths))]


def tree():
    for folder, folders, files in os.walk(ROOT):
        relative = os.path.relpath(folder, ROOT).replace(os.sep, "/")
        folders[:] = sorted(f for f in folders if f not in (".git", "__pycache__", ".cache")
                            and not (relative == "." and f.startswith("build")))
        for name in sorted(files):
            if name == ".git":
                continue  # a file in a linked work tree
            path = name if relative == "." else relative + "/" + name
            full = os.path.join(folder, name)
            if os.path.islink(full) or os.path.splitext(name)[1] not in TEXT and not name.startswith("."):
                continue
            try:
                with open(full, encoding="utf-8", newline="") as file:
                    yield path, file.read()
            except UnicodeDecodeError:
                continue  # not text


def check_tree():
    findings, paths, long_files = [], [], []
    for path, text in tree():
        paths.append(path)
        findings += check_file(path, text)
        count = text.count("\n")
        if is_code(path) and count > LINES_MAX:
            long_files.append((path, count))
    findings += check_headers_have_tests(paths) + check_allowlist(paths)
    for path, count in long_files:
        print("%s:1: warning: %d lines; beyond %d a file is asking to be split" % (path, count, LINES_MAX))
    for finding in findings:
        print("%s:%d: [%s] %s" % finding)
    print("tidy: %d files, %d findings, %d long files" % (len(paths), len(findings), len(long_files)))
    return 1 if findings else 0


def self_test():
    failures = []
    for rule in RULES:
        for path, text in rule.bad:
            if rule.name not in [finding.rule for finding in check_file(path, text)]:
                failures.append("%s does not fire on %s: %r" % (rule.name, path, text))
            excused = "".join(line + " // tidy: allow %s (sample)\n" % rule.name for line in text.splitlines())
            if rule.name not in ("tab", "trailing-space") and \
                    rule.name in [finding.rule for finding in check_file(path, excused)]:
                failures.append("%s cannot be excused on %s: %r" % (rule.name, path, text))
        for path, text in rule.good:
            if rule.name in [finding.rule for finding in check_file(path, text)]:
                failures.append("%s fires on the good sample %s: %r" % (rule.name, path, text))
    if not check_headers_have_tests(["scope/a.hpp"]):
        failures.append("header-without-test does not fire")
    for test in ("a_test.cpp", "a_sim.cpp", "a_stress.cpp"):
        if check_headers_have_tests(["scope/a.hpp", "tests/scope/" + test]):
            failures.append("header-without-test fires although there is " + test)
    if check_allowlist(TESTED_ELSEWHERE) or not check_allowlist([]):
        failures.append("stale-allowlist is wrong")
    if strip('a"b//c"d//e\nf/*g\nh*/i') != "a      d   \nf   \n   i":
        failures.append("strip() is wrong: %r" % strip('a"b//c"d//e\nf/*g\nh*/i'))
    for failure in failures:
        print("self-test: " + failure)
    samples = sum(len(rule.bad) + len(rule.good) for rule in RULES)
    print("tidy self-test: %d rules, %d samples, %d failures" % (len(RULES) + 1, samples, len(failures)))
    return 1 if failures else 0


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    if arguments:
        print(__doc__)
        return 2
    return check_tree()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
