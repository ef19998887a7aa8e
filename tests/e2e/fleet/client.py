"""Speaks NATS to a broker as the member whose directory is given, and says what it hears.

client.py DIRECTORY HOST:PORT         sends the lines of stdin, then a PING, and prints until the PONG
client.py DIRECTORY HOST:PORT --hold  prints "connected", stays until the broker hangs up, prints "closed"
"""
import json
import socket
import ssl
import sys

directory, address = sys.argv[1:3]
host, port = address.rsplit(":", 1)
with open(directory + "/member.json") as file:
    role, name = json.load(file)["id"].split("/")[-2:]

plain = socket.create_connection((host, int(port)), 10)
info = b""
while not info.endswith(b"\r\n"):  # the broker speaks first, before TLS
    info += plain.recv(1)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.load_verify_locations(directory + "/roots.pem")
context.load_cert_chain(directory + "/chain.pem", directory + "/signing.key")
connection = context.wrap_socket(plain, server_hostname="broker.nemo.internal")


def send(text):
    connection.sendall(text.encode())


def hear(end):
    """Prints lines until one is `end`; false when the broker hangs up before."""
    heard = b""
    while True:
        while b"\r\n" in heard:
            line, heard = heard.split(b"\r\n", 1)
            if line == end:
                return True
            if not line.startswith(b"INFO ") and line != b"PING":
                print(line.decode(errors="replace"), flush=True)
        try:
            piece = connection.recv(65536)
        except OSError:
            return False
        if not piece:
            return False
        heard += piece


try:
    options = {"verbose": False, "pedantic": False, "headers": True, "no_responders": True, "lang": "test", "version": "1"}
    send("CONNECT " + json.dumps(options) + "\r\nPING\r\n")
    if not hear(b"PONG"):
        sys.exit("refused")
    if "--hold" in sys.argv:
        print("connected", flush=True)
        connection.settimeout(60)
        hear(None)
        print("closed", flush=True)
        sys.exit(0)
    inbox = f"_INBOX.{role}.{name}"
    for line in sys.stdin:
        words = line.rstrip("\n").split(" ", 2)
        if words[0] == "pub":  # pub SUBJECT TEXT
            text = words[2] if len(words) > 2 else ""
            send(f"PUB {words[1]} {len(text)}\r\n{text}\r\n")
        elif words[0] == "sub":  # sub SUBJECT
            send(f"SUB {words[1]} 1\r\n")
        elif words[0] == "ask":  # ask SUBJECT TEXT: prints the answer
            text = words[2] if len(words) > 2 else ""
            send(f"SUB {inbox}.test 2\r\nPUB {words[1]} {inbox}.test {len(text)}\r\n{text}\r\n")
    connection.settimeout(2)
    send("PING\r\n")
    hear(b"PONG")
    connection.settimeout(0.5)  # answers of streams come after
    hear(None)
except ssl.SSLError as error:
    sys.exit(f"refused: {error}")
except (ConnectionError, TimeoutError) as error:
    sys.exit(f"refused: {error}")
