"""The ledger service as a process of its own, its clients, and what must hold of its database: what the tests share.

Each test is a file NAME_test.py, an entry of ctest with the label `faults`. TROUPE_TOOL is the program.
"""

import json
import os
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
import unittest

TOOL = os.environ.get("TROUPE_TOOL", "")
PROXY = os.environ.get("TROUPE_FAULT_PROXY", "")
CERTIFICATES = os.environ.get("TROUPE_CERTIFICATES", "")
BALANCE = 10_000  # of each of 100 accounts, which are the defaults of the service


def sanitized():
    """Then the program is slow, and its memory is hidden by that of the sanitizer."""
    with open(TOOL, "rb") as file:
        text = file.read()
    return b"__asan_init" in text or b"__tsan_init" in text


def until(holds, limit=10.0, what="it"):
    """Waits for what must come; fails when it has not after a time that only a bug takes."""
    end = time.monotonic() + limit
    while True:
        value = holds()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("%s has not happened within %s s" % (what, limit))
        time.sleep(0.01)


class Service:
    """`troupe run ledger` on a port of 127.0.0.1, which stays the same when it is started again."""

    def __init__(self, folder, *options, before=(), database=None, **how):
        self.folder, self.options, self.before, self.how = folder, options, list(before), how
        self.database = database or os.path.join(folder, "ledger.db")
        self.log = os.path.join(folder, "stderr")
        self.port, self.process = 0, None

    @property
    def address(self):
        return "127.0.0.1:%d" % self.port

    def command(self):
        return [*self.before, TOOL, "run", "ledger", "--listen", self.address, "--database", self.database,
                *self.options]

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command(), stdout=subprocess.PIPE, stderr=log, text=True, **self.how)
        line = self.process.stdout.readline()  # what it prints at its end fits into the pipe
        if not line.startswith("listening on 127.0.0.1:"):
            raise AssertionError("the service does not listen: %r, %s" % (line, self.errors()))
        self.port = int(line.rsplit(":", 1)[1])
        return self

    def errors(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def signal(self, which):
        self.process.send_signal(which)

    def ended(self, limit=15):
        code = self.process.wait(limit)
        self.process.stdout.close()
        return code

    def kill(self):
        self.process.kill()
        self.ended()

    def stop(self, limit=15):
        self.signal(signal.SIGTERM)
        return self.ended(limit)

    def is_alive(self):
        return self.process.poll() is None

    def descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.process.pid))

    def resident(self):
        """Bytes."""
        with open("/proc/%d/statm" % self.process.pid, encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Client:
    """One connection, which sends requests and reads answers in any order."""

    def __init__(self, address, limit=10.0, receive_buffer=0):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(limit)
        host, port = address.rsplit(":", 1)
        try:
            self.socket.connect((host, int(port)))
        except OSError:
            self.socket.close()
            raise
        self.ahead = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, *requests):
        self.socket.sendall(b"".join(json.dumps(each).encode() + b"\n" for each in requests))

    def answer(self, at_once=65_536):
        """None: the connection has ended."""
        while b"\n" not in self.ahead:
            more = self.socket.recv(at_once)
            if not more:
                if self.ahead:
                    raise AssertionError("the connection has ended in a line: %r" % self.ahead)
                return None
            self.ahead += more
        line, self.ahead = self.ahead.split(b"\n", 1)
        return json.loads(line)

    def ask(self, **request):
        self.send(request)
        return self.answer()

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def transfer(key, number=0, amount=1, deadline_ms=5_000, source=None):
    source = number % 100 if source is None else source
    return {"op": "transfer", "key": key, "from": source, "to": (source + 1) % 100, "amount": amount,
            "deadline_ms": deadline_ms, "id": number}


