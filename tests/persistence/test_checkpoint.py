"""Fits that are stopped go on to the same bits; files that cannot be gone on from say why, and are left as they are."""

from __future__ import annotations

import os
import resource
import stat
from dataclasses import dataclass, replace

import numpy as np
import pytest

import emkit as ek
from emkit.core.turns import Turns
from emkit.persistence import atomic, checkpoint
from tests.cases import FAMILIES, SOLVERS
from tests.persistence.stopped import MODEL, START, after, bits, counts, fit, several


def gone_on(path, data, steps, **options):
    """The result of a fit that is stopped again and again, after so many steps."""
    while True:
        try:
            return ek.resume(path, data, watch=after(steps), **options)
        except KeyboardInterrupt:
            assert checkpoint.read(checkpoint.Place(path)).emkit == ek.__version__


def assert_goes_on(path, model, data, start, steps, **options):
    """A fit that is stopped after every few steps ends as one that never was."""
    whole = ek.fit(model, data, start, **options)
    with pytest.raises(KeyboardInterrupt):
        ek.fit(model, data, start, **options, checkpoint=path, watch=after(1))
    assert bits(gone_on(path, data, steps)) == bits(whole)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.ckpt"


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_run_that_is_stopped_after_every_step_ends_with_the_same_bits(solver, path):
    assert_goes_on(path, MODEL, counts(), START, 1, solver=solver, max_evaluations=40)


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::emkit.EmkitWarning")
@pytest.mark.parametrize("case", FAMILIES, ids=lambda case: case.name)
def test_a_run_of_every_family_goes_on(case, path):
    data = case.draw(np.random.default_rng(3), 40)
    try:
        ek.fit(ek.Mixture(case.family), data, case.mixture, max_evaluations=1, checkpoint=path)
    except ek.ModelError as error:
        pytest.skip(str(error))
    path.unlink()
    assert_goes_on(path, ek.Mixture(case.family), data, case.mixture, 3, solver="anderson", max_evaluations=40)


def test_a_run_that_goes_to_an_edge_goes_on(path):
    x = np.column_stack([np.r_[np.zeros(30), np.ones(30)], np.r_[np.zeros(28), np.ones(32)], np.r_[np.zeros(33), np.ones(27)]])
    start = ek.MixtureParams([0.5, 0.5], ek.SuccessParams([[0.3, 0.3, 0.3], [0.7, 0.7, 0.7]]))
    assert_goes_on(path, ek.Mixture(ek.Bernoulli()), x, start, 2, solver="anderson")


def test_a_run_that_leaves_a_saddle_goes_on(path):
    start = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[2.0, 2.0], [2.0, 2.0]]))
    assert "saddle" in ek.fit(MODEL, counts(), start, solver="squarem").outcome.sentence
    assert_goes_on(path, MODEL, counts(), start, 2, solver="squarem")


def test_a_run_that_draws_lots_goes_on(path):
    model = ek.Mixture(ek.Poisson(), ek.Sampled(seed=2))
    assert_goes_on(path, model, counts(), START, 3, max_evaluations=30)


def test_runs_from_several_starts_go_on_and_those_that_ended_are_not_made_again(path):
    assert_goes_on(path, MODEL, counts(), several(), 7, max_evaluations=40)
    seen = []
    ek.resume(path, counts(), watch=lambda steps: seen.extend(steps) or iter(()))
    assert seen == []


def test_the_same_fit_goes_on_by_itself(path):
    whole = fit(None)
    with pytest.raises(KeyboardInterrupt):
        fit(path, watch=after(9))
    assert bits(fit(path)) == bits(whole)


def test_threads_of_any_number_go_on(path):
    whole = fit(None)
    with pytest.raises(KeyboardInterrupt):
        fit(path, watch=after(9), n_jobs=2)
    assert bits(ek.resume(path, counts(), n_jobs=1)) == bits(whole)


