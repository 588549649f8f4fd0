"""A real browser for the pages: Chromium without a window, driven by Playwright."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def chromium():
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        pytest.skip("there is no Chromium on this machine: install the package chromium to run the browser tests")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Watched:
    """A tab that keeps what a page must not do: complain, ask the network for anything, open a dialog."""

    tab: object
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def open(self, path: Path | str, at: str = "workbench"):
        """Open a page at its workbench, or at a scene of its story."""
        address = path.as_uri() if isinstance(path, Path) else path
        self.tab.goto(f"{address}#{at}")
        self.requests = [request for request in self.requests if request != address]
        return self.tab

    def spotless(self) -> bool:
        assert self.complaints == []
        assert self.requests == []
        return True


def watched_tabs(chromium):
    """Yields what makes a tab, ``make(width=360, color_scheme="dark")``, and closes all that were made."""
    contexts = []

    def make(width: int = 1200, height: int = 900, **options) -> Watched:
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        tab = context.new_page()
        watched = Watched(tab)
        tab.on("console", lambda message: watched.complaints.append(f"{message.type}: {message.text}"))
        tab.on("pageerror", lambda error: watched.complaints.append(f"error: {error}"))
        tab.on("dialog", lambda dialog: (watched.complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        tab.on("request", lambda request: watched.requests.append(request.url))
        return watched

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def browse(chromium):
    """Makes a tab for one test."""
    yield from watched_tabs(chromium)


@pytest.fixture(scope="module")
def browse_for_all(chromium):
    """Makes a tab for all tests of a file."""
    yield from watched_tabs(chromium)


@pytest.fixture(scope="session")
def pages(tmp_path_factory) -> dict[str, Path]:
    """The pages of the demo."""
    import numpy as np

    from emkit import fit
    from emkit.data.source import ArraySource
    from emkit.families import Categorical, FullGaussian, Gamma, Poisson
    from emkit.lessons import LESSONS, old_faithful
    from emkit.models import Mixture
    from emkit.search.seeding import spread_start

    folder = tmp_path_factory.mktemp("pages")
    found = {
        name: LESSONS[name]().to_html(folder / f"{name}.html")
        for name in ("two-coins", "three-coins", "old-faithful", "linkage", "umbrella", "earthquakes")
    }
    source, model = old_faithful().source, Mixture(FullGaussian())
    result = fit(model, source, spread_start(model, source, 2, 0)).in_order()
    rng = np.random.default_rng(8)
    for name, family, x in (
        ("counts", Poisson(), rng.poisson([[3], [11]] * 40)),
        ("levels", Categorical(), rng.integers(0, 3, (70, 4))),
        ("waits", Gamma(), rng.gamma(2, 3, (60, 1))),
    ):
        counts = ArraySource(x.astype(float))
        other = fit(Mixture(family), counts, spread_start(Mixture(family), counts, 3, 0), max_evaluations=50)
        found[name] = other.to_html(folder / f"{name}.html", include_data=True)
    return {**found, "fit": result.to_html(folder / "fit.html", title="faithful.csv")}
