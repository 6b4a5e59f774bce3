#!/usr/bin/env python3
"""What a live view costs: a workload with an observer and one client that follows it at full rate, beside the same without.

    bench/observed.py PROGRAM [WORKLOAD N [PAIRS]]

PROGRAM is troupe_bench. Runs pairs, in turn in both orders, and prints the median of their ratios: above 1 the observed
one was slower.
"""

import statistics
import subprocess
import sys
import threading
import time
import urllib.request

PORT = "18099"


def follow(stop, frames):
    """Reads /events until the program ends."""
    while not stop.is_set():
        try:
            with urllib.request.urlopen("http://127.0.0.1:%s/events" % PORT, timeout=5) as events:
                for line in events:
                    frames[0] += line.startswith(b"event: change") or line.startswith(b"event: state")
        except OSError:
            time.sleep(0.01)  # not there yet, or not any more


def run(program, workload, items, observed):
    stop, frames = threading.Event(), [0]
    client = threading.Thread(target=follow, args=(stop, frames))
    if observed:
        client.start()
    line = subprocess.run([program, workload, items, "--warm", "3"] + (["--observe", PORT] if observed else []),
                          capture_output=True, text=True, check=True).stdout
    stop.set()
    if observed:
        client.join()
        if frames[0] == 0:
            sys.exit("nobody followed: make N larger")
    return float(line.split("item_ns=")[1].split()[0]), frames[0]


def main():
    program, workload, items, pairs = (sys.argv[1:] + ["pipeline", "2000000", "21"][len(sys.argv) - 2:])[:4]
    ratios, frames = [], 0
    for pair in range(int(pairs)):
        order = (True, False) if pair % 2 else (False, True)
        times = {}
        for observed in order:
            times[observed], seen = run(program, workload, items, observed)
            frames += seen
        ratios.append(times[True] / times[False])
    ratios.sort()
    print("%s: observed takes %.3f of the time (median of %d pairs, %.3f to %.3f), %d frames were sent" % (
        workload, statistics.median(ratios), len(ratios), ratios[0], ratios[-1], frames))


main()
