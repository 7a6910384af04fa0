"""Tells a hidden token from the encoder's rows, with the encoder's own word embeddings as last layer.

Source: Devlin, Chang, Lee and Toutanova, BERT: Pre-training of Deep Bidirectional Transformers, 2019, section 3.1; tied
embeddings: Press and Wolf, Using the Output Embedding to Improve Language Models, 2017.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from querist.core.errors import ArgumentError
from querist.core.optional import need
from querist.core.optional import torch as _torch
from querist.models.pretrained.encoder import Backbone
from querist.models.pretrained.place import Place
from querist.models.pretrained.tokens import Tokens

if TYPE_CHECKING:
    import torch
else:
    torch = _torch()

__all__ = ["MaskedHead", "masked_head"]

_KNOWN = (
    ("cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm", "cls.predictions.bias"),
    ("lm_head.dense", "lm_head.layer_norm", "lm_head.bias"),
    ("vocab_transform", "vocab_layer_norm", "vocab_projector.bias"),
)
"""Names of such a head in files of BERT; RoBERTa and MPNet; DistilBERT."""


class MaskedHead(torch.nn.Module):
    """Linear layer, activation, layer norm, product with the word embeddings, bias.

    Args:
        width: D of the encoder's rows.
        words: V and E, the shape of its word embeddings.
        activation: between linear layer and norm.
        eps: of the norm.
        mask: number of the token that hides another.
        special: numbers of tokens that are never hidden and never put in another's place.
    """

    ordinary: torch.Tensor

    def __init__(
        self,
        width: int,
        words: tuple[int, int],
        activation: torch.nn.Module,
        eps: float,
        mask: int,
        special: Sequence[int],
    ) -> None:
        super().__init__()
        self.dense = torch.nn.Linear(width, words[1])
        self.activation = activation
        self.norm = torch.nn.LayerNorm(words[1], eps=eps)
        self.bias = torch.nn.Parameter(torch.zeros(words[0]))
        self.mask = mask
        some = torch.ones(words[0], dtype=torch.bool)
        some[[k for k in special if k < len(some)]] = False
        self.register_buffer("ordinary", some, persistent=False)

    def forward(self, rows: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        """(M, D) rows of hidden tokens and (V, E) word embeddings to (M, V) logits."""
        moved: torch.Tensor = self.norm(self.activation(self.dense(rows)))
        return moved @ words.T + self.bias


def masked_head(place: Place, backbone: Backbone, tokens: Tokens) -> MaskedHead:
    """The head that the folder holds, or one with fresh weights where it holds none.

    Raises:
        ArgumentError: the tokeniser has no token that hides another, the model reads from left to right, or its output
            embedding was not the one of its words (code ``NeedsCapability``).
    """
    config = backbone.model.config
    mask, special = tokens.mask, tokens.special
    why = None
    if mask is None:
        why = "its tokeniser has no mask token"
    elif getattr(config, "is_decoder", False):
        why = "it reads from left to right"
    elif getattr(config, "tie_word_embeddings", True) is False:
        why = "its output embedding is not the one of its words"
    if why is not None or mask is None:
        raise ArgumentError(
            f"{place.name} cannot be trained on hidden words: {why}; use SimCSE, or an encoder such as BERT",
            code="NeedsCapability",
        )
    table: torch.Tensor = backbone.words_table
    activations = need("transformers.activations", "text", "pre-trained encoders").ACT2FN
    named = getattr(config, "hidden_act", None) or getattr(config, "activation", None) or "gelu"
    eps = float(getattr(config, "layer_norm_eps", None) or 1e-12)
    head = MaskedHead(backbone.width, (len(table), table.shape[1]), activations[named], eps, mask, sorted(special))
    held = _held(place)
    for dense, norm, bias in _KNOWN:
        found = {
            **{f"dense.{k}": held.get(f"{dense}.{k}") for k in ("weight", "bias")},
            **{f"norm.{k}": held.get(f"{norm}.{k}") for k in ("weight", "bias")},
            "bias": held.get(bias),
        }
        own = head.state_dict()
        if all(v is not None and v.shape == own[k].shape for k, v in found.items()):
            head.load_state_dict(found)
    return head


def _held(place: Place) -> dict[str, torch.Tensor]:
    """The tensors of a head in the folder's weights, as float32; only these are read."""
    from safetensors import safe_open

    wanted = ("cls.predictions.", "lm_head.", "vocab_")
    out = {}
    for path in sorted(place.folder.glob("*.safetensors")):
        with safe_open(path, "pt") as file:
            names = [k for k in list(file.keys()) if k.startswith(wanted)]
            out.update({k: file.get_tensor(k).float() for k in names})
    return out
