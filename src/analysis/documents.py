"""Pages that are written from what they describe: the README's table of claims, the self-audits, the questionnaires."""

import re
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from analysis import store
from analysis._yaml import read_yaml
from analysis.run import document, job
from analysis.run.layout import write_whole

BEGIN, END = "<!-- written by `python -m analysis docs`: ", "<!-- end -->"
BINDER, START = "https://mybinder.org", "lab/tree/notebooks/00_start.ipynb"
NO_ADDRESS = (
    "(The badge works once `repository-code` in `CITATION.cff` holds the public address; "
    "then run `python -m analysis docs`.)"
)
AUDITS = {
    "rap": (
        "Levels of reproducible analytical pipelines (RAP)",
        "NHS RAP Community of Practice, *Levels of RAP* "
        "(nhsdigital.github.io/rap-community-of-practice/introduction_to_RAP/levels_of_RAP/), read in 2026",
    ),
    "stari": (
        "Standards for Reporting Implementation Studies (StaRI)",
        "Pinnock et al., BMJ 2017;356:i6795 (doi 10.1136/bmj.i6795). Ten of its items are asked twice: of the strategy "
        "(here how the partners in a municipality work and learn together) and of the intervention (here the referral "
        "of residents, and the activities that they take part in)",
    ),
}
COLUMNS = ["item", "section", "asks", "verdict", "where", "how"]
VERDICTS = ("met", "partly", "not met", "for the authors")


def rewrite() -> list[Path]:
    """Write every such page anew; returns those that changed. What stands between them is left as people wrote it."""
    from analysis.instruments import cards

    root = store.root()
    pages = {
        root / "README.md": readme((root / "README.md").read_text("utf-8")),
        root / "docs" / "audits" / "README.md": audits(),
        root / "docs" / "instruments.md": cards(),
    }
    changed = [path for path, text in pages.items() if not path.exists() or path.read_text("utf-8") != text]
    for path in changed:
        write_whole(path, pages[path].encode())
    return changed


# --- claim, notebook, output ----------------------------------------------------------------------------------------


def readme(text: str) -> str:
    """The README with its generated parts anew. Raises ValueError when one is not marked in it."""
    for name, part in {"binder": binder(), "questions": questions(), "published": published()}.items():
        marked = re.compile(rf"({re.escape(BEGIN)}{name} -->\n).*?({re.escape(END)})", re.DOTALL)
        if not marked.search(text):
            raise ValueError(f"README.md: no part is marked `{BEGIN}{name} -->` ... `{END}`. Restore the two lines.")
        text = marked.sub(lambda found, part=part: f"{found[1]}{part}{found[2]}", text)
    return text


def binder() -> str:
    """The badge that opens the repository on Binder, at the public address that CITATION.cff names."""
    cited = read_yaml((store.root() / "CITATION.cff").read_text("utf-8"))
    address = re.fullmatch(r"https://github\.com/([\w.-]+/[\w.-]+?)(?:\.git|/)?", cited.get("repository-code", ""))
    place = address[1] if address else "OWNER/REPOSITORY"
    badge = f"[![Open in Binder]({BINDER}/badge_logo.svg)]({BINDER}/v2/gh/{place}/HEAD?urlpath={START})\n"
    return badge if address else f"{badge}\n{NO_ADDRESS}\n"


def questions() -> str:
    """Each notebook of a run as a row: its question, its name and the tables that it writes, from its first cell."""
    rows = []
    for path in job.notebooks():
        first = document.source(document.read(path)["cells"][0])
        tables = re.findall(r"`(\w+)`", _told(first, "Writes"))
        rows.append((_told(first, "Question"), f"`{path.stem}`", ", ".join(f"`{name}.csv`" for name in tables) or "-"))
    return _table(("question", "notebook", "released tables (`reports/<study>/<unit>/tables/`)"), rows)


def published() -> str:
    """Each notebook that matches publications as a row: sources and how many numbers, from the studies' claims."""
    from analysis.verify import claims

    rows = []
    for path in sorted((store.root() / "studies").glob("*/published.csv")):
        for notebook, part in claims(path.parent.name).groupby("notebook", sort=False):
            part = part[part["table"] != ""]  # the others say in the certificate why they are not computed
            if part.empty:
                continue
            own = (store.root() / "notebooks" / path.parent.name).is_dir()
            name = f"`{path.parent.name}/{notebook}`" if own else f"`{notebook}` of `{path.parent.name}`"
            tables = ", ".join(f"`{table}`" for table in dict.fromkeys(part["table"]))
            rows.append(("; ".join(dict.fromkeys(part["source"])), name, tables, str(len(part))))
    return _table(("published in", "notebook", "its tables", "numbers"), rows)


def _told(cell: str, word: str) -> str:
    """What the first cell of a notebook says after `**word**`."""
    found = re.search(rf"\*\*{word}\*\*\s*([^\n]*(?:\n(?!\n|\*\*)[^\n]*)*)", cell)
    return " ".join(found[1].split()) if found else ""


# --- self-audits ----------------------------------------------------------------------------------------------------


def audit(name: str) -> pd.DataFrame:
    """A self-audit as written by people, one row an item; columns `COLUMNS`, `where` holds paths separated by `; `."""
    found = pd.read_csv(store.root() / "docs" / "audits" / f"{name}.csv", dtype=str, keep_default_na=False)
    return found[COLUMNS]


def places(audited: pd.DataFrame) -> list[str]:
    """Every path that an audit names."""
    return [place for cell in audited["where"] for place in cell.split("; ") if place]


def audits() -> str:
    """All self-audits as one page."""
    parts = [
        "# Self-audits\n",
        "Written by `python -m analysis docs` from `rap.csv` and `stari.csv`; change those, not this page. What an",
        "item asks is told in our own short words; the source has the last word. *For the authors*: it belongs in an",
        "article about the real study, and no repository can write it.\n",
    ]
    for name, (title, source) in AUDITS.items():
        found = audit(name)
        counted = found["verdict"].value_counts().reindex(VERDICTS).dropna().astype(int)
        tally = ", ".join(f"{n} {verdict}" for verdict, n in counted.items())
        items = found["item"].str.split().str[0].nunique()
        size = f"{items} items" if items == len(found) else f"{items} items in {len(found)} rows"
        parts += [f"## {title}\n", f"Source: {source}. {size}: {tally}.\n"]
        rows = [
            (row.item, row.section, row.asks, row.verdict, _linked(row.where), row.how) for row in found.itertuples()
        ]
        parts.append(_table(("item", "part", "what it asks", "verdict", "where", "how, or why not"), rows))
    return "\n".join(parts)


def _linked(where: str) -> str:
    return "<br>".join(f"[{place}](../../{place})" for place in where.split("; ") if place) or "-"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = tuple(head)
    lines = [head, ("---",) * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
