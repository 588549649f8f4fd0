"""What emkit answers to reference problems of the literature, with its public names only.

    python tests/oracles/answers.py > answers.json

prints {problem: {quantity: value}}. Problems and expected values, with who published and verified them, lie in data/.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import emkit as ek
from emkit.search.seeding import spread_start
from tests.cases import FORMS, estimate

DATA = Path(__file__).parent / "data"
COVARIANCES: dict[str, Callable[..., Any]] = {
    "spherical": ek.SphericalGaussian,
    "diag": ek.DiagonalGaussian,
    "tied": ek.TiedGaussian,
    "full": ek.FullGaussian,
    "tied_spherical": partial(ek.ParsimoniousGaussian, "EII"),
    "tied_diag": partial(ek.ParsimoniousGaussian, "EEI"),
}
ORDER = ("EII", "VII", "EEI", "VEI", "EVI", "VVI", "EEE", "VEE", "EVE", "VVE", "EEV", "VEV", "EVV", "VVV")
Answers = dict[str, Any]


def task(name: str) -> dict[str, Any]:
    """The statement of a problem."""
    return json.loads((DATA / f"{name}.task.json").read_text())


def column(rows: list[dict[str, str]], *names: str) -> np.ndarray:
    """Columns of a table by name, shape (n, d)."""
    return np.array([[float(row[name]) for name in names] for row in rows])


def table(name: str) -> list[dict[str, str]]:
    """The rows of a problem's data file."""
    with (DATA / task(name)["data"]["file"]).open() as lines:
        return list(csv.DictReader(lines))


def iterates(model: Any, data: Any, start: Any, steps: int) -> list[Any]:
    """The evaluations of the first steps of plain EM; the last one's update is the parameters after `steps` steps."""
    em = ek.EMMap(model, ek.ArraySource(data), start)
    return [step.here for _, step in zip(range(steps), ek.iterate(em, start, ek.solvers.Plain()), strict=False)]


def coins_do_batzoglou() -> Answers:
    heads = task("coins_do_batzoglou")["data"]["inline"]["heads"]
    free = ek.Mixture(ek.Binomial(trials=10, ordered=True))
    fixed = ek.Frozen(free, "proportions")
    start = ek.MixtureParams([0.5, 0.5], ek.SuccessParams([[0.6], [0.5]]))
    steps = iterates(fixed, heads, start, 10)
    at_fixed, at_free = (ek.fit(model, heads, start, tol=1e-13) for model in (fixed, free))

    def thetas(params: Any) -> list[float]:
        return params.components.probabilities.ravel().tolist()

    return {
        "step1": thetas(steps[0].update),
        "step10": thetas(steps[9].update),
        "converged_fixed": thetas(at_fixed.params),
        "loglik_fixed": at_fixed.log_likelihood,
        "converged_free": [*thetas(at_free.params), at_free.params.proportions[0]],
        "loglik_free": at_free.log_likelihood,
    }


def three_coins_unsw() -> Answers:
    x = task("three_coins_unsw")["data"]["inline"]["x"]
    model = ek.Mixture(ek.Bernoulli())

    def start(p: float, a: float, b: float) -> Any:
        return ek.MixtureParams([p, 1 - p], ek.SuccessParams([[a], [b]]))

    def one_step(*coins: float) -> list[float]:
        after = iterates(model, x, start(*coins), 1)[0].update
        return [after.proportions[0], *after.components.probabilities.ravel()]

    result = ek.fit(model, x, start(0.6, 0.1, 0.8))
    return {
        "from_06_01_08": one_step(0.6, 0.1, 0.8),
        "from_05_05_05": one_step(0.5, 0.5, 0.5),
        "from_04_06_07": one_step(0.4, 0.6, 0.7),
        "loglik": result.log_likelihood,
        "identifiable": int(result.identifiability().identifiable),
    }


def linkage(y: list[int]) -> tuple[Any, Any]:
    """The model of genetic linkage, and a fit of it to a table."""
    model = ek.Cells(
        [("t", "u")],  # u is 1 - t
        [
            ek.Cell("half", "y1", 1 / 2),
            ek.Cell("rest", "y1", 1 / 4, {"t": 1}),
            ek.Cell("second", "y2", 1 / 4, {"u": 1}),
            ek.Cell("third", "y3", 1 / 4, {"u": 1}),
            ek.Cell("fourth", "y4", 1 / 4, {"t": 1}),
        ],
    )
    return model, ek.fit(model, [y], model.params(t=0.5, u=0.5), tol=1e-13)


def linkage_dlr1977() -> Answers:
    y = task("linkage_dlr1977")["data"]["inline"]["y"]
    model, result = linkage(y)
    return {
        "iterates_1_to_8": [here.update["t"] for here in iterates(model, [y], result.record.start, 8)],
        "theta": result.params["t"],
        "loglik_kernel": result.log_likelihood + sum(y) * np.log(4),
        "rate": result.missing_information()[0],
    }


def abo() -> Answers:
    counts = task("abo")["data"]["inline"]
    model = ek.Cells(
        [("p", "q", "r")],
        [
            ek.Cell("AA", "A", 1, {"p": 2}),
            ek.Cell("AO", "A", 2, {"p": 1, "r": 1}),
            ek.Cell("BB", "B", 1, {"q": 2}),
            ek.Cell("BO", "B", 2, {"q": 1, "r": 1}),
            ek.Cell("AB", "AB", 2, {"p": 1, "q": 1}),
            ek.Cell("OO", "O", 1, {"r": 2}),
        ],
    )
    data = [[counts[group] for group in model.observed]]
    start = model.params(p=0.3, q=0.2, r=0.5)
    result = ek.fit(model, data, start, tol=1e-13)
    return {
        "trace3": [[here.update[name] for name in "pqr"] for here in iterates(model, data, start, 3)],
        **{name: result.params[name] for name in "pqr"},
        "loglik_kernel": result.log_likelihood,
    }


