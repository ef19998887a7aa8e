"""What a node has told the fleet's stream of events, one line each: its number, that of the agent, type, workload,
state, message.

events.py DIRECTORY HOST:PORT NODE

What the stream holds twice is one event, as (node, number) says who it is, and is told once. Two events of one number,
a number that is missing, or one event under two numbers end this with 1.
"""
import json
import sys

from nats import Broker

directory, address, node = sys.argv[1:4]
states = ["unknown", "pending", "starting", "running", "unhealthy", "backoff", "stopping", "stopped", "exited", "failed"]


def fields(data):
    """Of a protobuf message: (number, value), a value being a number or bytes."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
        elif key & 7 == 2:
            size = varint()
            yield key >> 3, data[at:at + size]
            at += size
        else:
            at += {1: 8, 5: 4}[key & 7]


def inside(data, *path):
    """All values at the end of a path of field numbers."""
    values = [data]
    for number in path:
        values = [value for one in values for key, value in fields(one) if key == number]
    return values


def first(data, number, otherwise):
    return next(iter(inside(data, number)), otherwise)


broker = Broker(directory, address)
broker.socket.settimeout(10)
if not broker.until_pong():
    sys.exit("refused")
broker.send(f"SUB {broker.inbox}.events 1\r\n")
events, after = {}, 0
while True:
    ask = json.dumps({"seq": after + 1, "next_by_subj": f"ev.{node}"})
    broker.send(f"PUB $JS.API.DIRECT.GET.events {broker.inbox}.events {len(ask)}\r\n{ask}\r\n")
    while (line := broker.line()) is not None and not line.startswith(b"HMSG "):
        if line.startswith(b"-ERR"):
            sys.exit(line.decode())
    if line is None:
        sys.exit("no answer")
    head, whole = (int(word) for word in line.split()[-2:])
    message = broker.take(whole)
    headers = message[:head].decode().split("\r\n")
    if headers[0].strip() != "NATS/1.0":  # 404: that was all
        break
    after = int(next(line.split(":")[1] for line in headers if line.startswith("Nats-Sequence:")))
    # Signed.payload, Statement.report, Report.payload, NodeSays.events, NodeEvents.events
    for one in inside(message[head:], 2, 9, 1, 2, 1):
        number, event = first(one, 1, 0), first(one, 2, b"")
        if events.setdefault(number, event) != event:
            sys.exit(f"two events are number {number}")
numbers = sorted(events)
if numbers != list(range(1, len(numbers) + 1)):
    sys.exit(f"of {len(numbers)} events the last is number {numbers[-1]}: {numbers}")
before = 0
for number in numbers:
    event = events[number]
    of_agent = first(event, 1, 0)
    if of_agent <= before:
        sys.exit(f"number {number} is event {of_agent} of the agent, and was told after {before}")
    before = of_agent
    instance = first(event, 4, b"")
    print(number, of_agent, first(event, 3, b"").decode(), first(instance, 2, b"-").decode() or "-",
          states[first(instance, 8, 0)], first(event, 5, b"").decode())
