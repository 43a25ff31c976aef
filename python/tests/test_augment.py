"""Augmentation: formulas against PyTorch's golden values, laws of the draws, mixes and what they refuse."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from conftest import golden

from compdd import Augmentation, CompddError
from compdd.augment import cutmix, dsa_draw
from compdd.draws import Affine, Blend, Erase, Mirror, Mix, Move, ResizedCrop, Shift, Shuffle

DSA: dict[str, Any] = {
    "op": "dsa",
    "strategy": "color_crop_cutout_flip_scale_rotate",
    "mode": "S",
    "crop_ratio": 0.125,
    "align_corners": True,
    "cutout": 0.5,
    "flip": 0.5,
    "scale": 1.2,
    "rotate": 15.0,
    "brightness": 1.0,
    "saturation": 2.0,
    "contrast": 0.5,
}
CASES = "brightness saturation contrast color crop crop_pad025 cutout flip scale scale_ac_false rotate rotate_ac_false"


@pytest.mark.parametrize("case", CASES.split())
def test_operations_of_dsa_are_those_of_pytorch(case: str) -> None:
    tensors, settings, check = golden(f"dsa_ops__{case}")
    x = tensors["in.x"]
    slots = [tensors[f"in.draw.{name}"].astype(np.float64) for name in settings["draws"]]
    parts = ["brightness", "saturation", "contrast"] if settings["op"] == "color" else [settings["op"]]
    y = x
    for i, part in enumerate(parts):
        y = dsa_draw(part, {**DSA, **settings}, x.shape, slots[i:] if len(parts) > 1 else slots).apply(y)
    assert y.dtype == np.float32
    check("y", y)


@pytest.mark.parametrize("lam", ["0.3", "0.75", "0.98"])
def test_mixes_are_those_of_pytorch(lam: str) -> None:
    tensors, _, check = golden(f"cutmix__lam{lam}")
    x, partners = tensors["in.x"], tensors["in.perm"].astype(np.int64)
    row, column = (int(value) for value in tensors["in.centre"])
    mix = cutmix(float(tensors["in.lam"]), (row, column), partners, *x.shape[2:])
    check("box", np.array(mix.box))
    check("kept_fraction", np.array(mix.kept))
    check("y", mix.apply(x))
    check("mixup", Mix(partners, float(tensors["in.lam"])).apply(x))


def test_recorded_crops_are_those_of_torchvision() -> None:
    tensors, settings, check = golden("fkd_replay__boxes")
    x, size = tensors["in.x"], settings["size"]
    sides = np.array([x.shape[2], x.shape[3]] * 2)
    boxes = np.rint(tensors["in.coords"].astype(np.float64) * sides).astype(np.int64)
    check("boxes", boxes.reshape(tensors["out.boxes"].shape))
    mirror = Mirror(tensors["in.flip"] == 1)
    for name, antialias in [("plain", False), ("antialias", True)]:
        check(name, mirror.apply(ResizedCrop(boxes, size, size, antialias).apply(x)))


def test_one_operation_of_dsa_a_minibatch_with_parameters_for_every_image() -> None:
    augment = Augmentation([DSA], classes=4)
    counts: dict[str, int] = {}
    for _ in range(1200):
        draws = augment.draw((6, 3, 32, 32))
        name = "color" if len(draws) == 3 else str(type(draws[0]).__name__) + str(getattr(draws[0], "fill", ""))
        counts[name] = counts.get(name, 0) + 1
    # Scale and rotation are both linear maps: twice a sixth.
    assert set(counts) == {"color", "Move(0.0,)", "Erase", "Mirror", "Affine"}
    assert all(abs(count - (400 if name == "Affine" else 200)) < 60 for name, count in counts.items()), counts


def test_draws_have_the_laws_of_their_settings() -> None:
    augment, n = Augmentation([{**DSA, "mode": "M"}], classes=4, seed=1), 20_000
    shift, saturation, contrast, crop, cutout, flip, scale, rotate = augment.draw((n, 3, 32, 16))
    assert isinstance(shift, Shift) and isinstance(saturation, Blend) and isinstance(contrast, Blend)
    assert isinstance(crop, Move) and isinstance(cutout, Erase) and isinstance(flip, Mirror)
    assert isinstance(scale, Affine) and isinstance(rotate, Affine)
    for values, low, high in [
        (shift.shift, -0.5, 0.5),
        (saturation.factor, 0, 2),
        (contrast.factor, 0.5, 1.5),
        (scale.maps[:, 0, 0], 1 / 1.2, 1.2),
        (np.degrees(np.arcsin(rotate.maps[:, 1, 0] * 15 / 31)), -15, 15),
    ]:
        assert low <= values.min() < low + 0.01 * (high - low) and high - 0.01 * (high - low) < values.max() <= high
        assert abs(values.mean() - (low + high) / 2) < 0.02 * (high - low)
    assert set(crop.rows) == set(range(-4, 5)) and set(crop.columns) == set(range(-2, 3))
    assert (cutout.height, cutout.width) == (16, 8) and set(cutout.rows) == set(range(33))
    assert abs(flip.mirrored.mean() - 0.5) < 0.02


def test_lists_of_operations_are_applied_in_order_and_mix_targets() -> None:
    scoring = {
        "augmentation": [
            {"op": "patch-shuffle", "grid": 2},
            {"op": "random-resized-crop", "scale": [0.25, 1.0], "size": 24},
            {"op": "pad-crop", "padding": 2},
            {"op": "flip", "probability": 1.0},
            {"op": "cutmix", "probability": 1.0},
        ]
    }
    normalisation = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)
    augment = Augmentation.of_scoring(scoring, classes=3, normalisation=normalisation, seed=4)
    draws = augment.draw((5, 3, 32, 32))
    assert [type(draw) for draw in draws] == [Shuffle, ResizedCrop, Move, Mirror, Mix]
    assert isinstance(draws[2], Move) and draws[2].fill == (-2.0, -2.0, -2.0)
    images = np.random.default_rng(0).normal(size=(5, 3, 32, 32)).astype(np.float32)
    views, targets = augment(images, np.array([0, 1, 2, 1, 0]))
    assert views.shape == (5, 3, 24, 24) and views.dtype == np.float32
    assert targets.shape == (5, 3) and np.allclose(targets.sum(axis=1), 1)
    assert len(Augmentation.of_scoring({"augmentation": [], "cutmix": 1.0}, classes=3, normalisation=None, seed=0).draw((2, 3, 8, 8))) == 1


def test_a_shuffle_moves_blocks_and_nothing_else() -> None:
    x = np.arange(2 * 3 * 4 * 4, dtype=np.float32).reshape(2, 3, 4, 4)
    swapped = Shuffle(rows=np.array([[1, 0]] * 2), columns=np.array([[0, 1]] * 2)).apply(x)
    assert np.array_equal(swapped, np.concatenate([x[:, :, 2:], x[:, :, :2]], axis=2))
    augment = Augmentation([{"op": "patch-shuffle", "grid": 2}], classes=2)
    assert np.array_equal(np.sort(augment(x), axis=None), np.sort(x, axis=None))


def test_boxes_have_the_area_and_the_ratio_that_are_allowed() -> None:
    augment = Augmentation([{"op": "random-resized-crop", "scale": [0.25, 0.5]}], classes=2)
    (draw,) = augment.draw((4000, 3, 64, 64))
    assert isinstance(draw, ResizedCrop) and (draw.height, draw.width) == (64, 64)
    top, left, height, width = draw.boxes.T
    assert (top >= 0).all() and (left >= 0).all() and (top + height <= 64).all() and (left + width <= 64).all()
    share, ratio = height * width / 64**2, np.log(width / height)
    assert share.min() > 0.23 and share.max() < 0.53 and abs(share.mean() - 0.375) < 0.01
    assert np.abs(ratio).max() < math.log(4 / 3) + 0.1 and abs(ratio.mean()) < 0.02


def test_a_mix_is_drawn_by_its_probability_and_equal_seeds_draw_alike() -> None:
    operations = [{"op": "mixup", "alpha": 0.8, "probability": 0.5}]
    one, other = (Augmentation(operations, classes=2, seed=7) for _ in range(2))
    drawn = [one.draw((4, 3, 8, 8)) for _ in range(2000)]
    assert abs(sum(len(draws) for draws in drawn) - 1000) < 100
    kept = [draws[0].kept for draws in drawn if draws and isinstance(draws[0], Mix)]
    # Beta(0.8, 0.8) has variance 1 / (4 (2 * 0.8 + 1)).
    assert abs(np.var(kept) - 1 / 10.4) < 0.01 and abs(np.mean(kept) - 0.5) < 0.03
    assert [len(other.draw((4, 3, 8, 8))) for _ in range(50)] == [len(draws) for draws in drawn[:50]]


def test_what_works_on_bytes_is_refused() -> None:
    with pytest.raises(CompddError, match="rand-augment") as raised:
        Augmentation([{"op": "rand-augment"}], classes=2)
    assert "compdd.evaluate" in raised.value.help
    with pytest.raises(CompddError, match="whitened"):
        Augmentation([{"op": "pad-crop"}], classes=2).draw((1, 3, 8, 8))
