"""The E-step on a device of torch, against the plain one in NumPy: on torch's processor, and on a card where there is one."""

from __future__ import annotations

import gc
import pickle
from dataclasses import replace
from weakref import ref

import numpy as np
import pytest
from sklearn.base import clone

import emkit as ek
from emkit.core.mapreduce import one_thread
from emkit.core.parameters import leaves
from emkit.core.statistics import add_up
from emkit.data.chunk import Chunk
from emkit.devices.device import Device
from emkit.families.gaussian.gap_form import PatternRows
from emkit.families.gaussian.tight import OwnMeans
from emkit.families.linear import Columns, Mixed, OfCells, Read, linear_form
from emkit.families.linear_map import LinearlyMapped
from emkit.families.regression.in_tiles import InTiles
from emkit.models import compiled
from emkit.models.together import Together
from tests.cases import CHAINS, FAMILIES, GAPS, GAUSSIANS, LATENT_CELLS
from tests.families.test_tight import FORMS, WHICH, assert_near, problem
from tests.laws.sums import numbers

torch = pytest.importorskip("torch", reason="torch, of the extra `gpu`, is not installed")

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
LINEAR = [case for case in FAMILIES if (form := linear_form(case.family, case.params)) and not isinstance(form.rows, InTiles)]
LINEAR_AMONG_GAPS = [case for case in GAPS if linear_form(case.model.family, case.params.components)]
ROWS = 700
MANY = ["gaussian", "gaussian-diag", "gaussian-spherical", "product", "categorical", "normal-regression"]
of_families = pytest.mark.parametrize("case", LINEAR, ids=lambda case: case.name)


@pytest.fixture(params=DEVICES)
def device(request):
    return request.param


@pytest.fixture(autouse=True)
def few_rows_are_worth_it(monkeypatch):
    """Or else all of them would take the plain road, which is what they are held against."""
    monkeypatch.setattr(compiled, "LEAST_ROWS", 1)
    monkeypatch.setattr(compiled, "LEAST_WORK", 1)


@pytest.fixture
def small_tiles(monkeypatch):
    """Several tiles, each of a block and more, or of a part of one."""
    monkeypatch.setattr("emkit.devices.device.TILE", 1 << 17)


def plain(model, params, source):
    """The summed E-step in plain NumPy."""
    return add_up(model._for(chunk).plain_e_step(params, chunk) for chunk in source.chunks())


def on(device, model, params, source):
    """The same by an executor, on the device and nowhere else."""
    with pytest.MonkeyPatch.context() as patch, ek.Torch(device)() as map_reduce:
        for kind in (Columns, Mixed, Read, LinearlyMapped, OfCells, OwnMeans, PatternRows):
            for part in ("add_up", "score", "sum_up"):
                patch.setattr(kind, part, gone_through_here)
        patch.setattr(ek.Components, "form", formed)
        return ek.EMMap(model, source, params, map_reduce).expectation(params)


def gone_through_here(*_):
    raise AssertionError("rows on a device are gone through on the processor")


def formed(model, components, chunk, form=ek.Components.form):
    """The linear form: else the plain road would be held against itself."""
    found = form(model, components, chunk)
    assert found is not None
    return found


def assert_same_sums(found, wanted, rows):
    assert found.log_likelihood == pytest.approx(wanted.log_likelihood, rel=1e-12)
    one, other = numbers(found), numbers(wanted)
    np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12 * rows * max(1.0, np.sqrt(np.abs(other).max() / rows)))


def weighted(case, rows=ROWS, **options):
    rng = np.random.default_rng(3)
    return ek.ArraySource(case.draw(rng, rows), rng.uniform(0.5, 2.0, rows), chunk_rows=rows, **options)


@of_families
def test_sums_are_those_of_plain_numpy(case, device):
    model, source = ek.Mixture(case.family), weighted(case)
    assert_same_sums(on(device, model, case.mixture, source), plain(model, case.mixture, source), ROWS)


@pytest.mark.parametrize("name", MANY)
@pytest.mark.parametrize("precision", [np.float64, np.float32])
def test_many_rows_in_several_tiles(name, precision, device, small_tiles):
    case, rows = next(case for case in LINEAR if case.name == name), 20_011
    x = case.draw(np.random.default_rng(5), rows).astype(precision)
    model, source = ek.Mixture(case.family), ek.ArraySource(x, chunk_rows=rows)
    assert_same_sums(on(device, model, case.mixture, source), plain(model, case.mixture, source), rows)


@of_families
def test_the_halves_are_those_of_plain_numpy(case, device):
    """Where rows are known, the posterior is made here: scores come from the device, and shares go there."""
    number = case.n_components
    known = np.ones((ROWS, number))
    known[::3, 0], known[1::5] = 0.25, 0.0
    known[1::5, -1] = 1.0
    model, source = ek.Mixture(case.family), weighted(case, membership=known)
    assert_same_sums(on(device, model, case.mixture, source), plain(model, case.mixture, source), ROWS)


