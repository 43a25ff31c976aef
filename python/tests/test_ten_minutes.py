"""The page "Your method on the leaderboard in ten minutes", command by command, and the notebook, cell by cell.

Where PyTorch is not installed, as in the checks of the repository, the call of the script is answered by a stand-in: the first real image of each
class in the script's output format. Budgets are cut to a smoke test, which the check of the submission then names.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT

import compdd

EXAMPLES = ROOT / "python" / "examples"


def commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "docs" / "ten-minutes.md").read_text(), re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def stand_in(folder: Path) -> None:
    about, data = json.loads((folder / "scenes" / "compdd.json").read_text()), np.load(folder / "scenes" / "train.npz")
    first = [int(np.flatnonzero(data["labels"] == label)[0]) for label in range(len(about["classes"]))]
    mean, std = (np.array(about[name], np.float32).reshape(1, 3, 1, 1) for name in ("mean", "std"))
    np.savez(folder / "ours.npz", images=(data["images"][first] / np.float32(255) - mean) / std, labels=np.arange(len(first)))


def test_every_command_of_the_page(command: Path, tmp_path: Path) -> None:
    shutil.copy(EXAMPLES / "distribution_matching.py", tmp_path)
    names = tmp_path / "bin"
    names.mkdir()
    (names / "compdd").symlink_to(command)
    (names / "python").symlink_to(sys.executable)
    environment = {**os.environ, "PATH": f"{names}{os.pathsep}{os.environ['PATH']}"}
    said, lines = {}, commands()
    assert len(lines) == 8, lines
    for line in lines:
        if line.startswith("python ") and importlib.util.find_spec("torch") is None:
            stand_in(tmp_path)
            continue
        quick = line.replace("--iterations 20", "--iterations 2")
        quick += " --budget smoke" if line.startswith(("compdd eval", "compdd run")) else ""
        ran = subprocess.run(["bash", "-c", quick], cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert ran.returncode == (1 if "submit check" in line else 0), f"{line}\n{ran.stdout}{ran.stderr}"
        said[line] = ran.stdout + ran.stderr
    board = said["compdd leaderboard --results my-submission"]
    assert "my-method" in board and "random" in board
    check = said["compdd submit check my-submission"]
    errors = [line for line in check.splitlines() if line.startswith("error")]
    assert errors and all("budget" in line or "students" in line for line in errors), check
    (mine,) = (record for record in compdd.records(tmp_path / "my-submission") if record.cell["method"] == "my-method")
    assert mine.bundle is not None and len(mine.bundle) == 10 and len(mine.accuracies) == 2


def test_the_script_returns_what_matches_better(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    spec = importlib.util.spec_from_file_location("distribution_matching", EXAMPLES / "distribution_matching.py")
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    torch.manual_seed(0)
    real = [torch.randn(20, 3, 32, 32) + label for label in range(2)]
    before, after = (script.distil(real, 1, iterations, batch=20) for iterations in (0, 20))
    network = script.features(32).requires_grad_(False)

    def distance(images: object) -> float:
        found = network(images)
        return float(sum((network(one).mean(0) - found[i]).square().sum() for i, one in enumerate(real)))

    assert distance(after) < 0.9 * distance(before)


def test_the_notebook_runs(command: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = json.loads((EXAMPLES / "first_steps.ipynb").read_text())
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert len(cells) >= 5 and all(not cell.get("outputs") for cell in notebook["cells"])
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for cell in cells:
        exec(compile(cell, "first_steps.ipynb", "exec"), names)
    assert isinstance(names["record"], compdd.Record) and isinstance(names["bundle"], compdd.Bundle)
