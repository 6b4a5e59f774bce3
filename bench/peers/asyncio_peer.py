#!/usr/bin/env python3
"""asyncio (Python 3.11 or newer), one thread. The bound is the queue's own: a put waits while 100 items are in it.

  pipeline chain fanin pingpong ring spawn idle
  taskgroup          an asyncio.TaskGroup of 1,000 tasks, one of which raises
  taskgroup_gather   the same with gather and cancel by hand
  echo lines         in asyncio_streams.py
"""

import asyncio
import statistics
import sys
import time

from asyncio_streams import echo, lines

BOUND = 100
CONSUMERS = 8
PRODUCERS = 8
STAGES = 10
RING = 1000
SPAWN_BATCH = 1000  # tasks alive at a time
TASKGROUP_ROUNDS = 21  # the figure is their median
STOP = None


def status_kb(key):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(key))


def all_of(n):
    """What the items 0 .. n-1 are: how many, and their sum."""
    return n, n * (n - 1) // 2


async def produce(queue, start, end):
    for i in range(start, end):
        await queue.put(i)


async def drain(queue):
    """Count and sum of what comes before the first STOP."""
    count = total = 0
    while (item := await queue.get()) is not STOP:
        count += 1
        total += item
    return count, total


async def pipeline(n):
    queue = asyncio.Queue(maxsize=BOUND)
    consumers = [asyncio.create_task(drain(queue)) for _ in range(CONSUMERS)]
    await produce(queue, 0, n)
    for _ in consumers:
        await queue.put(STOP)
    counts, sums = zip(*await asyncio.gather(*consumers))
    return sum(counts), sum(sums)


async def chain(n):
    queues = [asyncio.Queue(maxsize=BOUND) for _ in range(STAGES + 1)]

    async def source():
        await produce(queues[0], 0, n)
        await queues[0].put(STOP)

    async def stage(come_from, to):
        while (item := await come_from.get()) is not STOP:
            await to.put(item)
        await to.put(STOP)

    tasks = [asyncio.create_task(stage(*pair)) for pair in zip(queues, queues[1:])]
    tasks.append(asyncio.create_task(source()))
    got = await drain(queues[-1])
    await asyncio.gather(*tasks)
    return got


async def fanin(n):
    queue = asyncio.Queue(maxsize=BOUND)
    part = n // PRODUCERS
    producers = [asyncio.create_task(produce(queue, k * part, (k + 1) * part)) for k in range(PRODUCERS)]
    consumer = asyncio.create_task(drain(queue))
    await asyncio.gather(*producers)
    await queue.put(STOP)
    return await consumer


async def pingpong(n):
    queue = asyncio.Queue(maxsize=BOUND)
    loop = asyncio.get_running_loop()

    async def server():
        while True:
            item, reply = await queue.get()
            reply.set_result(item)

    task = asyncio.create_task(server())
    count = total = 0
    for i in range(n):
        reply = loop.create_future()
        await queue.put((i, reply))
        total += await reply
        count += 1
    task.cancel()
    return count, total


async def ring(n):
    queues = [asyncio.Queue(maxsize=BOUND) for _ in range(RING)]
    ended = asyncio.get_running_loop().create_future()

    async def node(place):
        come_from, to = queues[place], queues[(place + 1) % RING]
        while True:
            token = await come_from.get()
            if token == 0:
                ended.set_result(place)
            else:
                await to.put(token - 1)

    tasks = [asyncio.create_task(node(place)) for place in range(RING)]
    await asyncio.sleep(0)  # until all wait
    began = time.perf_counter()
    await queues[0].put(n)
    place = await ended
    seconds = time.perf_counter() - began
    for task in tasks:
        task.cancel()
    if place != n % RING:
        sys.exit("WRONG RESULT: the token ended at another task")
    return *all_of(n), seconds  # the token counted its hops itself


async def spawn(n):
    got = []

    async def one_shot(inbox):
        got.append(await inbox.get())

    for start in range(0, n, SPAWN_BATCH):
        tasks = []
        for i in range(start, min(n, start + SPAWN_BATCH)):
            inbox = asyncio.Queue(maxsize=BOUND)
            tasks.append(asyncio.create_task(one_shot(inbox)))
            await inbox.put(i)
        await asyncio.gather(*tasks)
    return len(got), sum(got)


async def idle(n):
    async def one_shot(inbox):
        return await inbox.get()

    kb_before = status_kb("VmRSS")
    began = time.perf_counter()
    inboxes = [asyncio.Queue(maxsize=BOUND) for _ in range(n)]
    tasks = [asyncio.create_task(one_shot(inbox)) for inbox in inboxes]
    await asyncio.sleep(0)  # until all wait
    seconds = time.perf_counter() - began
    figure = f"bytes_per={(status_kb('VmRSS') - kb_before) * 1024 // n}"
    for i, inbox in enumerate(inboxes):
        inbox.put_nowait(i)
    got = [await task for task in tasks]
    return len(got), sum(got), seconds, figure


class Failure(Exception):
    pass


async def taskgroup_round(n, run_group):
    """Seconds from the failure of one child until all of them have ended."""
    fail = asyncio.Event()
    failed_at = ended = 0

    async def child(i):
        nonlocal failed_at, ended
        try:
            if i != n // 2:
                await asyncio.Event().wait()  # for ever
            await fail.wait()
            failed_at = time.perf_counter()
            raise Failure
        finally:
            ended += 1

    async def fail_when_quiet():
        await asyncio.sleep(0.002)
        fail.set()

    await run_group([child(i) for i in range(n)], fail_when_quiet)
    seconds = time.perf_counter() - failed_at
    if ended != n:
        sys.exit(f"WRONG RESULT: {ended} of {n} children ended")
    return seconds


async def with_task_group(children, body):
    try:
        async with asyncio.TaskGroup() as group:
            for child in children:
                group.create_task(child)
            await body()
    except* Failure:
        pass


async def with_gather(children, body):
    tasks = [asyncio.create_task(child) for child in children]
    await body()
    try:
        await asyncio.gather(*tasks)
    except Failure:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def taskgroup(n, run_group=with_task_group):
    median = statistics.median([await taskgroup_round(n, run_group) for _ in range(TASKGROUP_ROUNDS)])
    return *all_of(n), median, f"us={median * 1e6:.0f}"


async def taskgroup_gather(n):
    return await taskgroup(n, with_gather)


WORKLOADS = {function.__name__: function for function in (
    pipeline, chain, fanin, pingpong, ring, spawn, idle, taskgroup, taskgroup_gather, echo, lines)}


def main(name, n):
    if name not in WORKLOADS:
        print(f"no workload {name}", file=sys.stderr)
        return 2
    if name == "fanin":
        n = n // PRODUCERS * PRODUCERS
    began = time.perf_counter()
    count, total, *more = asyncio.run(WORKLOADS[name](n))
    seconds = more[0] if more else time.perf_counter() - began
    if (count, total) != all_of(n):
        print(f"WRONG RESULT: {count} items, sum {total}", file=sys.stderr)
        return 1
    figure = more[1] if len(more) > 1 else ""
    print(f"asyncio {name} {n} {seconds:.6f} {n / seconds:.0f} {status_kb('VmHWM')} {figure}")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3 or not sys.argv[2].isdecimal() or int(sys.argv[2]) < (8 if sys.argv[1] == "fanin" else 1):
        sys.exit(f"usage: {sys.argv[0]} WORKLOAD N; N is 1 or more (fanin: 8)")
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
