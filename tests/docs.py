#!/usr/bin/env python3
"""Whether the documents tell the truth about the tree.

    tests/docs.py               checks README.md, CONTRIBUTING.md and docs/; exit code 1 if anything is found
    tests/docs.py --self-test   proves that each check fires

1. A ```cpp or ```python block below a comment `<!-- examples/file.cpp -->` stands in that file, line for line
   (indentation aside), and a block without a language stands in what the end of that file says that it prints.
   In README.md a ```cpp or ```python block without such a comment is not allowed.
2. Each row of docs/guarantees.md names, in its last column, test cases that exist: `name of the test`.
3. Each relative link leads to a file.
4. Each case of the lists in docs/conformance.md is the tag of a test ([TR-008]), or has a row or a line there; the rows
   fit the tags, and the counts are right.
5. In docs/index.md the names in the cell before one of headers stand in these headers.
"""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
GUARANTEES = "docs/guarantees.md"
CONFORMANCE = "docs/conformance.md"
INDEX = "docs/index.md"
# Cases by the prefix of their ids, numbered from 1.
LISTS = {"TR": 113, "Q": 41, "ES": 58, "OTP": 93, "CS": 28, "ST": 74, "SV": 30}
DIGITS = {"SV": 2}  # of the ids, where they are not three


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def exists(path):
    return os.path.exists(os.path.join(ROOT, path))


def documents():
    yield from ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
    for name in sorted(os.listdir(os.path.join(ROOT, "docs"))):
        if name.endswith(".md"):
            yield "docs/" + name


def bare(text):
    return [line.strip() for line in text.strip().split("\n")]


def stands_in(block, source):
    """Whether the lines of `block` follow each other in `source`, whatever their indentation."""
    wanted, lines = bare(block), bare(source)
    return any(lines[at:at + len(wanted)] == wanted for at in range(len(lines) - len(wanted) + 1))


def printed_by(source):
    """What a program says, after `// Prints:` or `# Prints:` at its end, that it prints."""
    comment = re.search(r"\n(//|#) Prints:\n(.*)\Z", source, re.S)
    return re.sub(r"^(//|#) ?", "", comment.group(2), flags=re.M) if comment else ""


def check_blocks(path, text, read_source):
    findings = []
    for match in re.finditer(r"(?:<!-- (?P<from>\S+\.(?:cpp|hpp|py)) -->\n)?^```(?P<language>\w*)\n(?P<block>.*?)^```$", text, re.S | re.M):
        line = text.count("\n", 0, match.start("block"))
        source, language = match.group("from"), match.group("language")
        if language not in ("cpp", "python", ""):
            continue
        if source is None:
            if path == "README.md" and language != "":
                findings.append((path, line, "a block that no example holds: name the file above it, <!-- examples/… -->"))
            continue
        try:
            whole = read_source(source) if language else printed_by(read_source(source))
            if not stands_in(match.group("block"), whole):
                findings.append((path, line, "this block does not stand in %s as it is here" % source))
        except FileNotFoundError:
            findings.append((path, line, "the block is said to be from %s, which does not exist" % source))
    return findings


def check_guarantees(path, text, names):
    findings, rows = [], 0
    for number, line in enumerate(text.split("\n"), 1):
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) < 3 or set(cells[0]) <= set("-: ") or cells[0] == "id":
            continue
        rows += 1
        tests = re.findall(r"`([^`]+)`", cells[-1])
        if not tests:
            findings.append((path, number, "a promise without a test"))
        for test in tests:
            if test not in names:
                findings.append((path, number, "there is no test case named `%s`" % test))
    if rows == 0:
        findings.append((path, 1, "no promise was found: the table must have rows `| id | promise | tests |`"))
    return findings


