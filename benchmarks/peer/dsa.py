"""Differentiable siamese augmentation in PyTorch with recorded draws: what the peers in this folder and `benchmarks/perf` replay.

Written from the formulas of `crates/compdd-nn/src/augment/`: mode S (one operation a minibatch), parameters per image, corners aligned, values never
clamped. A draw is a row of numbers per image, in the order of SLOTS: uniform numbers, or whole pixels for `crop` and `cutout`.
"""
import math

import torch
import torch.nn.functional as F

SLOTS = {
    "color": ["u_brightness", "u_saturation", "u_contrast"],
    "crop": ["tx", "ty"],
    "cutout": ["ox", "oy"],
    "flip": ["u"],
    "scale": ["u_x", "u_y"],
    "rotate": ["u"],
}
OPERATIONS = list(SLOTS)


def draw(operation, n, side, crop_ratio, generator):
    """Three slots `[3, n]`; those the operation does not use are zero."""
    slots = torch.zeros(3, n)
    count = len(SLOTS[operation])
    if operation == "crop":
        reach = int(side * crop_ratio + 0.5)
        slots[:count] = torch.randint(-reach, reach + 1, (count, n), generator=generator).float()
    elif operation == "cutout":
        size = int(side / 2 + 0.5)
        slots[:count] = torch.randint(0, side + 1 - size % 2, (count, n), generator=generator).float()
    else:
        slots[:count] = torch.rand(count, n, generator=generator)
    return slots


def sample(x, matrix):
    """`x` read at `matrix` `[n, 2, 2]` times the position relative to the centre; bilinear, zero outside."""
    matrix = torch.cat([matrix, matrix.new_zeros(len(x), 2, 1)], 2)
    grid = F.affine_grid(matrix, list(x.shape), align_corners=True)
    return F.grid_sample(x, grid, align_corners=True)


def apply(x, operation, slots):
    """`x` `[n, 3, side, side]` augmented with the recorded `slots` `[3, n]`."""
    n, _, height, width = x.shape
    a, b, c = slots.to(x.dtype)[:, :n]
    each = lambda values: values[:, None, None, None]
    if operation == "color":
        x = x + each(a - 0.5)
        grey = x.mean(1, keepdim=True)
        x = (x - grey) * each(2 * b) + grey
        mean = x.mean((1, 2, 3), keepdim=True)
        return (x - mean) * each(c + 0.5) + mean
    if operation == "crop":
        rows = torch.arange(height) + a.long()[:, None]
        columns = torch.arange(width) + b.long()[:, None]
        inside = ((rows >= 0) & (rows < height))[:, :, None] & ((columns >= 0) & (columns < width))[:, None, :]
        picked = x.permute(0, 2, 3, 1)[
            torch.arange(n)[:, None, None], rows.clamp(0, height - 1)[:, :, None], columns.clamp(0, width - 1)[:, None, :]
        ]
        return picked.permute(0, 3, 1, 2) * inside[:, None]
    if operation == "cutout":
        def window(offset, length):
            size = int(length / 2 + 0.5)
            first = (offset.long() - size // 2)[:, None]
            place = torch.arange(length)
            return (place >= first.clamp(0, length - 1)) & (place <= (first + size - 1).clamp(0, length - 1))
        erased = window(a, height)[:, :, None] & window(b, width)[:, None, :]
        return x * ~erased[:, None]
    if operation == "flip":
        return torch.where(each(a) < 0.5, x.flip(3), x)
    if operation == "scale":
        return sample(x, torch.diag_embed(torch.stack([a, b], 1) * (1.2 - 1 / 1.2) + 1 / 1.2))
    angle = (a - 0.5) * 2 * math.radians(15)
    return sample(x, torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()], 1).reshape(n, 2, 2))
