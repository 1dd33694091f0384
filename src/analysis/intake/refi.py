"""REFI-QDA XML (standard 1.0 and 1.5) of a project or codebook: users, codes and cases.

Elements are matched by local name: programs write different namespaces for the same content.
"""

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from analysis.intake.arrival import contents, member, refuse, safe_zip
from analysis.intake.checks import Problem, of_file

XML_LIMIT = 200_000_000  # bytes; the XML of a project of hundreds of interviews is some megabytes
NAMESPACES = {"urn:QDA-XML:project:1.0", "urn:QDA-XML:codebook:1.0"}


def root_of(path: Path) -> tuple[ET.Element, list[Problem]]:
    """The XML root of a .qdpx project or a .qdc codebook; entities, document types and oversized XML are refused."""
    content = contents(path)
    if path.suffix.lower() == ".qdpx":
        with safe_zip(path) as archive:
            names = [name for name in archive.namelist() if name.lower().endswith(".qde") and "/" not in name]
            if len(names) != 1:
                refuse(
                    path,
                    "project.qde",
                    f"holds {len(names)} project files; a project has one",
                    "Export it as REFI-QDA project (.qdpx).",
                )
            content = member(path, archive, names[0], XML_LIMIT)
    root = _parsed(path, content)
    expected = "Project" if path.suffix.lower() == ".qdpx" else "CodeBook"
    if local(root) != expected:
        refuse(
            path, "REFI-QDA", f"its XML is no {expected}", "Export it as REFI-QDA project (.qdpx) or codebook (.qdc)."
        )
    namespace = root.tag[1:].split("}")[0] if root.tag.startswith("{") else ""
    if namespace in NAMESPACES:
        return root, []
    return root, [
        of_file(
            path.name,
            "namespace",
            "an unknown namespace of REFI-QDA is read as version 1.0",
            "None needed.",
            level="warning",
        )
    ]


def _parsed(path: Path, content: bytes) -> ET.Element:
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        return fromstring(content, forbid_dtd=True)
    except DefusedXmlException:
        refuse(
            path,
            "XML without entities",
            "its XML defines entities, which no program that exports REFI-QDA does",
            "Do not open it; ask the sender for a new export.",
        )
    except (ParseError, ValueError, LookupError):
        refuse(path, "XML", "its XML is damaged or cut off", "Export it again.")


def local(element: ET.Element) -> str:
    """The name of an element without its namespace."""
    return element.tag.rsplit("}", 1)[-1] if isinstance(element.tag, str) else ""


def guid(text: str | None) -> str:
    """A guid without braces, in lower case: programs differ in both."""
    return (text or "").strip().strip("{}").lower()


def children(element: ET.Element, name: str) -> Iterator[ET.Element]:
    """Children of this local name."""
    return (child for child in element if local(child) == name)


def below(element: ET.Element, *names: str) -> list[ET.Element]:
    """Grandchildren along a path of local names."""
    found = [element]
    for name in names:
        found = [child for parent in found for child in children(parent, name)]
    return found


def users(root: ET.Element) -> pd.DataFrame:
    """Users: `user` (guid) and `coder`, an id without the name, in the order of the guids."""
    guids = sorted({guid(user.get("guid")) for user in below(root, "Users", "User")} - {""})
    return pd.DataFrame({"user": guids, "coder": [f"coder_{place}" for place in range(1, len(guids) + 1)]}, dtype="str")


def codes(root: ET.Element) -> pd.DataFrame:
    """Codes: `code` (guid), `name`, `path` (names from the top, joined by ` / `), `parent` (guid), `codable`."""
    book = root if local(root) == "CodeBook" else next(children(root, "CodeBook"), None)
    waiting = [(code, "", "") for code in below(book, "Codes", "Code")][::-1] if book is not None else []
    rows = []
    while waiting:
        code, parent, above = waiting.pop()
        name = (code.get("name") or "").strip()
        path = f"{above} / {name}" if above else name
        rows.append((guid(code.get("guid")), name, path, parent, code.get("isCodable", "true").lower() == "true"))
        waiting += [(child, rows[-1][0], path) for child in children(code, "Code")][::-1]
    return pd.DataFrame(rows, columns=["code", "name", "path", "parent", "codable"])


def cases(root: ET.Element) -> pd.DataFrame:
    """Values of variables of cases and sources: `document` (guid), `variable` (name), `value` (text)."""
    names = {guid(v.get("guid")): (v.get("name") or "").strip() for v in below(root, "Variables", "Variable")}
    holders = [(source, [guid(source.get("guid"))]) for group in children(root, "Sources") for source in group]
    holders += [
        (case, [guid(ref.get("targetGUID")) for ref in children(case, "SourceRef")])
        for case in below(root, "Cases", "Case")
    ]
    rows = [
        (document, names.get(guid(ref.get("targetGUID"))), _value(value))
        for holder, refers in holders
        for value in children(holder, "VariableValue")
        for ref in children(value, "VariableRef")
        for document in refers
    ]
    return pd.DataFrame(rows, columns=["document", "variable", "value"], dtype="object").dropna()


def _value(value: ET.Element) -> str | None:
    texts = [(child.text or "").strip() for child in value if local(child).endswith("Value")]
    return texts[0] if texts and texts[0] else None
