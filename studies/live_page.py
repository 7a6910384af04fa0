"""The live loop through the real page: Chromium, keys alone, two seeds. See live.py for the rest.

Usage: python studies/live_page.py [--short] [--seeds 2]. Chromium is found by the variable QUERIST_CHROMIUM or on the path.
"""

from __future__ import annotations

import os
import shutil
import sys
from typing import Any

from harness import Curve, main
from live import EVERY, digits, run, study, wait_for_model
from querist.server.client import Client

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def one(name: str, strategy: str, seed: int) -> Curve:
    """A run through the page: the item that is on the screen is answered by the key that its button shows."""
    from playwright.sync_api import sync_playwright

    browser = os.environ.get("QUERIST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        sys.exit("no Chromium is found: set QUERIST_CHROMIUM to its path")
    y = digits()[1]
    with sync_playwright() as play:
        page = play.chromium.launch(executable_path=browser, args=list(FLAGS)).new_page()
        opened: list[bool] = []

        def by_page(client: Client, rows: dict[str, int], count: int, done: int) -> None:
            if not opened:
                page.goto(client.link())
                opened.append(True)
            keys = _keys(page)
            while done < count:
                item = _shown(page)
                page.keyboard.press(keys[str(y[rows[item]])])
                page.locator(f'[data-item]:not([data-item="{item}"])').wait_for(timeout=20_000)
                done += 1
                if done % EVERY == 0:
                    wait_for_model(client, done)

        return run(strategy, seed, by_page)


def _shown(page: Any) -> str:
    page.wait_for_selector("[data-item]", timeout=20_000)
    return str(page.locator("[data-item]").first.get_attribute("data-item"))


def _keys(page: Any) -> dict[str, str]:
    """Key by class, as the buttons tell them."""
    page.wait_for_selector("button.label", timeout=20_000)
    buttons = page.locator("button.label")
    return {
        b.locator(".name").inner_text(): str(b.get_attribute("aria-keyshortcuts"))
        for b in (buttons.nth(k) for k in range(buttons.count()))
    }


STUDY = study(
    "live_page",
    "the live loop through the page",
    one,
    strategies={"random": "random", "margin": "margin"},
    seeds=2,
    short=1,
)

if __name__ == "__main__":
    main(STUDY)
