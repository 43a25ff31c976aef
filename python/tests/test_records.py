"""Records as objects and as a data frame."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import ROOT

import compdd
from compdd import CompddError


def test_stored_records_are_read_with_their_sets() -> None:
    records = compdd.records(ROOT / "results")
    files = [path for path in (ROOT / "results" / "records").rglob("*.json") if not path.name.endswith(".timing.json")]
    assert len(records) == len(files) > 20
    ours = next(record for record in records if record.id.startswith("dm_scenes-easy@1_ipc1_no-kd@1"))
    assert ours.bundle is not None and ours.bundle.method == "dm" and ours.std is not None
    row = ours.row()
    assert row["mean"] == ours.mean and row["students"] == len(ours.accuracies) and row["subset"] == "scenes-easy@1"
    assert row["low"] <= row["mean"] <= row["high"]
    assert f"{100 * ours.mean:.2f}" in repr(ours)


def test_a_frame_is_made_by_the_library_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    made = SimpleNamespace(DataFrame=lambda rows: ("frame", rows))
    monkeypatch.setitem(sys.modules, "pandas", None)  # as if it were not installed
    monkeypatch.setitem(sys.modules, "polars", made)
    kind, rows = compdd.results(ROOT / "results")
    assert kind == "frame" and {row["method"] for row in rows} >= {"dm", "mtt", "edf"}
    with pytest.raises(CompddError, match="pandas"):
        compdd.results(ROOT / "results", frame="pandas")
    with pytest.raises(CompddError, match="arrow"):
        compdd.results(ROOT / "results", frame="arrow")


def test_folders_without_records_and_damaged_records_are_named(tmp_path: Path) -> None:
    with pytest.raises(CompddError, match="no records"):
        compdd.records(tmp_path)
    source = next(path for path in (ROOT / "results" / "records").rglob("*.json") if not path.name.endswith(".timing.json"))
    target = tmp_path / "records" / source.name
    target.parent.mkdir()
    shutil.copy(source, target)
    assert len(compdd.records(tmp_path)) == 1
    record = json.loads(source.read_text())
    for damaged in (source.read_text()[:100], json.dumps({**record, "version": 9}), "[]"):
        target.write_text(damaged)
        with pytest.raises(CompddError, match=source.stem):
            compdd.records(tmp_path)
