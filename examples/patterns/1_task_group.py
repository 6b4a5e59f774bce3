# A child that catches everything, in a group that has failed.

import asyncio


async def polls():
    for attempt in (1, 2, 3):
        try:
            await asyncio.sleep(0.05)  # asks the server
            print("polled")
        except BaseException as error:  # whatever it is, try again
            print(f"try {attempt}: {type(error).__name__}")


async def fails():
    raise ValueError("no such table")


async def main():
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(polls())
            group.create_task(fails())
    except* ValueError as errors:
        print("failed:", *errors.exceptions)


asyncio.run(main())

# Prints:
# try 1: CancelledError
# polled
# polled
# failed: no such table
