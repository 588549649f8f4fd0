"""The trace: everything that a page shows, as plain values. Pages only draw what is in it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TypeVar

from emkit.core.json_types import Json
from emkit.core.mapreduce import one_thread
from emkit.core.parameters import Parameters
from emkit.data.source import ArraySource, columns_of
from emkit.errors import ModelError
from emkit.explain.bridge import bridge
from emkit.explain.latent import Account, assignment_of
from emkit.explain.notation import CONCEPTS, NOTATIONS, REMARKS
from emkit.explain.own_words import in_own_words
from emkit.explain.subject import Subject
from emkit.explain.worksheet.distinct import rows_of
from emkit.fitted import Fitted
from emkit.page.browser_em import browser_em, entries
from emkit.page.in_sequence import in_sequence, shown_in_sequence
from emkit.page.likelihood import bounds, drawn_from, landscapes
from emkit.page.marks import marks
from emkit.page.panels import accounts, are_counts, bands, counts, rows, step_record
from emkit.page.ridge import ridge
from emkit.page.walk import Walk, walk
from emkit.version import __version__

SCHEMA = "emkit-page/1"
MOST_SINGLE = 12  # rows that are shown one by one, though some are equal
P = TypeVar("P", bound=Parameters)


def trace(
    subject: Subject, include_data: bool = True, call: str = "", call_with_rows: str = "", ending: Json | None = None
) -> Json:
    """EM from the subject's start as plain values: every step with its rows, counts, updates and accounts, and pictures.

    Without `include_data` no row of the data is in it, only sums and counts in bins. `call` is the Python that made it, and
    `call_with_rows` makes one of other rows, `data`; `ending` says where a longer or faster run ended (see `ending_of`).
    Errors: ModelError for a model whose latent states cannot be listed row by row.
    """
    with one_thread():  # many small products: waking the threads of a linear-algebra library for each costs more than it saves
        run = walk(subject)
        return {
            "schema": SCHEMA,
            "version": __version__,
            "call": call,
            "call_with_rows": f"{_data_of(subject)}\n{call_with_rows}",
            "ending": ending,
            **_about(subject),
            **_steps(run, include_data or are_counts(run)),
            **_pictures(run, include_data),
            "bridge": _bridge(run),
            "story": _story(run, include_data),
            **_notations(),
        }


def _data_of(subject: Subject) -> str:
    """The Python that says rows, with a place for them and one for their weights."""
    columns = json.dumps(list(columns_of(subject.source)), ensure_ascii=False)
    return f"import emkit as ek\ndata = ek.ArraySource([], weights=[], columns={columns})"


def _about(subject: Subject) -> Json:
    """What the subject says of itself."""
    return {
        "name": subject.name,
        "title": subject.title,
        "about": subject.story,
        "reference": subject.reference,
        "notice": list(subject.notice),
        "errata": list(subject.errata),
        "columns": list(columns_of(subject.source)),
        "posterior": assignment_of(subject.model).is_posterior,
        "printed": _printed(subject),
    }


def _steps(run: Walk, with_rows: bool) -> Json:
    """The steps in numbers; without rows, how sure the E-steps are in their place."""
    first = run.steps[0]
    return {
        "components": list(first.components),
        "factors": list(first.factors) if run.rows_alone else [],
        "held": list(first.held),
        "symbols": list(first.before),
        "path": [list(first.before.values()), *(list(step.after.values()) for step in run.steps)],
        "stands_still": run.stands_still,
        "rows": rows(run) if with_rows and run.rows_alone else None,
        "bands": None if with_rows and (run.rows_alone or shown_in_sequence(run)) else bands(run),
        "in_sequence": in_sequence(run) if with_rows else None,
        "counts": counts(run.subject, first),
        "formulas": {update.symbol: in_own_words(run.subject, update.formula) for step in run.steps for update in step.updates},
        "steps": [step_record(step, with_rows) for step in run.steps],
        "accounts": accounts(_accounts(run)),
    }


def _pictures(run: Walk, include_data: bool) -> Json:
    pictured = drawn_from(run)
    return {
        "marks": marks(run, include_data),
        "landscapes": landscapes(run, pictured),
        "bounds": bounds(run, pictured),
        "ridge": ridge(run) if include_data else None,
        "browser_em": browser_em(run) if include_data else None,
    }


def _bridge(run: Walk) -> Json:
    """The links from the general formula of the M-step to its numbers, with places for these, in every notation.

    What is said, and lines, are numbers of `texts`: most are the same in several notations.
    """
    texts: dict[str, int] = {}

    def number(text: str) -> int:
        return texts.setdefault(text, len(texts))

    links = {
        name: [
            {"name": link.name, "said": number(link.said), "lines": list(map(number, link.lines))}
            for link in bridge(run.subject, run.steps[0], notation)
        ]
        for name, notation in NOTATIONS.items()
    }
    return {"links": links, "texts": [in_own_words(run.subject, text) for text in texts]}


def _story(run: Walk, include_data: bool) -> Json:
    """What the story needs beside the steps: the subject's own words, true labels, and the order of rows that repeat.

    `order` (n,) says which line of the table every row is, where several rows are one line and all are few.
    """
    subject, source = run.subject, run.subject.source
    order: list[int] | None = None
    if include_data and run.rows_alone and isinstance(source, ArraySource) and source.rows <= MOST_SINGLE:
        rows = rows_of(source)
        if len(rows.x) < source.rows:
            order = [line for _, line in sorted((place, line) for line, at in enumerate(rows.places) for place in at)]
    return {
        "told": {scene: list(sentences) for scene, sentences in subject.told.items()},
        "known": list(subject.known),
        "notation": subject.notation,
        "order": order,
        "questions": [
            {"asked": question.asked, "answer": float(question.answer(run.steps)), "scene": question.scene}
            for question in subject.questions
        ],
    }


def _notations() -> Json:
    return {
        "notations": {
            name: {
                "author": notation.author,
                "states_of_two": list(notation.states_of_two),
                "first_of_two": notation.first_of_two,
                "second_of_two": notation.second_of_two,
                "any_row": notation.any_row,
                "in_sequence": asdict(notation.in_sequence),
                **{concept: asdict(notation)[concept] for concept in CONCEPTS},
            }
            for name, notation in NOTATIONS.items()
        },
        "concepts": CONCEPTS,
        "remarks": list(REMARKS),
    }


def _accounts(run: Walk) -> list[Account]:
    """The ledger in half steps: after E-step 1, M-step 1, E-step 2, ... and the E-step after the last M-step."""
    found = [entry.account for step in run.steps for entry in step.ledger[:2]]
    return [*found, run.steps[-1].ledger[2].account]


def _printed(subject: Subject) -> Json | None:
    """The numbers that the subject's source prints, each marked right or wrong."""
    if not subject.printed:
        return None
    from emkit.teach.check import check_printed

    try:
        return check_printed(subject).to_dict()
    except ModelError:
        return None


def ending_of(result: Fitted[P]) -> Json:
    """Where a fit ended, in numbers and in its own sentence."""
    return {
        "sentence": str(result.outcome),
        "log_likelihood": result.log_likelihood,
        "values": entries(result.params),
        "rows": result.rows,
        "free_parameters": result.free_parameters,
        "bic": result.bic,
        "starts": result.runs.sentence,
    }
