#!/usr/bin/env python3
"""Pictures through a JPEG file of Pillow: the reference of `crates/compdd-data/src/data/decode/copy.rs`.

    python3 benchmarks/peer/jpeg_copy.py [--out tests/fixtures/jpeg_copy.safetensors]

The pictures come from a formula (`picture` here and in `tests.rs` there), so only the results are stored: bytes `[height, width, 3]` under
`WIDTHxHEIGHT.QUALITY`.
"""
import argparse
import io

import numpy as np
import safetensors.numpy
from PIL import Image, __version__

CASES = [(32, 32, 75), (64, 48, 75), (17, 9, 75), (32, 32, 40), (32, 32, 95)]


def picture(width, height):
    """Waves of colour, with a ripple on top that a quantiser has to deal with."""
    y, x, c = np.mgrid[:height, :width, :3]
    return ((x * x + 3 * y * (c + 2) + x * y // 4) % 160 + (x * 37 + y * 101 + c * 59) % 64).astype(np.uint8)


def copy(pixels, quality):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file).convert("RGB"))


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--out", default="tests/fixtures/jpeg_copy.safetensors")
    tensors = {f"{w}x{h}.{quality}": np.ascontiguousarray(copy(picture(w, h), quality)) for w, h, quality in CASES}
    safetensors.numpy.save_file(tensors, arguments.parse_args().out, metadata={"pillow": __version__})


if __name__ == "__main__":
    main()
