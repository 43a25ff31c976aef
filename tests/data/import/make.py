"""Writes the fixtures of the import tests: python3 make.py (needs torch). The files are checked in."""
import pathlib

import torch

HERE = pathlib.Path(__file__).parent


def save(path, item, **options):
    path = HERE / path
    path.parent.mkdir(exist_ok=True)
    torch.save(item, path, **options)


def images(n):
    return (((torch.arange(n * 48) * 37) % 101).float() / 25 - 2).reshape(n, 3, 4, 4)


x = images(20)
hard = torch.arange(20) // 2
logits = torch.nn.functional.one_hot(hard, 10) * 10.0 - 0.5

# MTT: two iterations, no learning rate.
save("mtt/images_0.pt", x[:10] * 0 + 0.5)
save("mtt/labels_0.pt", hard[:10])
save("mtt/images_5000.pt", x)
save("mtt/labels_5000.pt", hard)
# DATM, PAD, EDF: three files; images and rate require gradients when they are saved.
save("edf/images_best.pt", x.clone().requires_grad_(True))
save("edf/labels_best.pt", logits)
save("edf/lr_best.pt", torch.tensor(0.0321, requires_grad=True))
# DC, DSA, DM: one dictionary.
pairs = [[images(10), torch.arange(10)] for _ in range(2)]
save("dc/res_DC_CIFAR10_ConvNet_1ipc.pt", {"data": pairs, "accs_all_exps": {"ConvNet": [28.0]}})

save("other/probabilities.pt", torch.softmax(logits, 1))
save("other/view.pt", x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2))
save("other/parameter.pt", torch.nn.Parameter(x))
save("other/double.pt", x.double())
save("other/protocol4.pt", x, pickle_protocol=4)
save("other/unit.pt", (torch.arange(960) % 101 / 100).reshape(20, 3, 4, 4))
save("other/bytes.pt", (torch.arange(960) % 101 / 100 * 255).reshape(20, 3, 4, 4))
save("other/huge.pt", x * 1000)
broken = x.clone()
broken[3, 1, 2, 2] = float("nan")
save("other/nan.pt", broken)
save("other/labels_from_one.pt", hard + 1)
save("other/number.pt", 0.5)
save("other/negative_rate.pt", torch.tensor(-0.01))
save("other/legacy.pt", x, _use_new_zipfile_serialization=False)
save("other/state_dict.pt", {"weight": x})

# What others save: IDC's pair, a dictionary with a rate, a set and its labels under other names; a checkpoint that is no set.
save("pairs/list.pt", [x, hard])
save("pairs/tuple.pt", (x, hard))
save("pairs/named.pt", {"images": x, "labels": logits, "lr": 0.0321, "note": "not read"})
save("pairs/images.pt", x)
save("pairs/labels.pt", hard)
save("pairs/module.pt", {"epoch": 3, "names": ["a", "b"]})

# A tensor that was on a GPU: the same file but for the device's name in its description.
bytes_ = (HERE / "other/double.pt").read_bytes()
import io
import zipfile

source = zipfile.ZipFile(io.BytesIO(bytes_))
with zipfile.ZipFile(HERE / "other/cuda.pt", "w") as target:
    for item in source.infolist():
        data = source.read(item)
        if item.filename.endswith("data.pkl"):
            data = data.replace(b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0")
        target.writestr(zipfile.ZipInfo(item.filename), data)

# Experts as MTT, FTD, DATM and EDF save them: experts, snapshots, parameters of a ConvNet of depth 1 and width 2 at 8 px.
shapes = [(2, 3, 3, 3), (2,), (2,), (2,), (10, 32), (10,)]


def snapshot(start, classes=10):
    made = []
    for shape in shapes[:4] + [(classes, 32), (classes,)]:
        count = torch.Size(shape).numel()
        made.append(((torch.arange(count) + start) % 97).float().reshape(shape) / 64 - 0.75)
        start += count
    return made


save("experts/replay_buffer_0.pt", [[snapshot(0), snapshot(11), snapshot(22)], [snapshot(33), snapshot(44), snapshot(55)]])
save("experts/replay_buffer_1.pt", [[snapshot(66), snapshot(77)]])
save("experts/other_network.pt", [[snapshot(0, classes=4)]])
save("experts/not_a_number.pt", [[[tensor / 0 for tensor in snapshot(0)]]])