def test_an_interrupted_fit_says_how_to_go_on(path):
    with pytest.raises(KeyboardInterrupt) as caught:
        fit(path, watch=after(3))
    assert caught.value.__notes__ == [f"The fit is kept in {str(path)!r}. To go on: emkit.resume({str(path)!r}, data)"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_fit_that_is_interrupted_while_its_file_is_first_written_says_so_too(path, monkeypatch):
    write, first = atomic.write, [True]

    def interrupted(*given):
        write(*given)
        if first.pop() if first else False:
            raise KeyboardInterrupt

    monkeypatch.setattr(atomic, "write", interrupted)
    with pytest.raises(KeyboardInterrupt) as caught:
        fit(path)
    assert caught.value.__notes__ == [f"The fit is kept in {str(path)!r}. To go on: emkit.resume({str(path)!r}, data)"]
    assert bits(ek.resume(path, counts())) == bits(fit(None))


def test_it_is_written_seldom(path, monkeypatch):
    written = []
    monkeypatch.setattr(atomic, "write", lambda *given: written.append(given))
    monkeypatch.setattr(checkpoint, "EVERY", 1e9)
    fit(path)
    assert len(written) == 2  # when it begins, and when it is done
    monkeypatch.setattr(checkpoint, "EVERY", 0.0)
    ek.fit(MODEL, counts(), START, max_evaluations=30, checkpoint=path)
    assert len(written) > 30


def test_groups_weights_and_labels_go_on(path):
    known = {
        "weights": np.tile([1.0, 1.0, 2.0, 2.0], 15),
        "groups": np.arange(60) // 2,
        "labels": np.r_[0, 0, 1, 1, np.full(56, -1)],
    }
    whole = ek.fit(MODEL, counts(), START, **known)
    with pytest.raises(KeyboardInterrupt):
        ek.fit(MODEL, counts(), START, **known, checkpoint=path, watch=after(4))
    for name in known:
        with pytest.raises(ek.DataError, match="of another fit: it began with other data"):
            ek.resume(path, counts(), **{key: value for key, value in known.items() if key != name})
    assert bits(ek.resume(path, counts(), **known)) == bits(whole)


@dataclass(frozen=True)
class Turned:
    """A solver of one's own, with a state of its own."""

    def init(self, first):
        return Turns()

    def step(self, em, here, state):
        return em(here.update), state.after(1)


@dataclass(frozen=True)
class Mine(ek.Poisson):
    season: str = "summer"


def test_models_and_solvers_of_ones_own_go_on(path):
    model = ek.Mixture(Mine())
    whole = ek.fit(model, counts(), START, solver=Turned())
    with pytest.raises(KeyboardInterrupt):
        ek.fit(model, counts(), START, solver=Turned(), checkpoint=path, watch=after(4))
    with pytest.raises(ek.DataError, match=r"'(Mine|Turned)', which is none of emkit's"):
        ek.resume(path, counts())
    assert bits(ek.resume(path, counts(), classes=[Mine, Turned])) == bits(whole)


@pytest.mark.parametrize(
    ("change", "other"),
    {
        "model": ({"model": ek.Mixture(ek.Poisson(), ek.Hard())}, "model"),
        "start": ({"start": START}, "starts"),
        "solver": ({"solver": "squarem"}, "solver"),
        "tolerance": ({"tol": 1e-9}, "rules"),
        "budget": ({"max_evaluations": 9_000}, "rules"),
        "saddles": ({"escape": False}, "escape"),
        "rows": ({"data": counts(seed=1)}, "data"),
        "fewer rows": ({"data": counts(58)}, "data"),
        "one number": ({"data": counts() + np.eye(60, 2)}, "data"),
        "cuts": ({"data": ek.ArraySource(counts(), chunk_rows=20)}, "data"),
        "names": ({"data": ek.ArraySource(counts(), columns=["a", "b"])}, "data"),
        "two": ({"data": counts(seed=1), "tol": 1e-9}, "data"),
    }.values(),
)
def test_another_fit_does_not_go_on(change, other, path):
    asked = {"model": MODEL, "data": counts(), "start": several(), "max_evaluations": 80}
    with pytest.raises(KeyboardInterrupt):
        ek.fit(**asked, checkpoint=path, watch=after(3))
    before = path.read_bytes()
    with pytest.raises(ek.DataError, match=f"is the checkpoint of another fit: it began with other {other}\\. "):
        ek.fit(**(asked | change), checkpoint=path)
    assert path.read_bytes() == before


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """The bytes of a checkpoint."""
    path = tmp_path_factory.mktemp("kept") / "run.ckpt"
    with pytest.raises(KeyboardInterrupt):
        fit(path, watch=after(20))
    return path.read_bytes()


def cut(share):
    return lambda content: content[: int(share * len(content))]


def turned(share):
    """One byte is another."""

    def damaged(content):
        place = int(share * len(content))
        return content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :]

    return damaged


