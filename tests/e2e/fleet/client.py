"""Speaks NATS to a broker as the member whose directory is given, and says what it hears.

client.py DIRECTORY HOST:PORT         sends the lines of stdin, then a PING, and prints until the PONG
client.py DIRECTORY HOST:PORT --hold  prints "connected", stays until the broker hangs up, prints "closed"
"""
import ssl
import sys

from nats import Broker

try:
    broker = Broker(*sys.argv[1:3])
    if not broker.until_pong():
        sys.exit("refused")
    if "--hold" in sys.argv:
        print("connected", flush=True)
        broker.socket.settimeout(60)
        while broker.until_pong():
            pass
        print("closed", flush=True)
        sys.exit(0)
    for line in sys.stdin:
        words = line.rstrip("\n").split(" ", 2)
        text = words[2] if len(words) > 2 else ""
        if words[0] == "pub":  # pub SUBJECT TEXT
            broker.send(f"PUB {words[1]} {len(text)}\r\n{text}\r\n")
        elif words[0] == "sub":  # sub SUBJECT
            broker.send(f"SUB {words[1]} 1\r\n")
        elif words[0] == "ask":  # ask SUBJECT TEXT: prints the answer
            broker.send(f"SUB {broker.inbox}.test 2\r\nPUB {words[1]} {broker.inbox}.test {len(text)}\r\n{text}\r\n")
    broker.socket.settimeout(2)
    broker.send("PING\r\n")
    broker.until_pong()
    broker.socket.settimeout(0.5)  # answers of streams come after
    while broker.until_pong():
        pass
except ssl.SSLError as error:
    sys.exit(f"refused: {error}")
except (ConnectionError, TimeoutError) as error:
    sys.exit(f"refused: {error}")
