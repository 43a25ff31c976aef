"""The command as a child: flags, progress, errors, interruption; and with the built command, a run from end to end."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import compdd
from compdd import CompddError
from compdd.process import binary, call, flags


def test_keyword_arguments_become_flags() -> None:
    asked = {"eval_networks": ["vgg11", "alexnet"], "force": True, "zca": False, "data": ["a", "b"], "ipc": None, "seeds": 2}
    assert flags(asked) == ["--eval-networks", "vgg11,alexnet", "--force", "--data", "a", "--data", "b", "--seeds", "2"]
    assert flags({"set": {"iterations": 10, "whiten": True}}) == ["--set", "iterations=10", "--set", "whiten=true"]


def test_progress_comes_line_by_line_and_errors_carry_their_help(pretend: Callable[[str], None]) -> None:
    pretend(
        "import sys\n"
        "print('a result')\n"
        "sys.stderr.write('student 1: done (2 s)\\nerror: no images\\n  caused by: nothing there\\n  help: give --data\\nor scenes\\n')\n"
        "sys.exit(1)"
    )
    lines: list[str] = []
    with pytest.raises(CompddError) as raised:
        call(["run"], lines.append)
    error = raised.value
    assert lines == ["student 1: done (2 s)"]
    assert (error.message, error.causes, error.help) == ("no images", ("nothing there",), "give --data\nor scenes")
    assert str(error) == "no images\n  caused by: nothing there\n  help: give --data\nor scenes"
    pretend("import sys\nsys.exit(3)")
    with pytest.raises(CompddError, match="status 3"):
        call([])


def test_an_interruption_reaches_the_command_once_and_waits_for_it(pretend: Callable[[str], None], tmp_path: Path) -> None:
    pretend(
        "import signal, sys, time\n"
        "def stop(*_):\n"
        f"    open({str(tmp_path / 'saved')!r}, 'a').write('x')\n"
        "    time.sleep(0.2)\n"
        "    sys.exit(130)\n"
        "signal.signal(signal.SIGINT, stop)\n"
        "print('ready', file=sys.stderr, flush=True)\n"
        "time.sleep(60)"
    )
    here = threading.get_ident()
    # What a shell starts in the background is told to pass over interruptions.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            call([], lambda line: signal.pthread_kill(here, signal.SIGINT) if line == "ready" else None)
    finally:
        signal.signal(signal.SIGINT, before)
    assert (tmp_path / "saved").read_text() == "x"


def test_without_a_command_the_error_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("COMPDD_BINARY", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(tmp_path))
    with pytest.raises(CompddError) as raised:
        binary()
    assert "pip install" in raised.value.help


def test_a_run_an_evaluation_and_their_records(command: Path, tmp_path: Path) -> None:
    folder, lines = tmp_path / "results", list[str]()
    small = {"network": "convnet-d2-w8", "budget": "smoke", "seeds": 2, "train_per_class": 2}
    record = compdd.run("random", "scenes-easy", 1, results=folder, progress=lines.append, res=16, **small)
    assert any("student" in line for line in lines), lines
    assert (record.cell["method"], record.cell["network"], len(record.accuracies)) == ("random", "convnet-d2-w8", 2)
    assert record.mean == pytest.approx(sum(record.accuracies) / 2) and record.interval is not None
    assert record.bundle is not None and record.bundle.shape == (10, 3, 16, 16)
    again = compdd.evaluate(record.bundle, results=folder, progress=False, seed=1, **small)
    assert again.id != record.id and again.cell["seed"] == 1
    assert [one.id for one in compdd.records(folder)] == sorted([record.id, again.id])
    stored = json.loads(next((folder / "records").rglob(f"{record.id}.json")).read_text())
    assert stored == record.data


def test_settings_of_a_protocol_are_those_for_the_set(command: Path, stored: Path) -> None:
    bundle = compdd.Bundle(stored)
    usual = bundle.protocol()
    assert usual["id"] == "no-kd@1" and usual["scoring"]["epochs"] == 1000 and usual["scoring"]["extra_epoch"]
    assert usual["scoring"]["learning_rate"] is None and usual["scoring"]["drops"] == "halfway"
    assert bundle.protocol(budget="smoke")["scoring"]["epochs"] == 20
    # Single pictures are neither shuffled nor cropped, and a minibatch of RDED at one image a class has ten.
    rded = bundle.protocol("kd-rded", network="resnet18-cifar-bn")["scoring"]
    assert [one["op"] for one in rded["augmentation"]] == ["flip", "cutmix"] and rded["batch"] == 10
    assert not rded["extra_epoch"] and rded["optimizer"] == "adamw"
    augment = bundle.augment(seed=3)
    assert augment.operations[0]["strategy"] == "color_crop_cutout_flip_scale_rotate"
    views = augment(bundle.images)
    assert views.shape == bundle.images.shape
    with pytest.raises(CompddError, match="no-kdd") as raised:
        bundle.protocol("no-kdd")
    assert "kd-rded" in str(raised.value)


def test_errors_of_the_command_reach_python(command: Path, tmp_path: Path) -> None:
    with pytest.raises(CompddError) as raised:
        compdd.run("dmm", "scenes-easy", 1, results=tmp_path, progress=False)
    assert "dmm" in raised.value.message and "dm" in raised.value.help
    before = time.monotonic()
    assert os.path.isfile(binary()) and time.monotonic() - before < 1
