"""Recipes without the six seconds that a process takes to import torch and its friends.

`command` turns a recipe's command into one that asks a server, which has imported
everything, to fork: same arguments, same environment, same pipes, and a process of its
own. Signals reach it; killed, it dies. Tests that kill at a certain moment, or look at
the process itself, start a recipe as it is.
"""

from __future__ import annotations

import atexit
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from functools import cache
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[2]
STUB = Path(__file__).with_name("warm_stub.py")
RECIPES = "trainer.recipes."
IMPORTED = (
    "sft", "reward", "dpo", "unpaired", "evaluate", "sample", "score", "generate",
    "influence", "join", "starter", "merge", "mark", "probes", "benchmark", "export",
    "talk",
)  # fmt: skip


def command(cold: list[str]) -> list[str]:
    """What to start in place of `python -m trainer.recipes.<name> config.json`."""
    is_recipe = cold[1:2] == ["-m"] and cold[2].startswith(RECIPES)
    if not is_recipe or not hasattr(os, "pidfd_open"):
        return cold
    return [sys.executable, "-I", "-S", str(STUB), _server(), *cold[2:]]


@cache
def _server() -> str:
    """The address of this test process's server, which ends with it."""
    address = str(Path(tempfile.mkdtemp(prefix="winnow-warm-")) / "socket")
    environment = {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.trainer.warm", address],
        cwd=ROOT,
        env={**os.environ, **environment, "TOKENIZERS_PARALLELISM": "false"},
        stdout=subprocess.PIPE,
    )
    atexit.register(_end, process)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return address


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.communicate()


def serve(address: str) -> None:
    from trainer.recipes.common import die_with_parent

    die_with_parent()
    for name in IMPORTED:
        import_module(f"{RECIPES}{name}")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that watch
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen()
    os.write(1, b"ready\n")
    while True:
        asking, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            watch(asking)
        asking.close()


def watch(asking: socket.socket) -> None:
    """Fork the recipe; pass signals on to it, and its end back to who asked."""
    said, pipes, _, _ = socket.recv_fds(asking, 1 << 20, 3)
    wanted = json.loads(said)
    recipe = os.fork()
    if recipe == 0:
        asking.close()
        become(wanted, pipes)
    for pipe in pipes:
        os.close(pipe)
    ended = os.pidfd_open(recipe)
    while True:
        ready, _, _ = select.select([asking, ended], [], [])
        if ended in ready:
            _, status = os.waitpid(recipe, 0)
            asking.sendall(str(os.waitstatus_to_exitcode(status)).encode())
            os._exit(0)
        numbers = asking.recv(64)
        for number in numbers or [signal.SIGKILL]:  # nothing: who asked was killed
            os.kill(recipe, number)
        if not numbers:
            os._exit(0)


def become(wanted: dict[str, object], pipes: list[int]) -> None:
    """The recipe, as if just started."""
    code = 1
    try:
        for number, pipe in enumerate(pipes):
            os.dup2(pipe, number)
        os.setsid()
        os.chdir(str(wanted["folder"]))
        os.environ.clear()
        os.environ.update(wanted["environment"])  # type: ignore[call-overload]
        if "WINNOW_PARENT_PID" in os.environ:
            os.environ["WINNOW_PARENT_PID"] = str(os.getppid())
        sys.stdout, sys.stderr = (
            os.fdopen(1, "w", buffering=1),
            os.fdopen(2, "w", buffering=1),
        )
        name, *arguments = wanted["arguments"]  # type: ignore[misc]
        sys.argv = [name, *arguments]
        runpy.run_module(name, run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    serve(sys.argv[1])