@pytest.mark.parametrize("case", GAUSSIANS, ids=lambda case: case.name)
def test_rows_far_from_all_components_underflow_nowhere(case, device):
    source = weighted(case)
    x = source.x.copy()
    x[:3] = [[1e3] * x.shape[1], [-1e5] * x.shape[1], [1e7] * x.shape[1]]
    model, source = ek.Mixture(case.family), ek.ArraySource(x, source.weights, chunk_rows=ROWS)
    found, wanted = on(device, model, case.mixture, source), plain(model, case.mixture, source)
    assert found.log_likelihood == pytest.approx(wanted.log_likelihood, rel=1e-10)
    np.testing.assert_allclose(found.statistics.mass, wanted.statistics.mass, rtol=1e-10)


@pytest.mark.parametrize("assignment", [ek.Hard(), ek.Sampled(7)], ids=["hard", "sampled"])
def test_other_assignments(assignment, device):
    case = next(case for case in LINEAR if case.name == "poisson")
    model, source = ek.Mixture(case.family, assignment), weighted(case)
    assert_same_sums(on(device, model, case.mixture, source), plain(model, case.mixture, source), ROWS)


@pytest.mark.parametrize("name", ["gaussian", "categorical", "beta"])
def test_rows_in_groups(name, device):
    case = next(case for case in LINEAR if case.name == name)
    x, groups = case.draw(np.random.default_rng(3), ROWS), np.arange(ROWS) // 7
    model, source = ek.Mixture(case.family), ek.ArraySource(x, groups=groups, chunk_rows=ROWS)
    assert_same_sums(on(device, model, case.mixture, source), plain(model, case.mixture, source), ROWS)


@pytest.mark.parametrize("case", LINEAR_AMONG_GAPS, ids=lambda case: case.name)
def test_rows_that_lack_cells(case, device):
    source = ek.ArraySource(case.draw(np.random.default_rng(11), ROWS), chunk_rows=ROWS)
    model = case.model.settled(source.profile)
    assert_same_sums(on(device, model, case.params, source), plain(model, case.params, source), ROWS)


@pytest.mark.parametrize("case", LATENT_CELLS[:1], ids=lambda case: case.name)
def test_the_halves_of_rows_that_lack_cells(case, device):
    known = np.ones((ROWS, len(case.params.proportions)))
    known[::4, 0] = 0.5
    source = ek.ArraySource(case.draw(np.random.default_rng(11), ROWS), chunk_rows=ROWS, membership=known)
    model = case.model.settled(source.profile)
    assert_same_sums(on(device, model, case.params, source), plain(model, case.params, source), ROWS)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("tight", WHICH.values(), ids=WHICH)
@pytest.mark.parametrize("shift", [0.0, 1e8])
def test_components_too_tight_for_a_shared_origin(form, tight, shift, device):
    params, chunk = problem(form, tight, rows=ROWS, shift=shift)
    model, source = ek.Mixture(form.family), ek.ArraySource(chunk.x, chunk.weights, chunk_rows=ROWS)
    found, wanted = on(device, model, params, source), model.plain_e_step(params, chunk)
    assert found.log_likelihood == pytest.approx(wanted.log_likelihood, rel=1e-10)
    assert_near(found.statistics.components, wanted.statistics.components)


def test_several_runs_side_by_side(device):
    case = next(case for case in LINEAR if case.name == "gaussian")
    model, source = ek.Mixture(case.family), weighted(case)
    starts = model.starts(source.profile, case.n_components, [0, 1, 2])
    side_by_side = Together.of(model, starts)
    with one_thread() as here, ek.Torch(device)() as there:
        wanted, found = (side_by_side.step(source, where)[0] for where in (here, there))
    np.testing.assert_allclose(found.log_likelihood, wanted.log_likelihood, rtol=1e-12)


@of_families
def test_fits_end_at_the_same_parameters(case, device):
    model, source = ek.Mixture(case.family), weighted(case)
    options = {"solver": "plain", "tol": 0, "max_evaluations": 50}
    here = ek.fit(model, source, case.mixture, **options)
    there = ek.fit(model, source, case.mixture, executor=ek.Torch(device), **options)
    assert there.log_likelihood == pytest.approx(here.log_likelihood, rel=1e-10)
    for one, other in zip(leaves(there.params), leaves(here.params), strict=True):
        np.testing.assert_allclose(one.value, other.value, rtol=1e-8, atol=1e-8, err_msg=one.path)


@pytest.mark.parametrize("name", ["poisson-regression", "gamma", "student-t"])
def test_what_has_no_form_for_devices_takes_the_road_that_it_takes_here(name, device):
    case = next(case for case in FAMILIES if case.name == name)
    model, source = ek.Mixture(case.family), weighted(case)
    with one_thread() as here, ek.Torch(device)() as there:
        one, other = (ek.EMMap(model, source, case.mixture, where).expectation(case.mixture) for where in (here, there))
    assert np.array_equal(numbers(one), numbers(other))


