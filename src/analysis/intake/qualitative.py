"""Coded interviews (REFI-QDA) to fragments without their text: who gave which code to which passage of which source."""

import re
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element
from zipfile import ZipFile

import pandas as pd

from analysis.intake import refi, selections
from analysis.intake.arrival import member, refuse, safe_zip
from analysis.intake.checks import Problem, of_file
from analysis.intake.learnt import Learnt
from analysis.intake.offsets import ENOUGH, Span, character_span, places, verified

TEXT_LIMIT = 50_000_000  # bytes in one source text
COLUMNS = [
    "fragment",
    "document",
    "document_name",
    "document_kind",
    "code",
    "code_name",
    "code_path",
    "coder",
    "date",
    "start",
    "end",
    "length",
    "passage",
]


@dataclass(frozen=True)
class Project:
    """A coded project: frames of `users`, `codes`, `documents` and `fragments` (see `read_project`), and remarks."""

    users: pd.DataFrame
    codes: pd.DataFrame
    documents: pd.DataFrame
    fragments: pd.DataFrame
    remarks: tuple[Problem, ...]


def read_codebook(path: Path) -> tuple[pd.DataFrame, tuple[Problem, ...]]:
    """The codes of a .qdc codebook or a .qdpx project (see `analysis.intake.refi.codes`), and remarks."""
    path = Path(path)
    root, remarks = refi.root_of(path)
    codes = refi.codes(root)
    if codes.empty:
        refuse(path, "codes", "holds no codes", "Export it with its codes.")
    return codes, tuple(remarks)


def read_fragments(path: Path) -> tuple[pd.DataFrame, Learnt]:
    """The fragments of a project as `readers.read` delivers a table: text codes, index = number of the fragment."""
    project = read_project(path)
    if project.fragments.empty:
        refuse(path, "codings", "holds no coded selections", "Export the project with its codings.")
    frame = project.fragments.astype(dict.fromkeys(project.fragments.columns, "str"))
    frame = frame.mask(project.fragments.isna() | (frame == ""))
    return frame.set_axis(range(1, len(frame) + 1)), Learnt(encoding="utf-8", remarks=project.remarks)


def read_project(path: Path) -> Project:
    """A REFI-QDA project (.qdpx).

    `fragments` has one row a code given to a selection: guids of fragment, document and code, the document's name and
    kind, the code's name and path, the coder (`coder_1`, ...; never a name), the date, `start` and `end` in characters
    with line ends counted as one (empty for pictures, recordings and whole documents), `length`, the `passage` that
    overlapping selections of a document share, and a column `case_<variable>` for each variable of a case or document.
    The text itself is read only to verify positions and goes no further.
    Raises `IntakeError` for an unsafe or damaged file, unknown codes, and positions that fit no known unit.
    """
    path = Path(path)
    root, remarks = refi.root_of(path)
    found, codes, documents = selections.selections(root), refi.codes(root), selections.documents(root)
    _known_codes(path, found, codes)
    texts, unread = _texts(path, documents)
    if unread:
        remarks.append(
            of_file(
                path.name,
                "source texts",
                f"{unread} source text(s) are not in the file; their positions are not verified",
                "Export the project with its sources.",
                level="warning",
            )
        )
    fragments = _frame(root, found, codes, documents)
    placed, stated = _placed(path, root, found, texts)
    fragments = pd.concat([fragments, placed], axis=1).drop_duplicates().reset_index(drop=True)
    fragments = fragments.assign(passage=passages(fragments)).pipe(_with_cases, refi.cases(root))
    listed = pd.DataFrame([(d.guid, d.name, d.kind) for d in documents], columns=["document", "name", "kind"])
    return Project(refi.users(root), codes, listed, fragments, (*remarks, *stated))


def _known_codes(path: Path, found: list[selections.Selection], codes: pd.DataFrame) -> None:
    twice = int(codes["code"].duplicated().sum())
    if twice:
        refuse(path, "code once", f"{twice} code(s) have the guid of another", "Export the project again.")
    unknown = {selection.code for selection in found} - set(codes["code"])
    if unknown:
        refuse(
            path,
            "code known",
            f"{len(unknown)} code(s) that codings refer to are not in the codebook",
            "Export the project with its codebook.",
        )


