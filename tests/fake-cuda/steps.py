"""What one step of a command costs: two runs of different length, subtracted and divided."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from observe import COUNTS, Failed, Observed, observe
from toolkit import Toolkit

HEAD = ("command", "launches", "uploads", "KB up", "reads", "KB down", "waits", "allocations", "compiled first", "seconds")


@dataclass(frozen=True)
class Case:
    """A command with `{}` where its length stands, the two lengths, and how many steps one unit of length is."""

    name: str
    arguments: list[str]
    lengths: tuple[int, int]
    steps: int = 1


@dataclass(frozen=True)
class Cost:
    """Counts a step, and the run that went first, without any cache."""

    name: str
    step: dict[str, float]
    first: Observed

    def row(self) -> list[str]:
        """The cells of the table, under HEAD."""
        scaled = [self.step[name] / (1000 if name.endswith("bytes") else 1) for name in COUNTS]
        cells = [f"{value:.0f}" if value >= 10 or value == 0 else f"{value:.1f}" for value in scaled]
        return [self.name, *cells, str(self.first.compiled), f"{self.first.compile_seconds:.0f}"]


def cost(binary: str, case: Case, toolkit: Toolkit, folder: Path, driver: int) -> Cost:
    """Runs the longer command without compdd's caches, then both with them, which must leave the compiler alone."""

    def run(length: int) -> Observed:
        with tempfile.TemporaryDirectory(dir=folder) as results:
            filled = [argument.replace("{}", str(length)).replace("RESULTS", results) for argument in case.arguments]
            return observe([binary, *filled], toolkit, folder, driver)

    small, large = case.lengths
    shutil.rmtree(folder / "cache", ignore_errors=True)
    first, shorter, longer = run(large), run(small), run(large)
    for again in (shorter, longer):
        if again.compiled:
            raise Failed(f"{case.name}: a second process compiles {again.compiled} kernels")
    steps = (large - small) * case.steps
    return Cost(case.name, {name: (longer.counts[name] - shorter.counts[name]) / steps for name in COUNTS}, first)


def table(costs: list[Cost]) -> str:
    """The costs in Markdown."""
    rows = [list(HEAD), ["---"] + ["---:"] * (len(HEAD) - 1), *(cost.row() for cost in costs)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)

