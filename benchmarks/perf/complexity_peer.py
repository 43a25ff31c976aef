"""The PyTorch side of `complexity.py`: activation maps as torch-cam's method has them, from their description, and a lean form.

    echo 'refresh 10' | python3 benchmarks/perf/complexity_peer.py   # after `load` and `images`, see complexity.rs

`method`: hooks at the layer keep its output and the gradient that reaches it, and the score is differentiated through the whole network, as
`loss.backward()` does. Smooth Grad-CAM++ takes a pass without noise and four with noise, each differentiated.

`lean`: what one who knows PyTorch would do: no graph in front of the layer, gradients for nothing but its output, channels last.
"""
import argparse
import sys
import time

import torch
import torch.nn.functional as F
import torchvision

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SAMPLES, SIGMA, EPSILON = 4, 0.3, 1e-8


class ConvNet(torch.nn.Module):
    """The ConvNet of the field: 3x3 convolution, instance norm, ReLU, 2x2 average pooling; a linear head."""

    def __init__(self, depth, side, classes):
        super().__init__()
        layers = []
        for block in range(depth):
            layers += [torch.nn.Conv2d(128 if block else 3, 128, 3, padding=1), torch.nn.GroupNorm(128, 128), torch.nn.ReLU(), torch.nn.AvgPool2d(2)]
        self.features = torch.nn.Sequential(*layers)
        self.classifier = torch.nn.Linear(128 * (side >> depth) ** 2, classes)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


# slug: how it is made, and for every tap the name of the module
NETWORKS = {
    "resnet18-imagenet-bn": (lambda side, classes: torchvision.models.resnet18(num_classes=classes), {f"layer{i}": f"layer{i}" for i in range(1, 5)}),
    "resnet50-imagenet-bn": (lambda side, classes: torchvision.models.resnet50(num_classes=classes), {f"layer{i}": f"layer{i}" for i in range(1, 5)}),
    "vgg11-imagenet-nn": (lambda side, classes: torchvision.models.vgg11(num_classes=classes), {"relu4": "features.19"}),
    "convnet-d5": (lambda side, classes: ConvNet(5, side, classes), {"feat4": "features.19"}),
}


def network(slug, side, classes):
    """A network with random weights and running statistics as if it had been trained."""
    torch.manual_seed(0)
    model = NETWORKS[slug][0](side, classes)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.normal_(0, 0.1)
    return model.eval()


class Cam:
    """A network and its hooked layer."""

    def __init__(self, model, layer, way):
        self.model, self.lean = model, way == "lean"
        if self.lean:
            model.requires_grad_(False).to(memory_format=torch.channels_last)
        model.get_submodule(layer).register_forward_hook(self.keep)

    def keep(self, module, inputs, output):
        if self.lean:
            torch.set_grad_enabled(True)
            output = output.detach().requires_grad_()
        else:
            output.register_hook(lambda gradient: setattr(self, "gradient", gradient))
        self.activation = output
        return output

    def forward(self, x):
        if not self.lean:
            return self.model(x)
        torch.set_grad_enabled(False)
        logits = self.model(x.contiguous(memory_format=torch.channels_last))
        torch.set_grad_enabled(True)
        return logits

    def differentiate(self, logits, targets):
        """Map and gradient for the scores of the targets."""
        chosen = logits.gather(1, targets[:, None]).sum()
        if self.lean:
            return self.activation.detach(), torch.autograd.grad(chosen, self.activation)[0]
        self.model.zero_grad()
        chosen.backward()
        return self.activation.detach(), self.gradient

    def maps(self, x, targets, method, noise=None):
        """Maps in 0..1 `[N, h, w]`; without targets, for the class that is answered."""
        logits = self.forward(x)
        targets = logits.argmax(1) if targets is None else targets
        if method == "grad-cam":
            activation, gradient = self.differentiate(logits, targets)
            weight = gradient.mean((2, 3), keepdim=True)
        else:
            clean, second, third = self.activation.detach(), 0, 0
            for sample in range(SAMPLES):
                block = torch.randn_like(x) if noise is None else noise[sample]
                activation, gradient = self.differentiate(self.forward(x + SIGMA * block), targets)
                second, third = second + gradient**2, third + gradient**3
            second, third = second / SAMPLES, third / SAMPLES
            alpha = second / (2 * second + (third * clean).sum((2, 3), keepdim=True) + EPSILON)
            weight = (alpha * gradient.relu()).sum((2, 3), keepdim=True)
        raw = (weight * activation).nansum(1).relu()
        raw = raw - raw.amin((1, 2), keepdim=True)
        return raw / (raw.amax((1, 2), keepdim=True) + EPSILON)


