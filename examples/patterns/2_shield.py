# A commit that was begun, and a limit that passes in its middle.

import asyncio


async def commit():
    try:
        for step in ("write", "sync", "publish"):
            await asyncio.sleep(0.1)
            print(step)
        return 42
    finally:
        print("unlocked")


async def order():
    receipt = await asyncio.shield(commit())
    print("receipt", receipt)


async def main():
    try:
        await asyncio.wait_for(order(), 0.15)
    except TimeoutError:
        print("late")


asyncio.run(main())  # cancels what nobody owns any more

# Prints:
# write
# late
# unlocked
