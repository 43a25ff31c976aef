"""The augmentation of a protocol, for students trained in PyTorch or NumPy."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .arrays import Array
from .draws import (
    Affine,
    Blend,
    Draw,
    Erase,
    Mirror,
    Mix,
    Move,
    Reals,
    ResizedCrop,
    Shift,
    Shuffle,
    Wholes,
    mixed_targets,
)
from .errors import CompddError

Settings = Mapping[str, Any]
Shape = tuple[int, int, int, int]

_PARTS = {"color": ("brightness", "saturation", "contrast")}
_TRIES = 10


class Augmentation:
    """What a minibatch goes through before it reaches a student.

    The settings and their laws are those of the protocol (``docs/protocols/augmentation.md``); random numbers come from NumPy, so the views are
    drawn alike, and are other views than those of a run of ``compdd``.

    Args:
        operations: The settings in order, as a protocol's ``augmentation`` lists them.
        classes: Number of classes, for targets of mixed images.
        normalisation: Channel means and deviations, for operations that know black; none for whitened images.
        seed: Root of the draws.
    """

    def __init__(
        self,
        operations: Sequence[Settings],
        *,
        classes: int,
        normalisation: tuple[Sequence[float], Sequence[float]] | None = None,
        seed: int = 0,
    ) -> None:
        self.operations = tuple(operations)
        self.classes = classes
        self.normalisation = normalisation
        self._random = np.random.default_rng(seed)
        for operation in self.operations:
            if operation["op"] not in _OPERATIONS:
                raise CompddError(
                    f"the augmentation `{operation['op']}` is not available in Python",
                    help="it works on bytes: put torchvision's RandAugment before the normalisation, or score with compdd.evaluate",
                )

    @classmethod
    def of_scoring(
        cls, scoring: Settings, *, classes: int, normalisation: tuple[Sequence[float], Sequence[float]] | None, seed: int
    ) -> Augmentation:
        """The augmentation of a protocol's settings, as ``compdd protocol show`` and records have them."""
        listed = scoring["augmentation"]
        operations = [{"op": "dsa", **listed}] if isinstance(listed, Mapping) else list(listed)
        if scoring.get("cutmix", 0) > 0:
            operations.append({"op": "cutmix", "probability": scoring["cutmix"]})
        return cls(operations, classes=classes, normalisation=normalisation, seed=seed)

    def __call__(self, images: Array, targets: Array | None = None) -> Any:
        """Views of a minibatch.

        Args:
            images: ``[n, 3, h, w]`` in the network's space, NumPy or PyTorch.
            targets: Class positions ``[n]`` or rows of probabilities ``[n, classes]``. Logits cannot be mixed: take ``Bundle.targets``.

        Returns:
            The views; with targets, a pair of the views and their targets, which are rows of probabilities where images were mixed.
        """
        draws = self.draw(tuple(images.shape))
        views = images
        for draw in draws:
            views = draw.apply(views)
        return views if targets is None else (views, mixed_targets(draws, targets, self.classes, views))

    def draw(self, shape: Shape) -> list[Draw]:
        """Draws for one minibatch of this shape, to be applied as often as wanted."""
        draws: list[Draw] = []
        for operation in self.operations:
            drawn = _OPERATIONS[operation["op"]](self, operation, shape)
            draws.extend(drawn)
            shape = next(((*shape[:2], it.height, it.width) for it in drawn if isinstance(it, ResizedCrop)), shape)
        return draws

    def _dsa(self, settings: Settings, shape: Shape) -> list[Draw]:
        strategy = settings["strategy"]
        tokens = [] if strategy == "none" else strategy.split("_")
        if settings["mode"] == "S" and tokens:
            tokens = [tokens[self._random.integers(len(tokens))]]
        parts = [part for token in tokens for part in _PARTS.get(token, (token,))]
        return [dsa_draw(part, settings, shape, self._slots(part, settings, shape)) for part in parts]

    def _slots(self, part: str, settings: Settings, shape: Shape) -> list[Reals]:
        n, _, h, w = shape
        if part == "crop":
            reach = [_part(side, settings["crop_ratio"]) for side in (h, w)]
            return [self._random.integers(-far, far + 1, n).astype(np.float64) for far in reach]
        if part == "cutout":
            last = [side - _part(side, settings["cutout"]) % 2 for side in (h, w)]
            return [self._random.integers(0, far + 1, n).astype(np.float64) for far in last]
        return [self._random.random(n) for _ in range(2 if part == "scale" else 1)]

    def _resized_crop(self, settings: Settings, shape: Shape) -> list[Draw]:
        n, _, h, w = shape
        boxes = np.array([self._box(settings, h, w) for _ in range(n)], np.int64)
        side = settings.get("size")
        height, width = (h, w) if side is None else (side, side)
        return [ResizedCrop(boxes, height, width, settings.get("antialias", True))]

    def _box(self, settings: Settings, h: int, w: int) -> tuple[int, int, int, int]:
        scale, (low, high) = settings.get("scale", (0.08, 1.0)), settings.get("ratio", (3 / 4, 4 / 3))
        for _ in range(_TRIES):
            area = h * w * self._random.uniform(*scale)
            ratio = math.exp(self._random.uniform(math.log(low), math.log(high)))
            width, height = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
            if 1 <= width <= w and 1 <= height <= h:
                top, left = self._random.integers(h - height + 1), self._random.integers(w - width + 1)
                return int(top), int(left), height, width
        ratio = min(max(w / h, low), high)
        height, width = min(max(round(w / ratio), 1), h), min(max(round(h * ratio), 1), w)
        return (h - height) // 2, (w - width) // 2, height, width

    def _pad_crop(self, settings: Settings, shape: Shape) -> list[Draw]:
        padding = settings.get("padding", 4)
        rows, columns = self._random.integers(-padding, padding + 1, (2, shape[0]))
        if settings.get("fill", "black") == "mean":
            return [Move(rows, columns)]
        if self.normalisation is None:
            raise CompddError("`pad-crop` fills with black, which whitened images do not show", help='use `fill = "mean"`')
        return [Move(rows, columns, tuple(-m / s for m, s in zip(*self.normalisation, strict=True)))]

    def _flip(self, settings: Settings, shape: Shape) -> list[Draw]:
        return [Mirror(self._random.random(shape[0]) < settings.get("probability", 0.5))]

    def _patch_shuffle(self, settings: Settings, shape: Shape) -> list[Draw]:
        grid = settings.get("grid", 2)
        orders = self._random.permuted(np.tile(np.arange(grid), (2, shape[0], 1)), axis=2)
        return [Shuffle(rows=orders[0], columns=orders[1])]

    def _mix(self, settings: Settings, shape: Shape) -> list[Draw]:
        n, _, h, w = shape
        alpha = settings.get("alpha", 1.0)
        if self._random.random() >= settings.get("probability", 1.0):
            return []
        kept = self._random.beta(alpha, alpha)
        if settings["op"] == "mixup":
            return [Mix(self._random.permutation(n), kept)]
        centre = int(self._random.integers(h)), int(self._random.integers(w))
        return [cutmix(kept, centre, self._random.permutation(n), h, w)]