def poisson_hasselblad() -> Answers:
    inline = task("poisson_hasselblad")["data"]["inline"]
    notices = ek.ArraySource(inline["count"], inline["freq"])
    model = ek.Mixture(ek.Poisson())
    start = ek.MixtureParams([0.3, 0.7], ek.PoissonParams([[1.0], [2.5]]))
    classical = ek.fit(model, notices, start, rules=[ek.stopping.Moved(1e-8), ek.stopping.Budget(10_000)])
    fast = ek.fit(model, notices, start, solver=ek.solvers.Squarem())
    return {
        "trace10": [moment.log_likelihood for moment in classical.history[:10]],
        "loglik": fast.log_likelihood,
        "pi_low": fast.params.proportions[0],
        "means": fast.params.components.rates.ravel().tolist(),
        "em_steps_tol1e-8": classical.history[-1].evaluations,  # the probe for a saddle comes after
        "squarem_evals": fast.evaluations,
    }


def from_partition(family: Any, x: np.ndarray, part: np.ndarray) -> Any:
    """The M-step on a hard partition (n,) of the rows into groups 0, 1, ..."""
    shares = np.eye(int(part.max()) + 1)[part.astype(int)]
    centre = family.pooled(ek.ArraySource(x).profile, shares.shape[1])
    return ek.MixtureParams(shares.mean(axis=0), estimate(family, family.statistics(centre, x, shares), centre))


def many_starts(family: Any, x: np.ndarray, k: int, starts: int, least_rows: float = 0.0, **options: Any) -> Any:
    """The best run of many with at least `least_rows` expected rows in every component."""
    model, source = ek.Mixture(family), ek.ArraySource(x)
    options = {"solver": ek.solvers.Squarem(), **options}
    result = ek.fit(model, source, [spread_start(model, source, k, seed) for seed in range(starts)], **options)
    sound = [run for run in result.starts().runs if not run.outcome.failed]
    full = [run for run in sound if run.params.proportions.min() * len(x) >= least_rows]
    return max(full, key=lambda run: run.objective)


def gmm1d_waiting() -> Answers:
    x = column(table("gmm1d_waiting"), "waiting")
    unequal = many_starts(ek.FullGaussian(), x, 2, 5, tol=1e-12).params
    equal = many_starts(ek.TiedGaussian(), x, 2, 5, tol=1e-12).params
    order, same = (np.argsort(p.components.means[:, 0]) for p in (unequal, equal))
    return {
        "loglik_unequal": ek.fit(ek.Mixture(ek.FullGaussian()), x, unequal).log_likelihood,
        "means_unequal": unequal.components.means[order, 0].tolist(),
        "sd_unequal": np.sqrt(unequal.components.covariances[order, 0, 0]).tolist(),
        "loglik_equal": ek.fit(ek.Mixture(ek.TiedGaussian()), x, equal).log_likelihood,
        "means_equal": equal.components.means[same, 0].tolist(),
        "sd_equal": float(np.sqrt(equal.components.covariance[0, 0])),
        "pi_equal": equal.proportions[same].tolist(),
    }


def nist_univariate(family: str = "full") -> Answers:
    samples = {
        "numacc1": task("nist_univariate")["data"]["inline"]["numacc1"],
        "numacc2": [1.2, *np.tile([1.1, 1.3], 500)],
        "numacc3": [1000000.2, *np.tile([1000000.1, 1000000.3], 500)],
        "numacc4": [10000000.2, *np.tile([10000000.1, 10000000.3], 500)],
        "michelso": column(table("nist_univariate"), "value").ravel(),
    }
    answers: Answers = {}
    for name, sample in samples.items():
        model = ek.Mixture(COVARIANCES[family]())
        result = ek.fit(model, sample, spread_start(model, ek.ArraySource(sample), 1, seed=0))
        mean, variance = (np.ravel(value)[0] for value in list(vars(result.params.components).values())[:2])
        answers[f"{name}_mean"] = float(mean)
        answers[f"{name}_sd"] = float(np.sqrt(variance * len(sample) / (len(sample) - 1)))
    return answers


def from_partitions(name: str, x: np.ndarray) -> Answers:
    """Log-likelihood and BIC (larger is better) of every covariance form from the problem's partitions, unregularised."""
    answers: Answers = {}
    for form, family in COVARIANCES.items():
        for k in (2, 3):
            start = from_partition(family(floor=0.0), x, column(table(name), f"start{k}").ravel())
            result = ek.fit(ek.Mixture(family(floor=0.0)), x, start, max_evaluations=100_000)
            answers[f"loglik_{form}_{k}"] = result.log_likelihood
            answers[f"bic_{form}_{k}"] = -result.bic
    return answers


def chosen_by_bic(x: np.ndarray) -> tuple[str, int]:
    """The best of six forms and up to five components."""
    forms = {"tied_spherical": "EII", "tied_diag": "EEI"} | {name: name for name in ("spherical", "diag", "tied", "full")}
    bic = {
        (name, k): ek.GaussianMixture(k, covariance_type=form, random_state=0).fit(x).bic(x)
        for name, form in forms.items()
        for k in range(1, 6)
    }
    return min(bic, key=bic.__getitem__)


def t_newcomb() -> Answers:
    x = column(table("t_newcomb"), *list(table("t_newcomb")[0])[:1])
    start = ek.MixtureParams([1.0], ek.StudentTParams([[x.mean()]], [[[x.var()]]], [1 / 4]))
    held = ek.Mixture(ek.StudentT(freedom=4))
    four, free = (ek.fit(ek.Mixture(ek.StudentT(freedom=freedom)), x, start, tol=1e-12) for freedom in (4, None))
    at, here = four.params.components, free.params.components
    first = [here.update.components for here in iterates(held, x, start, 5)]
    return {
        "trace5": [[step.means.item(), step.scale_matrices.item()] for step in first],
        "mu4": at.means.item(),
        "scale4": float(np.sqrt(at.scale_matrices.item())),
        "loglik4": four.log_likelihood,
        "mu": here.means.item(),
        "scale": float(np.sqrt(here.scale_matrices.item())),
        "nu": here.freedoms.item(),
        "loglik": free.log_likelihood,
    }


def gmm_mclust14() -> Answers:
    """All 14 forms from one partition of each of two tables."""
    answers: Answers = {}
    for name in ("iris", "faithful"):
        rows, columns = table(f"gmm_{name}"), task(f"gmm_{name}")["data"]["feature_columns"]
        x, part = column(rows, *columns), column(rows, "start2").ravel()
        found = {}
        for form in ORDER:
            family = FORMS[form](floor=0.0)
            found[form] = ek.fit(ek.Mixture(family), x, from_partition(family, x, part), solver=ek.solvers.Anderson())
            answers[f"loglik_{name}_{form}"] = found[form].log_likelihood
        answers[f"npar_{name}"] = [found[form].model.coordinates(found[form].params).size for form in ORDER]
        answers[f"best_{name}"] = min(ORDER, key=lambda form: found[form].bic)
    return answers


