#!/usr/bin/env python3
"""NF-1: `kill -9` under load, again and again: what was acknowledged is there after each start, and nothing is there twice."""

import random

from service import FaultTest, main, sanitized, transfers, until

KILLS = 50


class KillUnderLoad(FaultTest):
    def test_what_was_acknowledged_survives_each_kill(self):
        service = self.service()
        load = self.load(service, "--seconds", "60", "--connections", "8", "--deadline", "2000", "--retries", "1000")
        dice = random.Random(1)
        kills = 5 if sanitized() else KILLS
        for _ in range(kills):
            before = len(load.told())
            wanted = before + dice.randrange(1, 400)  # at any moment of its work
            until(lambda: len(load.told()) >= wanted, what="progress")
            service.kill()
            told = load.told()
            service.start()
            self.assert_all_there(told, transfers(service.database))
        report = load.interrupt()
        service.stop()
        told, there = load.told(), transfers(service.database)
        self.assert_all_there(told, there)
        self.assertEqual(report["outcomes"]["committed"], len(told))
        self.assertGreaterEqual(report["connections_lost"], kills)
        # What is there and was not acknowledged is what was on its way when a kill or the end came.
        self.assertLessEqual(len(there) - len(told), 8 * (kills + 1))


if __name__ == "__main__":
    main()
