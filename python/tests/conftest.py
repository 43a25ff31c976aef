"""What the tests share: stored sets of the built-in scenes, golden files, and bundles made on the spot."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from compdd.tensors import tensors_of

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"
MakeBundle = Callable[..., Path]
Golden = dict[str, NDArray[Any]]


def golden(name: str) -> tuple[Golden, dict[str, Any], Callable[[str, NDArray[Any]], None]]:
    """Tensors and settings of a golden file, and a check of a result by the file's own tolerance."""
    path = GOLDEN / f"{name}.safetensors"
    content = path.read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])["__metadata__"]
    tensors, tolerance = tensors_of(path), json.loads(header["tolerance"])

    def check(what: str, found: NDArray[Any]) -> None:
        expected = tensors[f"out.{what}"]
        relative = tolerance["per_tensor"].get(f"out.{what}", tolerance["rtol"])
        assert found.shape == expected.shape
        assert np.abs(found - expected).max() <= tolerance["atol"] + relative * np.abs(expected).max()

    return tensors, json.loads(header["settings"]), check


def write_tensors(path: Path, tensors: dict[str, NDArray[Any]]) -> None:
    """Writes a safetensors file."""
    names, header, at = {"<f4": "F32", "<i8": "I64"}, {}, 0
    for name, tensor in tensors.items():
        header[name] = {"dtype": names[tensor.dtype.str], "shape": tensor.shape, "data_offsets": [at, at + tensor.nbytes]}
        at += tensor.nbytes
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(tensor.tobytes() for tensor in tensors.values()))


@pytest.fixture
def make_bundle(tmp_path: Path) -> MakeBundle:
    """Writes a bundle of given images and labels, of four classes unless told otherwise."""

    def make(images: NDArray[np.float32], labels: NDArray[Any], **changes: Any) -> Path:
        space = changes.pop("pixel_space", {"kind": "normalised", "mean": [0.5, 0.4, 0.3], "std": [0.2, 0.25, 0.5]})
        extra, kind = changes.pop("tensors", {}), changes.pop("label_kind", "hard")
        folder = tmp_path / "made.bundle"
        folder.mkdir()
        rate = np.array([0.02], np.float32)
        write_tensors(folder / "data.safetensors", {"images": images, "learning_rate": rate, "labels": labels, **extra})
        manifest = {
            "format": "compdd-bundle",
            "version": 1,
            "data": {"file": "data.safetensors", "bytes": (folder / "data.safetensors").stat().st_size, "blake3": "00"},
            "method": "dm",
            "subset": "own@1",
            "classes": [{"synset": f"n{i}", "label": f"class {i}"} for i in range(4)],
            "ipc": 1,
            "shape": list(images.shape),
            "labels": kind,
            "pixel_space": space,
            **changes,
        }
        (folder / "manifest.json").write_text(json.dumps(manifest))
        return folder

    return make


@pytest.fixture
def stored() -> Path:
    """A set of the built-in scenes that lies in the repository: DM, hard labels, one image of 32 pixels a class."""
    (path,) = (ROOT / "results" / "bundles").glob("dm_scenes-easy@1_ipc1_*.bundle")
    return path


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The built command, away from the user's settings; the test is skipped where it was not built."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    built = Path(os.environ.get("COMPDD_BINARY", target / "release" / "compdd"))
    if not built.is_file():
        if os.environ.get("COMPDD_REQUIRE_BINARY"):
            pytest.fail(f"{built} is not there: cargo build --release")
        pytest.skip(f"{built} is not there: cargo build --release")
    (tmp_path / "config.toml").write_text("")
    for name, value in {"BINARY": built, "CONFIG": tmp_path / "config.toml", "CACHE": tmp_path / "cache"}.items():
        monkeypatch.setenv(f"COMPDD_{name}", str(value))
    for name in ("COMPDD_DATA", "COMPDD_RESULTS"):
        monkeypatch.delenv(name, raising=False)
    return built


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """A command of our own in place of the real one, as lines of Python."""

    def write(lines: str) -> None:
        script = tmp_path / "pretended"
        script.write_text(f"#!{sys.executable}\n{lines}\n")
        script.chmod(0o755)
        monkeypatch.setenv("COMPDD_BINARY", str(script))

    return write