def gmm_faithful() -> Answers:
    x = column(table("gmm_faithful"), *task("gmm_faithful")["data"]["feature_columns"])
    best = partial(many_starts, x=x, least_rows=5)
    return from_partitions("gmm_faithful", x) | {
        "best_full_2": best(ek.FullGaussian(), k=2, starts=5).log_likelihood,
        "best_full_3": best(ek.FullGaussian(), k=3, starts=40).log_likelihood,
        "best_diag_3": best(ek.DiagonalGaussian(), k=3, starts=40).log_likelihood,
        "bic_choice": list(chosen_by_bic(x)),
    }


def gmm_iris() -> Answers:
    x = column(table("gmm_iris"), *task("gmm_iris")["data"]["feature_columns"])
    best = partial(many_starts, x=x, least_rows=8)
    return from_partitions("gmm_iris", x) | {
        "best_full_2": best(ek.FullGaussian(), k=2, starts=10).log_likelihood,
        "best_full_3": best(ek.FullGaussian(), k=3, starts=30).log_likelihood,
        "best_tied_3": best(ek.TiedGaussian(), k=3, starts=20).log_likelihood,
        "loglik_VEV_2": gmm_mclust14()["loglik_iris_VEV"],
    }


def gmm_galaxies() -> Answers:
    x = column(table("gmm_galaxies"), "galaxies")
    tied = {f"tied_{k}": many_starts(ek.TiedGaussian(), x, k, starts=20).log_likelihood for k in range(2, 7)}
    full = {k: ek.MixtureModel("gaussian", k, random_state=0).fit(x).result_ for k in (2, 3)}
    in_km = ek.MixtureModel("gaussian", 2, random_state=0).fit(1000 * x).result_
    return tied | {f"full_{k}": run.log_likelihood for k, run in full.items()} | {"full_2_1e3": in_km.log_likelihood}


def nb_mites() -> Answers:
    inline = task("nb_mites")["data"]["inline"]
    mites = ek.ArraySource(inline["count"], inline["freq"])
    result = ek.fit(
        ek.Mixture(ek.NegativeBinomial()), mites, ek.MixtureParams([1.0], ek.NegativeBinomialParams([[2.0]], [[0.1]]))
    )
    components = result.params.components
    return {"k": components.sizes.item(), "mean": components.means.item(), "loglik": result.log_likelihood}


def nb_mixture() -> Answers:
    """The table with sizes of their own, the days with one size for both components."""
    given = task("nb_mixture")["data"]["inline"]
    inline, quine = given["table"], given["quine"]
    found = ek.MixtureModel("negative-binomial", 2, random_state=0).fit(inline["count"], sample_weight=inline["freq"]).result_
    result = found.in_order()
    components, errors = result.params.components, result.standard_errors()
    sizes = components.sizes.ravel()
    of = [errors[name] for name in ("proportions[0]", "components.means[0, 0]", "components.means[1, 0]")]
    of += [errors[f"components.dispersions[{k}, 0]"] * sizes[k] ** 2 for k in (0, 1)]  # |d size / d dispersion| = size^2
    one_size = ek.MixtureModel(ek.Tied(ek.NegativeBinomial(), "dispersions"), 2, random_state=0)
    tied = one_size.fit(quine["days"], sample_weight=quine["freq"]).result_.in_order()
    size, tied_errors = 1 / tied.params.components.dispersions.item(), tied.standard_errors()
    return {
        "loglik_quine": tied.log_likelihood,
        "p_quine": tied.params.proportions[0],
        "means_quine": tied.params.components.means.ravel().tolist(),
        "size_quine": size,
        "se_quine": [
            *(tied_errors[name] for name in ("proportions[0]", "components.means[0, 0]", "components.means[1, 0]")),
            tied_errors["components.dispersions[0]"] * size**2,
        ],
        "loglik_table": result.log_likelihood,
        "p_table": result.params.proportions[0],
        "means_table": components.means.ravel().tolist(),
        "sizes_table": sizes.tolist(),
        "se_table": of,
    }


def log_odds(p: Any) -> Any:
    """Of the first proportion."""
    return np.log(p.proportions[0] / (1 - p.proportions[0]))


def se_gmm_waiting() -> Answers:
    inline = task("se_gmm_waiting")["data"]["inline"]
    waiting = ek.ArraySource(inline["waiting"], inline["freq"])
    start = ek.MixtureParams([0.35, 0.65], ek.DiagonalGaussianParams([[54.0], [80.0]], [[34.0], [34.0]]))
    same = ek.MixtureParams([0.35, 0.65], ek.TiedGaussianParams([[54.0], [80.0]], [[34.0]]))
    unequal = ek.fit(ek.Mixture(ek.DiagonalGaussian()), waiting, start, tol=1e-13)
    equal = ek.fit(ek.Mixture(ek.TiedGaussian()), waiting, same, tol=1e-13)

    def five(p: Any) -> Any:
        return np.concatenate([p.proportions[:1], p.components.means.ravel(), np.sqrt(p.components.variances.ravel())])

    def four(p: Any) -> Any:
        return np.concatenate([p.proportions[:1], p.components.means.ravel(), np.sqrt(p.components.covariance.ravel())])

    found, alike = unequal.delta(five), equal.delta(four)
    errors = unequal.standard_errors()
    return {
        "estimates": found.estimate.tolist(),
        "se": found.error.tolist(),
        "se_variances": [errors[f"components.variances[{k}, 0]"] for k in (0, 1)],
        "se_logit_p": float(unequal.delta(log_odds).error),
        "cov_mu1_mu2": found.covariance[1, 2],
        "corr_p_mu1": found.covariance[0, 1] / found.error[0] / found.error[1],
        "equal_estimates": alike.estimate.tolist(),
        "equal_se": alike.error.tolist(),
    }


