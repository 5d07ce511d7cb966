"""shares.py through a module in C that calls back: shares-extension.py FOLDER_OF_MODULE SECONDS."""
import sys
import time

sys.path.insert(0, sys.argv[1])
import calling_back


def work(rounds):
    value = 1
    for _ in range(rounds):
        value = (value * 1664525 + 1013904223) & 0xFFFFFFFF
    return value


def inner_seventy():
    return work(7 * 10_000)


def inner_thirty():
    return work(3 * 10_000)


def spend_seventy():
    return calling_back.apply(inner_seventy)


def spend_thirty():
    return calling_back.apply(inner_thirty)


end = time.monotonic() + float(sys.argv[2])
while time.monotonic() < end:
    spend_seventy()
    spend_thirty()
