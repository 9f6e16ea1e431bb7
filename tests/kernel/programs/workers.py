#!/usr/bin/python3
# Python: workers that are spawned and forked, a queue, shared memory, a lock, one that is killed.
import multiprocessing, os, signal
from multiprocessing import shared_memory


def fill(name, lock, queue, index):
    block = shared_memory.SharedMemory(name=name)
    with lock:
        block.buf[index] = index + 1
    block.close()
    queue.put(index)


def forever():
    while True:
        signal.pause()


if __name__ == "__main__":
    for method in ["fork", "spawn", "forkserver"]:
        context = multiprocessing.get_context(method)
        block = shared_memory.SharedMemory(create=True, size=16)
        lock, queue = context.Lock(), context.Queue()
        workers = [
            context.Process(target=fill, args=(block.name, lock, queue, i)) for i in range(4)
        ]
        for worker in workers:
            worker.start()
        done = sorted(queue.get() for _ in workers)
        for worker in workers:
            worker.join()
        print(method, done, sum(block.buf))
        block.close()
        block.unlink()
    victim = multiprocessing.get_context("fork").Process(target=forever)
    victim.start()
    os.kill(victim.pid, signal.SIGTERM)
    victim.join()
    print("killed", victim.exitcode)
