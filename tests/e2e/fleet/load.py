"""load.py PORT DIRECTORY: asks the echo whose address DIRECTORY/address holds, 500 times a second, until
DIRECTORY/stop is there. Keeps the last counter in DIRECTORY/count; when it ends it prints how many
answers came, how often a counter was not higher than all before, and the longest time without one."""
import os
import select
import socket
import sys
import time

port, directory = int(sys.argv[1]), sys.argv[2]
with open(os.path.join(directory, "address")) as file:
    address = file.read().strip()
asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
asking.setblocking(False)
answers = back = last = 0
longest, heard, told = 0.0, time.monotonic(), 0.0
while not os.path.exists(os.path.join(directory, "stop")):
    try:
        asking.sendto(b"x", (address, port))
    except OSError:
        pass  # nobody is there for a while
    select.select([asking], [], [], 0.002)
    while True:
        try:
            counter = int(asking.recv(2048).split(b" ", 1)[0])
        except OSError:
            break
        answers += 1
        back += counter <= last
        last = max(last, counter)
        now = time.monotonic()
        longest, heard = max(longest, now - heard), now
    if time.monotonic() - told > 0.05:
        told = time.monotonic()
        with open(os.path.join(directory, "count.new"), "w") as file:
            file.write(f"{last} {back}\n")
        os.replace(os.path.join(directory, "count.new"), os.path.join(directory, "count"))
    time.sleep(0.001)
print(f"{answers} answers, {back} back, {longest * 1000:.0f} ms at most without")
