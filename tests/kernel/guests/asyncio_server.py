#!/usr/bin/python3
# Python: an asyncio server and its clients on the loopback device, and a signal that ends it.
import asyncio, os, signal, sys

async def serve(reader, writer):
    writer.write((await reader.readline()).upper())
    await writer.drain()
    writer.close()

async def ask(port, text):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(text.encode() + b"\n")
    answer = await reader.readline()
    writer.close()
    return answer.decode().strip()

async def main():
    done = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, done.set)
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    print(" ".join(await asyncio.gather(*(ask(port, f"word{i}") for i in range(10)))))
    os.kill(os.getpid(), signal.SIGTERM)
    await done.wait()
    server.close()

asyncio.run(main())
sys.exit(119)
