"""Servers on loopback with asyncio's streams; the load is stream_load, in PEERS_BIN or in build/peers.

  echo    reads up to 16 KiB and writes that back
  lines   readline of at most 1,024 bytes, and the same with "ok " before it in one write
"""

import asyncio
import os
import pathlib
import sys

CONNECTIONS = 64
BUFFER_BYTES = 16 * 1024
LINE_BYTES = 1024
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


async def serve_echo(reader, writer):
    while some := await reader.read(BUFFER_BYTES):
        writer.write(some)
        await writer.drain()
    writer.close()


async def serve_lines(reader, writer):
    while line := await reader.readline():
        writer.write(b"ok " + line)
        await writer.drain()
    writer.close()


async def under_load(workload, serve, n):
    """Runs a server for as long as its load takes."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=LINE_BYTES if workload == "lines" else BUFFER_BYTES)
    port = server.sockets[0].getsockname()[1]
    program = pathlib.Path(os.environ.get("PEERS_BIN") or ROOT / "build" / "peers") / "stream_load"
    arguments = [str(port), workload, str(n), str(CONNECTIONS)]
    load = await asyncio.create_subprocess_exec(program, *arguments, stdout=asyncio.subprocess.PIPE)
    said, _ = await load.communicate()
    server.close()
    await server.wait_closed()
    if load.returncode != 0:
        sys.exit(f"stream_load ended with {load.returncode}")
    answered, seconds, p50, p99 = said.decode().split()
    if int(answered) != n:
        sys.exit(f"stream_load printed {said}")
    return n, n * (n - 1) // 2, float(seconds), f"us={p99} p50_us={p50}"


async def echo(n):
    return await under_load("echo", serve_echo, n)


async def lines(n):
    return await under_load("lines", serve_lines, n)