def _frame(
    root: Element, found: list[selections.Selection], codes: pd.DataFrame, documents: list[selections.Document]
) -> pd.DataFrame:
    frame = pd.DataFrame(
        [(s.fragment, s.document, s.code, s.user, s.date) for s in found],
        columns=["fragment", "document", "code", "user", "date"],
        dtype="str",
    )
    names = pd.DataFrame(
        [(d.guid, d.name, d.kind) for d in documents],
        columns=["document", "document_name", "document_kind"],
        dtype="str",
    )
    named = codes.rename(columns={"name": "code_name", "path": "code_path"})[["code", "code_name", "code_path"]].astype(
        "str"
    )
    frame = frame.merge(names.drop_duplicates("document"), on="document", how="left").merge(
        named, on="code", how="left"
    )
    frame = frame.merge(refi.users(root), on="user", how="left").drop(columns="user")
    return frame.assign(coder=frame["coder"].fillna("coder_unknown"))


def _texts(path: Path, documents: list[selections.Document]) -> tuple[dict[str, str], int]:
    """Source texts by guid of the text, and how many lie outside the file."""
    texts, unread = {}, 0
    with safe_zip(path) as archive:
        members = {name.casefold(): name for name in archive.namelist()}
        for guid, text in ((guid, text) for document in documents for guid, text in document.texts.items()):
            if text.inline is not None:
                texts[guid] = text.inline
                continue
            name = (text.path or "").removeprefix("internal://").casefold()
            stored = members.get(f"sources/{name}") or members.get(name)
            if text.path is None or not text.path.startswith("internal://") or stored is None:
                unread += 1
                continue
            texts[guid] = _decoded(path, archive, stored)
    return texts, unread


def _decoded(path: Path, archive: ZipFile, name: str) -> str:
    content = member(path, archive, name, TEXT_LIMIT)
    try:
        return content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        refuse(path, "encoding of sources", "a source text is not readable as UTF-8", "Export the project again.")


def _placed(
    path: Path, root: Element, found: list[selections.Selection], texts: dict[str, str]
) -> tuple[pd.DataFrame, list[Problem]]:
    """Positions in characters, by the unit that the program uses, verified on the texts."""
    spans = [Span(s.text, s.start, s.end) if None not in (s.start, s.end) and s.text in texts else None for s in found]
    known = [span for span in spans if span is not None]
    origin = root.get("origin") or ""
    unit, share = verified(texts, list(dict.fromkeys(known)), origin)
    if share < ENOUGH:
        refuse(
            path,
            "positions",
            f"only {share:.0%} of the selections start and end on text, in any known way of counting",
            "The texts are not those that were coded: export the project again.",
        )
    maps = {name: places(text, unit) for name, text in texts.items()}
    rows = [(character_span(maps[span.text], span) or (None, None)) if span else (None, None) for span in spans]
    frame = pd.DataFrame(rows, columns=["start", "end"], dtype="Int64")
    remarks = []
    if known:
        text = f"positions count {unit}; {share:.0%} of the selections start and end on text"
        remarks.append(of_file(path.name, "unit of positions", text, "None needed.", level="warning"))
    lost = sum(span is not None and row[0] is None for span, row in zip(spans, rows, strict=True))
    if lost:
        remarks.append(
            of_file(
                path.name,
                "selections",
                f"{lost} selection(s) lie outside their text and have no position",
                "Check them in the program.",
                level="warning",
            )
        )
    return frame.assign(length=frame["end"] - frame["start"]), remarks


def passages(fragments: pd.DataFrame) -> pd.Series:
    """The passage of each fragment: selections of one document that overlap, directly or through others, share a
    number.

    Agreement between coders is counted over passages (unitising by character overlap). Fragments without a position
    are a passage of their own document as a whole and get none.
    """
    order = fragments.dropna(subset=["start"]).sort_values(["document", "start", "end"], kind="stable")
    reach = order.groupby("document")["end"].cummax().shift()
    new = (order["document"] != order["document"].shift()) | (order["start"] >= reach)
    number = new.astype("int64").groupby(order["document"]).cumsum()
    return number.reindex(fragments.index).astype("Int64")


def _with_cases(fragments: pd.DataFrame, cases: pd.DataFrame) -> pd.DataFrame:
    """Fragments with the variables of their document's cases; of several values for one variable the first is kept."""
    wide = cases.drop_duplicates(["document", "variable"]).pivot(index="document", columns="variable", values="value")
    wide.columns = [f"case_{re.sub(r'[^a-z0-9]+', '_', str(name).lower()).strip('_')}" for name in wide.columns]
    wide = wide.loc[:, ~wide.columns.duplicated()]
    return fragments[COLUMNS].merge(wide, left_on="document", right_index=True, how="left")
