"""Sums of squares in a pool of two worker processes."""

import multiprocessing


def square(number):
    return number * number


if __name__ == "__main__":
    with multiprocessing.Pool(2) as pool:
        print(sum(pool.map(square, range(200), chunksize=10)))
        pool.close()
        pool.join()
