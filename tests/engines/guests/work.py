"""Threads, subprocesses, sockets, files: what a small service in Python does."""

import hashlib
import json
import os
import socket
import subprocess
import tempfile
import threading

results = []
threads = [threading.Thread(target=results.append, args=(i * i,)) for i in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sum(results), "from threads")

print(subprocess.run(["/bin/echo", "from a child"], capture_output=True, text=True).stdout, end="")
print(os.popen("echo from a shell").read(), end="")

with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "data.json")
    with open(path, "w", encoding="ascii") as file:
        json.dump({"b": 2, "a": [1, None]}, file, sort_keys=True)
        file.flush()
        os.fsync(file.fileno())
    with open(path, "rb") as file:
        print(hashlib.sha256(file.read()).hexdigest()[:16])


def answer(listener):
    connection, _ = listener.accept()
    with connection:
        connection.sendall(connection.recv(100)[::-1])


with socket.create_server(("127.0.0.1", 0)) as listener:
    server = threading.Thread(target=answer, args=(listener,))
    server.start()
    with socket.create_connection(listener.getsockname(), timeout=10) as client:
        client.sendall(b"evird")
        print(client.recv(100).decode())
    server.join()
