"""Settings that say terms of covariates: by a formula without a response, or by a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from emkit.data.design import parsed
from emkit.errors import ParameterError


def terms_in(setting: str, given: Any, those: str) -> str:
    """The terms of a `setting`, as the right side of a formula has them. `those` says what they are, for the errors.

    Errors: ParameterError for what is neither text nor a list of it, and for a formula that says more.
    """
    listed = isinstance(given, Sequence) and not isinstance(given, str)
    if not isinstance(given, str) and not (listed and given and all(isinstance(each, str) for each in given)):
        raise ParameterError(f"{setting} is {given!r:.60}: write {those}, as in '~ age + sex' or ['age', 'sex'].")
    text = given if isinstance(given, str) else " + ".join(given)
    said = parsed(text)
    if said.response or said.gate is not None:
        raise ParameterError(f"{setting} is {given!r:.60}: write {those}, and nothing else, as in '~ age + sex'.")
    return text.partition("~")[2] or text


def says_intercept(terms: str) -> bool:
    """Whether an intercept is written out among terms."""
    return "1" in (term.strip() for term in terms.split("+"))
