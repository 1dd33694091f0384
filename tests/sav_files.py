"""SPSS files that pyreadstat cannot write by itself: a multiple-response set is added to the file's dictionary."""

import struct
from pathlib import Path


def with_multiple_response(path: Path, definition: str) -> None:
    """Add a set to a .sav, for example `$act=D1 1 10 activiteit act_a act_b` (record 7, subtype 7)."""
    content, place = path.read_bytes(), 176
    while (kind := struct.unpack_from("<i", content, place)[0]) != 999:
        place = _after(content, place, kind)
    text = definition.encode() + b"\n"
    record = struct.pack("<iiii", 7, 7, 1, len(text)) + text
    path.write_bytes(content[:place] + record + content[place:])


def _after(content: bytes, place: int, kind: int) -> int:
    """Where the next record of the dictionary starts (PSPP's description of the format)."""

    def whole(offset: int) -> int:
        return struct.unpack_from("<i", content, place + offset)[0]

    if kind == 2:  # a variable, its label, its missing values
        labelled, missing = whole(8), abs(whole(12))
        label = 4 + (whole(32) + 3) // 4 * 4 if labelled else 0
        return place + 32 + label + 8 * missing
    if kind == 3:  # value labels: eight bytes and a padded text each
        found = place + 8
        for _ in range(whole(4)):
            found += 8 + (content[found + 8] + 8) // 8 * 8
        return found
    if kind == 4:
        return place + 8 + 4 * whole(4)
    if kind == 6:
        return place + 8 + 80 * whole(4)
    return place + 16 + whole(8) * whole(12)
