"""What one step of a command costs: two runs of different length, subtracted and divided."""

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from observe import COUNTS, Failed, Observed, observe
from toolkit import Toolkit

HEAD = ("command", "launches", "uploads", "KB up", "reads", "KB down", "waits", "allocations", "compiled", "seconds", "again")


@dataclass(frozen=True)
class Case:
    """A command with `{}` where its length stands, the two lengths, how many steps one unit of length is, and the most that a step may ask, by what is counted."""

    name: str
    arguments: list[str]
    lengths: tuple[int, int]
    steps: int = 1
    most: dict[str, float] = field(default_factory=dict)

    def beyond(self, step: dict[str, float]) -> list[str]:
        """What a step asks more of than it may."""
        return [f"{step[name]:.1f} {name} a step, at most {most:g}" for name, most in self.most.items() if step[name] > most]


# Share of its kernels that a second process may still compile. Tuning goes on beside the work, so that what runs meanwhile
# depends on time: in some runs one kernel of two hundred first comes in the second process.
STRAGGLERS = 0.02


@dataclass(frozen=True)
class Cost:
    """Counts a step, and launches by kernel; the run that went first, without any cache; how many kernels the two after it still compiled; what is beyond
    its budget."""

    name: str
    step: dict[str, float]
    launches_of: dict[str, float]
    first: Observed
    again: int
    beyond: list[str]

    def row(self) -> list[str]:
        """The cells of the table, under HEAD."""
        scaled = [self.step[name] / (1000 if name.endswith("bytes") else 1) for name in COUNTS]
        cells = [f"{value:.0f}" if value >= 10 or value == 0 else f"{value:.1f}" for value in scaled]
        return [self.name, *cells, str(self.first.compiled), f"{self.first.compile_seconds:.0f}", str(self.again)]


def cost(binary: str, case: Case, toolkit: Toolkit, folder: Path, driver: int) -> Cost:
    """Runs the longer command without compdd's caches, then both with them, which must leave the compiler alone but for STRAGGLERS."""

    def run(length: int) -> Observed:
        with tempfile.TemporaryDirectory(dir=folder) as results:
            filled = [argument.replace("{}", str(length)).replace("RESULTS", results) for argument in case.arguments]
            return observe([binary, *filled], toolkit, folder, driver)

    small, large = case.lengths
    shutil.rmtree(folder / "cache", ignore_errors=True)
    first, shorter, longer = run(large), run(small), run(large)
    again = shorter.compiled + longer.compiled
    if again > STRAGGLERS * first.compiled:
        raise Failed(f"of {first.compiled} kernels the next two processes compile {again} again")
    steps = (large - small) * case.steps
    step = {name: (longer.counts[name] - shorter.counts[name]) / steps for name in COUNTS}
    more = longer.launches_of - shorter.launches_of
    return Cost(case.name, step, {name: times / steps for name, times in more.most_common()}, first, again, case.beyond(step))


def table(costs: list[Cost]) -> str:
    """The costs in Markdown."""
    rows = [list(HEAD), ["---"] + ["---:"] * (len(HEAD) - 1), *(cost.row() for cost in costs)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)

