"""What scikit-learn asks of rows before a fit or a prediction, with refusals that are emkit's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sklearn.utils.validation import validate_data

from emkit.errors import DataError

ADVICE = {  # by words of scikit-learn's sentences, which end where it says what is wrong
    "feature names": "X[estimator.feature_names_in_] has the columns of the fit, in its order.",
    "expecting": "Give the columns that the fit was of, in the same order.",
    "sample(s)": "Give more rows.",
    "feature(s)": "Give at least one column.",
    "scalar": "Rows are its first axis, and columns its second.",
    "1D array": "Reshape your data: rows are its first axis, and columns its second; one column is X.reshape(-1, 1).",
    "dim": "Rows are its first axis, and columns its second.",
    "Complex": "Give real and imaginary part as columns.",
}


def validated(estimator: Any, X: object, **options: Any) -> Any:
    """`X` as `validate_data` returns it.

    Errors: DataError in scikit-learn's words, with what to do.
    """
    try:
        return validate_data(estimator, X, **options)
    except TypeError as error:
        kinds = sorted({type(name).__name__ for name in getattr(X, "columns", ())})
        if len(kinds) < 2:
            raise
        raise DataError(
            f"names of columns are of several types, {' and '.join(kinds)}: make all of them text, as by "
            "X.columns = X.columns.astype(str)."
        ) from error
    except ValueError as error:
        said = str(error).strip()
        advice = next((each for words, each in ADVICE.items() if words in said), "")
        what = re.split(r":?\n(?:array=|\[)", said)[0]  # an array may follow as a whole
        raise DataError(f"{what.rstrip('.')}. {advice}".rstrip()) from None


@contextmanager
def as_before_if_it_fails(estimator: Any) -> Iterator[None]:
    """Give an estimator back what it held before, if a fit fails: the last fit, and the names of the columns it was of."""
    before = dict(estimator.__dict__)
    try:
        yield
    except BaseException:
        estimator.__dict__ = before
        raise
