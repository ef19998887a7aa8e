"""Carries frames between two network devices, each so many milliseconds after it came: what tc's netem does where the
kernel has it.

relay.py DEVICE DEVICE MILLISECONDS
"""
import collections
import ctypes
import select
import socket
import sys
import time

ETH_P_ALL, SOL_PACKET = 3, 263
PACKET_ADD_MEMBERSHIP, PACKET_MR_PROMISC, PACKET_VNET_HDR, PACKET_IGNORE_OUTGOING = 1, 1, 15, 23


class Membership(ctypes.Structure):  # struct packet_mreq
    _fields_ = [("index", ctypes.c_int), ("type", ctypes.c_ushort), ("length", ctypes.c_ushort), ("address", ctypes.c_ubyte * 8)]


def device(name):
    end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    # With the header in front a frame keeps what its sender left to the device: checksums, and the cutting of long ones.
    end.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    end.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    end.bind((name, ETH_P_ALL))
    end.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, bytes(Membership(socket.if_nametoindex(name), PACKET_MR_PROMISC)))
    end.setblocking(False)
    return end


ends = [device(name) for name in sys.argv[1:3]]
delay = int(sys.argv[3]) / 1000
other = {ends[0]: ends[1], ends[1]: ends[0]}
waiting = collections.deque()  # (when, to whom, frame): all wait equally long, so the first is the next
print("relaying", flush=True)
while True:
    patience = max(0, waiting[0][0] - time.monotonic()) if waiting else None
    for end in select.select(ends, [], [], patience)[0]:
        try:
            frame = end.recv(1 << 17)
        except OSError:  # the device is down
            continue
        waiting.append((time.monotonic() + delay, other[end], frame))
    while waiting and waiting[0][0] <= time.monotonic():
        _, end, frame = waiting.popleft()
        try:
            end.send(frame)
        except OSError:  # as a wire loses what it cannot carry
            pass
