"""Rubin's rules, against arithmetic by hand."""

import numpy as np
import pytest

import emkit as ek


def test_three_imputations_by_hand():
    pooled = ek.pool([1.0, 2.0, 3.0], [1.0, 1.0, 1.0])
    assert pooled.estimates.tolist() == [2.0]
    assert pooled.variances.item() == pytest.approx(7 / 3)  # 1 + (1 + 1/3) * 1
    assert pooled.degrees_of_freedom.item() == pytest.approx(2 / (4 / 7) ** 2)
    assert pooled.missing_information.item() == pytest.approx((4 / 3 + 2 / (6.125 + 3)) / (7 / 3))
    low, high = pooled.confidence_intervals(0.95)[0]
    assert high - 2.0 == pytest.approx(2.43486 * np.sqrt(7 / 3), rel=1e-5)  # of Student's t with 6.125 degrees of freedom
    assert low + high == pytest.approx(4.0)


def test_small_samples_have_fewer_degrees_of_freedom():
    pooled = ek.pool([1.0, 2.0, 3.0], [1.0, 1.0, 1.0], complete_degrees_of_freedom=20)
    observed = 21 / 23 * 20 * (1 - 4 / 7)
    assert pooled.degrees_of_freedom.item() == pytest.approx(1 / (1 / 6.125 + 1 / observed))


def test_quantities_are_pooled_side_by_side():
    rng = np.random.default_rng(0)
    estimates, variances = rng.normal(size=(7, 3)), rng.uniform(1, 2, (7, 3))
    together = ek.pool(estimates, variances)
    for j in range(3):
        alone = ek.pool(estimates[:, j], variances[:, j])
        assert alone.variances.item() == together.variances[j]
        assert alone.missing_information.item() == together.missing_information[j]


def test_imputations_that_agree_lack_no_information():
    pooled = ek.pool([[2.0, 0.0]] * 4, [[0.5, 0.0]] * 4)
    assert pooled.variances.tolist() == [0.5, 0.0]
    assert pooled.missing_information.tolist() == [0.0, 0.0]
    np.testing.assert_allclose(pooled.confidence_intervals()[0], 2 + np.array([-1.96, 1.96]) * np.sqrt(0.5), rtol=1e-4)


@pytest.mark.parametrize(
    ("estimates", "variances", "message"),
    [
        ([1.0], [1.0], "pooling needs two imputations or more"),
        ([1.0, 2.0], [1.0], r"estimates have shape \(2, 1\), and variances \(1, 1\)"),
        ([1.0, 2.0], [1.0, -1.0], "a variance is -1"),
        ([1.0, np.nan], [1.0, 1.0], "estimates must be finite numbers"),
        (["a", "b"], [1.0, 1.0], "estimates are no table of numbers"),
    ],
)
def test_what_cannot_be_pooled_is_named(estimates, variances, message):
    with pytest.raises(ek.DataError, match=message):
        ek.pool(estimates, variances)


@pytest.mark.filterwarnings("error")
def test_nothing_within_and_levels_that_cannot_be():
    for whole in (None, 20.0):
        found = ek.pool([1.0, 2.0], [0.0, 0.0], whole)
        assert found.missing_information == pytest.approx(1.0)
    with pytest.raises(ek.ModelError, match="level is 0; it must lie between 0 and 1"):
        found.confidence_intervals(0)
