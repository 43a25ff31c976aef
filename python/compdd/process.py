"""The command ``compdd`` as a child process: its progress while it works, its results, and its errors as exceptions."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import CompddError

Say = Callable[[str], None]
"""Takes a line of progress."""

_NAME = "compdd.exe" if os.name == "nt" else "compdd"


@dataclass(frozen=True)
class Said:
    """What a command said: results on standard output, everything else on standard error."""

    out: str
    log: str


def binary() -> str:
    """The command: ``$COMPDD_BINARY``, else the one that was installed with this package, else the first on the path.

    Raises:
        CompddError: There is none.
    """
    named = os.environ.get("COMPDD_BINARY")
    if named:
        return named
    installed = Path(sysconfig.get_path("scripts")) / _NAME
    found = str(installed) if installed.is_file() else shutil.which("compdd")
    if found is None:
        raise CompddError(
            "the command compdd is not there", help="install the wheel (pip install compdd), or name the file in COMPDD_BINARY"
        )
    return found


def flags(values: Mapping[str, Any]) -> list[str]:
    """Keyword arguments as flags: ``eval_networks=["vgg11"]`` is ``--eval-networks vgg11``.

    None and False are left out, True is a flag without a value, a mapping is a repeated ``--name key=value``, and of a list the values are
    repeated for ``data`` and joined by commas for the others.
    """
    words: list[str] = []
    for key, value in values.items():
        flag = "--" + key.rstrip("_").replace("_", "-")
        if value is None or value is False:
            continue
        if value is True:
            words.append(flag)
        elif isinstance(value, Mapping):
            for name, one in value.items():
                words += [flag, f"{name}={str(one).lower() if isinstance(one, bool) else one}"]
        elif isinstance(value, Sequence) and not isinstance(value, str):
            for one in value if key == "data" else [",".join(map(str, value))]:
                words += [flag, str(one)]
        else:
            words += [flag, str(value)]
    return words


def call(arguments: Sequence[str], say: Say | None = None) -> Said:
    """Runs the command to its end.

    Args:
        arguments: What follows ``compdd``.
        say: Given every line of standard error as it comes, but for those of an error at the end.

    Raises:
        CompddError: The command failed; message, causes and help are its own.
        KeyboardInterrupt: It was stopped; it has saved its state, and the same call continues.
    """
    # A session of its own: Ctrl-C reaches the command once, through `interrupt`, and not a second time from the terminal, which would end it unsaved.
    child = subprocess.Popen(
        [binary(), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=os.name != "nt",
    )
    log: list[str] = []
    listener = threading.Thread(target=_listen, args=(child, log, say), daemon=True)
    listener.start()
    assert child.stdout is not None
    try:
        out = child.stdout.read()
        status = child.wait()
    except BaseException:
        child.send_signal(signal.SIGINT if os.name != "nt" else signal.SIGTERM)
        child.wait()
        raise
    finally:
        listener.join()
        child.stdout.close()
    if status == 130:
        raise KeyboardInterrupt("compdd was interrupted: its state is saved, the same call continues")
    if status != 0:
        raise CompddError.of_log("".join(log), status)
    return Said(out, "".join(log))


def to_stderr(line: str) -> None:
    """Shows a line of progress where errors go: on a terminal, and below a cell of a notebook."""
    print(line, file=sys.stderr, flush=True)


def _listen(child: subprocess.Popen[str], log: list[str], say: Say | None) -> None:
    assert child.stderr is not None
    failed = False
    for line in child.stderr:
        log.append(line)
        failed = failed or line.startswith("error: ")
        if say is not None and not failed:
            say(line.rstrip("\n"))
    child.stderr.close()
