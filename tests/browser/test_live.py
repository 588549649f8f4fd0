"""`emkit explore` in a real browser: Python refits while one reads."""

from __future__ import annotations

import threading

import pytest
from playwright.sync_api import expect

from emkit.lessons import death_notices
from emkit.page.explore import server_for

pytestmark = pytest.mark.slow


@pytest.fixture
def served():
    server = server_for(death_notices())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_another_start_is_fitted_by_python(served, browse):
    watched = browse()
    tab = watched.open(served.address)
    tab.locator("[data-act=another]").click()
    tab.wait_for_selector("#imagined:not([hidden])")
    assert "worked out by Python just now" in tab.locator("#whatif .verdict").inner_text()
    tab.select_option("#components", "3")
    expect(tab.locator("#data .legend span")).to_have_count(3)
    tab.locator("#whatif [data-act=reset]").click()
    assert tab.locator("#imagined").is_hidden()
    assert watched.complaints == []
    assert {url.rpartition("/")[2] for url in watched.requests} == {"refit"}
