#!/usr/bin/env python3
"""NF-10: thousands who connect to a service that may have 256 descriptors.

Where more connect at a time than the system has room for it answers with SYN cookies, and remembers nothing. So it may
make a connection of one last packet of a client that has been served and has gone (seen with ss: ESTAB here, TIME-WAIT
there; never with net.ipv4.tcp_syncookies = 0). The service hears nothing of that: its idle limit ends such connections.
"""

import resource
import select
import socket
import time

from service import FaultTest, main, sanitized, until

CONNECTS = 10_000
AT_ONCE = 1_000
SERVED = 128  # of those who come at once: about the backlog
IDLE_LIMIT = 2  # seconds


def few_descriptors():
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))


class AcceptStorm(FaultTest):
    def setUp(self):
        super().setUp()
        if sanitized():
            self.skipTest("UBSan looks at memory through a pipe, and takes it for gone where there is no descriptor left")
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        if most != resource.RLIM_INFINITY and most < AT_ONCE + 100:
            self.skipTest("this process may have only %d descriptors" % most)
        resource.setrlimit(resource.RLIMIT_NOFILE, (AT_ONCE + 100 if most < 4_096 else 4_096, most))

    def connected(self, ready):
        return sum(happened == select.POLLOUT for _, happened in ready.poll(0)) >= SERVED

    def test_it_lives_and_serves_afterwards(self):
        service = self.service("--idle-limit", str(IDLE_LIMIT), preexec_fn=few_descriptors)
        host, port = service.address.split(":")
        most, begun = 0, time.monotonic()
        for _ in range(CONNECTS // AT_ONCE):
            storm = []
            for _ in range(AT_ONCE):
                each = socket.socket()
                each.setblocking(False)
                each.connect_ex((host, int(port)))
                storm.append(each)
            ready = select.poll()
            for each in storm:
                ready.register(each, select.POLLOUT)
            until(lambda: self.connected(ready), what="%d connections" % SERVED)
            if most <= 200:
                until(lambda: service.descriptors() > 200, what="the storm")
            most = max(most, service.descriptors())
            self.assertTrue(service.is_alive(), service.errors())
            for each in storm:
                each.close()
        self.assertLessEqual(most, 256)
        self.assert_serves(service, "after the storm")
        said = service.errors()
        self.assertIn("connections to %s wait to be accepted: Too many open files\n"
                      "  try:  raise `ulimit -n`, which is 256, or lower --connections\n" % service.address, said)
        self.assertLessEqual(said.count("Too many open files"), 1 + (time.monotonic() - begun) // 5)
        until(lambda: service.descriptors() < 50, 10 * IDLE_LIMIT, what="the end of those who have gone")
        self.assertEqual(service.stop(), 0)


if __name__ == "__main__":
    main()
