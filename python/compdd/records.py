"""Records: what was measured, one a result (``docs/records.md``), and many of them as a data frame."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from .bundle import Bundle
from .errors import CompddError

_FORMAT, _VERSION = "compdd-record", 1
_CELL = ("method", "subset", "ipc", "protocol", "network", "resolution", "budget", "fidelity", "seed")
_FRAMES = ("pandas", "polars")


@dataclass(frozen=True)
class Record:
    """One result with every student's score."""

    data: Mapping[str, Any] = field(repr=False)
    """The whole record, as ``schemas/record.schema.json`` describes it."""
    folder: Path = field(repr=False)
    """The results folder that it belongs to."""

    def __repr__(self) -> str:
        deviation = "" if self.std is None else f" +- {100 * self.std:.2f}"
        return f"<Record {self.id}: {100 * self.mean:.2f}{deviation} % over {len(self.accuracies)} students>"

    @property
    def id(self) -> str:
        """Its name, which is also that of its file."""
        return str(self.data["id"])

    @property
    def cell(self) -> dict[str, Any]:
        """Everything that decides the numbers."""
        return dict(self.data["cell"])

    @property
    def mean(self) -> float:
        """Mean accuracy on the test set, 0 to 1."""
        return float(self.data["summary"]["mean"])

    @property
    def std(self) -> float | None:
        """Sample standard deviation over the students; none for a single one."""
        found = self.data["summary"].get("std")
        return None if found is None else float(found)

    @property
    def interval(self) -> tuple[float, float] | None:
        """Bootstrap interval of the mean, 95 %; none for a single student."""
        found = self.data["summary"].get("interval")
        return None if found is None else (float(found["low"]), float(found["high"]))

    @property
    def accuracies(self) -> list[float]:
        """Accuracy of every student on the test set, 0 to 1."""
        return [float(student["accuracy"]) for student in self.data["students"]]

    @property
    def bundles(self) -> list[Bundle]:
        """The distilled sets, as far as they are kept with the record: one, or a draw for every student; none for the whole training set."""
        paths = (PurePosixPath(named["path"]) for named in self.data.get("bundles", []))
        inside = (self.folder / path for path in paths if not path.is_absolute() and ".." not in path.parts)
        return [Bundle(path) for path in inside if path.is_dir()]

    @property
    def bundle(self) -> Bundle | None:
        """The first of :attr:`bundles`."""
        return next(iter(self.bundles), None)

    def row(self) -> dict[str, Any]:
        """The record as a flat row of a table."""
        low, high = self.interval or (None, None)
        recovery = self.data.get("recovery") or {}
        return {
            "id": self.id,
            **{name: self.cell.get(name) for name in _CELL},
            "students": len(self.accuracies),
            "mean": self.mean,
            "std": self.std,
            "low": low,
            "high": high,
            "recovery": recovery.get("ratio"),
            "flags": ",".join(self.data.get("flags", [])),
        }


def records(folder: str | os.PathLike[str] = "results") -> list[Record]:
    """Every record of a results folder, ordered by name.

    Raises:
        CompddError: The folder has no records, or one of them cannot be read.
    """
    root = Path(folder)
    files = sorted(path for path in (root / "records").rglob("*.json") if not path.name.endswith(".timing.json"))
    if not files:
        raise CompddError(f"{root} has no records", help="name the folder that compdd run wrote to (--results)")
    return [Record(_read(file), root) for file in files]


def results(folder: str | os.PathLike[str] = "results", frame: str | None = None) -> Any:
    """The records of a results folder as a data frame, one row a record.

    Args:
        folder: The results folder.
        frame: ``pandas`` or ``polars``; none for the first that is installed.

    Returns:
        A frame with the cell, the number of students, and mean, standard deviation and interval of their accuracy (0 to 1).
    """
    rows = [record.row() for record in records(folder)]
    if frame is not None and frame not in _FRAMES:
        raise CompddError(f"`{frame}` makes no data frames here", help="use pandas or polars")
    for name in _FRAMES if frame is None else (frame,):
        try:
            library = __import__(name)
        except ImportError:
            continue
        return library.DataFrame(rows)
    raise CompddError(
        f"no library for data frames: {frame or 'pandas or polars'} is missing",
        help="pip install pandas, or take plain rows: [record.row() for record in compdd.records(folder)]",
    )


def _read(file: Path) -> dict[str, Any]:
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        whole = record["format"] == _FORMAT and record["version"] <= _VERSION and record["students"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CompddError(f"cannot read the record {file}", causes=[str(error)], help="compdd results validate says more") from error
    if not whole:
        raise CompddError(f"{file} is no record of this version", help="compdd results validate says more")
    return dict(record)
