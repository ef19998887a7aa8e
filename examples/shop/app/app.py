"""Counts visits in redis and shows them. Python's standard library only."""

import html
import os
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STORE = os.environ["NEMO_ADDR_STORE"].split(",")[0]
GREETING = os.environ.get("GREETING", "Hello")
REPLICA = os.environ["NEMO_REPLICA"]


def redis(*words):
    """One command in redis's own protocol (RESP2); returns an integer or a text."""
    host, port = STORE.rsplit(":", 1)
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        data = str(word).encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
    with socket.create_connection((host, int(port)), timeout=2) as link:
        link.sendall(b"".join(parts))
        with link.makefile("rb") as answer:
            line = answer.readline().rstrip(b"\r\n")
    kind, rest = line[:1], line[1:].decode()
    if kind == b"-" or not kind:
        raise OSError("redis says: " + (rest or "nothing"))
    return int(rest) if kind == b":" else rest


class Page(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        try:
            if self.path == "/healthz":
                redis("PING")
                self.answer(200, "text/plain", "ok\n")
            elif self.path == "/":
                visits = redis("INCR", "visits")
                self.answer(
                    200,
                    "text/html; charset=utf-8",
                    f"<!doctype html><title>shop</title><h1>{html.escape(GREETING)}</h1>"
                    f"<p>You are visitor {visits}, served by app/{REPLICA}.</p>\n",
                )
            else:
                self.answer(404, "text/plain", "not here\n")
        except OSError as error:
            self.answer(503, "text/plain", f"the store does not answer: {error}\n")

    def answer(self, status, kind, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        if self.path != "/healthz":
            super().log_message(format, *args)


if __name__ == "__main__":
    print(f"app/{REPLICA} uses the store at {STORE}", flush=True)
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Page).serve_forever()
