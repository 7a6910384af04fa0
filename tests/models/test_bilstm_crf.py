from __future__ import annotations

from typing import Any

import pytest
import torch

from querist.core.registry import registry
from querist.models.bilstm_crf import BiLstmCrf, ChainTagger, WindowCrf
from querist.models.stochastic.dropout import one_mask

LENGTHS = torch.tensor([4, 2, 1])


def made(kind: str) -> tuple[ChainTagger, Any]:
    draw = torch.Generator().manual_seed(0)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module: ChainTagger
        if kind == "bilstm_crf":
            module = BiLstmCrf(20, 10, 3, word_width=8, hidden=6, dropout=0.4)
            features = torch.randint(1, 10, (3, 4, 7), generator=draw)
        else:
            module = WindowCrf(30, 3, width=8, dropout=0.4)
            torch.nn.init.normal_(module.rows.weight)
            features = torch.randint(1, 30, (3, 4, 5), generator=draw)
    features[1, 2:] = 0
    features[2, 1:] = 0
    return module.eval(), features


@pytest.mark.parametrize("kind", ["bilstm_crf", "window_crf"])
def test_a_sentence_does_not_depend_on_the_others(kind: str) -> None:
    module, features = made(kind)
    scores, hidden = module(features, LENGTHS)
    assert scores.shape == (3, 4, 3)
    for row, length in enumerate(LENGTHS.tolist()):
        alone, inside = module(features[row : row + 1, :length], LENGTHS[row : row + 1])
        torch.testing.assert_close(alone[0], scores[row, :length])
        torch.testing.assert_close(inside[0], hidden[row, :length])


@pytest.mark.parametrize("kind", ["bilstm_crf", "window_crf"])
def test_a_mask_is_one_network_whatever_the_length(kind: str) -> None:
    module, features = made(kind)
    with one_mask(module, 5):
        whole, _ = module(features, LENGTHS)
        alone, _ = module(features[1:2, :2], LENGTHS[1:2])
    torch.testing.assert_close(alone[0], whole[1, :2])
    plain, _ = module(features, LENGTHS)
    assert not torch.allclose(plain, whole)


@pytest.mark.parametrize("kind", ["bilstm_crf", "window_crf"])
def test_every_parameter_learns(kind: str) -> None:
    module, features = made(kind)
    scores, _ = module(features, LENGTHS)
    tags = torch.tensor([[0, 1, 2, 1], [1, 2, 0, 0], [2, 0, 0, 0]])
    (-module.crf.log_likelihood(scores, LENGTHS, tags).mean()).backward()  # type: ignore[no-untyped-call]
    for name, parameter in module.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def test_registered_by_name() -> None:
    assert isinstance(registry.find("window_crf", "model").factory(buckets=8, tags=3), WindowCrf)
    assert isinstance(registry.find("bilstm_crf", "model").factory(words=8, shapes=4, tags=3), BiLstmCrf)