def refresh(cam, x, targets):
    """The gradient weights of EDF for the images of each class in turn, at most 32 at a time where there are more than 50."""
    total = 0.0
    ipc = max(1, len(x) // 10)
    for start in range(0, len(x), ipc):
        for part in range(start, min(start + ipc, len(x)), ipc if ipc <= 50 else 32):
            end = min(part + (ipc if ipc <= 50 else 32), start + ipc, len(x))
            maps = cam.maps(x[part:end], targets[part:end], "smooth-grad-cam++")
            maps = F.interpolate(maps[:, None], size=x.shape[2:], mode="bilinear", align_corners=False)
            threshold = maps.mean((1, 2, 3), keepdim=True)
            total += torch.where(maps < threshold, torch.ones(()), 1 + maps).sum().item()
    return total


def score(cam, folder, method, side, batch, workers):
    """From a folder to the mean share of activated cells at 0.5, one share an image on the way."""
    transforms = torchvision.transforms
    transform = transforms.Compose([transforms.Resize((side, side)), transforms.ToTensor(), transforms.Normalize(MEAN, STD)])
    data = torchvision.datasets.ImageFolder(folder, transform)
    shares = []
    for x, _ in torch.utils.data.DataLoader(data, batch_size=batch, num_workers=workers):
        shares.append((cam.maps(x, None, method) >= 0.5).float().mean((1, 2)))
    return torch.cat(shares).double().mean().item()


def main():
    from safetensors.torch import load_file, save_file

    arguments = argparse.ArgumentParser()
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--batch", type=int, default=32)
    arguments.add_argument("--way", choices=["method", "lean"], default="method")
    options = arguments.parse_args()
    torch.set_num_threads(options.threads)
    cam = images = None
    for line in sys.stdin:
        words = line.split()
        start = time.perf_counter()
        if words[0] == "load":
            slug, side, classes, tap, weights = words[1], int(words[2]), int(words[3]), words[4], words[5]
            model = network(slug, side, classes)
            model.load_state_dict(torch.load(weights))
            cam = Cam(model, NETWORKS[slug][1][tap], options.way)
            print("ready", flush=True)
            continue
        if words[0] == "images":
            images = load_file(words[1])
            targets = torch.arange(len(images["x"])) % classes
            print("ready", flush=True)
            continue
        if words[0] == "write":
            noise = [images[f"noise{i}"] for i in range(SAMPLES)]
            save_file({"maps": cam.maps(images["x"], targets, words[1], noise).contiguous()}, words[2])
            print("written", flush=True)
            continue
        if words[0] == "maps":
            parts = range(0, len(targets), options.batch)
            maps = [cam.maps(images["x"][i : i + options.batch], targets[i : i + options.batch], words[1]) for i in parts]
            value = torch.cat(maps).sum().item()
        elif words[0] == "refresh":
            count = int(words[1])
            x = images["x"].repeat(-(-count // len(targets)), 1, 1, 1)[:count]
            start = time.perf_counter()
            value = refresh(cam, x, torch.arange(count) % classes)
        else:
            value = score(cam, words[1], words[3], side, options.batch, options.threads)
        print(time.perf_counter() - start, value, flush=True)


if __name__ == "__main__":
    main()
