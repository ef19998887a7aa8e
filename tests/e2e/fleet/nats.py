"""The little of NATS that the tests speak, as the member of a fleet whose directory is given."""
import json
import socket
import ssl


class Broker:
    def __init__(self, directory, address):
        host, port = address.rsplit(":", 1)
        with open(directory + "/member.json") as file:
            role, name = json.load(file)["id"].split("/")[-2:]
        self.inbox = f"_INBOX.{role}.{name}"
        plain = socket.create_connection((host, int(port)), 10)
        info = b""
        while not info.endswith(b"\r\n"):  # the broker speaks first, before TLS
            info += plain.recv(1)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(directory + "/roots.pem")
        context.load_cert_chain(directory + "/chain.pem", directory + "/signing.key")
        self.socket = context.wrap_socket(plain, server_hostname="broker.nemo.internal")
        self.heard = b""
        self.send("CONNECT " + json.dumps({"verbose": False, "pedantic": False, "headers": True,
                                           "no_responders": True, "lang": "test", "version": "1"}) + "\r\nPING\r\n")

    def send(self, text):
        self.socket.sendall(text.encode())

    def more(self):
        """False when the broker hangs up, or says nothing for as long as the socket waits."""
        try:
            piece = self.socket.recv(65536)
        except OSError:
            return False
        self.heard += piece
        return bool(piece)

    def line(self):
        """The next one, without its end; None where there is none any more."""
        while b"\r\n" not in self.heard:
            if not self.more():
                return None
        line, self.heard = self.heard.split(b"\r\n", 1)
        return line

    def take(self, size):
        """So many bytes, which end in a line's end that is not among them."""
        while len(self.heard) < size + 2:
            if not self.more():
                return None
        data, self.heard = self.heard[:size], self.heard[size + 2:]
        return data

    def until_pong(self):
        """What is said until then, by line; no PONG: the broker has hung up, which is the end."""
        while (line := self.line()) is not None:
            if line == b"PONG":
                return True
            if not line.startswith(b"INFO ") and line != b"PING":
                print(line.decode(errors="replace"), flush=True)
        return False
