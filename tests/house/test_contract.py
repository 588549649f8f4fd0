"""The contract stays small, and what it forbids is nowhere done."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from emkit.families import Family

SOURCE = Path(__file__).parents[2] / "src" / "emkit"


def test_a_family_has_ten_methods_at_most():
    methods = [name for name, value in vars(Family).items() if not name.startswith("_") and callable(value)]
    assert len(methods) <= 10, methods


@pytest.mark.parametrize("room", ["core", "families", "models", "inference"])
def test_rows_are_seen_in_chunks_and_through_the_profile_only(room):
    """`source.x` is for rows in memory; a sample (`some.x`) and a chunk are in memory always."""
    found = [
        f"{path.name}: {line.strip()}"
        for path in (SOURCE / room).rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"(source|profile|passes)\.(x|weights)\b", line)
    ]
    allowed = [line for line in found if line.startswith(("patterns.py", "check_model.py"))]
    assert sorted(found) == sorted(allowed)


NO_FAMILIES = (  # what families are made with
    "family.py", "description.py", "support.py", "linear.py", "spread.py", "floor.py", "parts.py", "blocks.py", "joined.py",
    "in_groups.py", "linear_map.py", "tight.py", "gap_form.py", "unseen.py",
)  # fmt: skip
KINDS = {  # families, their parameters and their statistics
    node.name
    for path in (SOURCE / "families").rglob("*.py")
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    if isinstance(node, ast.ClassDef) and path.name not in NO_FAMILIES
}
FACES = {
    "estimators/gaussian.py": "makes one of the forms from the word for it, and asks nothing",
    "estimators/missing.py": "makes a normal distribution, and asks nothing",
    "stepwise/structure.py": "makes the families of items, outcomes and covariates, and asks nothing",
}


def asked(tree: ast.AST) -> list[str]:
    """Where a program asks what a family is: by the class of it or of its parameters, or by comparing its name."""
    found = []
    known = KINDS - {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("emkit.formulas")  # formulas have products, too
        for alias in node.names
    }
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="isinstance" | "issubclass"), args=[_, kinds]):
                found += [f"isinstance of {n.id}" for n in ast.walk(kinds) if isinstance(n, ast.Name) and n.id in known]
            case ast.MatchClass(cls=ast.Name(id=name)) if name in known:
                found.append(f"match of {name}")
            case ast.Compare(left=left, comparators=others):
                found += [ast.unparse(node) for side in (left, *others) if re.search(r"\bfamily\.name$", ast.unparse(side))]
            case ast.Subscript(slice=place) if re.search(r"\bfamily\.name$", ast.unparse(place)):
                found.append(ast.unparse(node))
            case ast.Call(func=ast.Attribute(attr="register"), args=[ast.Name(id=name), *_]) if name in KINDS:
                found.append(f"register of {name}")
            case ast.ImportFrom(module=str(room), names=names) if room.startswith("emkit.families") and KINDS & {
                a.name for a in names
            }:
                found.append(ast.unparse(node))
    return found


def test_nobody_asks_a_family_its_name_or_type():
    """What it is, a family declares. Lessons are of families of their own; nobody else needs to know one."""
    rooms = [path for path in SOURCE.rglob("*.py") if not {"families", "lessons"} & set(path.relative_to(SOURCE).parts[:1])]
    found = {str(path.relative_to(SOURCE)): asked(ast.parse(path.read_text(encoding="utf-8"))) for path in rooms}
    assert {place: what for place, what in found.items() if what and place not in FACES} == {}


@pytest.mark.parametrize(
    "line",
    [
        "isinstance(model.family, Bernoulli | Binomial)",
        "isinstance(params, (PoissonParams, int))",
        "model.family.name in DISCRETE",
        "'poisson' == family.name",
        "TABLE[family.name]",
        "from emkit.families.poisson import Poisson",
        "kind.register(Poisson, lambda family: 1)",
    ],
)
def test_whoever_asks_is_found(line):
    assert asked(ast.parse(line))
