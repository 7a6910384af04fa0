"""The frame and the style of the report."""

from __future__ import annotations

__all__ = ["PAGE", "STYLE"]

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
<header>
<h1>{title}</h1>
{lead}
</header>
{body}
</main>
</body>
</html>
"""
"""To be filled with title, style, lead and body, all of them escaped already."""

STYLE = """
:root { color-scheme: light dark; --paper: #ffffff; --ink: #24292f; --soft: #57606a; --rule: #d8dee4;
  --panel: #f6f8fa; --good: #006b4e; --bad: #a83e00; }
@media screen and (prefers-color-scheme: dark) {
  :root { --paper: #12161b; --ink: #e3e7eb; --soft: #9aa4ae; --rule: #343b43; --panel: #1b2027;
    --good: #43c59e; --bad: #f08a4b; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { max-width: 66rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .75rem; padding-bottom: .3rem; border-bottom: 1px solid var(--rule); }
h3 { font-size: 1rem; margin: 1.25rem 0 .5rem; }
p { max-width: 46rem; }
.lead, .small { color: var(--soft); }
.small { font-size: .85rem; }
.warn { color: var(--bad); font-weight: 600; }
code, pre { font: .88em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
code { overflow-wrap: anywhere; }
pre { background: var(--panel); padding: 1rem; border-radius: 6px; overflow-x: auto; white-space: pre-wrap;
  overflow-wrap: anywhere; }
figure { margin: 1rem 0; overflow-x: auto; }
svg { display: block; width: 100%; min-width: 46rem; height: auto; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
.wide table { width: 100%; }
th, td { padding: .4rem .7rem; border-bottom: 1px solid var(--rule); text-align: right; white-space: nowrap; }
th:first-child { text-align: left; white-space: normal; font-weight: 400; min-width: 11rem; }
thead th { color: var(--soft); font-weight: 600; vertical-align: bottom; white-space: normal; }
tr.better td:nth-child(6) { color: var(--good); font-weight: 600; }
tr.worse td:nth-child(6) { color: var(--bad); font-weight: 600; }
.pairs td { text-align: left; white-space: normal; }
.verdicts { list-style: none; margin: 0; padding: 0; }
.verdicts li { display: grid; grid-template-columns: 5.5rem 1fr; gap: .75rem; padding: .45rem 0;
  border-bottom: 1px solid var(--rule); }
.verdicts b { color: var(--soft); }
.verdicts .better b { color: var(--good); }
.verdicts .worse b { color: var(--bad); }
@media print {
  main { max-width: none; padding: 0; }
  body { font-size: 10.5pt; }
  h2, h3 { break-after: avoid; }
  figure, tr, .verdicts li { break-inside: avoid; }
  .wide, figure { overflow: visible; }
  svg { min-width: 0; }
  pre { white-space: pre-wrap; }
}
"""
