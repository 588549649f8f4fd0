"""Files of fits that are none, some hundred of them."""

from __future__ import annotations

import copy
import io
import json
import os
import pickle
import struct
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np

import emkit as ek
from emkit.persistence.fit_file import written
from tests.cases import CELLS, OF_FAMILY, linkage_cells

Files = Iterator[tuple[str, bytes]]
Parts = tuple[dict[str, Any], dict[str, bytes]]  # model.json, and the other members


class Evil:
    def __reduce__(self):
        return os.system, ("touch pwned",)


def good() -> dict[str, Any]:
    """Fits of several kinds."""
    rng = np.random.default_rng(0)
    made = {}
    for name in ("gaussian", "poisson", "categorical", "binomial"):
        case = OF_FAMILY.get(name)
        if case is not None:
            made[name] = ek.fit(ek.Mixture(case.family), case.draw(rng, 40), case.mixture, max_evaluations=3)
    frozen = ek.Frozen(ek.Mixture(ek.Poisson()), "proportions")
    made["frozen"] = ek.fit(frozen, [0, 1, 9, 8, 2], ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0], [8.0]])))
    made["search"] = (
        ek.MixtureModel("poisson", 2, random_state=0).fit([[0], [1], [9], [8]]).result_
    )  # with starts that were left
    parts = ek.families.MixtureOfParams([[0.5, 0.5]], (ek.PoissonParams([[1.0]]), ek.PoissonParams([[4.0]])))
    made["parts"] = ek.fit(
        ek.Mixture(ek.MixtureOf(ek.Poisson(), 2)), [0, 1, 5], ek.MixtureParams([1.0], parts), max_evaluations=2
    )
    window = ek.Mixture(ek.Truncated(ek.Poisson(), 0, 9))
    made["window"] = ek.fit(window, [0, 1, 5], ek.MixtureParams([1.0], ek.PoissonParams([[2.0]])), max_evaluations=2)
    made["cells"] = ek.fit(linkage_cells(), CELLS[0].draw(rng, 3), CELLS[0].params, max_evaluations=3)
    return made


def parts_of(content: bytes) -> Parts:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    return json.loads(members.pop("model.json")), members


