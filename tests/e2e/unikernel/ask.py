"""ask.py ADDRESS PORT COUNT: sends COUNT datagrams, one after the other, and demands of each answer the
payload and a counter that is one more than before. Prints the last counter."""
import os
import socket
import sys

address, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
    asking.settimeout(5)
    asking.connect((address, port))
    last = None
    for _ in range(count):
        payload = os.urandom(40).hex().encode()
        asking.send(payload)
        counter, said = asking.recv(2048).split(b" ", 1)
        assert said == payload, said
        assert last is None or int(counter) == last + 1, (last, counter)
        last = int(counter)
print(last)
