#!/usr/bin/env python3
"""NF-2: `kill -STOP` for longer than the deadlines, then `-CONT`."""

import signal
import socket
import time

from service import Client, FaultTest, main, transfer, transfers, until


class Pause(FaultTest):
    def test_clients_give_up_by_their_deadlines_and_then_are_served(self):
        service = self.service()
        load = self.load(service, "--seconds", "60", "--connections", "4", "--deadline", "300")
        until(lambda: len(load.told()) > 100, what="progress")
        service.signal(signal.SIGSTOP)
        time.sleep(0.2)  # what was on its way has arrived
        begun, told = time.monotonic(), len(load.told())
        while time.monotonic() < begun + 2:
            self.assertEqual(len(load.told()), told)
            time.sleep(0.1)
        service.signal(signal.SIGCONT)
        until(lambda: len(load.told()) > told + 100, what="service after the pause")
        report = load.interrupt()
        # Each connection gave up each of its requests after its deadline and a moment: not one waited for the end.
        self.assertGreaterEqual(report["outcomes"]["no_answer"], 4 * 3)
        self.assertEqual(report["connections_lost"], 0)
        service.stop()
        self.assert_all_there(load.told(), transfers(service.database))

    def test_a_request_that_was_given_up_is_done_once(self):
        service = self.service()
        request = transfer("once", deadline_ms=300)
        with Client(service.address, limit=0.4) as client:
            client.ask(op="health")
            service.signal(signal.SIGSTOP)
            client.send(request)
            with self.assertRaises(socket.timeout):
                client.answer()
            service.signal(signal.SIGCONT)
            with Client(service.address) as other:
                again = other.ask(**request)
            self.assertTrue(again["ok"], again)
            client.socket.settimeout(10)
            late = client.answer()  # for who waits on: the same, or its deadline
            self.assertTrue(late.get("transfer") == again["transfer"] or late.get("error") == "deadline_exceeded", late)
        service.stop()
        self.assertEqual(len(transfers(service.database)), 1)


if __name__ == "__main__":
    main()
