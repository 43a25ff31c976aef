"""What stored values mean: normalised pixels, or normalised and whitened ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Whitening:
    """A linear map of flattened images to ``(x - mean) @ transform``, with ``D = C * H * W``."""

    mean: Floats
    """``[D]``, mean of the normalised training images."""
    transform: Floats
    """``[D, D]``."""
    epsilon: float
    """What was added to the eigenvalues when the map was fitted."""
    inverse: Floats | None = None
    """``[D, D]``; where it was not stored, a linear system is solved in its place."""

    def apply(self, rows: Floats) -> Floats:
        """``[N, D]`` normalised to ``[N, D]`` whitened."""
        return np.asarray((rows - self.mean) @ self.transform, np.float32)

    def undo(self, rows: Floats) -> Floats:
        """``[N, D]`` whitened to ``[N, D]`` normalised."""
        if self.inverse is not None:
            return rows @ self.inverse + self.mean
        solved = np.linalg.solve(self.transform.T.astype(np.float64), rows.T.astype(np.float64)).T
        return (solved + self.mean).astype(np.float32)


@dataclass(frozen=True)
class PixelSpace:
    """The map from RGB in 0..1 to the input of a network: ``(rgb - mean) / std`` by channel, then the whitening if there is one."""

    mean: tuple[float, float, float]
    """Channel means."""
    std: tuple[float, float, float]
    """Channel standard deviations."""
    whitening: Whitening | None = field(default=None, repr=False)
    """What follows the normalisation in whitened sets."""

    @property
    def kind(self) -> str:
        """``normalised`` or ``zca``, as in manifests."""
        return "normalised" if self.whitening is None else "zca"

    def from_rgb(self, rgb: NDArray[Any]) -> Floats:
        """RGB to network input, such as the images of a test set.

        Args:
            rgb: ``[N, 3, H, W]``, floats in 0..1 or bytes.
        """
        scaled = rgb.astype(np.float32) / (255 if rgb.dtype == np.uint8 else 1)
        normalised = np.asarray((scaled - _by_channel(self.mean)) / _by_channel(self.std), np.float32)
        if self.whitening is None:
            return normalised
        return self.whitening.apply(normalised.reshape(len(rgb), -1)).reshape(rgb.shape)

    def to_rgb(self, images: Floats) -> Floats:
        """Network input to RGB, ``[N, 3, H, W]`` to the same; learned pixels may leave 0..1."""
        if self.whitening is not None:
            images = self.whitening.undo(images.reshape(len(images), -1)).reshape(images.shape)
        return images * _by_channel(self.std) + _by_channel(self.mean)


def _by_channel(values: tuple[float, float, float]) -> Floats:
    return np.asarray(values, np.float32).reshape(1, 3, 1, 1)
