#!/usr/bin/env python3
"""Which realistic bugs of the library the exploration of schedules finds: its mutants, built and run one by one.

    tests/scorecard.py              builds and runs each mutant; exit code 1 unless each is killed as it should be
    tests/scorecard.py --check      builds nothing: whether each mutant still applies; exit code 1 if one does not
    tests/scorecard.py --self-test  proves that each check fires, and that each verdict is reached

    --only 1,4,11b   these mutants; a number without a letter is all of its variants
    --jobs 4         so many compilers at once; 2 by default
    --seconds 600    how long the program may take for one mutant; 300 by default
    --target NAME    what is built, into tests/ of the build; troupe_scorecard by default
    --program FILE   runs that, in the copy of the tree, and builds nothing
    --keep           leaves the last mutant in the copy, for a debugger

A mutant is a text that stands once in one file of the library, and what replaces it: tests/mutants/<folder>.toml, by
the folder whose promise it breaks. The library itself knows nothing of them. Keys of a mutant:

    number       what it is called here; variants of one bug have letters
    name         what the code does now
    breaks       the promise that it breaks, and when that shows: it is not equivalent to the original
    file         where, from the top of the tree
    find         the text that is replaced; whole lines, with their indentation
    replace      what stands there then
    expected     the invariants of which one must tell of it
    needs_asan   true: it is built with the preset asan instead of release. Left out otherwise

The tree is copied to build/scorecard, and mutated and restored there, so that each build is a small one. What was built
stays for the next time. First the program is run on the tree as it is, where it must find nothing.

The program explores a fixed set of scenarios, and prints a line for what it finds, on standard output:

    violation: INV-5 schedules=12 replay=0.3.1.1.7

the invariant, how many schedules were run until then, and the choices that led there, as a text without spaces. It may
print several. With TROUPE_REPLAY=0.3.1.1.7 around it the program runs that schedule alone, and prints the same line
again; the schedules in it do not matter then. A report of a sanitizer, too, is a violation of INV-23 that the program
prints, from the sanitizer's callback: without a line a run that dies has found nothing, it has crashed.

A mutant is killed when an expected invariant tells of it and the choices lead there again, 10 times of 10.
"""

import argparse
import contextlib
import io
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import tomllib
from typing import NamedTuple, Optional

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MUTANTS = "tests/mutants"
FOLDERS = ("scope", "mailbox", "actors", "supervision", "streams", "simulation")
INVARIANTS_MAX = 26
COVERED = range(1, 26)  # the other one is sampled
KEYS = {"number": str, "name": str, "breaks": str, "file": str, "find": str, "replace": str, "expected": list}
MAY_HAVE = {"needs_asan": bool}
REPLAYS = 10
LINE = re.compile(r"^violation: (?P<invariant>INV-[1-9][0-9]*|own) schedules=(?P<schedules>[0-9]+) replay=(?P<replay>\S+)$",
                  re.M)


class Mutant(NamedTuple):
    number: str
    name: str
    breaks: str
    file: str
    find: str
    replace: str
    expected: list
    needs_asan: bool = False


class Violation(NamedTuple):
    invariant: str
    schedules: int
    replay: str


class Run(NamedTuple):
    violations: list
    died: Optional[str]  # how, unless it ended by itself


class Verdict(NamedTuple):
    mutant: Mutant
    killed: bool
    by: str
    schedules: Optional[int] = None
    replays: Optional[int] = None


# ---- the mutants -----------------------------------------------------------------------------------------------------

def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8", newline="") as file:
        return file.read()


def write(root, path, text):
    with open(os.path.join(root, path), "w", encoding="utf-8", newline="") as file:
        file.write(text)


def tables(root):
    """Each mutant as it stands in its file, with the path of that."""
    for name in sorted(os.listdir(os.path.join(root, MUTANTS))):
        if name.endswith(".toml"):
            path = MUTANTS + "/" + name
            for table in tomllib.loads(read(root, path)).get("mutant", []):
                yield path, table


def order(number):
    digits = number.rstrip("abcdefghijklmnopqrstuvwxyz")
    return int(digits), number


def all_mutants(root):
    return sorted((Mutant(**table) for _, table in tables(root)), key=lambda mutant: order(mutant.number))


def wrong_keys(table):
    for key, kind in KEYS.items():
        if not isinstance(table.get(key), kind):
            yield "has no %s" % key
        elif not table[key] and key != "replace":
            yield "has an empty %s" % key
    for key in table:
        if key not in KEYS and not isinstance(table[key], MAY_HAVE.get(key, ())):
            yield "has a %s, which says nothing" % key