def se_poisson_hasselblad() -> Answers:
    inline = task("se_poisson_hasselblad")["data"]["inline"]
    notices = ek.ArraySource(inline["count"], inline["freq"])
    start = ek.MixtureParams([0.3, 0.7], ek.PoissonParams([[1.0], [2.5]]))
    result = ek.fit(ek.Mixture(ek.Poisson()), notices, start, solver="squarem", tol=1e-13)
    found = result.delta(lambda p: np.concatenate([p.proportions[:1], p.components.rates.ravel()]))
    return {
        "estimates": found.estimate.tolist(),
        "loglik": result.log_likelihood,
        "se": found.error.tolist(),
        "cov": found.covariance.tolist(),
        "se_logit_p": float(result.delta(log_odds).error),
        "condition": np.linalg.cond(found.covariance),
    }


def se_linkage() -> Answers:
    """In t, the information is one over the squares of standard errors; what is missing is the rate of EM."""
    _, result = linkage(task("se_linkage")["data"]["inline"]["y"])
    error = result.standard_errors().errors[0]
    missing = result.fraction_missing()["groups.0.probabilities[0]"]
    return {
        "theta": result.params["t"],
        "se": error,
        "observed_information": error**-2,
        "complete_information": error**-2 / (1 - missing),
        "missing_fraction": missing,
    }


def se_lca_carcinoma() -> Answers:
    inline = task("se_lca_carcinoma")["data"]["inline"]
    ratings = np.array([[int(rating) for rating in pattern] for pattern in inline["patterns"]])
    labels = "ABCDEFG"
    result = ek.LatentClass(2, random_state=0).fit(ratings, sample_weight=inline["freq"]).result_
    errors, params = result.standard_errors(), result.params
    order = np.argsort([column[1] for column in params.components.columns[0].probabilities])  # class 1: fewer A = 1
    positive = [[float(column.probabilities[k, 1]) for column in params.components.columns] for k in order]
    free = [(j, c) for c in (0, 1) for j in range(7) if 0 < positive[c][j] < 1]
    return {
        "loglik": result.log_likelihood,
        "weight_class1": params.proportions[order[0]],
        "se_weight": errors["proportions[0]"],
        "fixed_at_bound": [
            [labels[j], c + 1, int(positive[c][j])] for c in (0, 1) for j in range(7) if positive[c][j] in (0.0, 1.0)
        ],
        "free_estimates": [positive[c][j] for j, c in free],
        "se_free": [errors[f"components.columns.{j}.probabilities[{order[c]}, 1]"] for j, c in free],
        "n_free": 1 + len(free),
    }


def zip_biochemists() -> Answers:
    rows = table("zip_biochemists")
    one = ek.MixtureModel(ek.ZeroInflated(ek.Poisson()), 1)
    result = one.fit(column(rows, "art"), sample_weight=column(rows, "freq").ravel()).result_
    components = result.params.components
    return {"p": components.zeros.item(), "lambda": components.counts.rates.item(), "loglik": result.log_likelihood}


def zip_regression_biochemists() -> Answers:
    """The regression of whoever may have articles, and the log-odds of whoever cannot; P(0) is a sum over both."""
    codes = {"Men": 0, "Women": 1, "Single": 0, "Married": 1}
    rows = table("zip_regression_biochemists")
    frame = {name: [float(codes.get(row[name], row[name])) for row in rows] for name in rows[0]}
    right = "fem + mar + kid5 + phd + ment"
    model = ek.MixtureRegression(f"art ~ {right} | {right}", family="zero-inflated:poisson", tol=1e-12).fit(frame)
    errors = model.result_.standard_errors()
    means, proportions = model.predict(frame, component=0), model.predict_proba(frame, with_response=False)
    return {
        "loglik": model.result_.log_likelihood,
        "count": model.components_.parts[0].coefficients[0].tolist(),
        "zero": model.gates_[1].tolist(),
        "se_count": [errors[f"components.parts.0.coefficients[0, {j}]"] for j in range(6)],
        "se_zero": [errors[f"gates[1, {j}]"] for j in range(6)],
        "expected_zeros": float((proportions[:, 1] + proportions[:, 0] * np.exp(-means)).sum()),
    }


def boundary_poisson_zero() -> Answers:
    """A rate that the fit itself puts on its bound; the slope there is that of the log-likelihood, by differences."""
    inline = task("boundary_poisson_zero")["data"]["inline"]
    counts = ek.ArraySource(inline["count"], inline["freq"])
    model = ek.Mixture(ek.Poisson())
    start = ek.MixtureParams([0.4, 0.6], ek.PoissonParams([[0.5], [4.0]]))
    result = ek.fit(model, counts, start, tol=1e-13)
    low, high = result.params.components.rates.ravel()

    def log_likelihood(rate: float) -> float:
        params = ek.MixtureParams(result.params.proportions, ek.PoissonParams([[rate], [high]]))
        return ek.EMMap(model, counts, params)(params).log_likelihood

    step = 1e-6  # one-sided: there is nothing below 0
    slope = (4 * log_likelihood(step) - log_likelihood(2 * step) - 3 * log_likelihood(0.0)) / (2 * step)
    return {
        "l1": low,
        "l2": high,
        "p": result.params.proportions[0],
        "loglik": result.log_likelihood,
        "boundary": "components.rates[0, 0]" in result.boundary,
        "score_at_zero": slope,
    }


def gappy(name: str) -> np.ndarray:
    """The table of a problem, NaN where a cell is missing."""
    return np.array([[float(cell) if cell not in ("NA", "") else np.nan for cell in row.values()] for row in table(name)])


def mvn_murray() -> Answers:
    """One component with a covariance of its own, from the saddle and from either side of it."""
    model, x = ek.Mixture(ek.FullGaussian()), gappy("mvn_murray")

    def found(correlation: float, **options: Any) -> Any:
        covariance = 2.5 * np.array([[1, correlation], [correlation, 1]])
        start = ek.MixtureParams([1.0], ek.FullGaussianParams([[0.0, 0.0]], covariance[None]))
        return ek.fit(model, x, start, tol=1e-13, **options)

    saddle, left, up, down = found(0.0, escape=False), found(0.0), found(0.1), found(-0.1)
    cov_b, cov_c = (run.params.components.covariances[0][[0, 0, 1], [0, 1, 1]].tolist() for run in (up, down))
    return {
        "saddle_loglik": saddle.log_likelihood,
        "max_loglik": up.log_likelihood,
        "cov_B": cov_b,
        "cov_C": cov_c,
        "saddle_flagged": int(
            saddle.outcome.status is ek.Status.STATIONARY_SADDLE and abs(left.objective - up.objective) < 1e-9
        ),
    }


