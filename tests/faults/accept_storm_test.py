#!/usr/bin/env python3
"""NF-10: thousands who connect to a service that may have 256 descriptors."""

import resource
import select
import socket
import time

from service import FaultTest, main, sanitized, until

CONNECTS = 10_000
AT_ONCE = 1_000


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

    def test_it_lives_and_serves_afterwards(self):
        service = self.service(preexec_fn=few_descriptors)
        host, port = service.address.split(":")
        most, connected, begun = 0, 0, time.monotonic()
        for _ in range(CONNECTS // AT_ONCE):
            storm = []
            for _ in range(AT_ONCE):
                each = socket.socket()
                each.setblocking(False)
                each.connect_ex((host, int(port)))
                storm.append(each)
            time.sleep(0.2)
            ready = select.poll()
            for each in storm:
                ready.register(each, select.POLLOUT)
            connected += len([happened for _, happened in ready.poll(0) if happened == select.POLLOUT])
            most = max(most, service.descriptors())
            self.assertTrue(service.is_alive(), service.errors())
            for each in storm:
                each.close()
        self.assertGreater(connected, 0)
        self.assertGreater(most, 200)  # else it was no storm
        self.assertLessEqual(most, 256)
        self.assert_serves(service, "after the storm")
        said = service.errors()
        self.assertRegex(said, r"connections to 127\.0\.0\.1:\d+ wait to be accepted: Too many open files\n"
                               r"  try:  raise `ulimit -n`, which is 256, or lower --connections\n")
        self.assertLessEqual(said.count("Too many open files"), 1 + (time.monotonic() - begun) // 5)
        until(lambda: service.descriptors() < 50, what="the end of those who have gone")
        self.assertEqual(service.stop(), 0)


if __name__ == "__main__":
    main()
