"""The examples of a page write their files into a folder of their own, in which `data` is what the tests are held against."""

from collections.abc import Iterator
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[1] / "tests" / "oracles" / "data"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").symlink_to(DATA)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def _figures_closed() -> Iterator[None]:
    yield
    import matplotlib.pyplot as plt

    plt.close("all")
