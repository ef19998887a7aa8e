"""Makes an image of busybox and pushes it: push.py REGISTRY REPOSITORY [KEY=JSON ...]

Keys: cmd, env, user, dir (of the configuration); index=true wraps it in an index; zstd=true packs its layers
with the program zstd; kernel="path" puts that file at /kernel; evil="name" adds an entry that must not be unpacked;
victim="digest" takes that manifest of the same repository for a layer. Prints the digest."""
import gzip, hashlib, io, json, subprocess, sys, tarfile, urllib.request

registry, repository = sys.argv[1:3]
options = {key: json.loads(value) for key, value in (word.split("=", 1) for word in sys.argv[3:])}
OCI = "application/vnd.oci.image."
COMMAND = ["/bin/sh", "-c", "echo serving; exec /bin/httpd -f -p 127.0.0.1:$PORT -h /www"]


def send(method, url, data=None, kind=None):
    headers = {"Content-Type": kind} if kind else {}
    return urllib.request.urlopen(urllib.request.Request(url, data=data, method=method, headers=headers))


def blob(data, kind):
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    start = send("POST", f"http://{registry}/v2/{repository}/blobs/uploads/").headers["Location"]
    send("PUT", start + ("&" if "?" in start else "?") + "digest=" + digest, data, "application/octet-stream")
    return {"mediaType": kind, "digest": digest, "size": len(data)}


def manifest(content, kind, name):
    data = json.dumps({"schemaVersion": 2, "mediaType": kind, **content}).encode()
    send("PUT", f"http://{registry}/v2/{repository}/manifests/{name}", data, kind)
    return {"mediaType": kind, "digest": "sha256:" + hashlib.sha256(data).hexdigest(), "size": len(data)}


def entry(tar, name, content=b"", kind=tarfile.REGTYPE, link="", mode=0o755):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode, info.size = kind, link, mode, len(content)
    tar.addfile(info, io.BytesIO(content))


def layer(fill):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        fill(tar)
    if options.get("zstd"):
        packed = subprocess.run(["zstd", "-q", "-c"], input=out.getvalue(), stdout=subprocess.PIPE, check=True)
        return blob(packed.stdout, OCI + "layer.v1.tar+zstd")
    return blob(gzip.compress(out.getvalue(), mtime=0), OCI + "layer.v1.tar+gzip")


def lower(tar):
    entry(tar, "bin/busybox", open("/usr/bin/busybox", "rb").read() if not options.get("small") else b"small")
    for name in "sh ls cat id echo sleep httpd mount umount unshare touch ps kill chroot grep mknod ping".split():
        entry(tar, "bin/" + name, kind=tarfile.SYMTYPE, link="busybox")
    entry(tar, "etc/passwd", b"root:x:0:0::/:/bin/sh\nserver:x:4242:4343::/:/bin/sh\n", mode=0o600)
    entry(tar, "www/index.html", b"of the lower layer")
    entry(tar, "www/gone", b"hidden by the upper layer")
    entry(tar, "old/file", b"of a directory that is replaced")


def upper(tar):
    entry(tar, "www/index.html", b"from an image\n")
    entry(tar, "www/.wh.gone")
    entry(tar, "old/new", b"new")
    entry(tar, "old/.wh..wh..opq")
    entry(tar, "www/same", kind=tarfile.LNKTYPE, link="www/index.html")
    if "kernel" in options:
        entry(tar, "kernel", open(options["kernel"], "rb").read(), mode=0o600)
    evil = options.get("evil")
    if evil == "device":
        entry(tar, "dev/sda", kind=tarfile.BLKTYPE)
    elif evil == "up":
        entry(tar, "../../escaped", b"x")
    elif evil == "link":  # a link that leads out, and a file behind it
        entry(tar, "out", kind=tarfile.SYMTYPE, link=options["target"])
        entry(tar, "out/escaped", b"x")
    elif evil == "hard":
        entry(tar, "stolen", kind=tarfile.LNKTYPE, link="../../../../../../../../etc/passwd")
    elif evil == "bomb":
        entry(tar, "big", b"\0" * options["bytes"])


config = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []},
          "config": {"Cmd": options.get("cmd", COMMAND), "Env": options.get("env", ["PATH=/bin", "FROM=image"]),
                     "User": options.get("user", ""), "WorkingDir": options.get("dir", "")}}
layers = [layer(lower), layer(upper)]
if "victim" in options:
    asked = urllib.request.Request(f"http://{registry}/v2/{repository}/manifests/{options['victim']}",
                                   headers={"Accept": OCI + "manifest.v1+json"})
    layers.append(blob(urllib.request.urlopen(asked).read(), OCI + "layer.v1.tar+gzip"))
whole = manifest({"config": blob(json.dumps(config).encode(), OCI + "config.v1+json"), "layers": layers},
                 OCI + "manifest.v1+json", "latest")
if options.get("index"):
    platforms = [("linux", "amd64"), ("linux", "arm64"), ("windows", "amd64")]
    whole = manifest({"manifests": [{**whole, "platform": {"os": o, "architecture": a}} for o, a in platforms]},
                     OCI + "index.v1+json", "all")
print(whole["digest"])
