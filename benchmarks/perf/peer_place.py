"""Where the PyTorch sides of this folder compute: the device that `COMPDD_PEER_DEVICE` names, the processor where it is not set."""
import os

import torch

DEVICE = os.environ.get("COMPDD_PEER_DEVICE", "cpu")
torch.set_default_device(DEVICE)


def wait():
    """Until the device has done all that it was given."""
    if DEVICE != "cpu":
        torch.cuda.synchronize(DEVICE)
