"""The few operations on images that are spelled differently in NumPy and PyTorch.

What may enter: how a constant, an index or a list of labels becomes an array of the kind, type and device of another one. Everything else is
written with operators that both libraries have, so that augmentation is written once.
"""

from __future__ import annotations

import sys
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

Array: TypeAlias = Any
"""A NumPy array or a PyTorch tensor."""


def is_tensor(x: Array) -> bool:
    """Whether this is a PyTorch tensor; PyTorch is not imported to find out."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(x, torch.Tensor)


def constant(values: ArrayLike, like: Array) -> Array:
    """Values as an array of the kind, type and device of ``like``."""
    if is_tensor(like):
        import torch

        return torch.as_tensor(np.asarray(values), dtype=like.dtype, device=like.device)
    return np.asarray(values, like.dtype)


def indices(values: ArrayLike, like: Array) -> Array:
    """Whole numbers as an array of the kind and device of ``like``."""
    whole = np.asarray(values, np.int64)
    if is_tensor(like):
        import torch

        return torch.as_tensor(whole, device=like.device)
    return whole


def per_image(values: ArrayLike, like: Array) -> Array:
    """One value an image, ready to be multiplied with a minibatch ``[n, c, h, w]``."""
    return constant(np.asarray(values).reshape(-1, 1, 1, 1), like)


def gather(images: Array, rows: ArrayLike, columns: ArrayLike) -> Array:
    """The pixel at ``(rows, columns)`` for every pixel of the result.

    Args:
        images: ``[n, c, h, w]``.
        rows: ``[n, h', w']`` or what broadcasts to it, inside of the images.
        columns: Likewise.

    Returns:
        ``[n, c, h', w']``.
    """
    n, c, h, w = images.shape
    flat = np.asarray(rows) * w + np.asarray(columns)
    size = flat.shape[1:]
    places = indices(flat.reshape(len(flat), 1, -1), images)
    lines = images.reshape(n, c, h * w)
    if is_tensor(images):
        return lines.gather(2, places.expand(n, c, -1)).reshape(n, c, *size)
    return np.take_along_axis(lines, np.broadcast_to(places, (n, c, places.shape[2])), axis=2).reshape(n, c, *size)


def as_rows(targets: Array, classes: int, like: Array) -> Array:
    """Class positions ``[n]`` as rows ``[n, classes]`` of zeros and a one; rows as they are."""
    if targets.ndim == 2:
        return targets
    places = targets.detach().cpu().numpy() if is_tensor(targets) else np.asarray(targets)
    return constant(np.eye(classes, dtype=np.float32)[places], like)
