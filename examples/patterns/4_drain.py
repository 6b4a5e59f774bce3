# A hundred megabytes for a peer that does not read.

import asyncio
import socket


def in_memory(writer):
    held = writer.transport.get_write_buffer_size()
    return "at most 64 KiB" if held <= 65_536 else "megabytes"


async def send(writer):
    writer.write(bytes(100_000_000))  # cannot wait: takes it all
    await writer.drain()


async def main():
    at = socket.create_server(("127.0.0.1", 0))
    _, writer = await asyncio.open_connection(*at.getsockname())
    try:
        await asyncio.wait_for(send(writer), 0.2)
    except TimeoutError:
        print("late; unsent, in memory:", in_memory(writer))
    writer.transport.abort()


asyncio.run(main())

# Prints:
# late; unsent, in memory: megabytes