def check_conformance(path, text, tagged, lists):
    """Cases: `tagged` have a test. In the text a row under "… otherwise" belongs to a test, one under "… without a test"
    does not; the line "Not applicable: …" names the rest. `| list | `XX` | cases | tests | answers | not applicable |`."""
    findings, places, otherwise, answered, nowhere = [], {}, set(), set(), set()
    heading = ""
    for number, line in enumerate(text.split("\n"), 1):
        heading = line if line.startswith("#") else heading
        cells = [cell.strip() for cell in line.split("|")]
        if line.startswith("Not applicable:"):
            kind, ids = nowhere, re.findall(r"[A-Z]+-\d{2,3}", line)
        elif len(cells) > 3 and re.match(r"[A-Z]+-\d{2,3}", cells[1]):
            kind = otherwise if "otherwise" in heading else answered if "without a test" in heading else None
            ids = re.findall(r"[A-Z]+-\d{2,3}", cells[1])
            if kind is None:
                findings.append((path, number, "a row under a heading that does not say whether it has a test"))
                continue
        else:
            continue
        places.update((case, number) for case in ids)
        kind.update(ids)
    for prefix, count in lists.items():
        cases = {"%s-%0*d" % (prefix, DIGITS.get(prefix, 3), number) for number in range(1, count + 1)}
        for case in sorted(cases - tagged - answered - nowhere):
            findings.append((path, 1, "%s has neither a test nor an answer" % case))
        numbers = [str(n) for n in (count, len(cases & tagged), len(cases & answered), len(cases & nowhere))]
        if not re.search(r"\| `%s` \| %s \|" % (prefix, r" \| ".join(numbers)), text):
            findings.append((path, 1, "the counts of %s are: %s cases, %s tests, %s answers, %s not applicable"
                             % (prefix, *numbers)))
        foreign = {case for case in tagged | set(places) if case.startswith(prefix + "-")} - cases
        findings += [(path, places.get(case, 1), "there is no case " + case) for case in sorted(foreign)]
    for case in sorted(answered | nowhere):
        if case in tagged:
            findings.append((path, places[case], "%s has a test: it is not answered without one" % case))
    for case in sorted(otherwise - tagged):
        findings.append((path, places[case], "no test has the tag of %s" % case))
    return findings


def check_links(path, text, has):
    findings = []
    for match in re.finditer(r"\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)", text):
        target = os.path.normpath(os.path.join(os.path.dirname(path), match.group(1)))
        if not has(target):
            findings.append((path, text.count("\n", 0, match.start()) + 1, "the link leads nowhere: " + match.group(1)))
    return findings


def check_index(path, text, read_source):
    findings = []
    for number, line in enumerate(text.split("\n"), 1):
        cells = [cell.strip() for cell in line.split("|")]
        for before, cell in zip(cells, cells[1:]):
            headers = re.findall(r"`([a-z]+/\w+\.hpp)`", cell)
            if not headers:
                continue
            try:
                there = " ".join(read_source(header) for header in headers)
            except FileNotFoundError:
                findings.append((path, number, "one of these headers does not exist: " + cell))
                continue
            names = {name for code in re.findall(r"`([^`]+)`", before) for name in re.findall(r"[a-z_]{4,}", code)}
            names -= {"while", "auto", "co_await"}
            findings += [(path, number, "`%s` does not stand in %s" % (name, cell))
                         for name in sorted(names) if not re.search(r"\b%s\b" % name, there)]
    return findings


def test_names():
    names = set()
    for folder, _, files in os.walk(os.path.join(ROOT, "tests")):
        for name in files:
            if name.endswith(".cpp"):
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    text = file.read()
                # A long name may be written as several literals.
                for match in re.finditer(r'(?:TEST_CASE|TEMPLATE_TEST_CASE)\(\s*((?:"(?:\\.|[^"\\])*"\s*)+)', text):
                    names.add("".join(re.findall(r'"((?:\\.|[^"\\])*)"', match.group(1))))
            elif name.endswith("_test.py"):
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    names.update(re.findall(r"def (test_\w+)", file.read()))
    return names


def test_tags():
    tags = set()
    for folder, _, files in os.walk(os.path.join(ROOT, "tests")):
        for name in files:
            if name.endswith(".cpp"):
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    for match in re.finditer(r'TEST_CASE\(((?:\s*,?\s*"(?:\\.|[^"\\])*")+)\s*\)', file.read()):
                        tags.update(re.findall(r"\[([A-Z]+-\d{2,3})\]", match.group(1)))
    return tags


def check_tree():
    findings = []
    for path in documents():
        text = read(path)
        findings += check_blocks(path, text, read) + check_links(path, text, exists)
    if exists(INDEX):
        findings += check_index(INDEX, read(INDEX), read)
    if exists(GUARANTEES):
        findings += check_guarantees(GUARANTEES, read(GUARANTEES), test_names())
    if exists(CONFORMANCE):
        findings += check_conformance(CONFORMANCE, read(CONFORMANCE), test_tags(), LISTS)
    for finding in findings:
        print("%s:%d: %s" % finding)
    print("docs: %d findings" % len(findings))
    return 1 if findings else 0


