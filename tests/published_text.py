"""Everything that a reader, a parser or a hex editor can find in a published file, as texts to search."""

import base64
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from html import unescape
from pathlib import Path

STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
LITERAL = re.compile(rb"\(((?:[^()\\]|\\.)*)\)", re.DOTALL)
ESCAPE = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
NAMED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def texts(path: Path) -> Iterator[str]:
    """Every text of a file: its bytes, members of a zip (xlsx, pptx), streams and text of a PDF, pictures in a page."""
    yield from _texts(path.read_bytes())


def _texts(content: bytes) -> Iterator[str]:
    plain = content.decode("utf-8", "surrogateescape")
    yield plain
    yield unescape(plain)
    yield content.decode("utf-16-le", "ignore")
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            for name in packed.namelist():
                yield name
                yield from _texts(packed.read(name))
    if content.startswith(b"%PDF"):
        yield from _pdf(content)
    for found in re.findall(r"base64,([A-Za-z0-9+/=]+)", plain):
        yield from _texts(base64.b64decode(found))
    if content.startswith(b"\x89PNG"):
        yield from (text for _, text in chunks(content))


def chunks(png: bytes) -> Iterator[tuple[str, str]]:
    """The chunks of a PNG that are not the picture itself: name and content, inflated where it is deflated."""
    at = 8
    while at < len(png):
        length, name = int.from_bytes(png[at : at + 4]), png[at + 4 : at + 8].decode("ascii")
        body = png[at + 8 : at + 8 + length]
        if name not in ("IHDR", "PLTE", "IDAT", "IEND"):
            deflated = re.search(rb"\x78[\x01\x5e\x9c\xda]", body)
            text = _inflated(body[deflated.start() :]) if deflated else b""
            yield name, (text or body).decode("utf-8", "replace")
        at += 12 + length


def _inflated(content: bytes) -> bytes:
    try:
        return zlib.decompress(content)
    except zlib.error:
        return b""


def _pdf(content: bytes) -> Iterator[str]:
    """Streams as they are, and their strings read by each of the fonts' tables from glyph to letter."""
    streams = [_inflated(found) or found for found in STREAM.findall(content)]
    yield from (stream.decode("latin-1") for stream in streams)
    maps = [_letters(stream) for stream in streams if b"begincmap" in stream]
    for stream in streams:
        glyphs = b"".join(ESCAPE.sub(_byte, found) for found in LITERAL.findall(stream))
        pairs = [int.from_bytes(glyphs[i : i + 2]) for i in range(0, len(glyphs) - 1, 2)]
        yield from ("".join(letters.get(pair, "") for pair in pairs) for letters in maps)


def _byte(found: re.Match) -> bytes:
    code = found[1]
    return bytes([int(code, 8) & 255]) if code[:1] in b"01234567" else NAMED.get(code, code)


def _letters(table: bytes) -> dict[int, str]:
    pairs = re.findall(r"<([0-9A-F]{4})> <([0-9A-F]+)>\s", table.decode("latin-1"))
    return {int(glyph, 16): bytes.fromhex(letter).decode("utf-16-be") for glyph, letter in pairs}
