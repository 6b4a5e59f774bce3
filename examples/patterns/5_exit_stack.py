# A room that is booked while the answer is on its way, and a limit that passes there.

import asyncio
from contextlib import AsyncExitStack

booked = 0


async def book():
    global booked
    booked += 1  # the hotel has it in its books
    await asyncio.sleep(0.1)  # the answer is on its way
    return "room"


async def give_back():
    global booked
    await asyncio.sleep(0.01)
    booked -= 1


async def travel():
    async with AsyncExitStack() as stack:
        await book()
        stack.push_async_callback(give_back)
        await asyncio.sleep(3600)


async def main():
    try:
        await asyncio.wait_for(travel(), 0.05)
    except TimeoutError:
        print("late, rooms booked:", booked)


asyncio.run(main())

# Prints:
# late, rooms booked: 1
