"""Sources of a REFI-QDA project, and the codings of their selections, as the program wrote them."""

from dataclasses import dataclass
from xml.etree.ElementTree import Element

from analysis.intake.refi import children, guid, local

_SOURCES = {
    "TextSource": "text",
    "PDFSource": "pdf",
    "PictureSource": "picture",
    "AudioSource": "audio",
    "VideoSource": "video",
}
_SELECTIONS = {
    "PlainTextSelection",
    "PDFSelection",
    "PictureSelection",
    "AudioSelection",
    "VideoSelection",
    "TranscriptSelection",
}


@dataclass(frozen=True)
class Selection:
    """One coding of one selection: who gave which code (a guid), when, where; positions as the program wrote them."""

    fragment: str
    document: str
    text: str
    code: str
    user: str
    date: str
    start: int | None
    end: int | None


@dataclass(frozen=True)
class Document:
    """A source: guid, name, kind, and its texts by guid (a PDF has a representation, a recording its transcripts)."""

    guid: str
    name: str
    kind: str
    texts: dict[str, "Text"]


@dataclass(frozen=True)
class Text:
    """Where a text is: in the XML (`inline`) or at a `path` (`internal://`, `relative://` or absolute)."""

    inline: str | None
    path: str | None


def documents(root: Element) -> list[Document]:
    """Every source of a project, in the order of the file."""
    sources = [source for group in children(root, "Sources") for source in group if local(source) in _SOURCES]
    return [
        Document(guid(s.get("guid")), (s.get("name") or "").strip(), _SOURCES[local(s)], _texts(s)) for s in sources
    ]


def _texts(source: Element) -> dict[str, Text]:
    """The texts of a source by guid: its own, its representation, its transcripts."""
    parts = (
        [source]
        if local(source) == "TextSource"
        else [c for c in source if local(c) in ("Representation", "Transcript")]
    )
    found = {}
    for part in parts:
        inline = next(children(part, "PlainTextContent"), None)
        found[guid(part.get("guid"))] = Text(
            "".join(inline.itertext()) if inline is not None else None, part.get("plainTextPath")
        )
    return found


def selections(root: Element) -> list[Selection]:
    """Every coding of every selection, also codings of a source as a whole (without positions)."""
    found = []
    for source in (source for group in children(root, "Sources") for source in group if local(source) in _SOURCES):
        for part in (source, *(child for child in source if local(child) in ("Representation", "Transcript"))):
            holders = [part, *(child for child in part if local(child) in _SELECTIONS)]
            for place, holder in enumerate(holders):
                found += _codings(holder, guid(source.get("guid")), guid(part.get("guid")), place)
    return found


def _codings(holder: Element, document: str, text: str, place: int) -> list[Selection]:
    plain = local(holder) == "PlainTextSelection"
    start, end = (_whole(holder.get(name)) if plain else None for name in ("startPosition", "endPosition"))
    found = []
    for number, coding in enumerate(children(holder, "Coding")):
        fragment = guid(coding.get("guid")) or f"{guid(holder.get('guid')) or f'{text}.{place}'}.{number}"
        user = guid(coding.get("creatingUser") or holder.get("creatingUser"))
        date = (coding.get("creationDateTime") or holder.get("creationDateTime") or "")[:10]
        found += [
            Selection(fragment, document, text, guid(ref.get("targetGUID")), user, date, start, end)
            for ref in children(coding, "CodeRef")
        ]
    return found


def _whole(text: str | None) -> int | None:
    try:
        return int(text) if text is not None and len(text) < 15 else None
    except ValueError:
        return None