def mvn_airquality() -> Answers:
    found = ek.NormalMissing(tol=1e-12).fit(gappy("mvn_airquality"))
    return {"loglik": found.result_.log_likelihood, "mean": found.means_.tolist(), "cov": found.covariance_.tolist()}


def factors(model: Any, source: Any) -> Any:
    """The fit of a factor model from its own start."""
    return ek.fit(model, source, model.start(source.profile), solver="anderson", tol=1e-12)


def discrepancy(fitted: Any, covariance: np.ndarray) -> float:
    """log |Sigma| - log |S| + tr(S Sigma^-1) - d, the same in any units."""
    ratio = np.linalg.solve(fitted.params.covariance, covariance)
    return float(np.trace(ratio) - np.linalg.slogdet(ratio)[1] - len(covariance))


def fa_ability() -> Answers:
    rows = table("fa_ability")
    given = column(rows, *rows[0])
    found = {}
    for m in (1, 2):
        fitted = factors(ek.FactorModel(m), ek.rows_of_covariance(given, 112))
        found |= {f"F_{m}": discrepancy(fitted, given), f"uniq_{m}": (fitted.params.uniquenesses / np.diag(given)).tolist()}
    return found


def ppca_iris() -> Answers:
    rows = table("ppca_iris")
    found = {}
    for m in (1, 2, 3):
        fitted = factors(ek.FactorModel(m, equal=True), ek.ArraySource(column(rows, *rows[0])))
        found |= {f"loglik_{m}": fitted.log_likelihood, f"sigma2_{m}": float(fitted.params.uniquenesses)}
    return found


def boundary_heywood() -> Answers:
    inline = task("boundary_heywood")["data"]["inline"]
    given = np.array(inline["S"])
    fitted = factors(ek.FactorModel(1), ek.rows_of_covariance(given, inline["n"]))
    return {
        "F": discrepancy(fitted, given),
        "loglik": fitted.log_likelihood,
        "psi": fitted.params.uniquenesses.tolist(),
        "loadings": (fitted.params.loadings[:, 0] * np.sign(fitted.params.loadings[0, 0])).tolist(),
        "boundary": fitted.boundary == ("uniquenesses[0]",),
    }


def patterns_of(name: str) -> ek.ArraySource:
    """Patterns of answers, as often as they occurred."""
    inline = task(name)["data"]["inline"]
    return ek.ArraySource([[float(cell) for cell in pattern] for pattern in inline["patterns"]], inline["freq"])


def irt_lsat6(name: str = "irt_lsat6") -> Answers:
    source = patterns_of(name)
    items = len(source.columns)
    free, rasch = (
        ek.fit(model, source, model.start(source.profile), solver="anderson", tol=1e-12)
        for model in (ek.ItemResponseModel(), ek.ItemResponseModel(equal=True))
    )
    errors = free.standard_errors().errors
    ends = ek.Chunk(np.array([[1.0] * items, [0.0] * items]), np.ones(2))
    means, spreads = free.model.latent(free.params, ends)
    return {
        "loglik": free.log_likelihood,
        "intercepts": free.params.intercepts.tolist(),
        "slopes": free.params.slopes.tolist(),
        "difficulties": free.params.difficulties.tolist(),
        "se_intercepts": errors[:items].tolist(),
        "se_slopes": errors[items:].tolist(),
        "rasch_loglik": rasch.log_likelihood,
        "rasch_slope": float(rasch.params.slopes),
        "rasch_intercepts": rasch.params.intercepts.tolist(),
        "rasch_se": rasch.standard_errors().errors.tolist(),
        "expected_all_one": source.total_weight * float(np.exp(free.model.row_objectives(free.params, ends)[0])),
        "eap_all_one": [means[0], spreads[0]],
        "eap_all_zero": [means[1], spreads[1]],
    }


def irt_lsat7() -> Answers:
    return irt_lsat6("irt_lsat7")


def random_effects_rail() -> Answers:
    """The first steps of plain EM, and the maximum."""
    rows = table("random_effects_rail")
    source = ek.ArraySource(column(rows, "travel"), groups=[row["Rail"] for row in rows])
    model = ek.MixedModel(0, covariance="scalar")
    start = ek.MixedModelParams([66.5], ek.models.EqualCovariance(100.0), 100.0)
    em, trace = ek.EMMap(model, source, start), []
    here = em(start)
    for _ in range(4):
        params = here.params
        trace.append([params.fixed[0], params.within, params.between.variance, here.log_likelihood])
        here = em(here.update)
    found = ek.fit(model, source, start, tol=1e-13)
    params = found.params
    return {
        "trace4": trace,
        "mu": params.fixed[0],
        "s2": params.within,
        "sb2": params.between.variance,
        "loglik": found.log_likelihood,
    }


def boundary_random_effects() -> Answers:
    """A variance that the fit itself puts on its bound; the slope there is that of the log-likelihood, by differences."""
    inline = task("boundary_random_effects")["data"]["inline"]
    groups = [name for name, values in inline.items() for _ in values]
    source = ek.ArraySource(np.concatenate(list(inline.values()))[:, None], groups=groups)
    model = ek.MixedModel(0, covariance="scalar")
    found = ek.fit(model, source, model.start(source.profile), tol=1e-13)
    fixed, within = found.params.fixed, found.params.within

    def log_likelihood(variance: float) -> float:
        params = ek.MixedModelParams(fixed, ek.models.EqualCovariance(variance), within)
        return ek.EMMap(model, source, params)(params).log_likelihood

    step = 1e-5  # one-sided: there is nothing below 0
    slope = (4 * log_likelihood(step) - log_likelihood(2 * step) - 3 * log_likelihood(0.0)) / (2 * step)
    return {
        "sb2": found.params.between.variance,
        "mu": fixed[0],
        "s2": within,
        "loglik": found.log_likelihood,
        "boundary": found.boundary == ("between.variance",),
        "score_at_zero": slope,
    }