def wrong_values(root, table):
    if not re.fullmatch(r"[1-9][0-9]*[a-z]?", table["number"]):
        yield "is no number, with a letter at most"
    if not table["breaks"].endswith("."):
        yield "does not say what it breaks in a sentence"
    for name in table["expected"]:
        known = isinstance(name, str) and re.fullmatch(r"INV-([1-9][0-9]*)", name)
        if not known or int(known.group(1)) > INVARIANTS_MAX:
            yield "expects %s, which is no invariant" % name
    if table["file"].split("/", 1)[0] not in FOLDERS or not os.path.isfile(os.path.join(root, table["file"])):
        yield "is in %s, which is no file of the library" % table["file"]
        return
    if table["find"] == table["replace"]:
        yield "changes nothing"
    elif (times := read(root, table["file"]).count(table["find"])) != 1:
        yield "is in %s, where its text stands %d times" % (table["file"], times)


def findings(root):
    seen = set()
    expected = set()
    for path, table in tables(root):
        wrong = list(wrong_keys(table)) or list(wrong_values(root, table))
        number = str(table.get("number", "?"))
        if number in seen:
            wrong.append("is there twice")
        seen.add(number)
        expected.update(str(name) for name in table.get("expected", []))
        for message in wrong:
            yield "%s: mutant %s %s" % (path, number, message)
    for index in COVERED:
        if "INV-%d" % index not in expected:
            yield "%s: no mutant expects INV-%d" % (MUTANTS, index)


def check_tree(root):
    found = list(findings(root))
    for message in found:
        print(message)
    print("scorecard: %d mutants, %d findings" % (len(list(tables(root))), len(found)))
    return 1 if found else 0


# ---- the copy --------------------------------------------------------------------------------------------------------

def files_of(root):
    for folder, folders, names in os.walk(root):
        top = os.path.relpath(folder, root)
        folders[:] = [name for name in folders if not (top == "." and name in (".git", "build")) and
                      name != "__pycache__" and not os.path.islink(os.path.join(folder, name))]
        for name in names:
            if (top, name) != (".", ".git"):
                yield os.path.normpath(os.path.join(top, name))


def same(one, other):
    if os.path.islink(one) or os.path.islink(other):
        return os.path.islink(one) and os.path.islink(other) and os.readlink(one) == os.readlink(other)
    if not os.path.isfile(other):
        return False
    with open(one, "rb") as first, open(other, "rb") as second:
        return first.read() == second.read()


def bring_up_to_date(root, copy):
    """Makes `copy` the same as `root`. Files that are the same stay, so what was built of them does, too."""
    os.makedirs(copy, exist_ok=True)
    wanted = set(files_of(root))
    for path in set(files_of(copy)) - wanted:
        os.remove(os.path.join(copy, path))
    for path in wanted:
        source, target = os.path.join(root, path), os.path.join(copy, path)
        if same(source, target):
            continue
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if os.path.lexists(target):
            os.remove(target)
        shutil.copy(source, target, follow_symlinks=False)  # with the time of now: an older one would not be built


def apply(copy, mutant):
    """Returns what stood there."""
    before = read(copy, mutant.file)
    assert before.count(mutant.find) == 1, "mutant %s does not apply: see --check" % mutant.number
    write(copy, mutant.file, before.replace(mutant.find, mutant.replace))
    return before


# ---- building and running --------------------------------------------------------------------------------------------

def preset_of(mutant):
    return "asan" if mutant.needs_asan else "release"


