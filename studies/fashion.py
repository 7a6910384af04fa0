"""What rows 7 and 8 share: Fashion-MNIST, and features learnt from it without labels, kept outside the repository."""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import querist
from harness import data_folder
from querist.core.types import Array

__all__ = ["PRETRAINING", "features", "images", "kept"]

PRETRAINING = (
    "SimCLR (querist.training.pretraining) on the 60,000 training images, no label read: StridedCNN 16-32-64, embedding "
    "of 128, crops of at least half a side, mirrored, light .4, blur .3, noise .05, erased patches .3, temperature .2, "
    "batches of 512, 10 epochs, Adam 2e-3 along a cosine, seed 0"
)


def kept() -> Path:
    """Folder of what is computed once: QUERIST_CACHE, or one among the temporary files."""
    folder = Path(os.environ.get("QUERIST_CACHE") or Path(tempfile.gettempdir()) / "querist-studies")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@cache
def images() -> tuple[Array, Array, Array, Array]:
    """Training and test images (n, 28, 28) uint8, and their class numbers."""
    with np.load(data_folder() / "images" / "fashion_mnist.npz", allow_pickle=False) as found:
        x, y, u, v = (found[n] for n in ("train_images", "train_labels", "test_images", "test_labels"))
    return x, y.astype(np.int64), u, v.astype(np.int64)


@cache
def features(epochs: int = 10) -> tuple[Array, Array, Array, Array]:
    """Features of training and test images, standardised on the former, and class numbers."""
    from querist.models.strided_cnn import StridedCNN
    from querist.training.pretraining.loop import pretrain
    from querist.training.pretraining.simclr import SimCLR

    x, y, u, v = images()

    def network() -> Any:
        return StridedCNN(1, 10, 28)

    source = querist.read(x, ids=[f"p{k}" for k in range(len(x))])
    encoder = pretrain(
        source,
        network,
        SimCLR(temperature=0.2),
        rows=np.arange(len(x)),
        epochs=epochs,
        batch=512,
        lr=2e-3,
        cache=kept(),
        device="cpu",
        cores=1,
        progress=lambda done, total: print(f"pre-training: epoch {done} of {total}", flush=True),
    )
    h, g = (encoder(part).numpy() for part in (x, u))
    mean, deviation = h.mean(axis=0), np.maximum(h.std(axis=0), 1e-6)
    return (h - mean) / deviation, y, (g - mean) / deviation, v


if __name__ == "__main__":
    features()
