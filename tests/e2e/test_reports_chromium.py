"""The reports in a real Chromium that has no network: nothing runs, nothing is asked for, everything can be read."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import Browser, Page
from graded_class import CHECKPOINT, EVIL, REFUSED, pupils

from tutor.grading.report import class_page, learner_page
from tutor.i18n import use_language

HOME = "index.html"
PHONE = 360

CONTRASTS = """
(() => {
  const channel = c => { c /= 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
  const parse = text => text.match(/[0-9.]+/g).map(Number);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const behind = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const element of document.querySelectorAll("main *")) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    if (!own || element.matches("title, desc, .inside")) continue;
    const style = getComputedStyle(element);
    const ink = light(parse(element.matches("svg text") ? style.fill : style.color)), paper = light(behind(element));
    const ratio = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    if (ratio < 4.5) found.push([element.outerHTML.slice(0, 80), ratio]);
  }
  return found;
})()
"""
"""Texts with less contrast than WCAG 2.1, 1.4.3 asks for; those inside bars stand in the tables, too."""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("chromium")) as found:
        yield found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The class's page, in English and in Korean, and those of its learners."""
    made = tmp_path_factory.mktemp("reports")
    page = class_page(f"Networks {EVIL}", CHECKPOINT, pupils(), REFUSED, made="2026-12-03T08:00:00Z")
    (made / HOME).write_text(page)
    for pupil in pupils():
        if pupil.page:
            (made / pupil.page).write_text(learner_page("Networks", CHECKPOINT, pupil, home=HOME))
    use_language("ko")
    try:
        (made / "ko.html").write_text(class_page("네트워크", CHECKPOINT, pupils(), REFUSED))
    finally:
        use_language("en")
    return made


@pytest.mark.parametrize("name", [HOME, "ko.html", "2024002.html", "_8210.html", "b-4.html"])
def test_nothing_runs_and_nothing_is_asked_for(name: str, browser: Browser, folder: Path) -> None:
    with browser.page(folder / name) as page:
        assert page.ask("document.querySelectorAll('script, img, iframe, object, link').length") == 0
        assert page.ask("document.title") != "owned"
        assert page.ask("performance.getEntriesByType('resource').length") == 0
        assert page.requests == [(folder / name).as_uri()]
        assert page.said == []
        if name != "2024002.html":
            assert page.ask(f"document.body.innerText.includes({_quoted(EVIL)})")


def test_a_page_could_run_and_load_nothing_if_it_tried(browser: Browser, folder: Path) -> None:
    with browser.page(folder / HOME) as page:
        page.ask(
            "document.body.insertAdjacentHTML('beforeend', '<img src=x.png onerror=\"document.title=1\">'"
            " + '<iframe src=\"index.html\"></iframe>')"
        )
        page.ask("new Promise(done => setTimeout(done, 200))")
        assert page.ask("document.title") != "1"
        refused = str(page.said)
        assert "violates the following Content Security Policy" in refused
        assert "img-src" in refused


@pytest.mark.parametrize("name", [HOME, "2024002.html", "b-4.html"])
def test_a_phone_shows_the_whole_width(name: str, browser: Browser, folder: Path) -> None:
    with browser.page(folder / name) as page:
        page.look(width=PHONE)
        assert page.ask("innerWidth") == PHONE
        assert page.ask("document.documentElement.scrollWidth") == PHONE
        smallest = page.ask(
            "Math.min(...[...document.querySelectorAll('svg text')].map(e => e.getBoundingClientRect().height))"
        )
        assert smallest >= 10


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(scheme: str, browser: Browser, folder: Path) -> None:
    for name in (HOME, "2024002.html"):
        with browser.page(folder / name) as page:
            page.look(width=1200, scheme=scheme)
            dark = page.ask("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
            assert dark == (scheme == "dark")
            assert page.ask(CONTRASTS) == []


def test_a_screen_reader_hears_the_pictures_and_tables(browser: Browser, folder: Path) -> None:
    with browser.page(folder / HOME) as page:
        nodes = _accessible(page)
        pictures = {node["name"]: node["description"] for node in nodes if node["role"] == "image"}
        assert set(pictures) >= {
            "Distribution of points How many learners are in each tenth of the points.",
            "Success per goal For each goal, how many submissions have it confirmed, inconclusive and not reproduced.",
        }
        headings = [node["name"] for node in nodes if node["role"] == "heading"]
        assert headings[0] == "Mid-term exam"
        assert {"Learners", "Flags", "Files that were refused"} <= set(headings)
        assert {"Points", "Status"} <= {node["name"] for node in nodes if node["role"] == "columnheader"}
        assert "Kim, Ji-woo" in {node["name"] for node in nodes if node["role"] == "rowheader"}


def test_links_lead_from_the_class_to_a_learner_and_back(browser: Browser, folder: Path) -> None:
    with browser.page(folder / HOME) as page:
        page.ask("document.querySelector('a[href=\"_8210.html\"]').click()")
        page.until("location.pathname.endsWith('_8210.html') && document.readyState === 'complete'")
        assert page.ask("document.querySelector('h1').innerText") == '=HYPERLINK("http://x")'
        page.ask("document.querySelector('a').click()")
        page.until("location.pathname.endsWith('index.html')")


def test_paper_shows_what_is_folded_on_the_screen(browser: Browser, folder: Path) -> None:
    folded = "document.querySelector('details table').checkVisibility()"
    with browser.page(folder / HOME) as page:
        page.look(width=1200, scheme="dark")
        assert page.ask(folded) is False
        page.look(width=1200, scheme="dark", media="print")
        assert page.ask(folded) is True
        assert page.ask("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert base64.b64decode(page.call("Page.printToPDF")["data"]).startswith(b"%PDF-")


def test_korean_is_said_to_be_korean(browser: Browser, folder: Path) -> None:
    with browser.page(folder / "ko.html") as page:
        assert page.ask("document.documentElement.lang") == "ko"
        assert page.ask("document.querySelector('#learners').innerText") == "학습자"


def _accessible(page: Page) -> list[dict[str, Any]]:
    nodes = page.call("Accessibility.getFullAXTree")["nodes"]
    return [
        {name: node.get(name, {}).get("value", "") for name in ("role", "name", "description")}
        for node in nodes
        if not node.get("ignored")
    ]


def _quoted(text: str) -> str:
    return json.dumps(text)