def build(copy, preset, options):
    """The program; None: it does not compile, which was said."""
    steps = [["cmake", "--build", "--preset", preset, "-j%d" % options.jobs, "--target", options.target]]
    if not os.path.exists(os.path.join(copy, "build", preset, "build.ninja")):
        steps.insert(0, ["cmake", "--preset", preset])
    for step in steps:
        done = subprocess.run(step, cwd=copy, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", check=False)
        if done.returncode != 0:
            print(done.stdout[-4000:])
            return None
    return os.path.join(copy, "build", preset, "tests", options.target)


def run(program, copy, seconds, replay=None):
    around = {name: value for name, value in os.environ.items() if name != "TROUPE_REPLAY"}
    if replay is not None:
        around["TROUPE_REPLAY"] = replay
    died = None
    try:
        done = subprocess.run([program], cwd=copy, env=around, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              timeout=seconds, check=False)
        printed = done.stdout
        if done.returncode < 0:
            died = "signal %d" % -done.returncode
        elif done.returncode != 0:
            died = "exit code %d" % done.returncode
    except subprocess.TimeoutExpired as late:
        printed = late.stdout or b""
        died = "time out"
    found = [Violation(line["invariant"], int(line["schedules"]), line["replay"])
             for line in LINE.finditer(printed.decode("utf-8", "replace"))]
    return Run(found, died)


def replays(program, copy, violation, seconds):
    """How often the choices lead to the same violation."""
    again = (run(program, copy, seconds, violation.replay) for _ in range(REPLAYS))
    return sum(1 for each in again if violation.invariant in [found.invariant for found in each.violations])


def judge(mutant, first, replay):
    """`replay(violation)` says how often that comes again."""
    expected = [found for found in first.violations if found.invariant in mutant.expected]
    if not expected:
        others = sorted({found.invariant for found in first.violations})
        return Verdict(mutant, False, " ".join(others) or first.died or "nothing")
    told = min(expected, key=lambda found: found.schedules)
    times = replay(told)
    return Verdict(mutant, times == REPLAYS, told.invariant, told.schedules, times)


def verdict_on(mutant, copy, options):
    before = apply(copy, mutant)
    try:
        program = options.program or build(copy, preset_of(mutant), options)
        if program is None:
            return Verdict(mutant, False, "does not compile")
        return judge(mutant, run(program, copy, options.seconds),
                     lambda told: replays(program, copy, told, options.seconds))
    finally:
        if not options.keep:
            write(copy, mutant.file, before)


def finds_nothing(copy, preset, options):
    program = options.program or build(copy, preset, options)
    if program is None:
        return False
    first = run(program, copy, options.seconds)
    for found in first.violations:
        print("without any mutant: %s after %d schedules, replay=%s" % found)
    if first.died:
        print("without any mutant: %s" % first.died)
    return not first.violations and not first.died


# ---- the scorecard ---------------------------------------------------------------------------------------------------

def row(verdict):
    shown = [verdict.mutant.number, "killed" if verdict.killed else "ALIVE", " ".join(verdict.mutant.expected),
             verdict.by, "-" if verdict.schedules is None else str(verdict.schedules),
             "-" if verdict.replays is None else "%d/%d" % (verdict.replays, REPLAYS), verdict.mutant.name]
    return "%-4s %-7s %-20s %-12s %9s %7s  %s" % tuple(shown)


def report(verdicts):
    print("\n%-4s %-7s %-22s %-16s %9s %7s  %s" % ("no.", "", "expected", "found by", "schedules", "replays", "mutant"))
    for verdict in verdicts:
        print(row(verdict))
    killed = [verdict for verdict in verdicts if verdict.killed]
    print("scorecard: %d of %d mutants killed%s" % (len(killed), len(verdicts), ", after %g schedules in the median" %
          statistics.median(verdict.schedules for verdict in killed) if killed else ""))
    return 0 if len(killed) == len(verdicts) else 1


def chosen(mutants, only):
    if only is None:
        return mutants
    wanted = only.split(",")
    found = [mutant for mutant in mutants if mutant.number in wanted or mutant.number.rstrip("abcdefgh") in wanted]
    unknown = set(wanted) - {mutant.number for mutant in found} - {mutant.number.rstrip("abcdefgh") for mutant in found}
    if unknown:
        sys.exit("scorecard: there is no mutant %s" % ", ".join(sorted(unknown)))
    return found


def score(root, options):
    copy = os.path.join(root, "build", "scorecard")
    mutants = chosen(all_mutants(root), options.only)
    bring_up_to_date(root, copy)
    for preset in sorted({preset_of(mutant) for mutant in mutants}):
        if not finds_nothing(copy, preset, options):
            print("scorecard: the program must find nothing in the tree as it is, with the preset %s" % preset)
            return 1
    verdicts = []
    for mutant in mutants:
        if options.keep and verdicts:
            bring_up_to_date(root, copy)
        verdicts.append(verdict_on(mutant, copy, options))
        print(row(verdicts[-1]), flush=True)
    return report(verdicts)


# ---- the self-test ---------------------------------------------------------------------------------------------------

SOURCE = "int one = 1;\nint two = 2;\nint also_two = 2;\n"
GOOD = """
[[mutant]]
number = "1a"
name = "two is three"
breaks = "Two is two."
file = "scope/numbers.hpp"
find = "int two = 2;"
replace = "int two = 3;"
expected = [%s]
""" % ", ".join('"INV-%d"' % index for index in COVERED)
# What is replaced in it, and what is then said of it.
BAD = (
    ('number = "1a"', 'number = "a1"', "is no number"),
    ('number = "1a"', "number = 1", "has no number"),
    ('name = "two is three"', 'name = ""', "has an empty name"),
    ('name = "two is three"', 'name = "two is three"\nplain = true', "has a plain, which says nothing"),
    ("Two is two.", "Two is two", "in a sentence"),
    ('"INV-24"', '"INV-27"', "expects INV-27"),
    ('"INV-24"', '"INV-x"', "expects INV-x"),
    (', "INV-24"', "", "no mutant expects INV-24"),
    ("scope/numbers.hpp", "scope/none.hpp", "no file of the library"),
    ("scope/numbers.hpp", "tests/mutants/scope.toml", "no file of the library"),
    ('"int two = 2;"', '"two = 2;"', "stands 2 times"),
    ('"int two = 2;"', '"int four = 4;"', "stands 0 times"),
    ('"int two = 3;"', '"int two = 2;"', "changes nothing"),
    (GOOD, GOOD + GOOD, "is there twice"),
)
# What a program does that reads the line of the mutant in the copy, and the verdict: killed, by, schedules, replays.
TOLD = 'echo "violation: INV-5 schedules=%s replay=0.1"; '
PROGRAMS = (
    ("exit 0", (False, "nothing", None, None)),
    (TOLD % 9 + TOLD % 7, (True, "INV-5", 7, 10)),
    ("echo 'violation: INV-26 schedules=1 replay=0'; " + TOLD % 3 + "exit 1", (True, "INV-5", 3, 10)),
    ("echo 'violation: INV-26 schedules=1 replay=0'", (False, "INV-26", None, None)),
    ("echo 'violation: INV-5 schedules=1'", (False, "nothing", None, None)),
    ('[ -n "$TROUPE_REPLAY" ] || { ' + TOLD % 4 + "}", (False, "INV-5", 4, 0)),
    ('[ "$TROUPE_REPLAY" != 0.1 ] || [ -e once ] || { touch once; exit 0; }; ' + TOLD % 4, (False, "INV-5", 4, 9)),
    ("kill -6 $$", (False, "signal 6", None, None)),
    ("exit 3", (False, "exit code 3", None, None)),
    (TOLD % 5 + "kill -11 $$", (True, "INV-5", 5, 10)),
    ('[ -n "$TROUPE_REPLAY" ] && { ' + TOLD % 5 + "exit; }; " + TOLD % 5 + "exec sleep 60", (True, "INV-5", 5, 10)),
    ("exec sleep 60", (False, "time out", None, None)),
)


def sample(root, text):
    for folder in ("scope", MUTANTS):
        os.makedirs(os.path.join(root, folder), exist_ok=True)
    write(root, "scope/numbers.hpp", SOURCE)
    write(root, MUTANTS + "/scope.toml", text)


def check_self_test(root):
    sample(root, GOOD)
    if found := list(findings(root)):
        yield "the good sample is found wrong: %s" % found
    for good, bad, said in BAD:
        assert good in GOOD, good
        sample(root, GOOD.replace(good, bad))
        found = list(findings(root))
        if not any(said in message for message in found):
            yield "%r is not found wrong as %r, but as %s" % (bad, said, found)


def verdict_self_test(root):
    sample(root, GOOD)
    mutant = all_mutants(root)[0]
    copy = os.path.join(root, "build", "scorecard")
    program = os.path.join(root, "program")
    for body, wanted in PROGRAMS:
        shutil.rmtree(copy, ignore_errors=True)
        bring_up_to_date(root, copy)
        write(root, "program", '#!/bin/sh\ngrep -q "int two = 3;" scope/numbers.hpp || exit 0\n%s\n' % body)
        os.chmod(program, 0o700)
        options = argparse.Namespace(program=program, seconds=1 if "sleep" in body else 60, keep=False, only="1")
        if not finds_nothing(copy, "release", options):
            yield "%r finds something in the tree as it is" % body
        verdict = verdict_on(mutant, copy, options)
        if verdict[1:] != wanted:
            yield "%r is judged %s instead of %s" % (body, verdict[1:], wanted)
        if read(copy, mutant.file) != SOURCE:
            yield "%r leaves its mutant behind" % body
        if score(root, options) != (0 if wanted[0] else 1):
            yield "%r has the wrong exit code" % body
    write(root, "program", "#!/bin/sh\n" + TOLD % 1 + "\n")
    if score(root, options) != 1:
        yield "a program that always finds something is not found out"
    verdict_on(mutant, copy, argparse.Namespace(program=program, seconds=60, keep=True))
    if read(copy, mutant.file) == SOURCE:
        yield "--keep does not keep the mutant"
    bring_up_to_date(root, copy)
    if read(copy, mutant.file) != SOURCE:
        yield "a copy that was kept is not brought up to date"


def self_test():
    failures = []
    with tempfile.TemporaryDirectory() as root, contextlib.redirect_stdout(io.StringIO()):
        failures += check_self_test(root)
        failures += verdict_self_test(root)
    for failure in failures:
        print("scorecard --self-test: " + failure)
    print("scorecard --self-test: %d samples, %d programs, %d failures" % (len(BAD) + 1, len(PROGRAMS), len(failures)))
    return 1 if failures else 0


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("--only")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--target", default="troupe_scorecard")
    parser.add_argument("--program", type=os.path.abspath)
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args(arguments)
    if options.self_test:
        return self_test()
    if options.check:
        return check_tree(ROOT)
    return check_tree(ROOT) or score(ROOT, options)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
