#!/usr/bin/env python3
"""Tiny images of every kind that image folders hold, and the pixels that Pillow sees in them.

    python3 benchmarks/peer/image_kinds.py [--out tests/fixtures/images]

writes one file a kind and `expected.safetensors`: for each kind the bytes `[height, width, 3]` of Pillow's `convert("RGB")`, which is what a
user of torchvision's `ImageFolder` trains on. The one exception is greyscale PNG of 16 bits: Pillow clips its values at 255, so that
nearly every picture becomes white; expected is the high byte, which is what Pillow itself keeps of 16-bit colour.

Kinds that Pillow cannot write are made from those it can: YCCK by naming the colour transform of a CMYK file, 4:1:1 and 4:4:0 by
renaming the sampling factors of files whose blocks come in the same number and order (the picture is scrambled, but a valid one), a
JPEG of three scans from three greyscale ones, interlaced and 16-bit PNG by hand.
"""
import argparse
import io
import pathlib
import struct
import zlib

import numpy as np
import safetensors.numpy
from PIL import Image

SIDE = 29


def picture(height=SIDE, width=SIDE, channels=3):
    """Slopes, an edge and some noise: colour that subsampling blurs, and blocks at the border that are not whole."""
    y, x = np.mgrid[:height, :width]
    noise = np.random.default_rng(7).integers(0, 40, (height, width, channels))
    base = np.stack([7 * x + y, 5 * y + 3 * (x > width // 2) * 20, 230 - 4 * x - 3 * y, 3 * x + 5 * y], -1)[..., :channels]
    return np.clip(base + noise, 0, 255).astype(np.uint8)


def jpeg(image, **options):
    file = io.BytesIO()
    image.save(file, "JPEG", **{"quality": 90, **options})
    return file.getvalue()


def segments(data):
    """The parts of a JPEG file: (marker, bytes with the marker) up to the first scan, then (None, the rest)."""
    parts, at = [(0xD8, data[:2])], 2
    while True:
        marker, length = data[at + 1], struct.unpack(">H", data[at + 2 : at + 4])[0]
        if marker == 0xDA:
            return parts + [(None, data[at:])]
        parts.append((marker, data[at : at + 2 + length]))
        at += 2 + length


def rewrite(data, change):
    """Every part through `change(marker, part)`."""
    return b"".join(change(marker, part) for marker, part in segments(data))


def sampled(data, factors):
    """With other sampling factors of the first component."""
    def change(marker, part):
        if marker not in (0xC0, 0xC2):
            return part
        return part[:11] + bytes([factors]) + part[12:]
    return rewrite(data, change)


def adobe(data, transform):
    """With another colour transform in the Adobe segment; without the segment for `None`."""
    def change(marker, part):
        if marker != 0xEE:
            return part
        return b"" if transform is None else part[:-1] + bytes([transform])
    return rewrite(data, change)


def three_scans(planes):
    """One file from three greyscale pictures, a scan each."""
    files = [segments(jpeg(Image.fromarray(plane), quality=90)) for plane in planes]
    data = b""
    for marker, part in files[0][:-1]:
        if marker == 0xC0:
            part = b"\xff\xc0" + struct.pack(">HBHHB", 17, 8, SIDE, SIDE, 3) + b"".join(bytes([i, 0x11, 0]) for i in (1, 2, 3))
        data += part
    for i, file in enumerate(files):
        data += b"\xff\xda" + struct.pack(">HBBBBBB", 8, 1, i + 1, 0, 0, 63, 0) + file[-1][1][10:-2]
    return data + b"\xff\xd9"


def png(array, depth, colour, interlaced=False, chunks=()):
    """A PNG written by hand: `array` `[height, width, channels]` of 8 or 16 bits, no filters."""
    height, width = array.shape[:2]
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    raw = b""
    for x, y, dx, dy in passes if interlaced else [(0, 0, 1, 1)]:
        for row in array[y::dy, x::dx]:
            raw += b"\0" + row.astype(">u2" if depth == 16 else "u1").tobytes() if row.size else b""
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    data = b"\x89PNG\r\n\x1a\n"
    for name, body in [(b"IHDR", head), *chunks, (b"IDAT", zlib.compress(raw, 9)), (b"IEND", b"")]:
        data += struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    return data


def saved_png(image, **options):
    file = io.BytesIO()
    image.save(file, "PNG", **options)
    return file.getvalue()


def oriented():
    """Turned by a tag that nobody obeys, with a thumbnail (a JPEG of its own) in front of the picture."""
    exif = Image.Exif()
    exif[0x0112] = 6
    thumbnail = jpeg(Image.fromarray(picture(8, 8)), quality=50)
    return exif.tobytes() + thumbnail


def kinds():
    rgb = Image.fromarray(picture())
    grey = Image.fromarray(picture()[..., 1])
    cmyk = Image.fromarray(picture(channels=4), "CMYK")
    whole = Image.fromarray(picture(32, 32))
    palette = rgb.quantize(16)
    deep = np.random.default_rng(3).integers(0, 65536, (SIDE, SIDE, 4))
    restarts = jpeg(rgb, restart_marker_blocks=1)
    assert restarts.count(b"\xff\xd0") and jpeg(rgb, subsampling=2) != jpeg(rgb, subsampling=0)
    return {
        "420.jpg": jpeg(rgb, subsampling=2),
        "422.jpg": jpeg(rgb, subsampling=1),
        "444.jpg": jpeg(rgb, subsampling=0),
        "411.jpg": sampled(jpeg(whole, subsampling=2), 0x41),
        "440.jpg": sampled(jpeg(whole, subsampling=1), 0x12),
        "coarse.jpg": jpeg(rgb, quality=8),
        "fine.jpg": jpeg(rgb, quality=100, subsampling=0),
        "progressive-420.jpg": jpeg(rgb, progressive=True, subsampling=2),
        "progressive-444.jpg": jpeg(rgb, progressive=True, subsampling=0),
        "progressive-grey.jpg": jpeg(grey, progressive=True),
        "restarts.jpg": restarts,
        "restarts-progressive.jpg": jpeg(rgb, progressive=True, restart_marker_rows=1),
        "grey.jpg": jpeg(grey),
        "grey-2x2.jpg": sampled(jpeg(grey), 0x22),
        "rgb.jpg": jpeg(rgb, keep_rgb=True),
        "three-scans.jpg": three_scans(np.moveaxis(picture(), -1, 0).copy()),
        "cmyk-adobe.jpg": jpeg(cmyk),
        "cmyk-plain.jpg": adobe(jpeg(cmyk), None),
        "ycck.jpg": adobe(jpeg(cmyk), 2),
        "ycck-progressive.jpg": adobe(jpeg(cmyk, progressive=True), 2),
        "orientation-6.jpg": jpeg(rgb, exif=oriented()),
        "trailing.jpg": jpeg(rgb) + b"\xff\xd8 what a camera appends \xff\xd9",
        "comment.jpg": rewrite(jpeg(rgb), lambda marker, part: part + (b"\xff\xff\xff\xfe\0\x06\xff\xd9\xff\xda" if marker == 0xE0 else b"")),
        "one-column.jpg": jpeg(rgb.crop((0, 0, 1, SIDE))),
        "one-row.jpg": jpeg(rgb.crop((0, 0, SIDE, 1))),
        "narrow.jpg": jpeg(rgb.crop((0, 0, 5, SIDE))),
        "png-inside.JPEG": saved_png(rgb),
        "grey.png": saved_png(grey),
        "grey-1-bit.png": saved_png(grey.convert("1")),
        "grey-alpha.png": saved_png(Image.merge("LA", (grey, Image.fromarray(picture()[..., 0])))),
        "grey-16.png": png(deep[..., :1], 16, 0),
        "grey-alpha-16.png": png(deep[..., :2], 16, 4),
        "rgb-16.png": png(deep[..., :3], 16, 2),
        "rgba-16.png": png(deep, 16, 6),
        "rgba.png": saved_png(Image.fromarray(picture(channels=4), "RGBA")),
        "rgb-colour-key.png": saved_png(rgb, transparency=tuple(int(v) for v in picture()[3, 3])),
        "palette-16.png": saved_png(palette, bits=4),
        "palette-4.png": saved_png(rgb.quantize(4), bits=2),
        "palette-2.png": saved_png(rgb.quantize(2), bits=1),
        "palette-256.png": saved_png(rgb.quantize(256)),
        "palette-transparent.png": saved_png(palette, transparency=bytes(range(0, 160, 10))),
        "interlaced.png": png(picture(), 8, 2, interlaced=True),
        "gamma.png": png(picture(), 8, 2, chunks=[(b"gAMA", struct.pack(">I", 100000))]),
        "one-column.png": saved_png(rgb.crop((0, 0, 1, SIDE))),
    }


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--out", default="tests/fixtures/images")
    out = pathlib.Path(arguments.parse_args().out)
    out.mkdir(parents=True, exist_ok=True)
    expected = {}
    for name, data in kinds().items():
        (out / name).write_bytes(data)
        image = Image.open(io.BytesIO(data))
        pixels = np.asarray(image.convert("RGB"))
        if image.mode == "I;16":
            pixels = np.repeat((np.asarray(image) >> 8).astype(np.uint8)[..., None], 3, -1)
        expected[name] = np.ascontiguousarray(pixels)
    safetensors.numpy.save_file(expected, out / "expected.safetensors", {"pillow": Image.__version__})


if __name__ == "__main__":
    main()
