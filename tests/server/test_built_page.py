"""The built page: current where Node is, and fit for the strict policy everywhere."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from querist.server.templates import filled

ROOT = Path(__file__).resolve().parents[2]
SERVER = ROOT / "src" / "querist" / "server"
WEB = ROOT / "web"
PAGES = ("label", "items", "settings", "open")


@pytest.mark.skipif(
    not shutil.which("node") or not (WEB / "node_modules").is_dir(), reason="needs Node and npm ci in web/"
)
def test_a_fresh_build_is_the_same() -> None:
    done = subprocess.run(["bash", str(WEB / "check.sh")], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "is current" in done.stdout


@pytest.mark.parametrize("page", PAGES)
def test_shells_hold_no_inline_script_or_style(page: str) -> None:
    text = filled("page.html", name=page)
    assert f'<body data-page="{page}">' in text
    for script in re.findall(r"<script[^>]*>(.*?)</script>", text, re.DOTALL):
        assert script == ""
    assert not re.search(r"<style|\sstyle=|\son\w+=|https?://|{{|{%|{#", text)
    for name in re.findall(r'(?:src|href)="([^"]+)"', text):
        assert name.startswith("/static/")
        assert (SERVER / "static" / name.removeprefix("/static/")).is_file()


def test_the_script_calls_nowhere_else_and_writes_no_markup() -> None:
    script = (SERVER / "static" / "app.js").read_text(encoding="utf-8")
    style = (SERVER / "static" / "app.css").read_text(encoding="utf-8")
    addresses = set(re.findall(r"https?://[^\"'`\s)]+", script))
    assert addresses <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xhtml",
        "http://www.w3.org/1998/Math/MathML",
    }
    assert not re.search(r"url\(|@import|@font-face", style)
    for banned in ("document.write", "insertAdjacentHTML", "new Function", "eval("):
        assert banned not in script
    own = "".join(path.read_text(encoding="utf-8") for path in (WEB / "src").rglob("*.ts*"))
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML", own, re.IGNORECASE)
