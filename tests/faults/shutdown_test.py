#!/usr/bin/env python3
"""NF-12: SIGTERM during load."""

import signal
import sqlite3
import threading
import time

from service import Client, FaultTest, main, sanitized, transfer, transfers, until

DRAIN_LIMIT = 5


class Asker(threading.Thread):
    """Asks until the connection ends."""

    def __init__(self, address, name):
        super().__init__(daemon=True)
        self.client = Client(address)
        self.key, self.answers, self.unanswered, self.reset = name, [], None, None
        self.start()

    def run(self):
        number = 0
        with self.client:
            while True:
                request = transfer("%s-%d" % (self.key, number), number)
                number += 1
                self.unanswered = request["key"]
                try:
                    answer = self.client.ask(**request)
                except BrokenPipeError:  # it was sent after the service had ended the connection
                    return
                except ConnectionResetError as reset:
                    self.reset = reset
                    return
                if answer is None:
                    return
                self.answers.append((request["key"], answer))
                self.unanswered = None


class Shutdown(FaultTest):
    def test_what_is_in_hand_is_answered(self):
        for round_number in range(2 if sanitized() else 8):
            service = self.service()
            askers = [Asker(service.address, "r%d-%d" % (round_number, i)) for i in range(16)]
            until(lambda: all(len(each.answers) > 5 for each in askers), what="progress")
            begun = time.monotonic()
            self.assertEqual(service.stop(), 0)
            self.assertLess(time.monotonic() - begun, DRAIN_LIMIT)
            there = transfers(service.database)
            for each in askers:
                each.join(10)
                self.assertIsNone(each.reset)
                for key, answer in each.answers:
                    if answer["ok"]:
                        self.assertEqual(there[key][0], answer["transfer"])
                    else:
                        self.assertEqual(answer["error"], "shutting_down")
                        self.assertNotIn(key, there)
                # What the service had begun it has answered: a request without an answer has not been done.
                self.assertNotIn(each.unanswered, there)

    def test_pipelined_requests_that_were_read_are_answered(self):
        service = self.service()
        with Client(service.address) as client:
            client.send(*[transfer("p-%d" % i, i) for i in range(200)])
            for i in range(5):
                client.answer()
            service.signal(signal.SIGTERM)
            answers = 5
            committed = 5
            while answer := client.answer():  # no reset, though there are requests that it has not read
                committed += answer["ok"]
                if not answer["ok"]:
                    self.assertEqual(answer["error"], "shutting_down", answer)
                if "id" in answer:  # else the shutdown has cut the line off
                    self.assertEqual(answer["id"], answers)
                answers += 1
        self.assertEqual(service.ended(), 0)
        self.assertEqual(len(transfers(service.database)), committed)

    def test_a_second_signal_forces(self):
        service = self.service()
        blocker = sqlite3.connect(service.database)
        blocker.execute("BEGIN EXCLUSIVE")  # a commit waits for it
        with Client(service.address) as client:
            client.send(transfer("in hand"))
            until(lambda: self.in_hand(service) == 1, what="the commit")
            service.signal(signal.SIGTERM)
            time.sleep(0.3)
            self.assertTrue(service.is_alive(), "it drains")
            begun = time.monotonic()
            service.signal(signal.SIGTERM)
            code = service.ended()
            self.assertLess(time.monotonic() - begun, 2)
            self.assertNotEqual(code, 0)
        blocker.close()
        self.assertEqual(len(transfers(service.database)), 0)

    def in_hand(self, service):
        with Client(service.address) as client:
            return client.ask(op="health")["in_hand"]


if __name__ == "__main__":
    main()
