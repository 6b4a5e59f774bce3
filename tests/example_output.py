#!/usr/bin/env python3
"""Runs an example and compares what it prints with the comment at its end, from `// Prints:` (or `# Prints:`) on.

usage: example_output.py SOURCE COMMAND...
"""

import subprocess
import sys


def wanted(source):
    with open(source, encoding="utf-8") as lines:
        text = lines.read()
    sign = "#" if source.endswith(".py") else "//"
    before, mark, comment = text.rpartition("\n%s Prints:\n" % sign)
    if not mark:
        sys.exit("%s: says nowhere what it prints: end it with `%s Prints:` and the lines" % (source, sign))
    return [line[len(sign) + 1:] for line in comment.splitlines()]


def main():
    source, command = sys.argv[1], sys.argv[2:]
    expected = wanted(source)
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
    printed = ended.stdout.splitlines()
    if ended.returncode != 0:
        sys.exit("%s ended with %d\n%s%s" % (command[-1], ended.returncode, ended.stdout, ended.stderr))
    if printed != expected:
        sys.exit("%s printed\n  %s\ninstead of\n  %s" % (command[-1], "\n  ".join(printed), "\n  ".join(expected)))


main()
