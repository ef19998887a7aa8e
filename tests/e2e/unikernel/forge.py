"""forge.py DEVICE: sends what a unikernel must not answer, then one sound echo request, and prints what came back."""
import socket
import struct
import sys

OURS, THEIRS = bytes.fromhex("525400000002"), bytes.fromhex("020000000001")


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packet(mark, target="10.0.0.2", fragment=0, broken=False, to=OURS):
    icmp = struct.pack("!BBHHH", 8, 0, 0, mark, 1) + b"hello"
    icmp = icmp[:2] + struct.pack("!H", checksum(icmp) ^ broken) + icmp[4:]
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(icmp), 1, fragment, 64, 1, 0,
                       socket.inet_aton("10.0.0.9"), socket.inet_aton(target))
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    return to + THEIRS + b"\x08\x00" + head + icmp


wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
wire.bind((sys.argv[1], 0))
wire.settimeout(5)
whole = packet(1)
bad = [packet(2, broken=True), packet(3, fragment=0x2000), packet(4, fragment=1), packet(5, target="10.0.0.3"),
       packet(6, to=b"\xff" * 6), *(whole[:cut] for cut in range(14, len(whole)))]
for frame in [*bad, whole]:
    wire.send(frame)
while True:
    frame = wire.recv(2048)
    if frame[:6] == THEIRS and frame[6:12] == OURS:
        print("answered", struct.unpack("!H", frame[38:40])[0])
        if frame[38:40] == b"\0\1":
            break
