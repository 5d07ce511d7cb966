"""Spends time where a profile of Python is to find it. One argument: what to do."""
import functools
import sys
import threading
import time

LIFE_S = 120


def spend_seventy():
    total = 0
    for i in range(70000):
        total += i * i
    return total


def spend_thirty():
    total = 0
    for i in range(30000):
        total += i * i
    return total


def spend(until):
    while time.time() < until:
        spend_seventy()
        spend_thirty()


class Shop:
    def key(self, item):
        spend_seventy()
        return item

    def items(self):
        for item in range(2):
            yield sorted([2, 1], key=self.key)


def callback(until):
    while time.time() < until:
        functools.reduce(lambda a, b: a, map(len, Shop().items()))


def deep(until, left=60):
    if left == 0:
        return spend(until)
    return deep(until, left - 1)


def endless(until, left=900):
    if left == 0:
        return spend(until)
    return endless(until, left - 1)


def only_seventy(until):
    while time.time() < until:
        spend_seventy()


def only_thirty(until):
    while time.time() < until:
        spend_thirty()


def threads(until):
    """Two that take turns in the shares of their names, beside one of each interpreter's own."""
    for target in (only_seventy, only_thirty):
        threading.Thread(target=target, args=(until,), daemon=True).start()
    time.sleep(until - time.time())


def nested(until):
    """An interpreter within this one, on the same thread."""
    try:
        import _interpreters as interpreters
    except ImportError:
        import _xxsubinterpreters as interpreters
    inner = interpreters.create()
    interpreters.run_string(inner, "def inner():\n while True:\n  sum(range(1000))\ninner()")


if __name__ == "__main__":
    what = {f.__name__: f for f in (spend, callback, deep, endless, threads, nested)}
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else LIFE_S
    what[sys.argv[1]](time.time() + seconds)
