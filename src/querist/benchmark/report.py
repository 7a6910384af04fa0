"""``report.html``: one file that holds the whole study and asks for nothing else.

Inline CSS and SVG, no script, no font, no outside address; light and dark; it prints. Every text that comes from the
document is escaped.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from querist.benchmark.drawing import svg
from querist.benchmark.figures import HEADS, cells, notes, value, verdict
from querist.benchmark.one_step import write_in_one_step
from querist.benchmark.page import PAGE, STYLE
from querist.benchmark.plots import balance_figure, curves_figure, main_metric, save_png, seconds_figure
from querist.benchmark.reliability import reliability_figure
from querist.benchmark.summary import is_number, lower_is_better, strategy_names

__all__ = ["html", "write_report"]

Document = Mapping[str, Any]
_WORDS = {"baseline": "baseline", "better": "better", "worse": "worse", "open": "open"}


def write_report(document: Document, path: Path) -> None:
    """Write the report, and ``curves.png`` beside it."""
    write_in_one_step(path, html(document).encode("utf-8", "replace"))
    save_png(document, path.with_name("curves.png"))


def html(document: Document) -> str:
    """The report as one HTML text."""
    metric = main_metric(document)
    entries = [e for e in document["summary"] if e["metric"] == metric]
    sections = [
        _verdicts(document, entries),
        _section("Learning curves", _curves(document, metric)),
        _section("Table", "".join(_table(document, name) for name in _metrics(document))),
        _section("Calibration of the last models", _calibration(document)),
        _section("Class balance of the queries", _balance(document)),
        _section("Seconds a round", _seconds(document)),
        _section("Why the runs stopped", _stops(document)),
        _section("How to run it again", _again(document)),
        _section("Specification", f"<pre>{escape(_laid_out(document['spec']))}</pre>"),
        _section("Versions and hardware", _pairs(document["environment"])),
    ]
    title = f"querist: {_subject(document)}"
    return PAGE.format(title=escape(title), style=STYLE, lead=_lead(document), body="\n".join(s for s in sections if s))


def _section(title: str, content: str) -> str:
    return f"<section>\n<h2>{escape(title)}</h2>\n{content}\n</section>" if content else ""


def _subject(document: Document) -> str:
    data = document["spec"].get("data")
    source = data.get("source") if isinstance(data, dict) else None
    return str(source) if source else "active learning study"


def _seed_list(document: Document) -> list[int]:
    return sorted({run["seed"] for run in document["runs"]})


def _lead(document: Document) -> str:
    seeds, strategies = _seed_list(document), strategy_names(document["runs"])
    text = f"{_count(len(strategies), 'strategy', 'strategies')}, {_count(len(seeds), 'seed')}, "
    text += f"{_count(len(document['runs']), 'finished run')}"
    lead = f"<p class='lead'>{escape(text)}</p>"
    if document["interrupted"]:
        lead += "<p class='warn'>The study was interrupted: this shows the finished runs only.</p>"
    return lead


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _verdicts(document: Document, entries: list[Mapping[str, Any]]) -> str:
    if not entries:
        return "<section><p>No run was finished, so there is nothing to judge.</p></section>"
    items = []
    for entry in entries:
        key, sentence = verdict(entry)
        name = escape(entry["strategy"])
        items.append(f"<li class='{key}'><b>{_WORDS[key]}</b> <span><code>{name}</code> {escape(sentence)}</span></li>")
    parts = [f"<ul class='verdicts'>{''.join(items)}</ul>"]
    metric = entries[0]["metric"]
    top = (document["ceiling"] or {}).get(metric)
    if is_number(top):
        words = escape(metric.replace("_", " "))
        parts.append(f"<p>With all labels of the pool, {words} is {value(top)}.</p>")
    return _section("Verdict", "\n".join(parts))


def _metrics(document: Document) -> list[str]:
    return list(dict.fromkeys(entry["metric"] for entry in document["summary"]))


def _table(document: Document, metric: str) -> str:
    entries = [e for e in document["summary"] if e["metric"] == metric]
    head = "".join(f"<th scope='col'>{escape(h)}</th>" for h in HEADS)
    rows = []
    for entry in entries:
        first, *rest = cells(entry)
        numbers = "".join(f"<td>{escape(cell)}</td>" for cell in rest)
        rows.append(f"<tr class='{verdict(entry)[0]}'><th scope='row'><code>{escape(first)}</code></th>{numbers}</tr>")
    said = "".join(f"<li>{escape(note)}</li>" for note in notes(entries))
    return (
        f"<h3>{escape(metric.replace('_', ' '))}</h3>\n<div class='wide'><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>" + (f"<ul>{said}</ul>" if said else "") + _legend(metric)
    )


def _legend(metric: str) -> str:
    better = " For this metric lower is better." if lower_is_better(metric) else ""
    return (
        "<p class='small'>AUBC is the area under the metric over labels, divided by the label range. The interval is a "
        "95 % bootstrap over seeds. Labels to target: median over seeds of the labels at which random's mean final "
        "value is first reached. The comparison with random is of AUBC, paired by seed; p is two-sided (sign flip) "
        f"and Holm-corrected over the strategies.{better}</p>"
    )


def _curves(document: Document, metric: str | None) -> str:
    if metric is None:
        return ""
    words = metric.replace("_", " ")
    alt = f"{words} over labels for each strategy, and the difference to random; the figures are in the table"
    return f"<figure>{svg(curves_figure(document), name='curves', alt=alt)}</figure>"


def _calibration(document: Document) -> str:
    figure = reliability_figure(document)
    if figure is None:
        return ""
    alt = "share of right answers over the probability told, a line for each strategy, with its calibration error"
    note = (
        "<p class='small'>Test items of all seeds, told by the last model of each run, in ten bins of the probability of "
        "the most probable class. ECE, the expected calibration error, is the mean distance of a bin from the diagonal, "
        "weighed by its items. The metrics <code>log_loss</code>, <code>brier</code> and <code>ece</code> of every round "
        "are in the tables when the specification names them.</p>"
    )
    return f"<figure>{svg(figure, name='calibration', alt=alt)}</figure>{note}"


def _balance(document: Document) -> str:
    figure = balance_figure(document)
    if figure is None:
        return "<p>The runs carry no classes of the answers after the start set, so there is no balance to show.</p>"
    alt = "share of each class among the answers after the start set, a bar for each strategy"
    return f"<figure>{svg(figure, name='balance', alt=alt)}</figure>"


def _seconds(document: Document) -> str:
    figure = seconds_figure(document)
    if figure is None:
        return "<p>The runs carry no times.</p>"
    alt = "mean seconds a round for fitting, signals and choosing, a bar for each strategy"
    note = "<p class='small'>Wall-clock time. Runs that work side by side slow one another down.</p>"
    return f"<figure>{svg(figure, name='seconds', alt=alt)}</figure>{note}"


def _stops(document: Document) -> str:
    reasons: dict[str, int] = {}
    for run in document["runs"]:
        stopped = run.get("stopped")
        text = stopped.get("text") if isinstance(stopped, dict) else None
        if text:
            reasons[str(text)] = reasons.get(str(text), 0) + 1
    if not reasons:
        return ""
    items = "".join(f"<li>{_count(n, 'run')}: {escape(text)}</li>" for text, n in reasons.items())
    return f"<ul>{items}</ul>"


def _again(document: Document) -> str:
    seeds = ", ".join(map(str, _seed_list(document))) or "none"
    return (
        f"<p>Seeds: {escape(seeds)}. Every draw of a run comes from its seed, and strategies of one seed share the "
        "start set and the first model. The same seeds with the versions below give the same queries.</p>\n"
        "<p><code>querist demo</code> runs the built-in study; <code>querist bench GRID.toml</code> runs one of your "
        "own with the specification below. <code>querist report results.json</code> draws this page again.</p>"
    )


def _laid_out(value: object, margin: str = "") -> str:
    """JSON with a line for each key, and lists of plain values on one line."""
    inner = margin + "  "
    if isinstance(value, Mapping) and value:
        lines = [f"{inner}{json.dumps(str(k), ensure_ascii=False)}: {_laid_out(v, inner)}" for k, v in value.items()]
    elif isinstance(value, list) and any(isinstance(v, (list, Mapping, str)) for v in value):
        lines = [inner + _laid_out(v, inner) for v in value]
    else:
        return json.dumps(value, ensure_ascii=False)
    start, end = "{}" if isinstance(value, Mapping) else "[]"
    return start + "\n" + ",\n".join(lines) + f"\n{margin}{end}"


def _pairs(table: Mapping[str, Any]) -> str:
    rows = "".join(
        f"<tr><th scope='row'>{escape(str(k))}</th><td>{escape('not installed' if v is None else str(v))}</td></tr>"
        for k, v in table.items()
    )
    return f"<table class='pairs'><tbody>{rows}</tbody></table>"
