"""Models of sentence-transformers as frozen makers of features, with all their modules: pooling, dense layers, prompts.

Source: Reimers and Gurevych, Sentence-BERT: Sentence Embeddings using Siamese BERT-Networks, 2019.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, DataError, shorten
from querist.core.optional import need, torch
from querist.models.device import choose_device
from querist.models.guard import rng_kept
from querist.models.pretrained.place import find

__all__ = ["SentenceEncoder"]


class SentenceEncoder:
    """Makes features of texts with a model of sentence-transformers.

    Args:
        name: ``minilm``, a folder, or an id of the hub.
        revision: commit of the hub.
        max_length: most tokens of a text; by default the model's own.
        device: auto, cpu, cuda, cuda:N or mps.
        batch: texts a forward pass.

    Raises:
        DataError: the folder cannot be loaded (code ``BadWeights``); see `find` for what is refused.
    """

    def __init__(
        self,
        name: str = "minilm",
        *,
        revision: str | None = None,
        max_length: int | None = None,
        device: str = "auto",
        batch: int = 32,
    ) -> None:
        if batch < 1:
            raise ArgumentError(f"batch must be at least 1, got {batch}", code="BadValue")
        torch()
        self.place, self.batch = find(name, revision=revision), batch
        library = need("sentence_transformers", "text", "sentence-transformers")
        try:
            with rng_kept():
                self._model = library.SentenceTransformer(
                    str(self.place.folder),
                    device=str(choose_device(device)),
                    trust_remote_code=False,
                    local_files_only=True,
                    model_kwargs={"use_safetensors": True},
                )
        except Exception as error:  # the loaders raise many classes
            raise DataError(
                f"{self.place.name} cannot be loaded by sentence-transformers: {shorten(str(error), 200)}",
                code="BadWeights",
            ) from error
        if max_length is not None:
            self._model.max_seq_length = max_length
        self._model.eval().requires_grad_(False)

    @property
    def name(self) -> str:
        """What the features are called, and with the content of the items the key of their cache."""
        at = f"@{self.place.revision}" if self.place.revision else ""
        return f"sentence:{self.place.name}{at} {self.place.digest} ({self._model.max_seq_length} tokens)"

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """N texts to (N, D) float32."""
        given = [t.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for t in texts]
        found = self._model.encode(given, batch_size=self.batch, show_progress_bar=False, convert_to_numpy=True)
        return np.asarray(found, dtype=np.float32)
