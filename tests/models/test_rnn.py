from __future__ import annotations

from typing import Any

import pytest
import torch

from querist.core.errors import QueristError
from querist.core.registry import registry
from querist.models.rnn import RnnClassifier
from querist.models.stochastic.dropout import one_mask

WORDS = torch.tensor([[3, 4, 5, 0, 0], [6, 0, 0, 0, 0], [1, 2, 3, 4, 5], [0, 0, 0, 0, 0]])


def net(**parameters: Any) -> RnnClassifier:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return RnnClassifier(8, 3, **{"width": 6, "hidden": 5, **parameters}).eval()


@pytest.mark.parametrize("kind", ["lstm", "gru"])
@pytest.mark.parametrize("pooling", ["mean", "max", "last"])
@pytest.mark.parametrize("bidirectional", [True, False])
def test_padding_and_neighbours_play_no_part(kind: str, pooling: str, bidirectional: bool) -> None:
    module = net(kind=kind, pooling=pooling, bidirectional=bidirectional)
    whole = module(WORDS)
    assert whole.shape == (4, 3)
    for row, length in enumerate((3, 1, 5, 1)):
        torch.testing.assert_close(module(WORDS[row : row + 1, :length])[0], whole[row])
    wider = torch.cat([WORDS, torch.zeros(4, 3, dtype=torch.int64)], dim=1)
    torch.testing.assert_close(module(wider), whole)


@pytest.mark.parametrize("pooling", ["mean", "max", "last"])
def test_pooling_by_hand(pooling: str) -> None:
    module = net(pooling=pooling, bidirectional=False)
    states, (last, _) = module.recurrent(module.words(WORDS[:1, :3]))
    by_hand = {"mean": states[0].mean(dim=0), "max": states[0].amax(dim=0), "last": last[0, 0]}[pooling]
    torch.testing.assert_close(module(WORDS[:1])[0], module.head(by_hand))


def test_a_mask_is_one_network_whatever_the_length() -> None:
    module = net(dropout=0.5)
    with one_mask(module, 3):
        whole = module(WORDS)
        short = module(WORDS[:2, :3])
    torch.testing.assert_close(short, whole[:2])
    with one_mask(module, 4):
        assert not torch.allclose(module(WORDS), whole)


def test_what_is_refused() -> None:
    for wrong in ({"kind": "rnn"}, {"pooling": "sum"}):
        with pytest.raises(QueristError) as error:
            net(**wrong)
        assert error.value.code == "BadValue"
    with pytest.raises(QueristError, match=r"transform=Vocabulary\.of") as error:
        net()(torch.zeros(2, 3))
    assert error.value.code == "BadText"


def test_registered_by_name() -> None:
    assert isinstance(registry.find("gru", "model").factory(inputs=8, outputs=3).recurrent, torch.nn.GRU)
    assert isinstance(registry.find("lstm", "model").factory(inputs=8, outputs=3).recurrent, torch.nn.LSTM)
