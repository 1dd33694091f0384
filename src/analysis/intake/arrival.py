"""The door: is there a file, can its bytes be what its name says, and is a zip in it safe to open."""

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from analysis.intake.checks import IntakeError, of_file

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
UNPACKED_LIMIT = 1_000_000_000  # bytes; a workbook or project of a study is far below it
RATIO_LIMIT = 500  # unpacked to packed; text and XML stay below 100
_MAGIC = {
    b"PK\x03\x04": ("a zip (an Excel workbook or a REFI-QDA project)", {".xlsx", ".xlsm", ".qdpx"}),
    OLE: ("an old Excel file, or a file protected with a password", {".xls"}),
    b"$FL2": ("an SPSS file", {".sav"}),
    b"$FL3": ("a compressed SPSS file", {".zsav", ".sav"}),
    b"PAR1": ("a parquet file", {".parquet"}),
    b"%PDF": ("a PDF", set()),
    b"ENCRYPTEDSAV": ("an SPSS file protected with a password", set()),
    b"<!DOCTYPE html": ("a web page", set()),
    b"<html": ("a web page", set()),
    b"\x1f\x8b": ("a gzip archive", set()),
}


def contents(path: Path) -> bytes:
    """The bytes of a file; raises `IntakeError` when it is absent, a folder, unreadable, empty, or of another kind
    than its name.
    """
    if not path.exists():
        near = ", ".join(sorted(found.name for found in path.parent.glob("*") if found.is_file())[:8]) or "nothing"
        refuse(
            path,
            "file present",
            f"not found in {path.parent.name}/ (which holds {near})",
            "Put the file there or correct study.yaml.",
        )
    if path.is_dir():
        refuse(path, "a file", "is a folder", "Name the file in it.")
    try:
        content = path.read_bytes()
    except OSError:
        refuse(path, "readable", "cannot be opened", "Close it in other programs and check its permissions.")
    if not content.strip():
        refuse(path, "not empty", "the file is empty", "Export it again.")
    _as_named(path, content)
    return content


def _as_named(path: Path, content: bytes) -> None:
    for magic, (what, suffixes) in _MAGIC.items():
        if content.startswith(magic) and path.suffix.lower() not in suffixes:
            rule = "password" if "password" in what and "Excel" not in what else "kind of file"
            refuse(
                path,
                rule,
                f"holds {what}",
                "Give it the name that fits, or export it as .csv, .xlsx or .sav without a password.",
            )


def refuse(path: Path, rule: str, found: str, remedy: str, column: str = "", rows: Sequence[int] = ()) -> NoReturn:
    """Raise `IntakeError` with one problem of this file."""
    raise IntakeError([of_file(path.name, rule, found, remedy, column=column, rows=rows)]) from None


def safe_zip(path: Path) -> zipfile.ZipFile:
    """The file as an opened zip, checked before anything is unpacked: whole, not encrypted, no member outside it, no
    bomb.
    """
    try:
        archive = zipfile.ZipFile(path)
        members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        refuse(
            path,
            "whole zip",
            "is not a whole zip file",
            "It was cut off or changed on its way: export or send it again.",
        )
    if any(
        member.filename.startswith(("/", "\\")) or ".." in Path(member.filename.replace("\\", "/")).parts
        for member in members
    ):
        refuse(
            path,
            "zip stays inside",
            "holds a member that points outside the file",
            "Do not open it; ask the sender for a new export.",
        )
    if any(member.flag_bits & 1 for member in members):
        refuse(path, "zip password", "is protected with a password", "Export it without a password.")
    unpacked = sum(member.file_size for member in members)
    if unpacked > UNPACKED_LIMIT or unpacked > RATIO_LIMIT * max(path.stat().st_size, 100_000):
        refuse(
            path,
            "zip size",
            f"unpacks to {unpacked / 1e6:,.0f} MB",
            "This looks like a zip bomb; export without media files.",
        )
    return archive


def member(path: Path, archive: zipfile.ZipFile, name: str, limit: int = UNPACKED_LIMIT) -> bytes:
    """The bytes of one member, never more than `limit` whatever the zip's directory claims."""
    import zlib

    try:
        with archive.open(name) as file:
            content = file.read(limit + 1)
    except (KeyError, zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError):
        refuse(
            path,
            "zip member",
            "holds a part that cannot be unpacked",
            "It was cut off or changed on its way: export it again.",
        )
    if len(content) > limit:
        refuse(
            path,
            "zip size",
            f"holds a part that unpacks to more than {limit / 1e6:,.0f} MB",
            "Export without media files.",
        )
    return content