def joined(text: str | bytes | dict[str, Any], members: dict[str, bytes], packed: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", packed) as archive:
        archive.writestr(zipfile.ZipInfo("model.json"), json.dumps(text) if isinstance(text, dict) else text, packed)
        for name, member in members.items():
            archive.writestr(zipfile.ZipInfo(name), member, packed)
    return stream.getvalue()


def npy(array: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def header(text: str, numbers: int = 0, version: tuple[int, int] = (1, 0)) -> bytes:
    raw = text.encode("latin1").ljust(118) + b"\n"
    return b"\x93NUMPY" + bytes(version) + struct.pack("<H", len(raw)) + raw + bytes(8 * numbers)


def damaged(content: bytes, rng: np.random.Generator) -> Files:
    """Cut short, with bits flipped where they count, with bytes in front, behind or between."""
    for end in [0, 1, 4, 21, 22, 30, *rng.integers(40, len(content) - 1, 14).tolist(), len(content) - 1]:
        yield f"cut at {end}", content[:end]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        infos, directory = archive.infolist(), archive.start_dir
    bodies = [(info.header_offset + 30 + len(info.filename), info.file_size) for info in infos]
    for i in range(60):
        start, size = bodies[int(rng.integers(len(bodies)))]
        at = int(start + rng.integers(size)) if i % 3 else int(directory + rng.choice([0, 1, 2, 3, 16, 17, 18, 19, 46, 47]))
        yield f"bit of byte {at}", content[:at] + bytes([content[at] ^ (1 << int(rng.integers(8)))]) + content[at + 1 :]
    for junk in (b"\0", b"PK\5\6", rng.bytes(100)):
        yield f"{len(junk)} bytes behind", content + junk
    yield "random", rng.bytes(2000)
    yield "text", b"model: Poisson\n"
    yield "halves exchanged", content[len(content) // 2 :] + content[: len(content) // 2]


def pickles(document: dict[str, Any], members: dict[str, bytes]) -> Files:
    """Programs in place of data."""
    evil = pickle.dumps(Evil())
    first = next(iter(members))
    yield "a pickle", evil
    yield "model.json is a pickle", joined(evil, members)
    yield "an array is a pickle", joined(document, {**members, first: evil})
    yield "an array of objects", joined(document, {**members, first: npy(np.array([Evil()], dtype=object))})
    yield "an array of records", joined(document, {**members, first: npy(np.zeros(2, dtype=[("a", "f8"), ("b", "O")]))})
    yield "a pickle beside", joined(document, {**members, "data.pkl": evil})
    yield "a program beside", joined(document, {**members, "__init__.py": b"import os; os.system('touch pwned')"})
    for name in (
        "os.system",
        "builtins.eval",
        "subprocess.Popen",
        "emkit.result.Result",
        "__import__",
        "exec",
        "Result",
        "type",
    ):
        for place in ("model", "provenance"):
            other = copy.deepcopy(document)
            other["fit"]["with"][place] = {"is": name, "with": {"args": "touch pwned"}}
            yield f"{place} is {name}", joined(other, members)
    for key in ("py/object", "__reduce__", "__class__", "$type", "!!python/object"):
        other = copy.deepcopy(document)
        other["fit"]["with"]["model"] = {key: "os.system", "with": {}}
        yield f"{key}", joined(other, members)
    for text in ("{'descr': __import__('os').system('touch pwned'), }", "[" * 100, "{'descr': '<f8'}", "9" * 110, "(" * 110):
        yield f"header {text[:20]}", joined(document, {**members, first: header(text, 2)})


def bombs(document: dict[str, Any], members: dict[str, bytes]) -> Files:
    """What is larger than it looks, or says that it is."""
    first = next(iter(members))
    many = bytes(50_000_000)
    yield (
        "an array of zeros, packed",
        joined(document, {**members, first: header(shape(6_249_984), 0) + many}, zipfile.ZIP_DEFLATED),
    )
    yield "a text of blanks, packed", joined(b" " * 50_000_000, members, zipfile.ZIP_DEFLATED)
    yield "a text of blanks", joined(b" " * 5_000_000, members)
    for length in (10**3, 10**12, 10**18, 10**40):
        yield f"a shape of {length}", joined(document, {**members, first: header(shape(length), 3)})
    yield (
        "a shape below 0",
        joined(document, {**members, first: header("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }", 1)}),
    )
    yield "many members", joined(document, {f"arrays/{i}.npy": b"" for i in range(20_001)})
    whole = joined(document, members)
    for declared in (2**31, 2**32 - 1):
        yield f"declared {declared}", resized(whole, declared)
    yield "a zip of 64 bits", whole[:-22] + struct.pack("<4sLQL", b"PK\6\7", 0, 0, 1) + whole[-22:]
    yield "a long directory", whole[:-22] + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 3, 3, 2**31, 0, 0)
    yield from bombs_of_settings()
    yield "a zip in a zip", joined(whole, {"arrays/0.npy": whole})


def bombs_of_settings() -> Files:
    """Settings of a model that ask for more than the arrays hold."""
    rates = ek.PoissonParams([[1.0], [4.0]])
    parts = ek.families.MixtureOfParams([[0.5, 0.5]], (ek.PoissonParams([[1.0]]), ek.PoissonParams([[4.0]])))
    several = ek.fit(ek.Mixture(ek.MixtureOf(ek.Poisson(), 2)), [0, 1, 5], ek.MixtureParams([1.0], parts), max_evaluations=2)
    window = ek.Mixture(ek.Truncated(ek.Poisson(), 0, 9))
    seen = ek.fit(window, [0, 1, 5], ek.MixtureParams([0.5, 0.5], rates), max_evaluations=2)
    for fit, setting, most in ((several, "number", 10**8), (several, "number", 10**4), (seen, "high", 10**7)):
        document, members = parts_of(written(fit))
        yield f"{setting} is {most}", joined(changed(document, ("model", "with", "family", "with", setting), most), members)


def shape(length: int) -> str:
    return f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({length},), }}"


