"""Two worker processes that answer on one socket; the first process waits for them."""

import multiprocessing
import socket
import sys


def serve(listener):
    while True:
        peer, _ = listener.accept()
        with peer:
            if peer.recv(64).startswith(b"stop"):
                return
            peer.sendall(b"sum %d\n" % sum(range(1000)))


def main():
    listener = socket.create_server(("127.0.0.1", 8004))
    workers = [multiprocessing.Process(target=serve, args=(listener,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    print(*(worker.pid for worker in workers), flush=True)
    for worker in workers:
        worker.join()
    return 0


if __name__ == "__main__":
    sys.exit(main())
