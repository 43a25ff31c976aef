"""Distilled sets, results and runs of compdd in Python.

    >>> import compdd
    >>> record = compdd.run("dm", "scenes-easy", ipc=1, budget="smoke")
    >>> bundle = record.bundle
    >>> loader = torch.utils.data.DataLoader(bundle.torch_dataset(), batch_size=256, shuffle=True)
    >>> augment = bundle.augment()

Only NumPy is needed. PyTorch, pandas and polars are imported where they are used.
"""

from .augment import Augmentation
from .bundle import Bundle
from .commands import evaluate, run
from .errors import CompddError
from .picture import Picture
from .records import Record, records, results
from .space import PixelSpace, Whitening

__all__ = [
    "Augmentation",
    "Bundle",
    "CompddError",
    "Picture",
    "PixelSpace",
    "Record",
    "Whitening",
    "evaluate",
    "records",
    "results",
    "run",
]