def resized(content: bytes, size: int) -> bytes:
    """The directory's first entry says that its member has so many bytes."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        at = archive.start_dir + 24
    return content[:at] + struct.pack("<L", size) + content[at + 4 :]


def paths(document: dict[str, Any], members: dict[str, bytes]) -> Files:
    """Names that lead elsewhere."""
    for name in (
        "../evil.npy",
        "/etc/passwd",
        "arrays/../../x.npy",
        "C:\\x.npy",
        "arrays\\0.npy",
        "arrays/00.npy",
        "arrays/0.npy/",
        "arrays/-1.npy",
        "arrays/0.NPY",
        "./model.json",
        "arrays/",
        "con",
        "~/x",
        "arrays/0.npy\n",
        "model.json ",
        "ａrrays/0.npy",
        "arrays/9999999.npy",
        "arrays/٣.npy",
        "x" * 60_000,
    ):
        yield f"a member {name[:20]!r}", joined(document, {**members, name: b"x"})
    twice = joined(document, {**members, "model.jsom": b"{}"})
    yield "two model.json", twice.replace(b"model.jsom", b"model.json")
    link = zipfile.ZipInfo("arrays/link.npy")
    link.external_attr = 0o120777 << 16
    stream = io.BytesIO(joined(document, members))
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    yield "a link", stream.getvalue()
    yield "no model.json", joined(document, members).replace(b"model.json", b"other.json")
    for gone in list(members)[:3]:
        yield f"without {gone}", joined(document, {name: member for name, member in members.items() if name != gone})


def texts(document: dict[str, Any], members: dict[str, bytes]) -> Files:
    """What is no JSON, or not ours."""
    text = json.dumps(document)
    for name, other in {
        "empty": "",
        "null": "null",
        "a list": "[]",
        "a number": "3",
        "an object": "{}",
        "unclosed": text[:-1],
        "twice": text + text,
        "NaN": text.replace('"moved": 0', '"moved": NaN'),
        "nested": "[" * 100_000,
        "nested objects": '{"a":' * 100_000,
        "a huge int": text.replace('"schema": 1', '"schema": ' + "9" * 5000),
        "a large int": text.replace('"moved": 0', '"moved": ' + "9" * 400 + ".5"),
        "a later schema": text.replace('"schema": 1', '"schema": 2'),
        "schema 0": text.replace('"schema": 1', '"schema": 0'),
        "schema true": text.replace('"schema": 1', '"schema": true'),
        "schema text": text.replace('"schema": 1', '"schema": "1"'),
        "another format": text.replace('"emkit fit"', '"keras"'),
        "no format": text.replace('"format"', '"formal"'),
    }.items():
        yield name, joined(other, members)
    for raw in (b"\xff\xfe", text.encode("utf-16"), b"\0" * 100):
        yield f"not UTF-8 {raw[:2]!r}", joined(raw, members)
    nested: Any = document["fit"]["with"]["model"]
    for _ in range(100):
        nested = {"is": "Frozen", "with": {"model": nested, "paths": []}}
    yield "a model in a model", joined(changed(document, ("model",), nested), members)
    tuples: Any = []
    for _ in range(200):
        tuples = [tuples]
    yield "lists in lists", joined(changed(document, ("columns",), tuples), members)


def changed(document: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    other = copy.deepcopy(document)
    at = other["fit"]["with"]
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return other


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value within."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        yield (*path, key)
        yield from places(item, (*path, key))


def values(document: dict[str, Any], members: dict[str, bytes], rng: np.random.Generator) -> Files:
    """Values that cannot stand where they do."""
    fit = document["fit"]["with"]
    for value in (
        {"is": "Nothing", "with": {}},
        {"array": 10**6},
        {"array": -1},
        {"array": "0"},
        {"number": "1"},
        {"is": "Poisson"},
    ):
        every = [path for path in places(fit) if path[-1] != "with" and path[-1] != "array"]
        for i in rng.choice(len(every), 8, replace=False):
            yield f"{'.'.join(map(str, every[i]))} is {value}", joined(changed(document, every[i], value), members)
    for name, value in {
        "columns": "abc",
        "levels": [],
        "rows": "3",
        "total_weight": None,
        "model": {"is": "Poisson", "with": {}},
        "moved": "1",
        "runs": [],
        "kinds": [],
        "degenerate": [99],
        "left": [1],
        "told": None,
        "provenance": {},
    }.items():
        yield f"{name} is {value}", joined(changed(document, (name,), value), members)
        other = copy.deepcopy(document)
        del other["fit"]["with"][name]
        yield f"no {name}", joined(other, members)
    yield "one more", joined(changed(document, ("more",), 1), members)
    for key, value in {
        "kind": 7,
        "status": "fine",
        "iterations": 1.5,
        "sentence": 3,
        "objective": "1",
        "history": {"array": 0},
    }.items():
        yield f"a run's {key} is {value}", joined(changed(document, ("runs", 0, "with", key), value), members)


def numbers(document: dict[str, Any], members: dict[str, bytes], takes_any: bool) -> Files:
    """Parameters that cannot be; `takes_any`: whether they may be any number."""
    for name, member in members.items():
        array = np.load(io.BytesIO(member))
        if array.dtype.kind != "f" or array.ndim != 2 or array.shape[1] == 4:
            continue
        for what, other in {
            "one more row": np.concatenate([array, array[:1]]),
            "one more column": np.concatenate([array, array[:, :1]], axis=1),
            "flat": array.ravel(),
            "negative": -array - 1,
            "NaN": np.full_like(array, np.nan),
            "inf": np.full_like(array, np.inf),
            "complex": array.astype(complex),
            "text": array.astype("U8"),
            "float32": array.astype("f4"),
            "by columns": np.asfortranarray(array),
            "big-endian": array.astype(">f8"),
            "empty": array[:0],
            "dates": array.astype("i8").astype("M8[D]"),
        }.items():
            if (what == "by columns" and min(array.shape) < 2) or (what == "negative" and takes_any):
                continue
            yield f"{name} is {what}", joined(document, {**members, name: npy(other)})
        return


def malformed() -> Files:
    """Some hundred files; each is refused."""
    rng = np.random.default_rng(14)
    for name, result in good().items():
        content = written(result)
        document, members = parts_of(content)
        for how, files in {
            "damaged": damaged(content, rng),
            "pickles": pickles(document, members),
            "bombs": bombs(document, members),
            "paths": paths(document, members),
            "texts": texts(document, members),
            "values": values(document, members, rng),
            "numbers": numbers(document, members, name == "gaussian"),
        }.items():
            if how in ("bombs", "paths", "pickles", "texts") and name != "poisson":
                continue
            for what, file in files:
                yield f"{name}, {how}: {what}", file
