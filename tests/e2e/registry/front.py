"""A server in front of a registry, or a bad one: front.py MODE [REGISTRY] prints its port and serves.

cut     passes on, but ends each answer to a blob after 100,000 bytes without warning
token   asks for a token, which it gives to the user nemo with the password secret
to-file, to-plain   redirects blobs to file:///etc/passwd, to http on another machine
hang    begins to answer for a blob, and sends nothing more
wrong   sends other bytes than those that were asked for
large   sends a manifest without end
odd     asks for a token from a realm whose name is no UTF-8 and holds control characters
to-thief   redirects blobs to another port, which asks for a token of its own"""
import base64, http.server, json, socketserver, sys, threading, time, urllib.error, urllib.request

mode, registry = sys.argv[1], (sys.argv[2:] or [""])[0]
CUT = 100_000


class Front(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        credentials = self.headers.get("Authorization", "")
        print(self.path, self.headers.get("Range", ""), credentials, file=sys.stderr, flush=True)
        host = self.headers["Host"]
        if self.path.startswith("/token"):
            known = "Basic " + base64.b64encode(b"nemo:secret").decode()
            if self.headers.get("Authorization") != known:
                return self.answer(401)
            return self.answer(200, json.dumps({"token": "good"}).encode())
        if mode == "token" and self.headers.get("Authorization") != "Bearer good":
            challenge = f'Bearer realm="http://{host}/token",service="front",scope="repository:t/web:pull"'
            return self.answer(401, WWW_Authenticate=challenge)
        blob = "/blobs/" in self.path
        if mode == "to-file" and blob:
            return self.answer(307, Location="file:///etc/passwd")
        if mode == "to-plain" and blob:
            return self.answer(307, Location="http://registry.example/blob")
        if mode == "to-thief" and blob:
            return self.answer(307, Location=f"http://127.0.0.1:{thief.server_port}/stolen")
        if self.path == "/stolen":
            return self.answer(401, WWW_Authenticate=f'Bearer realm="http://{host}/token",service="thief"')
        if mode == "odd":
            return self.answer(401, WWW_Authenticate='Bearer realm="\xff\x1b[31m"')
        if mode == "large":
            self.send_response(200)
            self.end_headers()
            for _ in range(1000):
                self.wfile.write(b" " * 65536)
            return None
        headers = {name: self.headers[name] for name in ("Accept", "Range") if name in self.headers}
        try:
            with urllib.request.urlopen(urllib.request.Request(f"http://{registry}{self.path}", headers=headers)) as got:
                body, status, kept = got.read(), got.status, got.headers
        except urllib.error.HTTPError as error:
            return self.answer(error.code)
        if mode == "wrong" and blob:
            body = body[:-1] + bytes([body[-1] ^ 1])
        self.send_response(status)
        for name in ("Content-Type", "Content-Range"):
            if name in kept:
                self.send_header(name, kept[name])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if mode == "hang" and blob:
            time.sleep(600)
        self.wfile.write(body[:CUT] if mode == "cut" and blob else body)
        if mode == "cut" and blob and len(body) > CUT:
            self.close_connection = True
        return None


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

    def handle_error(self, request, address):
        pass  # clients that hang up are what is tested


server, thief = (Server(("127.0.0.1", 0), Front) for _ in range(2))
threading.Thread(target=thief.serve_forever, daemon=True).start()
print(server.server_port, flush=True)
server.serve_forever()
