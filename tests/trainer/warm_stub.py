"""Stands for a recipe that runs in a fork of the warm server: see warm.py."""

import json
import os
import signal
import socket
import sys

connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])


def pass_on(number: int, _: object) -> None:
    connection.send(bytes([number]))


for name in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
    signal.signal(name, pass_on)
asked = {
    "folder": os.getcwd(),  # noqa: PTH109 (pathlib takes a while to import)
    "environment": dict(os.environ),
    "arguments": sys.argv[2:],
}
socket.send_fds(connection, [json.dumps(asked).encode()], [0, 1, 2])
# Else the pipes stay open for as long as this process lives.
nothing = os.open(os.devnull, os.O_RDWR)
for number in (0, 1, 2):
    os.dup2(nothing, number)
code = int(connection.recv(16) or b"1")
if code < 0:
    signal.signal(-code, signal.SIG_DFL) if -code != signal.SIGKILL else None
    os.kill(os.getpid(), -code)
sys.exit(code)
