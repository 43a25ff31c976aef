"""Bundles: what is in the file, what it means, and what is refused."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from conftest import MakeBundle, golden

from compdd import Bundle, CompddError

FOUR = np.arange(4)


def images(*shape: int) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def test_a_stored_set_of_the_scenes(stored: Path) -> None:
    bundle = Bundle(stored)
    assert (len(bundle), bundle.shape, bundle.images.shape) == (10, (10, 3, 32, 32), (10, 3, 32, 32))
    assert (bundle.method, bundle.subset, bundle.ipc, bundle.label_kind) == ("dm", "scenes-easy@1", 1, "hard")
    assert bundle.labels.tolist() == list(range(10)) and bundle.classes[0] == "striped disc"
    assert bundle.synsets[0] == "striped-disc" and abs(bundle.learning_rate - 0.01) < 1e-9
    assert bundle.data_hash == json.loads((stored / "manifest.json").read_text())["data"]["blake3"]
    assert repr(bundle) == "<Bundle dm scenes-easy@1 ipc 1: 10 images of 32 x 32, hard labels, normalised>"
    rgb = bundle.rgb()
    assert rgb.min() >= 0 and rgb.max() <= 1
    inside = (rgb > 0) & (rgb < 1)
    assert np.abs(bundle.space.from_rgb(rgb) - bundle.images)[inside].max() < 1e-5
    assert isinstance(bundle.images, np.memmap) and not bundle.images.flags.writeable


def test_rgb_undoes_the_normalisation(make_bundle: MakeBundle) -> None:
    bytes_ = np.array([[10, 100, 255], [0, 30, 77]], np.uint8).T.reshape(1, 3, 1, 2)
    bundle = Bundle(make_bundle(images(4, 3, 1, 2), FOUR))
    values = bundle.space.from_rgb(bytes_)
    assert np.allclose(values[0, 1], (np.array([100, 30]) / 255 - 0.4) / 0.25, atol=1e-6)
    assert np.rint(bundle.space.to_rgb(values) * 255).astype(int).tolist() == bytes_.tolist()


@pytest.mark.parametrize("stored_inverse", [True, False])
def test_whitening_is_undone_with_or_without_its_inverse(make_bundle: MakeBundle, stored_inverse: bool) -> None:
    tensors, _, _ = golden("zca__eps0.1")
    whitening = {"zca.mean": tensors["out.mean"], "zca.transform": tensors["out.transform"]}
    if stored_inverse:
        whitening["zca.inverse"] = tensors["out.inverse"]
    space = {"kind": "zca", "mean": [0, 0, 0], "std": [1, 1, 1], "epsilon": 0.1}
    labels = np.arange(20) % 4
    bundle = Bundle(make_bundle(tensors["out.y"], labels, ipc=5, pixel_space=space, tensors=whitening))
    assert bundle.space.kind == "zca"
    assert np.abs(bundle.space.to_rgb(bundle.images) - tensors["out.back"]).max() < 1e-3
    assert np.abs(bundle.space.from_rgb(tensors["in.x"]) - tensors["out.y"]).max() < 1e-3


def test_soft_labels_are_probabilities_for_the_loss(make_bundle: MakeBundle) -> None:
    logits = images(4, 4) * 3
    bundle = Bundle(make_bundle(images(4, 3, 8, 8), logits, label_kind="logits"))
    powers = np.exp(logits.astype(np.float64))
    assert np.allclose(bundle.targets, powers / powers.sum(axis=1, keepdims=True), atol=1e-6)
    assert bundle.labels.dtype == np.float32 and np.array_equal(bundle.labels, logits)


def test_a_formation_is_taken_apart_tile_after_tile(make_bundle: MakeBundle) -> None:
    stored = np.zeros((4, 3, 8, 8), np.float32)
    stored[:, :, :4, 4:] = 1
    stored[:, :, 4:, :4] = 2
    stored[:, :, 4:, 4:] = 3
    whole = Bundle(make_bundle(stored, FOUR, formation=2)).student_images()
    assert whole.shape == (16, 3, 8, 8)
    assert [float(image.mean()) for image in whole[::4]] == [0, 1, 2, 3] and float(np.ptp(whole[4])) == 0


def test_a_formation_that_does_not_divide_the_side_reads_grey_beyond_the_edge(make_bundle: MakeBundle) -> None:
    bundle = Bundle(make_bundle(np.zeros((4, 3, 8, 8), np.float32), FOUR, formation=3))
    last = bundle.student_images()[-1]
    # Tiles of three pixels reach one pixel over the edge at eight; grey is 0.5 in RGB.
    assert np.allclose(last[:, -1, -1], [0.0, 0.4, 0.4], atol=1e-6) and not last[:, 0, 0].any()


def test_show_makes_a_picture_of_a_line_a_class(stored: Path, tmp_path: Path) -> None:
    picture = Bundle(stored).show(classes=["striped disc", "dotted-star"], scale=2)
    picture.save(tmp_path / "sheet.png")
    png = (tmp_path / "sheet.png").read_bytes()
    assert png == picture._repr_png_() and png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    assert (width, height) == (64, 2 * 64 + 2)
    start = png.index(b"IDAT") + 4
    rows = np.frombuffer(zlib.decompressobj().decompress(png[start:]), np.uint8).reshape(height, 1 + 3 * width)
    assert np.array_equal(rows[:, 1:].reshape(height, width, 3), picture.pixels)
    assert np.array_equal(picture.pixels[0, 0], np.rint(Bundle(stored).rgb()[0, :, 0, 0] * 255))
    with pytest.raises(CompddError, match="no class `cat`"):
        Bundle(stored).show(classes=["cat"])


def test_what_is_no_bundle_is_refused(stored: Path, tmp_path: Path) -> None:
    with pytest.raises(CompddError, match="is no bundle") as raised:
        Bundle(tmp_path)
    assert "NAME.bundle" in raised.value.help
    copy = tmp_path / "copy.bundle"
    shutil.copytree(stored, copy)
    data = (copy / "data.safetensors").read_bytes()
    for damaged in (data[:-4], data[:100], b"", b"\xff" * 64):
        (copy / "data.safetensors").write_bytes(damaged)
        with pytest.raises(CompddError, match="data.safetensors"):
            Bundle(copy)
    (copy / "data.safetensors").write_bytes(data)
    manifest = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps({**manifest, "version": 2}))
    with pytest.raises(CompddError, match="version 2"):
        Bundle(copy)
    (copy / "manifest.json").write_text(json.dumps({**manifest, "format": "another"}))
    with pytest.raises(CompddError, match="no manifest"):
        Bundle(copy)


def test_a_large_set_is_mapped_and_the_import_is_light(make_bundle: MakeBundle) -> None:
    path = make_bundle(np.zeros((40, 3, 128, 128), np.float32), np.arange(40) % 4, ipc=10)
    bundle = Bundle(path)
    assert bundle.images[39, 0, 0, 0] == 0
    assert isinstance(bundle.images, np.memmap)
    loaded = "import sys, compdd; print([name for name in ('torch', 'PIL', 'pandas', 'polars') if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, cwd=Path(__file__).parents[1])
    assert said.stdout == "[]\n", said.stderr
