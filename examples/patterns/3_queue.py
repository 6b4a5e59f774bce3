# A producer, a queue of 100 and eight consumers, one of which fails.

import asyncio


async def produce(queue):
    for item in range(1000):
        await queue.put(item)  # waits while it is full


async def consume(queue):
    while True:
        item = await queue.get()
        if item == 500:
            raise ValueError(f"item {item} is bad")
        queue.task_done()


async def main():
    queue = asyncio.Queue(maxsize=100)
    consumers = [asyncio.create_task(consume(queue)) for _ in range(8)]
    await produce(queue)
    try:
        await asyncio.wait_for(queue.join(), 0.2)
    except TimeoutError:
        print("join() waits, but nobody has an item")
    for each in consumers:
        each.cancel()
    for ended in await asyncio.gather(*consumers, return_exceptions=True):
        if isinstance(ended, ValueError):
            print("found later:", ended)


asyncio.run(main())

# Prints:
# join() waits, but nobody has an item
# found later: item 500 is bad
