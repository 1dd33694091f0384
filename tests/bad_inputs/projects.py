"""REFI-QDA projects made by hand: the same coding as different programs write it, and parts of it to spoil."""

import zipfile
from dataclasses import dataclass, field
from pathlib import Path

TEXT = (
    "Ik ga nu twee keer per week wandelen 🙂 met Bep.\nDe coördinator belt "
    "me, dat hélpt echt 👍 veel.\nThuis is het stil.\n"
)
PASSAGES = ("twee keer per week wandelen 🙂", "De coördinator belt me", "hélpt echt 👍 veel.", "Thuis is het stil.")
CODES = (
    '<Codes><Code guid="{A1}" name="Helpt" isCodable="true"><Code guid="a2" name="Contact" '
    'isCodable="true"/></Code><Code guid="A3" name="Hindert" isCodable="true"/></Codes>'
)


@dataclass
class Coded:
    """A project as one program writes it: how positions count, how lines end, and the XML around it."""

    origin: str = "made by hand"
    utf16: bool = False
    crlf: bool = False
    crlf_as_two: bool = True
    bom: bool = False
    namespace: str = "urn:QDA-XML:project:1.0"
    folder: str = "sources"
    users: str = '<User guid="u1" name="An"/><User guid="u2" name="Bo"/>'
    codes: str = CODES
    extra: str = ""
    head: str = '<?xml version="1.0" encoding="utf-8"?>'
    source: str = ""
    members: dict[str, bytes] = field(default_factory=dict)
    shift: int = 0
    code_of: tuple[str, ...] = ("a1", "A2", "{a2}", "a3")

    @property
    def text(self) -> str:
        """The source text as stored."""
        return TEXT.replace("\n", "\r\n") if self.crlf else TEXT

    def position(self, place: int) -> int:
        """A place in TEXT in the program's unit."""
        before = TEXT[:place]
        before = before.replace("\n", "\r\n") if self.crlf and self.crlf_as_two else before
        return len(before.encode("utf-16-le")) // 2 if self.utf16 else len(before)

    def selections(self) -> str:
        """Every passage, coded by both users in turn; the second also by the other user."""
        found = []
        for number, (passage, code) in enumerate(zip(PASSAGES, self.code_of, strict=True)):
            start = TEXT.index(passage)
            coders = ("u1", "u2") if number == 1 else (("u1",) if number % 2 == 0 else ("u2",))
            codings = "".join(
                f'<Coding guid="c{number}{user}" creatingUser="{user}" '
                f'creationDateTime="2022-03-0{number + 1}T10:00:00Z">'
                f'<CodeRef targetGUID="{code}"/></Coding>'
                for user in coders
            )
            places = (
                f'startPosition="{self.position(start) + self.shift}" '
                f'endPosition="{self.position(start + len(passage)) + self.shift}"'
            )
            found.append(
                f'<PlainTextSelection guid="s{number}" name="" {places} '
                f'creatingUser="u1">{codings}</PlainTextSelection>'
            )
        return "".join(found)

    def xml(self) -> str:
        """The project file."""
        source = (
            self.source
            or f'<TextSource guid="T1" name="Interview 1" plainTextPath="internal://t1.txt">{self.selections()}</TextSource>'
        )
        case = (
            '<Cases><Case guid="k1"><VariableValue><VariableRef targetGUID="v1"/><TextValue>'
            'north</TextValue></VariableValue><SourceRef targetGUID="T1"/></Case></Cases>'
        )
        return (
            f'{self.head}<Project xmlns="{self.namespace}" name="p" origin="{self.origin}">'
            f"<Users>{self.users}</Users><CodeBook>{self.codes}</CodeBook>"
            '<Variables><Variable guid="v1" name="Gemeente" typeOfVariable="Text"/></Variables>'
            f"{case}<Sources>{source}</Sources>{self.extra}</Project>"
        )

    def write(self, path: Path) -> Path:
        """The project as a .qdpx file."""
        text = self.text.encode("utf-8-sig" if self.bom else "utf-8")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in {
                "project.qde": self.xml().encode(),
                f"{self.folder}/t1.txt": text,
                **self.members,
            }.items():
                if content is not None:
                    archive.writestr(name, content)
        return path