def transfers(database):
    """By key: number, source, target, amount. Fails unless all accounts have what they must have by these."""
    with sqlite3.connect(database, timeout=10) as open_database:
        open_database.execute("BEGIN")  # one moment for all of it
        accounts = open_database.execute("SELECT id, opening, balance FROM accounts").fetchall()
        rows = open_database.execute("SELECT key, id, source, target, amount FROM transfers").fetchall()
    open_database.close()
    balances = {account: opening for account, opening, _ in accounts}
    for _, _, source, target, amount in rows:
        balances[source] -= amount
        balances[target] += amount
    found = {account: balance for account, _, balance in accounts}
    if found != balances:
        raise AssertionError("balances are not what the transfers make them")
    if sum(found.values()) != BALANCE * len(accounts):
        raise AssertionError("money was made or lost: %d in %d accounts" % (sum(found.values()), len(accounts)))
    by_key = {row[0]: row[1:] for row in rows}
    if len(by_key) != len(rows):
        raise AssertionError("a key is there twice")
    return by_key


def acknowledged(path):
    """What a load client was told, by key. Fails where it was told two things of one."""
    told = {}
    with open(path, encoding="utf-8") as file:
        for line in file.read().split("\n")[:-1]:  # the last one may be in the making
            key, *numbers = line.split()
            if told.setdefault(key, tuple(map(int, numbers))) != tuple(map(int, numbers)):
                raise AssertionError("%s was told as two transfers" % key)
    return told


class Load:
    """`troupe load` in the background."""

    def __init__(self, address, folder, *options):
        self.acknowledged = os.path.join(folder, "acknowledged")
        open(self.acknowledged, "a", encoding="utf-8").close()
        self.process = subprocess.Popen([TOOL, "load", address, "--json", "--acknowledged", self.acknowledged, *options],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def told(self):
        return acknowledged(self.acknowledged)

    def report(self, limit=60, code=0):
        out, self.errors = self.process.communicate(timeout=limit)
        if self.process.returncode != code:
            raise AssertionError("the load has ended with %d: %s%s" % (self.process.returncode, out, self.errors))
        return json.loads(out)

    def interrupt(self):
        """Its report so far."""
        self.process.send_signal(signal.SIGINT)
        return self.report(code=130)


class Proxy:
    """A fault proxy before the service."""

    def __init__(self, service):
        if not PROXY:
            raise unittest.SkipTest("TROUPE_FAULT_PROXY, the program of the proxy, is not given")
        self.process = subprocess.Popen([PROXY, service.address], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.address = self.process.stdout.readline().strip()

    def set(self, words):
        """As "to_client stalls_at 0": see proxy.cpp."""
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        if answer != "done":
            raise AssertionError("the proxy says %r to %r" % (answer, words))

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(10)


class FaultTest(unittest.TestCase):
    def setUp(self):
        if not TOOL:
            self.skipTest("TROUPE_TOOL, the program, is not given")
        folder = tempfile.TemporaryDirectory(prefix="troupe-faults-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def service(self, *options, **how):
        made = Service(self.folder, *options, **how)
        self.addCleanup(lambda: made.process is not None and made.is_alive() and made.kill())
        return made.start()

    def load(self, service, *options):
        made = Load(getattr(service, "address", service), self.folder, *options)
        self.addCleanup(lambda: made.process.poll() is None and made.process.kill())
        return made

    def proxy(self, service):
        made = Proxy(service)
        self.addCleanup(lambda: made.process.poll() is None and made.process.kill())
        return made

    def assert_serves(self, service, key):
        with Client(service.address) as client:
            answer = client.ask(**transfer(key))
            self.assertTrue(answer["ok"], answer)

    def assert_all_there(self, told, there):
        for key, numbers in told.items():
            self.assertEqual(there.get(key), numbers, "what was acknowledged of %s" % key)


def main():
    """Runs the tests of the file; where all are skipped says so to ctest."""
    result = unittest.main(exit=False).result
    skipped = [reason for _, reason in result.skipped]
    if skipped:
        print("skipped: " + "; ".join(skipped))
    if result.testsRun == len(skipped) and result.wasSuccessful():
        sys.exit(77)
    sys.exit(0 if result.wasSuccessful() else 1)
