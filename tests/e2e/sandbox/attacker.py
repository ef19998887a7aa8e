"""A workload that tries everything that it must not, again and again, and says so when it is through."""
import ctypes
import errno
import os
import socket
import sys
import time

libc = ctypes.CDLL(None, use_errno=True)


def in_a_child(action):
    pid = os.fork()
    if pid == 0:
        try:
            action()
        finally:
            os._exit(0)
    os.waitpid(pid, 0)


def fork_bomb():
    children = []
    try:
        for _ in range(500):
            pid = os.fork()
            if pid == 0:
                time.sleep(60)
                os._exit(0)
            children.append(pid)
    except OSError:
        pass
    for pid in children:
        os.kill(pid, 9)
        os.waitpid(pid, 0)


def memory_bomb():
    blocks = []
    for _ in range(300):  # four times its limit; bounded, for a host may have none to give
        blocks.append(bytearray(os.urandom(1 << 20)))


def fill(path):
    try:
        with open(path, "wb", buffering=0) as file:
            while True:
                file.write(b"x" * (1 << 20))
    except OSError as error:
        assert error.errno in (errno.ENOSPC, errno.ENOMEM), error
    time.sleep(3)  # the supervisor looks every two seconds
    os.unlink(path)


def refused(call, *arguments):
    return getattr(libc, call)(*arguments) == -1


def connect(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError as error:
        return error.errno == errno.EACCES
    return False


def bind(port):
    with socket.socket() as listener:
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            return error.errno == errno.EACCES
    return False


def multipath(port):
    """Falls back to plain TCP, which would be a way around the rules for TCP."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262) as client:
            client.connect(("127.0.0.1", port))
    except OSError:
        return True
    return False


def fast_open(port):
    try:
        with socket.socket() as client:
            client.sendto(b"GET / HTTP/1.0\r\n\r\n", 0x20000000, ("127.0.0.1", port))
    except OSError:
        return True
    return False


def raw_socket():
    try:
        socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).close()
    except OSError:
        return True
    return False


def processes_seen():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


neighbour, agent_socket, outside_file = int(sys.argv[1]), sys.argv[2], sys.argv[3]
checks = {
    "mount": refused("mount", b"none", b"/tmp", b"tmpfs", 0, None),
    "ptrace": refused("ptrace", 16, 1, None, None),
    "unshare": refused("unshare", 0x10000000),
    "setuid": refused("setuid", 0),
    "raw socket": raw_socket(),
    "undeclared connect": connect(neighbour),
    "undeclared bind": bind(neighbour + 1),
    "undeclared connect by Multipath TCP": multipath(neighbour),
    "undeclared connect by Fast Open": fast_open(neighbour),
    "the agent's socket": not os.path.exists(agent_socket),
    "a file outside": not os.path.exists(outside_file),
    "other processes": len(processes_seen()) < 20,
}
for what, held in checks.items():
    print("held" if held else "ESCAPED", what, flush=True)
fork_bomb()
print("held fork bomb", flush=True)
in_a_child(memory_bomb)
print("held memory bomb", flush=True)
fill("/tmp/big")
fill("/dev/shm/big")
print("held disk", flush=True)
for _ in range(20000):  # as fast as it can: what is refused is answered by a supervisor
    libc.mount(b"none", b"/tmp", b"tmpfs", 0, None)
print("through", flush=True)
time.sleep(3600)
