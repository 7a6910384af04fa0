from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch

from querist.core.errors import ArgumentError

pytest.importorskip("transformers", reason="needs the extra text")
from querist.models.guard import rng_kept
from querist.models.pretrained.encoder import load_backbone
from querist.models.pretrained.place import find
from querist.models.pretrained.tokens import Tokens
from querist.training.pretraining.masked_language import MaskedLanguage, spoilt
from tiny_encoder import tiny_folder


def test_the_rule_by_hand() -> None:
    tokens = torch.tensor([[10, 11, 12, 13, 14, 15]])
    chosen = torch.tensor([[True, True, True, True, True, False]])
    draws = torch.tensor([[0.0, 0.79, 0.8, 0.89, 0.9, 0.0]])
    assert spoilt(tokens, chosen, draws, torch.full((1, 6), 7), 99).tolist() == [[99, 99, 7, 7, 14, 15]]


class Watched(torch.nn.Module):
    """Stands for encoder and head: keeps what it was given to read, and gives the tokens back as one-hot rows."""

    width, mask = 15, 4

    def __init__(self) -> None:
        super().__init__()
        self.ordinary = torch.arange(15) >= 5
        self.words_table = torch.eye(15)
        self.seen: Any = None

    def words(self, tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        self.seen = tokens
        return torch.nn.functional.one_hot((tokens - 1).clamp_min(0), 15).float(), tokens > 0

    def forward(self, rows: torch.Tensor, table: torch.Tensor) -> torch.Tensor:
        return 50 * rows @ table.T


def test_shares_of_many_tokens() -> None:
    """Of 30,000 words 15 % are told, of these 80 % hidden, 10 % another word; three standard errors are allowed."""
    draw = torch.Generator().manual_seed(0)
    ids = torch.randint(5, 15, (300, 102), generator=draw)
    ids[:, 0], ids[:, -1] = 2, 3  # special ones
    packed = ids + 1
    packed[150:, 50:] = 0
    watched: Any = Watched()
    with rng_kept(1):
        loss = float(MaskedLanguage().loss(watched, watched, packed))
    count = 150 * 100 + 150 * 49
    read = watched.seen - 1
    hidden = (read == 4).sum().item()
    moved = ((read != ids) & (read != 4) & (packed > 0)).sum().item()
    assert abs(hidden / count - 0.12) < 3 * math.sqrt(0.12 * 0.88 / count)
    wanted = 0.015 * 0.9  # one draw of ten gives the word itself
    assert abs(moved / count - wanted) < 3 * math.sqrt(wanted / count)
    assert torch.equal(watched.seen[packed == 0], packed[packed == 0])
    assert torch.equal(read[:, 0], ids[:, 0])
    assert not torch.isin(read[packed > 0][read[packed > 0] != ids[packed > 0]], torch.tensor([0, 1, 2, 3])).any()
    told = loss / 50  # a hidden or moved token costs 50 nats, one that was left costs 0
    assert abs(told - (0.8 + 0.1 * 0.9)) < 3 * math.sqrt(0.89 * 0.11 / (0.15 * count))


def test_the_loss_is_that_of_transformers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole model of the library, with the head that its folder holds, on what our rule has spoilt."""
    import transformers

    tools: Any = transformers
    tiny_folder(tmp_path)
    with rng_kept(0):
        theirs = tools.BertForMaskedLM(tools.BertConfig.from_pretrained(tmp_path))
        for p in theirs.parameters():
            torch.nn.init.normal_(p, std=0.3)
    theirs.save_pretrained(tmp_path)
    place = find(str(tmp_path))
    backbone, tokens, task = load_backbone(place), Tokens(place, 24), MaskedLanguage(share=0.5)
    helper = task.helper(backbone, place, tokens)
    batch = tokens(["the film was good", "a meal was poor the bad film"])
    seen: list[torch.Tensor] = []
    words = backbone.words

    def watched(tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        seen.append(tokens)
        return words(tokens)

    monkeypatch.setattr(backbone, "words", watched)
    with rng_kept(5), torch.no_grad():
        found = float(task.loss(backbone, helper, batch))
    with rng_kept(5):
        chosen = (batch > 0) & helper.ordinary[(batch - 1).clamp_min(0)] & (torch.rand(batch.shape) < 0.5)
    ids, mask = (seen[0] - 1).clamp_min(0), (batch > 0).long()
    targets = torch.where(chosen, batch - 1, -100)
    with torch.no_grad():
        wanted = float(theirs.eval()(input_ids=ids, attention_mask=mask, labels=targets).loss)
    assert 2 <= int(chosen.sum()) < int(mask.sum()) - 4
    assert found == pytest.approx(wanted, rel=1e-5)


def test_nothing_chosen_costs_nothing(tmp_path: Path) -> None:
    place = find(str(tiny_folder(tmp_path)))
    backbone, tokens, task = load_backbone(place), Tokens(place, 24), MaskedLanguage()
    loss = task.loss(backbone, task.helper(backbone, place, tokens), tokens(["", ""]))
    loss.backward()
    assert float(loss.detach()) == 0


@pytest.mark.parametrize("share", [0.0, 1.0, math.nan])
def test_what_is_out_of_range_is_refused(share: float) -> None:
    with pytest.raises(ArgumentError, match="share"):
        MaskedLanguage(share=share)