def lca_missing_weights() -> Answers:
    inline = task("lca_missing_weights")["data"]["inline"]
    codes, weights = np.array(inline["rows"], dtype=float) - 1, np.array(inline["w"])
    one = ek.MixtureModel("categorical", 1).fit(codes, sample_weight=weights).result_
    two = ek.MixtureModel("categorical", 2, random_state=0, tol=1e-12).fit(codes, sample_weight=weights)
    result, items = two.result_, two.components_.columns
    order = np.argsort(items[0].probabilities[:, 1])
    errors = result.standard_errors()
    asked = [
        f"components.columns.{j}.probabilities[{k}, {c}]" for k in order for j, c in ((0, 1), (1, 1), (2, 1), (2, 2), (3, 1))
    ]
    patterns = np.array([[1, 1, 1, 1], [2, np.nan, np.nan, np.nan], [np.nan, np.nan, 3, np.nan], [np.nan] * 4]) - 1
    return {
        "loglik_1": one.log_likelihood,
        "loglik": result.log_likelihood,
        "pi": two.weights_[order].tolist(),
        "probs_class1": [item.probabilities[order[0]].tolist() for item in items],
        "probs_class2": [item.probabilities[order[1]].tolist() for item in items],
        "post_first": two.predict_proba(patterns)[:, order[0]].tolist(),
        "bic": two.bic(codes, weights),
        "se": [errors[f"proportions[{order[0]}]"], *(errors[name] for name in asked)],
    }


def blrt_icl() -> Answers:
    galaxies, faithful = column(table("gmm_galaxies"), "galaxies"), column(table("gmm_faithful"), "eruptions", "waiting")

    def chosen(x: np.ndarray, form: str, most: int, **settings: Any) -> Any:
        estimator = ek.GaussianMixture(covariance_type=form, random_state=0, **settings)
        return ek.select(estimator, x, range(1, most + 1))

    def ratio(found: Any, k: int) -> float:
        return 2 * (found[k + 1].result_.log_likelihood - found[k].result_.log_likelihood)

    tied, full = chosen(galaxies, "tied", 3), chosen(galaxies, "full", 3, floor=2e-4)
    tied2, full2 = chosen(faithful, "tied", 3), chosen(faithful, "full", 2)
    two, three = full2[2].result_, tied2[3].result_
    return {
        "galaxies_tied_1_2": ratio(tied, 1),
        "galaxies_tied_2_3": ratio(tied, 2),
        "galaxies_full_1_2": ratio(full, 1),
        "galaxies_full_2_3": ratio(full, 2),
        "faithful_tied_1_2": ratio(tied2, 1),
        "faithful_tied_2_3": ratio(tied2, 2),
        "faithful_full_1_2": ratio(full2, 1),
        "waiting_tied_1_2": ratio(chosen(faithful[:, 1:], "tied", 2), 1),
        "entropy_full_2": two.entropy,
        "bic_full_2": -two.bic,
        "icl_full_2": -two.icl,
        "icl_entropy_full_2": -two.bic - 2 * two.entropy,
        "entropy_tied_3": three.entropy,
        "icl_tied_3": -three.icl,
    }


def chain_of(initial: Any, transitions: Any, components: Any) -> ek.HiddenMarkovParams[Any]:
    return ek.HiddenMarkovParams(initial, transitions, components)


def whole(x: Any) -> ek.Chunk:
    """All rows as one sequence."""
    (chunk,) = ek.ArraySource(x, groups=np.zeros(len(x)), chunk_rows=len(x)).chunks()
    return chunk


def hmm_exact() -> Answers:
    tossed, named = ek.HiddenMarkovChain("bernoulli"), ek.HiddenMarkovChain("categorical")
    rain = chain_of([0.5, 0.5], [[0.7, 0.3], [0.3, 0.7]], ek.SuccessParams([[0.9], [0.2]]))
    umbrellas = tossed.posterior(rain, whole([[1.0], [1.0]]))
    symptoms = ek.CategoricalParams(([[0.5, 0.4, 0.1], [0.1, 0.3, 0.6]],))
    fever = chain_of([0.6, 0.4], [[0.7, 0.3], [0.4, 0.6]], symptoms)
    said = whole([[0.0], [1.0], [2.0]])  # normal, cold, dizzy
    path = named.decode(fever, said)
    alike = chain_of([0.2, 0.8], [[0.7, 0.3], [0.1, 0.9]], ek.SuccessParams([[0.75], [0.75]]))
    long = tossed.posterior(alike, whole((np.arange(1_000_000) % 4 != 0).astype(float)[:, None]))
    return {
        "umbrella_posteriors": umbrellas.responsibilities[:, 0].tolist(),
        "umbrella_lik": float(np.exp(umbrellas.log_likelihood[0])),
        "fever_lik": float(np.exp(named.posterior(fever, said).log_likelihood[0])),
        "fever_viterbi_prob": float(np.exp(path.log_joint[0])),
        "fever_path": [("healthy", "fever")[state] for state in path.states],
        "long_loglik": float(long.log_likelihood[0]),
        "long_gamma_sum_err": float(np.abs(long.responsibilities.sum(axis=1) - 1).max()),
    }


QUAKES = ek.HiddenMarkovChain("poisson")
TWO_RATES = chain_of([0.5, 0.5], [[0.9, 0.1], [0.1, 0.9]], ek.PoissonParams([[15.0], [25.0]]))


def best_chain(x: Any, k: int, starts: int = 20) -> Any:
    """The highest of fits from so many starts of the model."""
    source = QUAKES.admitted(ek.ArraySource(x))
    return ek.fit(QUAKES, x, QUAKES.starts(source.profile, k, range(starts)), solver="anderson", tol=1e-10).in_order()


def first_heights(x: Any) -> list[float]:
    return [entry.log_likelihood for entry in ek.fit(QUAKES, x, TWO_RATES, max_evaluations=6).history]


def hmm_earthquakes() -> Answers:
    counts = column(table("hmm_earthquakes"), "count")
    two, three, four = (best_chain(counts, k) for k in (2, 3, 4))
    mixtures = [ek.MixtureModel("poisson", k, random_state=0).fit(counts).result_.log_likelihood for k in (2, 3)]
    return {
        "trace2": first_heights(counts),
        "loglik_2": two.log_likelihood,
        "lambda_2": two.params.components.rates.ravel().tolist(),
        "A_2": two.params.transitions.tolist(),
        "loglik_3": three.log_likelihood,
        "lambda_3": three.params.components.rates.ravel().tolist(),
        "A_3": three.params.transitions.tolist(),
        "loglik_4": four.log_likelihood,
        "mix_2": mixtures[0],
        "mix_3": mixtures[1],
    }


