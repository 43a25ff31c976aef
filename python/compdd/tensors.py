"""Files of tensors (safetensors), mapped into memory: nothing is read before it is used."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .errors import CompddError

_TYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "<i1",
    "U8": "<u1",
    "BOOL": "?",
}
_LONGEST_HEADER = 100_000_000


def tensors_of(path: str | os.PathLike[str]) -> dict[str, NDArray[np.generic]]:
    """The tensors of a file by name, as read-only arrays that lie in the file.

    Raises:
        CompddError: The file cannot be read, or is damaged.
    """
    file = Path(path)
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            if not 2 <= length <= min(size - 8, _LONGEST_HEADER):
                raise ValueError(f"a header of {length} bytes in a file of {size}")
            header = json.loads(stream.read(length))
        return {name: _mapped(file, 8 + length, size, entry) for name, entry in header.items() if name != "__metadata__"}
    except OSError as error:
        raise CompddError(f"cannot read {file}", causes=[str(error)], help="check the path and its permissions") from error
    except (ValueError, KeyError, TypeError) as error:
        raise CompddError(
            f"{file} is no whole safetensors file", causes=[str(error)], help="copy or make the file again"
        ) from error


def _mapped(file: Path, base: int, size: int, entry: dict[str, object]) -> NDArray[np.generic]:
    shape, offsets, name = entry["shape"], entry["data_offsets"], entry["dtype"]
    if not isinstance(shape, list) or not isinstance(offsets, list) or name not in _TYPES:
        raise ValueError(f"a tensor of type {name}")
    dtype = np.dtype(_TYPES[str(name)])
    begin, end = (int(offset) for offset in offsets)
    if math.prod(shape) * dtype.itemsize != end - begin or not 0 <= begin <= end <= size - base:
        raise ValueError(f"a tensor of shape {shape} in the bytes {begin} to {end}")
    if begin == end:
        return np.empty(shape, dtype)
    return np.memmap(file, dtype=dtype, mode="r", offset=base + begin, shape=tuple(shape))
