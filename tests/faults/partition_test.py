#!/usr/bin/env python3
"""NF-7 and NF-9: a network of chunks of one byte, and one of which a direction is lost, by a fault proxy."""

import time

from service import Client, FaultTest, main, transfer, transfers, until


class Partition(FaultTest):
    def test_chunks_of_one_byte_change_nothing(self):
        service = self.service()
        proxy = self.proxy(service)
        proxy.set("to_target at_once_max 1")
        proxy.set("to_client at_once_max 1")
        asked = [transfer("same-%d" % i, i) for i in range(100)] + [{"op": "balance", "account": 7, "id": 100}]
        with Client(proxy.address) as chunked:
            chunked.send(*asked)
            answers = [chunked.answer() for _ in asked]
        self.assertTrue(all(each["ok"] for each in answers))
        with Client(service.address) as direct:
            direct.send(*asked)
            again = [direct.answer() for _ in asked]
        for each in again:
            each.pop("repeated", None)
        self.assertEqual(answers, again)
        proxy.close()

    def test_answers_that_do_not_come_are_given_up_and_served_once_they_do(self):
        service = self.service()
        proxy = self.proxy(service)
        load = self.load(proxy, "--seconds", "60", "--connections", "4", "--deadline", "300")
        until(lambda: len(load.told()) > 100, what="progress")
        proxy.set("to_client stalls_at 0")
        time.sleep(0.2)
        told, begun = len(load.told()), time.monotonic()
        while time.monotonic() < begun + 1.5:
            self.assertEqual(len(load.told()), told)
            time.sleep(0.1)
        proxy.set("to_client")
        until(lambda: len(load.told()) > told + 100, what="service after the partition")
        report = load.interrupt()
        self.assertGreaterEqual(report["outcomes"]["no_answer"], 4 * 2)
        proxy.close()
        service.stop()
        self.assert_all_there(load.told(), transfers(service.database))

    def test_requests_that_do_not_come_leave_no_connection_half_open(self):
        service = self.service("--idle-limit", "2")
        with Client(service.address) as beside:
            beside.ask(op="health")
            descriptors = service.descriptors()
            proxy = self.proxy(service)
            clients = [Client(proxy.address, limit=0.5) for _ in range(20)]
            for i, client in enumerate(clients):
                self.assertTrue(client.ask(**transfer("before-%d" % i, i))["ok"])
            proxy.set("to_target drops")
            for i, client in enumerate(clients):
                client.send(transfer("lost-%d" % i, i))
                client.socket.close()  # of which the service hears nothing

            def only_one():
                return beside.ask(op="health")["connections"] == 1

            self.assertFalse(only_one())
            until(only_one, 8, "the end of connections on which nothing comes")
            until(lambda: service.descriptors() <= descriptors, what="their descriptors")
            proxy.close()
        service.stop()
        self.assertEqual(len(transfers(service.database)), 20)


if __name__ == "__main__":
    main()