def hmm_missing_earthquakes() -> Answers:
    counts = column(table("hmm_missing_earthquakes"), "count")
    missing = np.arange(len(counts)) % 7 == 6
    x = np.where(missing[:, None], np.nan, counts)
    found = ek.fit(QUAKES, x, TWO_RATES, solver="anderson", tol=1e-12).in_order()
    rates, errors = found.params.components.rates.ravel(), found.standard_errors()
    names = ("components.rates[0, 0]", "components.rates[1, 0]", "transitions[0, 1]", "transitions[1, 0]")
    return {
        "trace2": first_heights(x),
        "loglik": found.log_likelihood,
        "lambda": rates.tolist(),
        "a12_a21": [found.params.transitions[0, 1], found.params.transitions[1, 0]],
        "start_state": int(found.params.initial.argmax()) + 1,
        "se": [errors[name] for name in names],
        "imputed": (found.predict_proba(x)[missing] @ rates).tolist(),
        "viterbi_years_state2": int(QUAKES.decode(found.params, whole(x)).states.sum()),
    }


def hmm_regimes_dax() -> Answers:
    r = column(table("hmm_regimes_dax"), "r")
    model = ek.HiddenMarkovChain(ek.DiagonalGaussian())
    start = chain_of([0.5, 0.5], [[0.95, 0.05], [0.05, 0.95]], ek.DiagonalGaussianParams([[0.1], [0.0]], [[0.5], [2.0]]))
    found = ek.fit(model, r, start, solver="anderson", tol=1e-11)
    params, errors = found.params, found.standard_errors()
    spread = np.sqrt(params.components.variances.ravel())
    of_variances = np.array([errors["components.variances[0, 0]"], errors["components.variances[1, 0]"]]) / (2 * spread)
    leaving = [params.transitions[0, 1], params.transitions[1, 0]]
    path = model.decode(params, whole(r))
    switches = np.flatnonzero(np.diff(path.states)) + 1
    return {
        "loglik": found.log_likelihood,
        "mu": params.components.means.ravel().tolist(),
        "sd": spread.tolist(),
        "a12_a21": leaving,
        "start_state": int(params.initial.argmax()) + 1,
        "se": [
            *(errors[f"components.means[{k}, 0]"] for k in range(2)),
            *of_variances.tolist(),
            errors["transitions[0, 1]"],
            errors["transitions[1, 0]"],
        ],
        "stationary": leaving[0] / sum(leaving),
        "viterbi_days_state2": int(path.states.sum()),
        "viterbi_switches": len(switches),
        "viterbi_first_switches": switches[:5].tolist(),
        "viterbi_logprob": float(path.log_joint[0]),
        "posterior_days_state2": int((found.predict_proba(r)[:, 1] > 0.5).sum()),
    }


def lines(model: Any, source: ek.ArraySource, starts: int) -> Any:
    """The highest maximum from so many starts of the model, in the order of the intercepts."""
    begun = model.starts(source.profile, 2, range(starts))
    return ek.fit(model, source, begun, solver="anderson", tol=1e-12).in_order()


def two_lines(found: Any) -> Answers:
    """What is asked of two regressions."""
    params = found.params
    answers = {"loglik": found.log_likelihood, "coef": params.components.coefficients.tolist()}
    return {**answers, "pi": params.proportions.tolist()}


def on_nitric_oxide() -> Any:
    """The equivalence ratio of an engine on NO in its exhaust, as two lines."""
    source = ek.ArraySource(column(table("regmix_no"), "NO", "Equivalence"), columns=["NO", "Equivalence"])
    return lines(ek.Mixture(ek.NormalRegression("Equivalence", "NO")), source, 8)


def regmix_no() -> Answers:
    found = on_nitric_oxide()
    return {**two_lines(found), "sigma": np.sqrt(found.params.components.variances).tolist()}


def se_regmix_no() -> Answers:
    found = on_nitric_oxide()
    params, known = found.params, found.standard_errors()
    deviations = np.sqrt(params.components.variances)
    of_deviations = [known[f"components.variances[{k}]"] / (2 * deviations[k]) for k in range(2)]
    estimates, errors = [params.proportions[0]], [known["proportions[0]"]]
    for k, (line, deviation) in enumerate(zip(params.components.coefficients, deviations, strict=True)):
        estimates += [*line.tolist(), deviation]
        errors += [*(known[f"components.coefficients[{k}, {j}]"] for j in range(2)), of_deviations[k]]
    a1, b1 = (known.names.index(f"components.coefficients[0, {j}]") for j in range(2))
    return {
        "loglik": found.log_likelihood,
        "estimates": estimates,
        "se": errors,
        "se_log_sigma": (np.array(of_deviations) / deviations).tolist(),
        "corr_a1_b1": float(known.covariance[a1, b1] / np.sqrt(known.covariance[a1, a1] * known.covariance[b1, b1])),
    }


def regmix_npreg() -> Answers:
    x, y = column(table("regmix_npreg"), "x", "yn").T
    source = ek.ArraySource(np.column_stack([x, x**2, y]), columns=["x", "x^2", "yn"])
    found = lines(ek.Mixture(ek.NormalRegression("yn", ("x", "x^2"))), source, 8)
    return {**two_lines(found), "sigma": np.sqrt(found.params.components.variances).tolist()}


def poisreg_npreg() -> Answers:
    source = ek.ArraySource(column(table("poisreg_npreg"), "x", "yp"), columns=["x", "yp"])
    return two_lines(lines(ek.Mixture(ek.PoissonRegression("yp", "x")), source, 4))