DAMAGES = {
    "empty": lambda content: b"",
    "text": lambda content: b"not a checkpoint\n" * 40,
    "twice": lambda content: content + content[: len(content) // 2],
    "zeros at the end": lambda content: content[:-300] + bytes(300),
    **{f"cut at {share}": cut(share) for share in (0.01, 0.2, 0.5, 0.8, 0.99, 0.9999)},
    **{f"another byte at {share}": turned(share) for share in (0.02, 0.1, 0.3, 0.6, 0.8, 0.9)},
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_is_refused_and_left_as_it_is(damage, kept, path):
    path.write_bytes(damage(kept))
    before = path.read_bytes()
    for go_on in (lambda: ek.resume(path, counts()), lambda: fit(path)):
        with pytest.raises(ek.DataError, match=r"run\.ckpt' cannot be gone on from: "):
            go_on()
    assert path.read_bytes() == before


def test_a_file_of_another_kind_or_version_is_refused(path, monkeypatch):
    ek.fit(MODEL, counts(), START, max_evaluations=3).save(path)
    with pytest.raises(ek.DataError, match="it is not the file of a checkpoint, whose format is 'emkit checkpoint'"):
        fit(path)
    path.unlink()
    fit(path)
    with pytest.raises(ek.DataError, match="it is not the file of a fit"):
        ek.load(path)
    monkeypatch.setattr(checkpoint, "__version__", "9.9")
    with pytest.raises(ek.DataError, match=f"emkit {ek.__version__} wrote it, and this is 9.9"):
        ek.resume(path, counts())
    monkeypatch.setattr(checkpoint, "CHECKPOINT", replace(checkpoint.CHECKPOINT, schema=0))
    with pytest.raises(ek.DataError, match="a later emkit wrote it"):
        ek.resume(path, counts())
    with pytest.raises(ek.DataError, match="there is no file"):
        ek.resume(path.with_name("none.ckpt"), counts())


def stop_writing(monkeypatch, error):
    """From here on no file reaches the disk."""

    def refused(handle):
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(os, "fsync", refused)


def test_a_disk_that_is_full_ends_the_fit_and_the_old_file_is_intact(path, monkeypatch):
    with pytest.raises(KeyboardInterrupt):
        fit(path, watch=after(9))
    before = path.read_bytes()
    with monkeypatch.context() as patched:
        stop_writing(patched, 28)
        with pytest.raises(ek.DataError, match=r"cannot write .*run\.ckpt': No space left on device"):
            fit(path)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == ["run.ckpt"]
    assert bits(fit(path)) == bits(fit(None))


def test_a_limit_of_the_system_on_files_ends_the_fit_and_the_old_file_is_intact(path, monkeypatch):
    with pytest.raises(KeyboardInterrupt):
        fit(path, watch=after(9))
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, limits[1]))
    try:
        with pytest.raises(ek.DataError, match=r"cannot write .*run\.ckpt': File too large"):
            fit(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == ["run.ckpt"]


def test_where_nothing_can_be_written_it_is_said_before_the_first_step(path, monkeypatch):
    places = {path.parent: "Is a directory", path.parent / "none" / "run.ckpt": "No such file", "a\0b": "null"}
    for place, reason in places.items():
        with pytest.raises(ek.DataError, match=reason):
            fit(place, watch=after(0))

    def refused(*given, **named):
        raise OSError(30, os.strerror(30))

    monkeypatch.setattr("tempfile.mkstemp", refused)
    with pytest.raises(ek.DataError, match="Read-only file system"):
        fit(path, watch=after(0))


def test_what_a_file_cannot_hold_is_said_before_the_first_step(path):
    with pytest.raises(ek.ModelError, match=r"rules.0 is function .* which a file cannot hold"):
        ek.fit(MODEL, counts(), START, rules=[lambda step: None], checkpoint=path, watch=after(0))
    assert not path.exists()


@pytest.mark.parametrize("path", ["", 5, True])
def test_what_is_no_path_is_refused_in_words(path):
    with pytest.raises(ek.ModelError, match="it must be the path of a file"):
        fit(path)


def test_a_link_leads_to_the_file(tmp_path):
    (tmp_path / "disk").mkdir()
    link = tmp_path / "run.ckpt"
    link.symlink_to(tmp_path / "disk" / "run.ckpt")
    fit(link)
    assert link.is_symlink()
    assert (tmp_path / "disk" / "run.ckpt").stat().st_size > 0