@pytest.mark.parametrize("case", CHAINS[:2], ids=lambda case: case.name)
def test_chains_are_gone_through_here(case, device):
    source = ek.ArraySource(case.draw(np.random.default_rng(0), 400)).as_one_group()
    with one_thread() as here, ek.Torch(device)() as there:
        one, other = (ek.EMMap(case.model, source, case.params, where).expectation(case.params) for where in (here, there))
    assert one.log_likelihood == pytest.approx(other.log_likelihood, rel=1e-12)


class Counted:
    """Counts the tables that are sent to a device."""

    def __init__(self, monkeypatch, size):
        self.sent, self.tables, plain = 0, [], Device.tensor

        def tensor(device, array):
            found = plain(device, array)
            if np.size(array) == size:
                self.sent += 1
                self.tables.append(ref(found))
            return found

        monkeypatch.setattr(Device, "tensor", tensor)


@pytest.mark.parametrize("name", ["gaussian", "beta", "product", "log-normal", "von-mises"])
def test_rows_are_sent_once_and_freed_with_the_fit(name, device, monkeypatch):
    case = next(case for case in LINEAR if case.name == name)
    source = weighted(case)
    form = linear_form(case.family, case.params)
    columns = form.rows.read(source.x).shape[1] if hasattr(form.rows, "read") else source.x.shape[1]
    counted = Counted(monkeypatch, columns * ROWS)
    result = ek.fit(ek.Mixture(case.family), source, case.mixture, executor=ek.Torch(device), tol=0, max_evaluations=5)
    assert result.evaluations == 5
    assert counted.sent == 1
    gc.collect()
    assert counted.tables[0]() is None


def test_rows_that_do_not_fit_are_sent_in_every_pass(device, monkeypatch):
    case = next(case for case in LINEAR if case.name == "gaussian")
    source = weighted(case)
    counted = Counted(monkeypatch, source.x.size)
    monkeypatch.setattr(Device, "has_room", False)
    result = ek.fit(ek.Mixture(case.family), source, case.mixture, executor=ek.Torch(device), tol=0, max_evaluations=5)
    assert counted.sent == 5
    here = ek.fit(ek.Mixture(case.family), source, case.mixture, tol=0, max_evaluations=5)
    assert result.log_likelihood == pytest.approx(here.log_likelihood, rel=1e-12)


def test_rows_in_files_are_read_in_every_pass(device, tmp_path):
    pq, pa = pytest.importorskip("pyarrow.parquet"), pytest.importorskip("pyarrow")
    case = next(case for case in LINEAR if case.name == "gaussian")
    x = case.draw(np.random.default_rng(0), ROWS)
    pq.write_table(pa.table({f"x{j}": column for j, column in enumerate(x.T)}), tmp_path / "x.parquet", row_group_size=300)
    source, model = ek.ParquetSource(tmp_path / "x.parquet"), ek.Mixture(case.family)
    there = ek.fit(model, source, case.mixture, executor=ek.Torch(device), tol=0, max_evaluations=3)
    here = ek.fit(model, x, case.mixture, tol=0, max_evaluations=3)
    assert there.log_likelihood == pytest.approx(here.log_likelihood, rel=1e-12)


def test_estimators_take_it(device):
    case = next(case for case in GAUSSIANS if case.name == "gaussian")
    x = case.draw(np.random.default_rng(0), ROWS)
    here = ek.GaussianMixture(2, random_state=0).fit(x)
    there = clone(ek.GaussianMixture(2, random_state=0, n_jobs=ek.Torch(device))).fit(x)
    assert there.result_.log_likelihood == pytest.approx(here.result_.log_likelihood, rel=1e-10)
    np.testing.assert_allclose(there.means_, here.means_, rtol=1e-5)
    errors = [made.result_.standard_errors().errors for made in (there, here)]
    np.testing.assert_allclose(*errors, rtol=1e-4)


def test_a_full_device_is_an_error_that_says_so(device, monkeypatch):
    def no_room(*_):
        raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    case = next(case for case in LINEAR if case.name == "gaussian")
    monkeypatch.setattr(Device, "tensor", no_room)
    with pytest.raises(ek.ModelError, match=f"device '{device}' has too little memory"):
        ek.fit(ek.Mixture(case.family), weighted(case), case.mixture, executor=ek.Torch(device))


def test_an_impossible_start_is_refused_alike(device):
    start = ek.MixtureParams([1.0], ek.SuccessParams([[0.0]]))
    with pytest.raises(ek.ParameterError):
        ek.fit(ek.Mixture(ek.Bernoulli()), [[0.0], [1.0]] * 300, start, executor=ek.Torch(device))


def test_a_chunk_is_sent_elsewhere_without_its_device(device):
    chunk = replace(Chunk(np.ones((3, 1)), np.ones(3)), on_device=lambda rows: rows)
    assert pickle.loads(pickle.dumps(chunk)).on_device is None
    assert pickle.loads(pickle.dumps(ek.Torch(device))) == ek.Torch(device)


@pytest.mark.parametrize("name", ["nowhere", "cpu:nine", "meta", "cuda:99"])
def test_a_device_that_torch_has_not_is_refused(name):
    with pytest.raises(ek.ModelError, match=f"cannot work in double precision on device '{name}'"):
        ek.Torch(name)
