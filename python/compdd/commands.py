"""Runs and evaluations as calls: ``compdd run`` and ``compdd eval`` with their flags as keyword arguments."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from .bundle import Bundle
from .process import Say, call, flags, to_stderr
from .records import Record


def run(
    method: str,
    subset: str,
    ipc: int | None = None,
    *,
    results: str | os.PathLike[str] = "results",
    progress: bool | Say = True,
    **options: Any,
) -> Record:
    """Distils a set with a method, scores it and returns the record; a finished cell is not computed again.

    Args:
        method: Name of the method (``compdd method list``).
        subset: Name of the subset (``compdd subset list``).
        ipc: Images per class; none for the reference ``full``.
        results: Where records, bundles and checkpoints go.
        progress: True shows progress on standard error; a function is given each of its lines; False keeps silent.
        **options: The other flags of ``compdd run``, such as ``budget="smoke"``, ``data="imagenet"``, ``set={"iterations": 100}``.

    Returns:
        The record of the set under the first network; its set is ``record.bundle``.

    Raises:
        CompddError: The command failed; the error has its causes and its help.
        KeyboardInterrupt: The run was stopped and has saved its state; the same call continues.
    """
    words = flags({"method": method, "subset": subset, "ipc": ipc, "results": results, **options})
    return _records(["run", *words, "--json"], results, progress)[0]


def evaluate(
    bundle: Bundle | str | os.PathLike[str],
    *,
    results: str | os.PathLike[str] = "results",
    progress: bool | Say = True,
    **options: Any,
) -> Record:
    """Scores a bundle with fresh students and returns the record.

    Args:
        bundle: The set, or its folder.
        results: Where the record goes.
        progress: As for :func:`run`.
        **options: The other flags of ``compdd eval``, such as ``network="convnet-d4"``, ``protocol="no-kd"``, ``seeds=5``.

    Raises:
        CompddError: The command failed; the error has its causes and its help.
    """
    path = bundle.path if isinstance(bundle, Bundle) else bundle
    words = flags({"results": results, **options})
    return _records(["eval", str(path), *words, "--json"], results, progress)[0]


def _records(arguments: list[str], results: str | os.PathLike[str], progress: bool | Say) -> list[Record]:
    say = to_stderr if progress is True else progress or None
    lines = call(arguments, say).out.splitlines()
    return [Record(json.loads(line), Path(results)) for line in lines if line.strip()]