def poisreg_warpbreaks() -> Answers:
    rows = table("poisreg_warpbreaks")
    kinds = [[row["tension"] == "M", row["tension"] == "H", row["wool"] == "B"] for row in rows]
    source = ek.ArraySource(np.column_stack([column(rows, "breaks"), kinds]), columns=["breaks", "M", "H", "B"])
    model = ek.GatedMixture(ek.PoissonRegression("breaks", ("M", "H")), "B")
    found = lines(model, source, 12)
    given = task("poisreg_warpbreaks")["start"]["start_b"]["coef"]
    local = ek.fit(model, source, ek.GatedMixtureParams([[0, 0], [0, 0]], ek.RegressionParams(given)), tol=1e-12)
    errors, params = found.standard_errors(), found.params
    wools = np.exp(found.model.log_proportions(params, np.array([[0, 0, 0, 0], [0, 0, 0, 1]])))
    return {
        "loglik": found.log_likelihood,
        "local_loglik": local.log_likelihood,
        "coef": params.components.coefficients.tolist(),
        "gamma": (-params.gates[1]).tolist(),
        "class1_prob": wools[:, 0].tolist(),
        "se_coef": [[errors[f"components.coefficients[{k}, {j}]"] for j in range(3)] for k in range(2)],
        "se_gamma": [errors[f"gates[1, {j}]"] for j in range(2)],
        "bic": found.bic,
    }


NILE = (15099.0, 1469.1)  # the published variances of errors and of shocks


def level_at(model: Any, noise: float, state_noise: float) -> Any:
    return model.params(noise=[noise], state_noise=[state_noise])


def nile_local_level() -> Answers:
    flow = ek.ArraySource(column(table("nile_local_level"), "flow"))
    model, (chunk,) = ek.local_level(), flow.as_one_group().chunks()
    fitted = ek.fit(model, flow, model.start(flow.profile), solver="anderson", tol=1e-13)
    errors = fitted.standard_errors()
    level, spread = model.latent(fitted.params, chunk)
    ahead, wide = model.forecast(fitted.params, chunk, 10)
    known = ek.StateSpace([[1.0]], [[1.0]], start_covariance=[1e7])
    start = task("nile_local_level")["start"]["prior_em_trace"]
    first = level_at(known, start["s_eps"], start["s_eta"])
    after = ek.fit(known, flow, first, solver="anderson", tol=1e-13)
    em = ek.EMMap(known, flow.as_one_group(), first)
    steps = [step.here for _, step in zip(range(5), ek.iterate(em, first, ek.solvers.Plain()), strict=False)]
    years = [0, 28, 42, 99]
    return {
        "s_eps": fitted.params.noise.item(),
        "s_eta": fitted.params.state_noise.item(),
        "loglik": fitted.log_likelihood,
        "loglik_published": model.row_objectives(level_at(model, *NILE), chunk).item(),
        "se_variances": [errors["noise[0]"], errors["state_noise[0]"]],
        "smoothed_level": level[years, 0].tolist(),
        "smoothed_var": spread[years, 0, 0].tolist(),
        "forecast_1971": [ahead[0, 0, 0], wide[0, 0, 0, 0]],
        "forecast_var_1980": wide[0, 9, 0, 0],
        "prior_loglik_published": known.row_objectives(level_at(known, *NILE), chunk).item(),
        "prior_s_eps": after.params.noise.item(),
        "prior_s_eta": after.params.state_noise.item(),
        "prior_loglik": after.log_likelihood,
        "prior_em_trace": [[each.params.noise.item(), each.params.state_noise.item(), each.log_likelihood] for each in steps],
    }


def nile_missing() -> Answers:
    rows = column(table("nile_missing"), "year", "flow")
    for first, last in task("nile_missing")["data"]["missing_years"]:
        rows[(rows[:, 0] >= first) & (rows[:, 0] <= last), 1] = np.nan
    flow = ek.ArraySource(rows[:, 1:])
    model, (chunk,) = ek.local_level(), flow.as_one_group().chunks()
    fitted = ek.fit(model, flow, model.start(flow.profile), solver="anderson", tol=1e-13)
    errors, published = fitted.standard_errors(), level_at(model, *NILE)
    level, spread = model.latent(published, chunk)
    begun = whole(rows[:20, 1:])
    ahead, wide = model.forecast(published, begun, 10)
    return {
        "loglik_published": model.row_objectives(published, chunk).item(),
        "s_eps": fitted.params.noise.item(),
        "s_eta": fitted.params.state_noise.item(),
        "loglik": fitted.log_likelihood,
        "se_variances": [errors["noise[0]"], errors["state_noise[0]"]],
        "predicted": [ahead[0, 9, 0], wide[0, 9, 0, 0] - published.noise.item()],
        "smoothed_1900": [level[29, 0], spread[29, 0, 0]],
        "smoothed_1940": [level[69, 0], spread[69, 0, 0]],
    }


def exp_gehan() -> Answers:
    rows, model = table("exp_gehan"), ek.Mixture(ek.Censored("exponential"))
    found = {}
    for group in ("control", "6-MP"):
        time, event = column([row for row in rows if row["treat"] == group], "time", "cens").T
        start = ek.MixtureParams([1.0], ek.ExponentialParams([[0.5]]))
        found[group] = ek.fit(model, ek.survival(time, event), start, solver="anderson")
    rates = {group: float(fit.params.components.rates[0, 0]) for group, fit in found.items()}
    return {
        "rate_control": rates["control"],
        "rate_6MP": rates["6-MP"],
        "loglik": sum(fit.log_likelihood for fit in found.values()),
    }


PROBLEMS: dict[str, Callable[[], Answers]] = {
    problem.__name__: problem
    for problem in (
        coins_do_batzoglou,
        three_coins_unsw,
        linkage_dlr1977,
        abo,
        poisson_hasselblad,
        nb_mites,
        nb_mixture,
        se_gmm_waiting,
        se_poisson_hasselblad,
        se_lca_carcinoma,
        se_linkage,
        zip_biochemists,
        zip_regression_biochemists,
        boundary_poisson_zero,
        gmm1d_waiting,
        nist_univariate,
        gmm_faithful,
        gmm_iris,
        gmm_galaxies,
        mvn_murray,
        mvn_airquality,
        fa_ability,
        ppca_iris,
        exp_gehan,
        boundary_heywood,
        irt_lsat6,
        irt_lsat7,
        random_effects_rail,
        boundary_random_effects,
        lca_missing_weights,
        gmm_mclust14,
        t_newcomb,
        blrt_icl,
        hmm_exact,
        hmm_earthquakes,
        hmm_missing_earthquakes,
        hmm_regimes_dax,
        regmix_no,
        se_regmix_no,
        regmix_npreg,
        poisreg_npreg,
        poisreg_warpbreaks,
        nile_local_level,
        nile_missing,
    )
}


if __name__ == "__main__":
    json.dump({name: answer() for name, answer in PROBLEMS.items()}, sys.stdout, indent=1)
