#!/usr/bin/env python3
"""NF-5 and NF-6: a client that never reads its answers, and one that reads them byte by byte."""

import json
import socket
import time

from service import Client, FaultTest, main, sanitized, transfer, until

IDLE_LIMIT = 2
SPARE = 16 * 2**20  # bytes of memory that a service of any load may take more


class SlowReader(FaultTest):
    def test_who_never_reads_costs_no_memory_holds_up_nobody_and_is_ended(self):
        service = self.service("--idle-limit", str(IDLE_LIMIT))
        with Client(service.address) as warm:
            for i in range(1_000):
                warm.ask(**transfer("warm-%d" % i, i))
        resident, descriptors = service.resident(), service.descriptors()
        stuck = Client(service.address, receive_buffer=4_096)
        stuck.socket.settimeout(0.2)
        line = json.dumps({"op": "health", "id": 1}).encode() + b"\n"
        sent, end = 0, time.monotonic() + 8
        try:  # until nothing more is taken
            while time.monotonic() < end:
                sent += stuck.socket.send(line * 1_000)
        except socket.timeout:
            pass
        self.assertLess(time.monotonic(), end, "the service reads on and on from who does not read")
        with Client(service.address) as other:
            for i in range(200):
                begun = time.monotonic()
                self.assertTrue(other.ask(**transfer("other-%d" % i, i))["ok"])
                self.assertLess(time.monotonic() - begun, 2)
            # Ended by the limit of the service.
            until(lambda: other.ask(op="health")["connections"] == 1, IDLE_LIMIT + 6, "the end of who does not read")
        if not sanitized():
            self.assertLess(service.resident(), resident + SPARE, "of %d bytes of requests" % sent)
        until(lambda: service.descriptors() <= descriptors, what="its descriptor")
        stuck.socket.close()

    def test_who_reads_a_byte_at_a_time_gets_all(self):
        service = self.service("--idle-limit", str(IDLE_LIMIT))
        with Client(service.address, receive_buffer=2_304) as client:
            for begin in range(0, 1_000, 100):
                client.send(*[transfer("slow-%d" % i, i) for i in range(begin, begin + 100)])
            for i in range(1_000):
                answer = client.answer(at_once=1)
                self.assertEqual((answer["ok"], answer["id"]), (True, i))

    def test_who_writes_a_byte_at_a_time_is_answered(self):
        service = self.service()
        with Client(service.address) as client:
            client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in json.dumps(transfer("byte by byte", 7)).encode() + b"\n":
                client.socket.sendall(bytes([byte]))
            self.assertEqual(client.answer()["id"], 7)


if __name__ == "__main__":
    main()
