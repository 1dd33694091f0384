"""The certificate of a reproduction: what was changed, a verdict on every table and claim; as page, JSON and lines."""

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from analysis import store
from analysis.reproduce import machine
from analysis.reproduce.reproduction import Reproduction
from analysis.reproduce.verdicts import DIFFERS, GOOD, REPRODUCED, failing
from analysis.run.layout import write_whole

OF_CLAIM = ("claim", "source", "printed", "value", "obtained", "verdict", "notebook")
UNEXPLAINED = "no file that it rests on was changed: another environment, or cells hidden for another table's sake"


def about(found: Sequence[Reproduction]) -> dict[str, object]:
    """The certificate as data: conclusion, environment, machine, and of each study files, tables and claims."""
    return {
        "conclusion": conclusion(found),
        "holds": all(one.holds for one in found),
        "made": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "seconds": round(sum(one.seconds for one in found), 1),
        "commit": machine.commit(store.root()),
        "machine": asdict(machine.this()),
        "versions": {
            name: machine.installed(name)
            for name in ("analysis", "numpy", "pandas", "scipy", "statsmodels", "networkx")
        },
        "environment": _environment(store.root() / "requirements.lock"),
        "studies": [_of_study(one) for one in found],
    }


def _environment(lock: Path) -> dict[str, object]:
    """How the installed packages compare with the lock."""
    wanted, other = machine.locked(lock), machine.departures(lock)
    if not wanted:
        return {"verdict": "not compared, because there is no requirements.lock here", "other": {}}
    verdict = (
        f"{len(other)} of {len(wanted)} packages are not of the lock"
        if other
        else f"as locked ({len(wanted)} packages)"
    )
    return {"verdict": verdict, "other": other}


def _of_study(one: Reproduction) -> dict[str, object]:
    return {
        "study": one.study,
        "expected": one.origin,
        "conclusion": _conclusion(one),
        "seconds": round(one.seconds, 1),
        "trouble": one.trouble,
        "files": [
            {"file": name, "what": what, "tables": one.because_of(name)}
            for name, what in (one.changed | one.touched).items()
        ],
        "tables": [asdict(table) for table in one.tables],
        "claims": [{name: claim[name] for name in OF_CLAIM} for claim in one.claims],
    }


def conclusion(found: Sequence[Reproduction]) -> str:
    """One sentence on all studies."""
    tables = [table.verdict in GOOD for one in found for table in one.tables]
    claims = [claim["verdict"] for one in found for claim in one.claims]
    told = claims.count(REPRODUCED) + claims.count(DIFFERS)
    parts = [f"{sum(tables)} of {len(tables)} tables"] if tables or not claims else []
    parts += [f"{claims.count(REPRODUCED)} of {told} published numbers"] if claims else []
    parts[-1] += f" ({len(claims) - told} more are not computed)" if len(claims) > told else ""
    return f"{'' if all(one.holds for one in found) else 'not '}{REPRODUCED}: {', '.join(parts)}."


def _conclusion(one: Reproduction) -> str:
    """The same on one study, with the files that were changed."""
    files = len(one.changed) + len(one.touched)
    named = f" {files} file(s) changed since the results were committed." if files else ""
    return conclusion([one]) + named + (" The study could not be run." if one.trouble else "")


def lines(found: Sequence[Reproduction]) -> list[str]:
    """What the command says: every changed file with the tables that differ for it, and every table not reproduced."""
    return [line for one in found for line in _lines(one)] + [conclusion(found)]


def _lines(one: Reproduction) -> Iterator[str]:
    yield f"{one.study}: {_conclusion(one)}"
    yield from one.trouble.splitlines()
    for name, what in (one.changed | one.touched).items():
        tables = one.because_of(name)
        yield f"{what}: {name}; " + (f"differ: {', '.join(tables)}" if tables else "no table differs for it")
    for table in failing(one.tables):
        counted = f", {table.differing} of {table.cells} cells; {table.example}" if table.example else ""
        yield f"{table.verdict}: {table.table}{counted}{'' if table.causes else f'; {UNEXPLAINED}'}"
    for claim in one.claims:
        if claim["verdict"] == DIFFERS:
            ours, theirs = claim["obtained"], claim["printed"] or claim["value"]
            yield f"{DIFFERS}: {claim['claim']} ({claim['notebook']}): obtained {ours}, published {theirs}"


def page(certificate: Mapping[str, object]) -> str:
    """The certificate as a self-contained page, with captions and heads for screen readers."""
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    loader = ChoiceLoader([PackageLoader(f"analysis.{part}", "templates") for part in ("reproduce", "publish")])
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("reproduction.html").render(about=certificate, good=GOOD)


def write(found: Sequence[Reproduction], folder: Path) -> list[Path]:
    """Write reproduction.html and reproduction.json into `folder`; returns the two."""
    certificate = about(found)
    paths = [folder / "reproduction.html", folder / "reproduction.json"]
    write_whole(paths[0], page(certificate).encode())
    write_whole(paths[1], (json.dumps(certificate, indent=1, ensure_ascii=False) + "\n").encode())
    return paths
