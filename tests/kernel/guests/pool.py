#!/usr/bin/python3
# Python: a pool of processes, threads, a subprocess and its time limit.
import multiprocessing, subprocess, sys, threading

def square(x):
    return x * x

if __name__ == "__main__":
    with multiprocessing.get_context("fork").Pool(3) as pool:
        print(sum(pool.map(square, range(50))))
    threads = [threading.Thread(target=square, args=(i,)) for i in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(subprocess.run(["echo", "child"], capture_output=True, text=True).stdout, end="")
    try:
        subprocess.run(["sleep", "60"], timeout=0.1)
    except subprocess.TimeoutExpired:
        print("time limit")
    sys.exit(40)
