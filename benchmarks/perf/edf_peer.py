"""The PyTorch side of `edf_iteration.py`: one iteration of EDF as the field runs it, the student's training kept as one graph.

Written for the purpose, from the formulas in `crates/compdd-nn/src/grad/rollout.rs` and `crates/compdd-distill/src/methods/trajectory/matching.rs`. Protocol of
`edf_iteration.rs`; `memory` instead of an answer says that the graph did not fit.
"""
import pathlib
import sys
import time

import torch
import torch.nn.functional as F
from peer_place import DEVICE, wait
from safetensors import safe_open
from safetensors.torch import save_file

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "peer"))
import dsa  # noqa: E402


class Case:
    def __init__(self, path):
        with safe_open(path, "pt", device=DEVICE) as file:
            self.notes = file.metadata()
            values = {name: file.get_tensor(name) for name in file.keys()}
        self.rows, self.slots = values["rows"].long(), values["slots"]
        self.operations = self.notes["operations"].split(",")
        self.begin, self.target = values["begin"], values["target"]
        self.images, self.labels = values["images"].requires_grad_(), values["labels"].requires_grad_()
        self.rate = torch.tensor(float(self.notes["rate"]), requires_grad=True)
        number = lambda name: float(self.notes[name])
        self.optimisers = [
            torch.optim.SGD([leaf], lr=number(f"lr_{name}"), momentum=number(f"momentum_{name}"))
            for name, leaf in self.leaves().items()
        ]

    def leaves(self):
        return {"images": self.images, "labels": self.labels, "rate": self.rate}

    def parameters(self):
        """Filters, bias, scale and shift of every block, then the head, out of one vector."""
        width, depth = int(self.notes["width"]), int(self.notes["depth"])
        shapes = []
        for block in range(depth):
            shapes += [(width, 3 if block == 0 else width, 3, 3), (width,), (width,), (width,)]
        side, classes = self.images.shape[-1] >> depth, self.labels.shape[1]
        shapes += [(classes, width * side * side), (classes,)]
        parts = self.begin.split([torch.Size(shape).numel() for shape in shapes])
        return [part.view(shape).clone().requires_grad_() for part, shape in zip(parts, shapes)]

    @staticmethod
    def logits(theta, x):
        for block in range(0, len(theta) - 2, 4):
            filters, bias, scale, shift = theta[block : block + 4]
            x = F.conv2d(x, filters, bias, padding=1)
            x = F.avg_pool2d(F.relu(F.group_norm(x, x.shape[1], scale, shift, eps=1e-5)), 2)
        return F.linear(x.flatten(1), theta[-2], theta[-1])

    def loss(self):
        """The matching loss at the end of the student's training, Common Pattern Dropout included."""
        theta = self.parameters()
        for rows, operation, slots in zip(self.rows, self.operations, self.slots):
            x = dsa.apply(self.images[rows], operation, slots)
            answers = F.log_softmax(self.logits(theta, x), 1)
            loss = -(F.softmax(self.labels[rows], 1) * answers).sum(1).mean()
            slopes = torch.autograd.grad(loss, theta, create_graph=True)
            theta = [value - self.rate * slope for value, slope in zip(theta, slopes)]
        errors = (torch.cat([value.reshape(-1) for value in theta]) - self.target) ** 2
        kept = errors.detach().argsort()[int(float(self.notes["drop"]) * len(errors)) :]
        return errors[kept].sum() / ((self.begin - self.target) ** 2)[kept].sum()

    def iteration(self):
        loss = self.loss()
        for leaf, gradient in zip(self.leaves().values(), torch.autograd.grad(loss, list(self.leaves().values()))):
            leaf.grad = gradient
        for optimiser in self.optimisers:
            optimiser.step()
        return loss.item()

    def write(self, path):
        save_file({name: leaf.grad.reshape(leaf.shape or (1,)).contiguous() for name, leaf in self.leaves().items()}, path)


def serve(threads):
    """Answers the driver until it hangs up."""
    torch.set_num_threads(threads)
    case = None
    for line in sys.stdin:
        words = line.split()
        if words[0] == "case":
            case = Case(words[1])
            print("ready", flush=True)
        elif words[0] == "write":
            case.write(words[1])
            print("written", flush=True)
        else:
            start = time.perf_counter()
            try:
                loss = case.iteration()
            except (MemoryError, RuntimeError) as error:
                if isinstance(error, RuntimeError) and "memory" not in str(error):
                    raise
                print("memory", flush=True)
                return
            wait()
            print(time.perf_counter() - start, loss, flush=True)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
