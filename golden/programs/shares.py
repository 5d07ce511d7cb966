"""Seven tenths of the time below one function, three tenths below another: shares.py SECONDS."""
import sys
import time


def work(rounds):
    value = 1
    for _ in range(rounds):
        value = (value * 1664525 + 1013904223) & 0xFFFFFFFF
    return value


def spend_seventy():
    return work(7 * 10_000)


def spend_thirty():
    return work(3 * 10_000)


end = time.monotonic() + float(sys.argv[1])
while time.monotonic() < end:
    spend_seventy()
    spend_thirty()
