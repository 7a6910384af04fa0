"""R10 in short: posts over a bad line to a running server; a server that forgets keys does not pass."""

from __future__ import annotations

from bad_line import FAULTS
from proxy_label import campaign

_FORGETS = """
from querist.cli import main
from querist.server import desk
desk.repeated = lambda *anything: None
main()
"""


def test_each_key_counts_once_over_a_bad_line() -> None:
    outcome = campaign(200, share=0.4, seed=1)
    assert outcome.wrong == []
    assert len(outcome.acked) == len({one.key for one in outcome.acked}) == 200
    assert set(outcome.happened) - {""} == set(FAULTS), "each kind of fault happened"
    assert outcome.happened.total() > 50
    assert (outcome.repeated, outcome.refused) == (200, 800)


def test_a_server_that_forgets_keys_does_not_pass() -> None:
    outcome = campaign(40, clients=4, share=0.6, run=("-c", _FORGETS))
    assert outcome.wrong
