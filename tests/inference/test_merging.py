"""Components merged by entropy, against a search over all ways to merge, and on data of two clusters and three components."""

import numpy as np
import pytest

import emkit as ek


@pytest.fixture(scope="module")
def cross():
    """Two long clusters, one of which takes two components; four components in all."""
    rng = np.random.default_rng(0)
    bent = np.concatenate([rng.normal([0, 0], [2.0, 0.3], (150, 2)), rng.normal([0, 0], [0.3, 2.0], (150, 2))])
    x = np.concatenate([bent, rng.normal([12, 12], 1.0, (150, 2)), rng.normal([-12, 10], 1.0, (100, 2))])
    return x, ek.GaussianMixture(4, random_state=0).fit(x)


def entropy(shares):
    return -sum(share * np.log(share) for share in shares.ravel() if share > 0)


def test_each_merger_is_the_best_of_all_pairs(cross):
    x, mixture = cross
    found = mixture.result_.merging()
    shares = mixture.predict_proba(x)
    assert len(found.solutions) == 4
    for number in (4, 3, 2, 1):
        clusters = found.clusters(number)
        assert sorted(k for own in clusters for k in own) == [0, 1, 2, 3]
        assert found.entropies[4 - number] == pytest.approx(entropy(found.probabilities(shares, number)), rel=1e-9, abs=1e-12)
        if number < 4:
            before = found.clusters(number + 1)
            every = []
            for i in range(len(before)):
                for j in range(i + 1, len(before)):
                    merged = [own for at, own in enumerate(before) if at not in (i, j)] + [before[i] + before[j]]
                    every.append(entropy(np.stack([shares[:, list(own)].sum(axis=1) for own in merged], axis=1)))
            assert found.entropies[4 - number] == pytest.approx(min(every), abs=1e-9)


def test_the_components_of_one_cluster_are_merged_first(cross):
    _, mixture = cross
    three = mixture.result_.merging().clusters(3)
    bent = set(mixture.predict(np.array([[3.0, 0.0], [0.0, 3.0]])))
    assert bent in [set(own) for own in three]


def test_weights_count_rows(cross):
    x, mixture = cross
    weights = np.random.default_rng(1).integers(1, 3, len(x))
    params = mixture.params_
    model = ek.Mixture(ek.FullGaussian())
    one = ek.fit(model, x, params, weights=weights, max_evaluations=1).merging()
    other = ek.fit(model, np.repeat(x, weights, axis=0), params, max_evaluations=1).merging()
    assert one.solutions == other.solutions
    np.testing.assert_allclose(one.entropies, other.entropies, rtol=1e-9, atol=1e-9)


def test_what_cannot_be_asked(cross):
    with pytest.raises(ek.ParameterError, match="there are 1 to 4 clusters of these components, and not 5"):
        cross[1].result_.merging().clusters(5)
    lesson = ek.lessons.linkage()
    with pytest.raises(ek.ModelError, match="Cells has no components"):
        ek.fit(lesson.model, lesson.source, lesson.start).merging()
