#!/usr/bin/env python3
"""Whether the documents tell the truth about the tree.

    tests/docs.py               checks README.md, CONTRIBUTING.md and docs/; exit code 1 if anything is found
    tests/docs.py --self-test   proves that each check fires

1. A ```cpp block below a comment `<!-- examples/file.cpp -->` stands in that file, line for line (indentation aside).
   A ```cpp block without such a comment is not allowed in README.md.
2. Each row of docs/guarantees.md names, in its last column, test cases that exist: `name of the test`.
3. Each relative link leads to a file.
"""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
GUARANTEES = "docs/guarantees.md"


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


def check_blocks(path, text, read_source):
    findings = []
    for match in re.finditer(r"(?:<!-- (?P<from>\S+) -->\n)?```cpp\n(?P<block>.*?)```", text, re.S):
        line = text.count("\n", 0, match.start("block"))
        source = match.group("from")
        if source is None:
            if path == "README.md":
                findings.append((path, line, "a block that no example holds: name the file above it, <!-- examples/… -->"))
            continue
        try:
            if not stands_in(match.group("block"), read_source(source)):
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


def check_links(path, text, has):
    findings = []
    for match in re.finditer(r"\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)", text):
        target = os.path.normpath(os.path.join(os.path.dirname(path), match.group(1)))
        if not has(target):
            findings.append((path, text.count("\n", 0, match.start()) + 1, "the link leads nowhere: " + match.group(1)))
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


def check_tree():
    findings = []
    for path in documents():
        text = read(path)
        findings += check_blocks(path, text, read) + check_links(path, text, exists)
    if exists(GUARANTEES):
        findings += check_guarantees(GUARANTEES, read(GUARANTEES), test_names())
    for finding in findings:
        print("%s:%d: %s" % finding)
    print("docs: %d findings" % len(findings))
    return 1 if findings else 0


def self_test():
    source = "int a;\n  int b;\nint c;\n"
    block = "<!-- x.cpp -->\n```cpp\nint b;\nint c;\n```\n"
    cases = (
        (check_blocks("README.md", block, lambda _: source), 0),
        (check_blocks("README.md", block.replace("b", "d"), lambda _: source), 1),
        (check_blocks("README.md", "```cpp\nint a;\n```\n", lambda _: source), 1),
        (check_blocks("docs/a.md", "```cpp\nint a;\n```\n", lambda _: source), 0),
        (check_guarantees("g", "| id | p | t |\n|---|---|---|\n| A1 | p | `yes` |\n", {"yes"}), 0),
        (check_guarantees("g", "| id | p | t |\n|---|---|---|\n| A1 | p | `no` |\n", {"yes"}), 1),
        (check_guarantees("g", "| id | p | t |\n|---|---|---|\n| A1 | p | none |\n", {"yes"}), 1),
        (check_guarantees("g", "nothing\n", {"yes"}), 1),
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
