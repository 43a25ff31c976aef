"""What was drawn for a minibatch, and what it does: the same draws make the same views of the same images.

Every operation takes a minibatch ``[n, c, h, w]`` of NumPy or PyTorch, keeps its kind, type and device, and can be differentiated by PyTorch.
The formulas are those of the Rust crate (``crates/compdd-nn/src/augment``); the golden files hold both to PyTorch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .arrays import Array, as_rows, constant, gather, indices, per_image

Reals = NDArray[np.float64]
Wholes = NDArray[np.int64]


class Draw(Protocol):
    """One operation with the parameters of every image."""

    def apply(self, images: Array) -> Array:
        """The minibatch after it."""


@dataclass(frozen=True)
class Shift:
    """``x + shift``: brightness."""

    shift: Reals

    def apply(self, images: Array) -> Array:
        return images + per_image(self.shift, images)


@dataclass(frozen=True)
class Blend:
    """``(x - m) factor + m`` with ``m`` the mean over the channels of a pixel (saturation) or over the image (contrast)."""

    factor: Reals
    whole: bool

    def apply(self, images: Array) -> Array:
        mean = images.mean(axis=(1, 2, 3) if self.whole else 1, keepdims=True)
        return (images - mean) * per_image(self.factor, images) + mean


@dataclass(frozen=True)
class Erase:
    """A window of ``height`` by ``width`` pixels about each of the centres set to zero, cut off at the edges (cutout)."""

    height: int
    width: int
    rows: Wholes
    columns: Wholes

    def apply(self, images: Array) -> Array:
        h, w = images.shape[2:]
        rows, columns = _inside(self.rows, self.height, h), _inside(self.columns, self.width, w)
        return images * constant(~(rows[:, None, :, None] & columns[:, None, None, :]), images)


@dataclass(frozen=True)
class Affine:
    """Bilinear sampling at a linear map of the coordinates about the centre, zero outside (stretch and rotation).

    ``maps`` is ``[n, 2, 2]``: a pixel at ``(x, y)`` from the centre, in columns and rows, reads the image at ``maps @ (x, y)``.
    """

    maps: Reals

    def apply(self, images: Array) -> Array:
        h, w = images.shape[2:]
        centre = np.array([(w - 1) / 2, (h - 1) / 2])
        x, y = np.meshgrid(np.arange(w) - centre[0], np.arange(h) - centre[1])
        at = np.einsum("nij,jhw->nihw", self.maps, np.stack([x, y])) + centre[:, None, None]
        first = np.floor(at).astype(np.int64)
        share = at - first
        result: Array = 0
        for right in (0, 1):
            for down in (0, 1):
                columns, rows = first[:, 0] + right, first[:, 1] + down
                weight = np.abs(1 - right - share[:, 0]) * np.abs(1 - down - share[:, 1])
                weight = weight * ((0 <= columns) & (columns < w) & (0 <= rows) & (rows < h))
                tap = gather(images, rows.clip(0, h - 1), columns.clip(0, w - 1))
                result = result + tap * constant(weight[:, None], images)
        return result


@dataclass(frozen=True)
class Mirror:
    """Left and right exchanged."""

    mirrored: NDArray[np.bool_]

    def apply(self, images: Array) -> Array:
        h, w = images.shape[2:]
        columns = np.where(self.mirrored[:, None], np.arange(w)[::-1], np.arange(w))
        return gather(images, np.arange(h)[None, :, None], columns[:, None])


@dataclass(frozen=True)
class Move:
    """Whole shifts: pixel ``(i, j)`` reads ``(i + rows, j + columns)``, and ``fill`` (one value a channel) outside of the image."""

    rows: Wholes
    columns: Wholes
    fill: tuple[float, ...] = (0.0,)

    def apply(self, images: Array) -> Array:
        h, w = images.shape[2:]
        rows, columns = np.arange(h) + self.rows[:, None], np.arange(w) + self.columns[:, None]
        moved = gather(images, rows.clip(0, h - 1)[:, :, None], columns.clip(0, w - 1)[:, None, :])
        inside = ((0 <= rows) & (rows < h))[:, None, :, None] & ((0 <= columns) & (columns < w))[:, None, None, :]
        fill = np.asarray(self.fill).reshape(1, -1, 1, 1)
        return moved * constant(inside, images) + constant(np.where(inside, 0, fill), images)


@dataclass(frozen=True)
class ResizedCrop:
    """A box of every image, resized bilinearly with half-pixel centres; with ``antialias`` a box that shrinks is filtered."""

    boxes: Wholes
    """``[n, 4]``: top, left, height, width."""
    height: int
    width: int
    antialias: bool

    def apply(self, images: Array) -> Array:
        h, w = images.shape[2:]
        top, left, height, width = self.boxes.T
        rows = np.stack([resizing(h, t, k, self.height, self.antialias) for t, k in zip(top, height, strict=True)])
        columns = np.stack([resizing(w, t, k, self.width, self.antialias) for t, k in zip(left, width, strict=True)])
        across = images @ constant(columns.transpose(0, 2, 1)[:, None], images)
        return constant(rows[:, None], images) @ across


@dataclass(frozen=True)
class Shuffle:
    """Blocks of rows and blocks of columns in another order."""

    rows: Wholes
    """``[n, grid]``: which block comes to stand where."""
    columns: Wholes

    def apply(self, images: Array) -> Array:
        h, w = images.shape[2:]
        rows = np.stack([_blocks(order, h) for order in self.rows])
        columns = np.stack([_blocks(order, w) for order in self.columns])
        return gather(images, rows[:, :, None], columns[:, None, :])


@dataclass(frozen=True)
class Mix:
    """Images mixed with others of the minibatch, and their targets in the same shares: a box of them (CutMix) or the whole (mixup)."""

    partners: Wholes
    kept: float
    """Share that an image keeps."""
    box: tuple[int, int, int, int] | None = None
    """First row and column inside, first ones beyond; none for mixup."""

    def apply(self, images: Array) -> Array:
        if self.box is None:
            return self.targets(images)
        top, left, bottom, right = self.box
        mask = np.zeros(images.shape[2:])
        mask[top:bottom, left:right] = 1
        taken = constant(mask, images)
        return images * (1 - taken) + images[indices(self.partners, images)] * taken

    def targets(self, rows: Array) -> Array:
        """Rows in shares of an image and its partner."""
        return rows * self.kept + rows[indices(self.partners, rows)] * (1 - self.kept)


def mixed_targets(draws: list[Draw], targets: Array, classes: int, images: Array) -> Array:
    """Targets of a minibatch after its draws: as they are, or rows of shares where images were mixed."""
    for draw in draws:
        if isinstance(draw, Mix):
            targets = draw.targets(as_rows(targets, classes, images))
    return targets


def resizing(side: int, start: int, length: int, to: int, antialias: bool) -> Reals:
    """The shares ``[to, side]`` with which pixels of the result read those of a side, of which ``length`` from ``start`` on are resized."""
    scale = length / to
    matrix = np.zeros((to, side))
    centres = (np.arange(to) + 0.5) * scale
    if antialias and scale > 1:
        distance = np.abs(np.arange(length) + 0.5 - centres[:, None]) / scale
        shares = np.maximum(1 - distance, 0)
        matrix[:, start : start + length] = shares / shares.sum(axis=1, keepdims=True)
        return matrix
    place = (centres - 0.5).clip(0, length - 1)
    first = place.astype(np.int64)
    second = np.minimum(first + 1, length - 1)
    np.add.at(matrix, (np.arange(to), start + first), 1 - (place - first))
    np.add.at(matrix, (np.arange(to), start + second), place - first)
    return matrix


def _inside(centres: Wholes, length: int, side: int) -> NDArray[np.bool_]:
    """Which pixels of a side lie in windows; one that would lie outside keeps the pixel at the edge."""
    start = centres[:, None] - length // 2
    first, last = start.clip(0, side - 1), (start + length - 1).clip(0, side - 1)
    places = np.arange(side)
    return (first <= places) & (places <= last) & (length > 0)


def _blocks(order: Wholes, side: int) -> Wholes:
    grid = len(order)
    return np.concatenate([np.arange(block * side // grid, (block + 1) * side // grid) for block in order])
