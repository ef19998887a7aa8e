"""Stops processes for so many milliseconds, and prints how long it was: others may have had the processor meanwhile.

stall.py MILLISECONDS PID...
"""
import os
import signal
import sys
import time

pids = [int(pid) for pid in sys.argv[2:]]
begin = time.monotonic()
for pid in pids:
    os.kill(pid, signal.SIGSTOP)
time.sleep(int(sys.argv[1]) / 1000)
for pid in pids:
    os.kill(pid, signal.SIGCONT)
print(round((time.monotonic() - begin) * 1000))
