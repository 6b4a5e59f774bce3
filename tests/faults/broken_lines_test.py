#!/usr/bin/env python3
"""NF-3 and NF-4: a connection that is reset, or ends, in the middle of a line."""

import json
import socket

from service import Client, FaultTest, main, transfer, transfers, until


def health(service):
    with Client(service.address) as client:
        return client.ask(op="health")


class BrokenLines(FaultTest):
    def test_a_reset_in_a_line_ends_its_connection_alone(self):
        service = self.service()
        with Client(service.address) as beside:
            beside.ask(op="health")
            descriptors = service.descriptors()
            for i in range(200):
                line = json.dumps(transfer("never-%d" % i)).encode()
                client = Client(service.address)
                client.socket.sendall(line[:1 + i * (len(line) - 1) // 200])
                client.reset()
                if i % 20 == 0:
                    self.assertTrue(beside.ask(**transfer("beside-%d" % i))["ok"])
            until(lambda: health(service)["connections"] == 2, what="the end of the others")
            until(lambda: service.descriptors() <= descriptors, what="their descriptors")
        self.assertEqual(health(service)["restarts"], 0)
        self.assertEqual(service.stop(), 0)
        self.assertEqual(service.errors(), "")
        self.assertEqual(len(transfers(service.database)), 10)

    def test_an_end_in_a_line_leaves_the_other_direction_to_drain(self):
        service = self.service()
        with Client(service.address) as client:
            whole = [transfer("whole-%d" % i, i) for i in range(50)]
            client.send(*whole)
            client.socket.sendall(json.dumps(transfer("cut"))[:-5].encode())
            client.socket.shutdown(socket.SHUT_WR)
            for i in range(50):
                answer = client.answer()
                self.assertEqual((answer["ok"], answer["id"]), (True, i))
            self.assertEqual(client.answer()["error"], "bad_request")
            self.assertIsNone(client.answer())
        service.stop()
        self.assertEqual(len(transfers(service.database)), 50)

    def test_a_line_that_is_too_long_ends_its_connection_with_a_word(self):
        service = self.service()
        with Client(service.address) as client:
            client.send(transfer("before", 1))
            client.socket.sendall(b"x" * 5_000 + b"\n")
            self.assertTrue(client.answer()["ok"])
            self.assertEqual(client.answer()["error"], "too_long")
        self.assert_serves(service, "after")


if __name__ == "__main__":
    main()
