#!/usr/bin/env python3
"""Runs docs/tour.md: its blocks, in their order, in an empty folder.

usage: tour.py BIN, the folder of an installed `troupe`, which goes to the front of PATH

A ```sh block is run with bash -e; a block without a language right after it must be what it has printed, where a line
`...` stands for any lines, and the last line may go on. `<!-- file NAME: OLD -> NEW -->` changes a file, as the text below it says. A block below
`<!-- shown -->` is only shown, and one below `<!-- fails -->` must fail.
"""

import os
import re
import subprocess
import sys
import tempfile

TOUR = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "docs", "tour.md")
STEP = re.compile(r"^<!-- file (?P<file>\S+): (?P<old>.+?) -> (?P<new>.+?) -->$"
                  r"|^(?:<!-- (?P<mark>shown|fails) -->\n)?```(?P<language>\w*)\n(?P<text>.*?)^```$", re.S | re.M)


def fits(printed, wanted):
    parts = [re.escape(part) for part in re.split(r"^\.\.\.\n", wanted.rstrip(), flags=re.M)]
    return re.search(r"(?:.*\n)*?".join(parts), printed) is not None


def main():
    os.environ["PATH"] = os.path.abspath(sys.argv[1]) + os.pathsep + os.environ["PATH"]
    with open(TOUR, encoding="utf-8") as file:
        text = file.read()
    printed, folder = "", tempfile.mkdtemp(prefix="troupe-tour-")
    for step in STEP.finditer(text):
        where = "docs/tour.md:%d" % (text.count("\n", 0, step.start()) + 1)
        if step.group("file"):
            path = os.path.join(folder, step.group("file"))
            with open(path, encoding="utf-8") as file:
                before = file.read()
            if step.group("old") not in before:
                sys.exit("%s: %s does not have `%s`" % (where, path, step.group("old")))
            with open(path, "w", encoding="utf-8") as file:
                file.write(before.replace(step.group("old"), step.group("new"), 1))
        elif step.group("mark") == "shown":
            continue
        elif step.group("language") == "sh":
            # Each block begins where the one before has ended.
            ended = subprocess.run(["bash", "-ec", "trap 'pwd >%s/.where' EXIT\n%s" % (folder, step.group("text"))],
                                   cwd=where_now(folder), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                   timeout=600)
            printed = ended.stdout
            if (ended.returncode != 0) != (step.group("mark") == "fails"):
                sys.exit("%s: ended with %d\n%s" % (where, ended.returncode, printed))
        elif step.group("language") == "" and not fits(printed, step.group("text")):
            sys.exit("%s: it was printed\n%s\ninstead of\n%s" % (where, printed, step.group("text")))
    print("tour: done, in " + folder)


def where_now(folder):
    try:
        with open(os.path.join(folder, ".where"), encoding="utf-8") as file:
            return file.read().strip()
    except FileNotFoundError:
        return folder


main()
