#!/usr/bin/env python3
"""Runs an example and compares what it prints with the comment at its end, from `// Prints:` on.

usage: example_output.py PROGRAM SOURCE
"""

import subprocess
import sys


def wanted(source):
    with open(source, encoding="utf-8") as lines:
        text = lines.read()
    before, mark, comment = text.rpartition("\n// Prints:\n")
    if not mark:
        sys.exit("%s: says nowhere what it prints: end it with `// Prints:` and the lines" % source)
    return [line[3:] for line in comment.splitlines()]


def main():
    program, source = sys.argv[1:3]
    expected = wanted(source)
    ended = subprocess.run([program], capture_output=True, text=True, timeout=120)
    printed = ended.stdout.splitlines()
    if ended.returncode != 0:
        sys.exit("%s ended with %d\n%s%s" % (program, ended.returncode, ended.stdout, ended.stderr))
    if printed != expected:
        sys.exit("%s printed\n  %s\ninstead of\n  %s" % (program, "\n  ".join(printed), "\n  ".join(expected)))


main()
