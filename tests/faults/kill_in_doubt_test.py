#!/usr/bin/env python3
"""NF-1: after a `kill -9` each request that was not answered is asked again with its key, and is done once."""

import random

from service import Client, FaultTest, main, sanitized, transfer, transfers

KILLS = 25
CONNECTIONS, REQUESTS = 4, 64


class KillInDoubt(FaultTest):
    def test_each_doubt_is_settled_by_its_key(self):
        service = self.service()
        dice = random.Random(2)
        number, doubts, repeated = 0, 0, 0
        for kill in range(5 if sanitized() else KILLS):
            clients = [Client(service.address) for _ in range(CONNECTIONS)]
            open_requests = {}
            for client in clients:
                batch = [transfer("k%d" % (number + i), number + i) for i in range(REQUESTS)]
                number += REQUESTS
                open_requests.update({each["id"]: each for each in batch})
                client.send(*batch)
            wanted, answered = dice.randrange(1, REQUESTS), {}
            while len(answered) < wanted:
                answer = clients[0].answer()
                answered[answer["id"]] = answer
            service.kill()
            for client in clients:
                with client:
                    try:
                        while answer := client.answer():
                            answered[answer["id"]] = answer
                    except (ConnectionResetError, AssertionError):  # cut off, also in a line
                        pass
            there = transfers(service.database)
            for answer in answered.values():
                self.assertTrue(answer["ok"], answer)
                self.assertEqual(there["k%d" % answer["id"]][0], answer["transfer"])
            service.start()
            again = [each for each in open_requests.values() if each["id"] not in answered]
            doubts += len(again)
            with Client(service.address) as client:
                client.send(*[{"op": "status", "key": each["key"]} for each in again])
                known = [client.answer()["result"] == "committed" for _ in again]
                client.send(*again)
                for was_done in known:
                    answer = client.answer()
                    self.assertTrue(answer["ok"], answer)
                    self.assertEqual(answer.get("repeated", False), was_done)
            repeated += sum(known)
            self.assertEqual(len(transfers(service.database)), number, "after kill %d" % kill)
        self.assertGreater(doubts, 0)
        print("%d requests were in doubt, of which %d had been done" % (doubts, repeated))


if __name__ == "__main__":
    main()