def self_test():
    source = "int a;\n  int b;\nint c;\n"
    block = "<!-- x.cpp -->\n```cpp\nint b;\nint c;\n```\n"
    listed = ("| Some | `XX` | 4 | 2 | 1 | 1 |\n### Tests that answer otherwise\n| XX-002 | a | b |\n"
              "### Answered without a test\n| XX-003 | a | b |\n\nNot applicable: XX-004.\n")
    short = listed.replace("XX-0", "SV-").replace("XX", "SV")  # ids of two digits
    conforms = lambda text, tagged: check_conformance("c", text, tagged, {"XX": 4})
    cases = (
        (conforms(listed, {"XX-001", "XX-002"}), 0),
        (conforms(listed.replace("XX-003", "XX-001"), {"XX-001", "XX-002"}), 2),  # no answer; not without a test
        (conforms(listed.replace("XX-004", "none"), {"XX-001", "XX-002"}), 2),  # no answer; the counts
        (conforms(listed, {"XX-001", "XX-002", "XX-004"}), 2),  # applicable after all; the counts
        (conforms(listed.replace("XX-002", "XX-001"), {"XX-001", "XX-002"}), 0),
        (conforms(listed, {"XX-001"}), 3),  # no answer, no test for its row; the counts
        (conforms(listed, {"XX-001", "XX-002", "XX-005"}), 1),
        (conforms(listed.replace("| 4 |", "| 5 |"), {"XX-001", "XX-002"}), 1),
        (conforms(listed.replace("otherwise", "also"), {"XX-001", "XX-002"}), 1),
        (check_conformance("c", short, {"SV-01", "SV-02"}, {"SV": 4}), 0),
        (check_conformance("c", short, {"SV-01"}, {"SV": 4}), 3),
        (check_blocks("README.md", block, lambda _: source), 0),
        (check_blocks("README.md", block.replace("b", "d"), lambda _: source), 1),
        (check_blocks("README.md", "```cpp\nint a;\n```\n", lambda _: source), 1),
        (check_blocks("docs/a.md", "```cpp\nint a;\n```\n", lambda _: source), 0),
        (check_blocks("README.md", "<td>\n\n" + block + "\n</td>\n", lambda _: source), 0),
        (check_blocks("README.md", "<!-- x.py -->\n```python\na()\n```\n", lambda _: "a()\n"), 0),
        (check_blocks("README.md", "<!-- x.py -->\n```python\nb()\n```\n", lambda _: "a()\n"), 1),
        (check_blocks("README.md", "```python\na()\n```\n", lambda _: "a()\n"), 1),
        (check_blocks("README.md", "```\nls\n```\n", lambda _: source), 0),
        (check_blocks("README.md", "<!-- x.py -->\n```\na\nb\n```\n", lambda _: "a()\n\n# Prints:\n# a\n# b\n"), 0),
        (check_blocks("README.md", "<!-- x.py -->\n```\na()\n```\n", lambda _: "a()\n\n# Prints:\n# a\n# b\n"), 1),
        (check_guarantees("g", "| id | p | t |\n|---|---|---|\n| A1 | p | `yes` |\n", {"yes"}), 0),
        (check_guarantees("g", "| id | p | t |\n|---|---|---|\n| A1 | p | `no` |\n", {"yes"}), 1),
        (check_guarantees("g", "| id | p | t |\n|---|---|---|\n| A1 | p | none |\n", {"yes"}), 1),
        (check_guarantees("g", "nothing\n", {"yes"}), 1),
        (check_index("i", "| wait | `sleep_for(1s)` | `scope/sleep.hpp` | - |\n", lambda _: "auto sleep_for(duration);"), 0),
        (check_index("i", "| wait | `sleep` | `scope/sleep.hpp` | - |\n", lambda _: "auto sleep_for(duration);"), 1),
        (check_index("i", "| CAF | `sleep` | - |\n", lambda _: ""), 0),
        (check_links("docs/a.md", "[a](b.md#part) [c](https://x/y)", lambda target: target == "docs/b.md"), 0),
        (check_links("docs/a.md", "[a](c.md)", lambda target: target == "docs/b.md"), 1),
    )
    failures = [number for number, (found, wanted) in enumerate(cases) if len(found) != wanted]
    for number in failures:
        print("self-test: case %d found %r" % (number, cases[number][0]))
    print("docs self-test: %d cases, %d failures" % (len(cases), len(failures)))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(self_test() if sys.argv[1:] == ["--self-test"] else check_tree())
