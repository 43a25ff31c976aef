"""Runs a program on the stand-ins and reads what they wrote down."""

import json
import os
import subprocess
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from toolkit import Toolkit, environment

COUNTS = ("launches", "uploads", "upload_bytes", "reads", "read_bytes", "waits", "allocations")


class Failed(Exception):
    """A run that ended badly, or that asked for what a card would have refused."""


@dataclass(frozen=True)
class Observed:
    """What a process asked of the card and of the compiler: a kernel that was kept counts as one that is compiled, and launches are counted by
    kernel as well."""

    counts: dict[str, int]
    launches_of: Counter[str]
    compiled: int
    compile_seconds: float


def journal(path: Path) -> tuple[Counter[str], float]:
    """How many kernels the compiler was asked for, by what became of them, and the seconds that it took."""
    lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return Counter(line["outcome"] for line in lines), sum(line["seconds"] for line in lines)


def started(command: list[str], toolkit: Toolkit, folder: Path, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Runs a command on the stand-ins, with caches below `folder`."""
    places = {"NVRTC_FAILED": str(folder / "failed"), "NVRTC_KEEP": str(folder / "kept"), "XDG_CACHE_HOME": str(folder / "cache")}
    surroundings = {**os.environ, **environment(toolkit), **places, **variables}
    return subprocess.run(command, env=surroundings, capture_output=True, text=True, check=False)


def observe(command: list[str], toolkit: Toolkit, folder: Path, driver: int) -> Observed:
    """What a command asked; `Failed` says what went wrong, first what a card would have refused."""
    with tempfile.TemporaryDirectory(dir=folder) as work:
        report, log = Path(work, "report.json"), Path(work, "journal")
        counting = {"FAKE_CUDA_REPORT": str(report), "FAKE_CUDA_VERSION": str(driver), "NVRTC_JOURNAL": str(log)}
        done = started(command, toolkit, folder, counting)
        outcomes, seconds = journal(log)
        counts = json.loads(report.read_text()) if report.exists() else {}
    problems = list(counts.get("faults", []))
    if outcomes["failed"]:
        problems.append(f"{outcomes['failed']} kernels do not compile: sources and logs are in {folder / 'failed'}")
    problems += [line for line in done.stderr.splitlines() if "Missing symbol" in line or "undefined symbol" in line]
    if done.returncode != 0:
        problems.append(f"the command ended with {done.returncode}:\n{done.stderr[-3000:]}")
    if not counts:
        problems.append(f"the command never opened the card:\n{done.stderr[-3000:]}")
    if problems:
        raise Failed(f"{' '.join(command)}\n" + "\n".join(problems))
    return Observed(
        counts={name: counts[name] for name in COUNTS},
        launches_of=Counter(counts["launches_of"]),
        compiled=outcomes["compiled"] + outcomes["kept"],
        compile_seconds=seconds,
    )
