"""A zip of one text and many arrays: what may be in it is checked before any of it is read, and nothing is ever unpacked."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Sequence
from math import prod
from typing import BinaryIO, NamedTuple

import numpy as np

from emkit.core.arrays import AnyArray
from emkit.errors import DataError

LIMIT = 1 << 30  # bytes of all members together, unless the caller allows another number
TEXT_SHARE = 256  # the text may take this part of the limit: read as JSON, it grows to some twenty times its length
MOST_MEMBERS = 20_000
MOST_RATIO = 200  # of what a member holds to what it takes in the file; numbers that were not made for it never come near
TEXT = "model.json"
ARRAY = re.compile(r"arrays/(0|[1-9]\d{0,4})\.npy")
DTYPES = ("<f8", "<i8", "|b1")
HEADER = re.compile(  # as numpy writes it: anything else is refused, and nothing evaluated
    rb"\x93NUMPY\x01\x00(..)\{'descr': '(<f8|<i8|\|b1)', 'fortran_order': False, 'shape': \(((?:\d{1,18},? ?){0,8})\), \} *\n",
    re.DOTALL,
)
END = struct.Struct("<4s4H2LH")  # the record that ends a zip without a comment
LOCAL = struct.Struct("<4s5H3L2H")  # what stands before each member, and in the list of members again
STREAMED = 8  # the flag of members whose sizes stand behind them
END_OF_64 = 20  # bytes of the record before it in a zip of more than 4 GiB, which none of ours is
BROKEN = (zipfile.BadZipFile, zlib.error, ValueError, OSError, EOFError, NotImplementedError, RuntimeError, struct.error)


class Content(NamedTuple):
    """The text, and the arrays, by their number."""

    text: str
    arrays: tuple[AnyArray, ...]


def packed(content: Content) -> bytes:
    """The zip. Equal contents give equal bytes: members are stored as they are, in order, and none has a date."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo(TEXT), content.text.encode())
        for i, array in enumerate(content.arrays):
            archive.writestr(zipfile.ZipInfo(f"arrays/{i}.npy"), _npy(array))
    return stream.getvalue()


def unpacked(stream: BinaryIO, limit: int = LIMIT) -> Content:
    """What a zip holds. Errors: DataError that says what cannot be, if it is not a zip that `packed` may have made."""
    try:
        _check_end(stream, limit)
        with zipfile.ZipFile(stream) as archive:
            members = {member.filename: member for member in _checked(archive.infolist(), limit)}
            for member in members.values():
                _check_header(stream, member)
            if TEXT not in members:
                raise DataError(f"there is no {TEXT} in it")
            text = archive.read(members.pop(TEXT)).decode()
            return Content(text, tuple(_array(archive, members, i) for i in range(len(members))))
    except UnicodeDecodeError:
        raise DataError(f"its {TEXT} is not UTF-8") from None
    except DataError:
        raise
    except BROKEN as error:
        raise DataError(f"it is no zip, or damaged or cut short ({error})") from None


def _check_end(stream: BinaryIO, limit: int) -> None:
    """Raise DataError unless the list of members is a short one: it would be read as a whole."""
    size = stream.seek(0, io.SEEK_END)
    if size > limit + MOST_MEMBERS * 1024:
        raise DataError(f"it has {size:,} bytes, more than the limit of {limit:,}; allow more with limit=, if you trust it")
    before = min(size, END.size + END_OF_64)
    stream.seek(-before, io.SEEK_END)
    tail = stream.read(before)
    mark, _, _, _, members, directory, _, comment = END.unpack(tail[-END.size :])
    if mark != b"PK\5\6" or comment or tail.startswith(b"PK\6\7"):
        raise DataError("it is no zip, or damaged or cut short (its end is not that of one)")
    if members > MOST_MEMBERS or directory > MOST_MEMBERS * 128:
        raise DataError(f"it has {members:,} members, in a list of {directory:,} bytes; at most {MOST_MEMBERS:,} are read")


def _checked(members: Sequence[zipfile.ZipInfo], limit: int) -> Sequence[zipfile.ZipInfo]:
    """The members. Errors: DataError for one whose name, size, ratio or kind cannot be."""
    if len({member.filename for member in members}) < len(members):
        raise DataError("two members have one name")
    total = sum(member.file_size for member in members)
    if total > limit:
        raise DataError(f"its members have {total:,} bytes, more than {limit:,}; allow more with limit=, if you trust it")
    for member in members:
        name, size = member.filename, member.file_size
        if name != TEXT and not ARRAY.fullmatch(name):
            raise DataError(f"it has a member {name[:80]!r}; there may be {TEXT} and arrays/0.npy, arrays/1.npy ...")
        if member.flag_bits & 1 or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise DataError(f"{name} is encrypted, or packed in a way that is not read")
        if size > MOST_RATIO * max(member.compress_size, 1):
            raise DataError(
                f"{name} is {size // max(member.compress_size, 1)} times what it takes; at most {MOST_RATIO} may be"
            )
        most = limit // TEXT_SHARE
        if name == TEXT and size > most:
            raise DataError(f"{name} has {size:,} bytes, more than {most:,}; allow more with limit=, if you trust it")
    return members


def _check_header(stream: BinaryIO, member: zipfile.ZipInfo) -> None:
    """Raise DataError unless what stands before a member is what the list says of it: zipfile compares no more than names."""
    stream.seek(member.header_offset)
    _, version, flags, method, time, date, *sizes, _, _ = LOCAL.unpack(stream.read(LOCAL.size))
    year, month, day, hour, minute, second = member.date_time
    told = (member.extract_version, member.flag_bits, member.compress_type)
    when = (hour << 11 | minute << 5 | second // 2, (year - 1980) << 9 | month << 5 | day)
    right = (version, flags, method) == told and (time, date) == when
    if not right or (not flags & STREAMED and sizes != [member.CRC, member.compress_size, member.file_size]):
        raise DataError(f"it is damaged: what stands before {member.filename} is not what its list of members says")


def _npy(array: AnyArray) -> bytes:
    stream = io.BytesIO()
    kind = {"f": "<f8", "i": "<i8", "b": "|b1"}[array.dtype.kind]
    np.lib.format.write_array(stream, np.asarray(array, kind, order="C"), version=(1, 0), allow_pickle=False)
    return stream.getvalue()


def _array(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], number: int) -> AnyArray:
    """One array. Errors: DataError unless its header says what the member holds, of a kind that is read."""
    name = f"arrays/{number}.npy"
    if name not in members:
        raise DataError(f"there are {len(members)} arrays in it, but no {name}")
    content = archive.read(members[name])
    found = HEADER.match(content)
    if found is None:
        raise DataError(f"{name} is no array in the .npy format, version 1.0, of {', '.join(DTYPES)}, row by row")
    dtype, shape = np.dtype(found[2].decode()), tuple(int(length) for length in found[3].split(b",") if length.strip())
    if struct.pack("<H", found.end() - 10) != found[1] or prod(shape) * dtype.itemsize != len(content) - found.end():
        raise DataError(f"{name} says that its shape is {found[3].decode()[:80]!r}, which is not what it holds")
    return np.frombuffer(content, dtype, prod(shape), found.end()).reshape(shape)
