"""Features of texts that need nothing downloaded: TF-IDF, then latent semantic analysis, fitted on the pool itself.

Deerwester, Dumais, Furnas, Landauer and Harshman, Indexing by Latent Semantic Analysis, 1990.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from querist.core.seeds import derive

__all__ = ["lsa_features"]


def lsa_features(texts: Sequence[str], *, width: int = 200, seed: int = 0) -> NDArray[np.float32]:
    """(N, D) rows of unit length, D at most ``width``; words and pairs of words, no labels used.

    Args:
        texts: N texts.
        width: most components.
        seed: of the randomised decomposition.
    """
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.preprocessing import normalize

    least = 2 if len(texts) > 200 else 1
    words = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), min_df=least, token_pattern=r"(?u)\b\w+\b|[^\w\s]")
    matrix = words.fit_transform(texts)
    count = min(width, min(matrix.shape) - 1)
    if count < 1:
        return np.asarray(matrix.toarray(), dtype=np.float32)
    features = TruncatedSVD(count, random_state=derive(seed, "lsa") % 2**32).fit_transform(matrix)
    return np.asarray(normalize(features), dtype=np.float32)