_OPERATIONS: dict[str, Callable[[Augmentation, Settings, Shape], list[Draw]]] = {
    "dsa": Augmentation._dsa,
    "random-resized-crop": Augmentation._resized_crop,
    "pad-crop": Augmentation._pad_crop,
    "flip": Augmentation._flip,
    "patch-shuffle": Augmentation._patch_shuffle,
    "cutmix": Augmentation._mix,
    "mixup": Augmentation._mix,
}


def dsa_draw(part: str, settings: Settings, shape: Shape, slots: Sequence[Reals]) -> Draw:
    """An operation of DSA (Zhao and Bilen, ICML 2021) from its raw draws.

    Args:
        part: ``brightness``, ``saturation``, ``contrast``, ``crop``, ``cutout``, ``flip``, ``scale`` or ``rotate``.
        settings: Strengths, as a protocol has them.
        shape: Of the minibatch, ``(n, c, h, w)``.
        slots: Raw draws, one array of ``n`` values a slot: uniform on [0, 1), of crop and cutout whole numbers for rows and columns.
    """
    _, _, h, w = shape
    u = slots[0]
    match part:
        case "brightness":
            return Shift((u - 0.5) * settings["brightness"])
        case "saturation":
            return Blend(u * settings["saturation"], whole=False)
        case "contrast":
            return Blend(u + settings["contrast"], whole=True)
        case "crop":
            return Move(u.astype(np.int64), slots[1].astype(np.int64))
        case "cutout":
            height, width = (_part(side, settings["cutout"]) for side in (h, w))
            return Erase(height, width, u.astype(np.int64), slots[1].astype(np.int64))
        case "flip":
            return Mirror(u < settings["flip"])
        case "scale":
            largest = settings["scale"]
            across, down = (slot * (largest - 1 / largest) + 1 / largest for slot in slots)
            zero = np.zeros_like(u)
            return Affine(np.stack([across, zero, zero, down], axis=1).reshape(-1, 2, 2))
        case "rotate":
            reach = [side - 1 if settings["align_corners"] else side for side in (w, h)]
            ratio = 1.0 if h == w else reach[0] / reach[1]
            angle = (u - 0.5) * 2 * math.radians(settings["rotate"])
            sin, cos = np.sin(angle), np.cos(angle)
            return Affine(np.stack([cos, -sin * ratio, sin / ratio, cos], axis=1).reshape(-1, 2, 2))
    raise CompddError(f"`{part}` is no operation of DSA", help="use color, crop, cutout, flip, scale and rotate")


def cutmix(kept: float, centre: tuple[int, int], partners: Wholes, h: int, w: int) -> Mix:
    """The mix of a box about ``centre`` (row, column) with ``floor`` of ``sqrt(1 - kept)`` of each side, cut off at the edges (Yun et al., ICCV 2019).

    The labels mix by the area that is left.
    """
    share = math.sqrt(max(1 - kept, 0))
    halves = [int(side * share) // 2 for side in (h, w)]
    (top, bottom), (left, right) = (
        (max(at - half, 0), min(at + half, side)) for at, half, side in zip(centre, halves, (h, w), strict=True)
    )
    return Mix(partners, 1 - (bottom - top) * (right - left) / (h * w), (top, left, bottom, right))


def _part(side: int, ratio: float) -> int:
    return math.floor(side * ratio + 0.5)
