"""Sheets of images as PNG, without a library for pictures."""

from __future__ import annotations

import os
import struct
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_GAP = 2
_WHITE = 255


@dataclass(frozen=True)
class Picture:
    """A picture that a notebook shows by itself."""

    pixels: NDArray[np.uint8] = field(repr=False)
    """``[H, W, 3]``."""

    def _repr_png_(self) -> bytes:
        return self.png()

    def png(self) -> bytes:
        """The picture as a PNG file."""
        height, width, _ = self.pixels.shape
        rows = np.zeros((height, 1 + 3 * width), np.uint8)  # every row begins with its filter: none
        rows[:, 1:] = self.pixels.reshape(height, -1)
        header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        parts = [(b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes())), (b"IEND", b"")]
        return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in parts)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the PNG file."""
        Path(path).write_bytes(self.png())


def sheet(rows: list[NDArray[np.float32]], scale: int = 1) -> Picture:
    """One line of images a row, left-aligned on white.

    Args:
        rows: Each ``[n, 3, H, W]`` in 0..1, of one size.
        scale: Pixels along the side of a square that shows one pixel.
    """
    _, _, height, width = rows[0].shape
    height, width = height * scale, width * scale
    most = max(len(row) for row in rows)
    pixels = np.full((len(rows) * (height + _GAP) - _GAP, most * (width + _GAP) - _GAP, 3), _WHITE, np.uint8)
    for i, row in enumerate(rows):
        shown = np.rint(np.clip(row, 0, 1) * 255).astype(np.uint8).transpose(0, 2, 3, 1)
        for j, image in enumerate(shown.repeat(scale, axis=1).repeat(scale, axis=2)):
            top, left = i * (height + _GAP), j * (width + _GAP)
            pixels[top : top + height, left : left + width] = image
    return Picture(pixels)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
