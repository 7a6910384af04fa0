"""Train a pre-trained encoder further on the texts of the pool, without a label; the result is a folder like any other."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from querist.core.errors import ArgumentTypeError, DataError, shorten
from querist.core.optional import torch as _torch
from querist.core.progress import tell
from querist.core.seeds import derive, generator
from querist.core.types import Array
from querist.data.source import Source
from querist.models.device import choose_device, threads
from querist.models.guard import rng_kept
from querist.training.memory import with_smaller_batches
from querist.training.pretraining.halfway import read_halfway, write_halfway
from querist.training.pretraining.kept import checked, cuts, keep
from querist.training.pretraining.text_task import TextTask
from querist.training.progress_bar import progress_bar

if TYPE_CHECKING:
    from querist.models.pretrained.encoder import Backbone, Pooling
    from querist.models.pretrained.tokens import Tokens

__all__ = ["PretrainedTexts", "pretrain_texts"]

_KEEP_EVERY = 60.0
"""Seconds of training that a killed run may lose."""
_WARM_UP = 0.1
_ABOUT = "pretraining.json"


@dataclass(frozen=True)
class PretrainedTexts:
    """An encoder that was trained on texts.

    Args:
        folder: holds it; give it to `text_learner` or `TextEncoder`.
        task: name of the task that it was trained on.
        losses: mean loss of each epoch, in nats.
    """

    folder: Path
    task: str
    losses: tuple[float, ...]


@dataclass(frozen=True)
class _Run:
    """What one training needs beside its encoder."""

    source: Source
    rows: Array
    tokens: Tokens
    task: TextTask
    epochs: int
    lr: float
    seed: int
    halfway: Path
    report: Callable[[int, int], None] | None


def pretrain_texts(
    source: Source,
    encoder: str | Path,
    task: TextTask,
    *,
    rows: Array,
    held_out: Array | tuple[()] = (),
    cache: str | Path,
    epochs: int = 1,
    batch: int = 32,
    lr: float = 3e-5,
    seed: int = 0,
    revision: str | None = None,
    pooling: Pooling = "auto",
    max_length: int | None = None,
    progress: Callable[[int, int], None] | bool = False,
    device: str = "auto",
    cores: int | None = None,
    cpu_fallback: bool = True,
) -> PretrainedTexts:
    """Train an encoder on texts without looking at a label: Adam, a warm-up, then along a cosine.

    A killed run goes on where it was: the same call again reads what was done, and ends at the same weights.

    Args:
        source: the texts.
        encoder: as of `text_learner`: ``minilm``, a folder, or an id of the hub.
        task: `SimCSE` or `MaskedLanguage`, or one of your own.
        rows: (M,) rows of the source that may be looked at: those of the pool, never those of the test items.
        held_out: rows of test and validation items; they are left out whatever ``rows`` says.
        cache: folder that keeps encoders by source, rows, encoder, task and settings; the same call again reads it.
        epochs: passes over the rows.
        batch: texts a step.
        lr: learning rate after the warm-up, which takes a tenth of the steps.
        seed: all randomness is from it.
        revision: commit of the hub.
        pooling: auto (what the model's folder says, else mean), mean, cls or last; the new folder says it too.
        max_length: most tokens of a text; by default what the model's folder says, at most 512.
        progress: called with the steps done and their number after each; True shows a bar on stderr.
        device: auto, cpu, cuda, cuda:N or mps.
        cores: threads of the processor; None leaves them as they are.
        cpu_fallback: whether the processor takes over when the device has no memory for the smallest batch.

    Raises:
        ArgumentError: too few rows or numbers out of range (code ``BadValue``), an encoder that the task cannot take
            (``NeedsCapability``).
        ArgumentTypeError: no texts, or no task for texts (code ``BadLearner``).
        DataError: weights that are not safe, or that are no encoder (``UnsafeWeights``, ``BadWeights``), a loss that is
            no longer finite (``BadScores``).
        ResourceError: an extra is not installed (``MissingExtra``), or the hub cannot be reached (``NoHub``).
    """
    if not isinstance(task, TextTask):
        raise ArgumentTypeError(
            f"task must be one for texts, such as SimCSE() or MaskedLanguage(); got {shorten(task)}", code="BadLearner"
        )
    if source.modality != "text":
        raise ArgumentTypeError(
            f"texts are needed, and {shorten(source.name)} holds items of the kind {source.modality}; see pretrain",
            code="BadLearner",
        )
    free = np.setdiff1d(np.asarray(rows, dtype=np.int64), np.asarray(held_out, dtype=np.int64))
    free = checked(source, free, task.name, task.least, epochs, batch, lr)
    from querist.models.pretrained.encoder import load_backbone, text_length
    from querist.models.pretrained.keep import write_model
    from querist.models.pretrained.place import find
    from querist.models.pretrained.tokens import Tokens

    place = find(str(encoder), revision=revision)
    length = text_length(place, max_length)
    settings = (task, epochs, batch, lr, seed, pooling, length)
    key = _key(source.digest, free, place.digest, repr(settings))
    folder = Path(cache) / f"encoder-{task.name}-{key}"
    halfway = Path(cache) / f".halfway-{task.name}-{key}"
    if folder.exists():
        return _read(folder)
    if place.settings("config.json").get("is_encoder_decoder"):
        raise ArgumentTypeError(
            f"{place.name} is an encoder with a decoder, whose halves are saved together; use an encoder such as BERT",
            code="BadLearner",
        )
    tokens = Tokens(place, length)
    with ExitStack() as stack:
        bar = stack.enter_context(progress_bar(f"pre-training by {task.name}")) if progress is True else None
        report = bar or (progress if callable(progress) else None)
        run = _Run(source, free, tokens, task, epochs, lr, seed, halfway, report)

        def work(size: int, where: Any) -> tuple[Backbone, tuple[float, ...]]:
            backbone = load_backbone(place, pooling)
            with rng_kept(derive(seed, "pretrain texts, helper")):
                helper = task.helper(backbone, place, tokens)
            with threads(cores):
                return backbone, _train(backbone.to(where), helper.to(where), run, max(size, task.least), where)

        backbone, losses = with_smaller_batches(work, batch, choose_device(device), to_cpu=cpu_fallback)
    about = {"kind": "encoder of texts", "task": task.name, "base": place.digest, "losses": list(losses)}

    def save(beside: Path) -> None:
        write_model(backbone, place, beside)
        (beside / _ABOUT).write_text(json.dumps(about, indent=1, sort_keys=True) + "\n", encoding="utf-8")

    keep(save, folder)
    halfway.unlink(missing_ok=True)
    return PretrainedTexts(folder, task.name, losses)


def _train(backbone: Backbone, helper: Any, run: _Run, batch: int, device: Any) -> tuple[float, ...]:
    """Train in place, from where a killed run stood; mean loss of each epoch."""
    torch = _torch()
    parameters = [p for p in (*backbone.parameters(), *helper.parameters()) if p.requires_grad]
    optimizer = torch.optim.Adam(parameters, lr=run.lr)
    parts = {"backbone": backbone, "helper": helper}
    losses = read_halfway(run.halfway, parts, optimizer, batch)
    backbone.train()
    helper.train()
    pieces = cuts(len(run.rows), batch, max(run.task.least, 2))
    total, kept = run.epochs * len(pieces), time.monotonic()
    order = run.rows
    for step in range(len(losses), total):
        epoch, number = divmod(step, len(pieces))
        if number == 0 or step == len(losses):
            order = run.rows[generator(run.seed, "pretrain texts, order", epoch).permutation(len(run.rows))]
        start, stop = pieces[number]
        inputs = run.tokens(run.source.take(order[start:stop])).to(device)
        optimizer.param_groups[0]["lr"] = run.lr * _pace(step, total)
        optimizer.zero_grad(set_to_none=True)
        with rng_kept(derive(run.seed, "pretrain texts, step", step)):
            loss = run.task.loss(backbone, helper, inputs)
            loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        losses.append(float(loss.detach()))
        if not math.isfinite(losses[-1]):
            raise DataError(
                f"the loss of {run.task.name} became {losses[-1]} in step {step + 1} with lr={run.lr}; use a smaller "
                "learning rate",
                code="BadScores",
            )
        if time.monotonic() - kept > _KEEP_EVERY and step + 1 < total:
            write_halfway(run.halfway, parts, optimizer, losses, batch)
            kept = time.monotonic()
        tell(f"pre-training by {run.task.name}", step + 1, total)
        if run.report is not None:
            run.report(step + 1, total)
    backbone.cpu().eval()
    each = np.array(losses).reshape(run.epochs, len(pieces)).mean(axis=1)
    return tuple(float(v) for v in each)


def _pace(step: int, total: int) -> float:
    """Share of the learning rate: up evenly over the warm-up, then down along half a cosine."""
    warm = max(1, round(_WARM_UP * total))
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1.0 + math.cos(math.pi * (step - warm) / max(total - warm, 1)))


def _key(source: str, rows: Array, base: str, settings: str) -> str:
    """Digest of all that decides the weights."""
    h = hashlib.blake2b(digest_size=16)
    for part in (source.encode(), rows.tobytes(), base.encode(), settings.encode("utf-8", "surrogatepass")):
        h.update(part + b"\x1f")
    return h.hexdigest()


def _read(folder: Path) -> PretrainedTexts:
    """What an earlier call left."""
    try:
        about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
        return PretrainedTexts(folder, str(about["task"]), tuple(float(v) for v in about["losses"]))
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise DataError(
            f"{folder.name} is damaged ({shorten(str(error), 120)}); remove it and train again", code="BadWeights"
        ) from error
