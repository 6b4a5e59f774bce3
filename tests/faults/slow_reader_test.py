#!/usr/bin/env python3
"""NF-5 and NF-6: a client that never reads its answers, and one that reads them byte by byte."""

import json
import socket
import threading
import time

from service import Client, FaultTest, main, sanitized, transfer, until

IDLE_LIMIT = 2
HEALTH = json.dumps({"op": "health", "id": 1}).encode() + b"\n"
SPARE = 16 * 2**20  # bytes of memory that a service of any load may take more


class SlowReader(FaultTest):
    def send_until_nothing_is_taken(self, client):
        """Requests without reading an answer; how many bytes."""
        client.socket.settimeout(0.2)
        sent, end = 0, time.monotonic() + 8
        try:
            while time.monotonic() < end:
                sent += client.socket.send((HEALTH * 1_000)[sent % len(HEALTH):])
        except socket.timeout:
            pass
        self.assertLess(time.monotonic(), end, "the service reads on and on from who does not read")
        return sent

    def test_who_never_reads_costs_no_memory_holds_up_nobody_and_is_ended(self):
        service = self.service("--idle-limit", str(IDLE_LIMIT))
        with Client(service.address) as warm:
            for i in range(1_000):
                warm.ask(**transfer("warm-%d" % i, i))
        resident, descriptors = service.resident(), service.descriptors()
        stuck = Client(service.address, receive_buffer=4_096)
        sent = self.send_until_nothing_is_taken(stuck)
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
        service = self.service("--idle-limit", "60")  # also for a write, which waits for long here
        with Client(service.address, receive_buffer=2_304) as client:
            sent = self.send_until_nothing_is_taken(client)  # so the service waits in a write
            whole, rest = divmod(sent, len(HEALTH))
            client.socket.settimeout(10)
            end = time.monotonic() + 3
            answers = 0
            while time.monotonic() < end:
                self.assertTrue(client.answer(at_once=1)["ok"])
                answers += 1
                time.sleep(0.01)
            self.assertLess(answers, whole / 2, "it is no slow one")
            writer = threading.Thread(target=client.socket.sendall, args=(HEALTH[rest:] if rest else b"",))
            writer.start()  # the rest of the last request, which waits for room as well
            while answers < whole + bool(rest):
                self.assertTrue(client.answer()["ok"])
                answers += 1
            writer.join()

    def test_who_writes_a_byte_at_a_time_is_answered(self):
        service = self.service()
        with Client(service.address) as client:
            client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in json.dumps(transfer("byte by byte", 7)).encode() + b"\n":
                client.socket.sendall(bytes([byte]))
            self.assertEqual(client.answer()["id"], 7)


if __name__ == "__main__":
    main()
