"""A whole study folder for a world of any size: plan, codebook, levels and one raw file a municipality and table."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import yaml

from analysis._yaml import read_yaml
from analysis.synthetic.files import NAME, unit_levels
from analysis.synthetic.study import units
from analysis.synthetic.world import World, municipalities, slug

TABLES = {"persons": "persons", "answers": "measures", "referrals": "referrals"}
# plan keys about tables that this study does not have
_OTHERS = ("context", "target_population", "representative_of", "public_trends", "moments", "goals")


def write_study(root: Path, name: str, world: World) -> Iterator[Path]:
    """Write `studies/<name>/` and `data/raw/<name>/<unit>/` below `root` (the repository), naming each municipality's
    folder as it is done; the tables persons, answers and referrals of `world`, in the plan of the default study.

    One municipality is in memory at a time. Raises FileExistsError when the study is there already.
    """
    folder, raw = root / "studies" / name, root / "data" / "raw" / name
    for path in (folder, raw):
        if path.exists():
            raise FileExistsError(
                f"{path.relative_to(root)} is there already; give another name or remove it. Nothing was written."
            )
    raw.mkdir(parents=True)
    try:
        for sample in units(world):
            yield _raw(raw / slug(sample.unit.name), sample.tables())
        _plan(root / "studies" / NAME, folder, name, world)
    except BaseException:
        shutil.rmtree(raw, ignore_errors=True)
        raise


def _raw(folder: Path, tables: dict[str, pd.DataFrame]) -> Path:
    folder.mkdir()
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n", date_format="%Y-%m-%d")
    return folder


def _plan(model: Path, folder: Path, name: str, world: World) -> None:
    """The plan, codebook and levels of the default study, for these tables and municipalities."""
    plan = read_yaml((model / "study.yaml").read_text("utf-8"))
    names = [unit.name for unit in municipalities(world)]
    title = {
        "nl": f"Synthetische studie van {len(names)} gemeenten",
        "en": f"Synthetic study of {len(names)} municipalities",
    }
    together = {"nl": "Alle gemeenten samen", "en": "All municipalities together"}
    plan |= {"study": name, "title": title, "seed": world.seed}
    plan["tables"] = {table: {"file": f"{{unit}}/{raw}.csv"} for table, raw in TABLES.items()}
    plan["unit"] |= {"all": together, "codes": {slug(unit): f"S{place:03d}" for place, unit in enumerate(names, 1)}}
    plan = {key: value for key, value in plan.items() if key not in _OTHERS}
    folder.mkdir(parents=True)
    codebook = pd.read_csv(model / "codebook.csv", dtype="str", keep_default_na=False)
    codebook = codebook[codebook["table"].isin([*TABLES, "measures"])]
    levels = pd.read_csv(model / "levels.csv", dtype="str", keep_default_na=False)
    used = levels["set"].isin(set(codebook["levels"])) & (levels["set"] != "unit")
    pd.concat([levels[used], unit_levels(world)]).to_csv(folder / "levels.csv", index=False, lineterminator="\n")
    codebook.to_csv(folder / "codebook.csv", index=False, lineterminator="\n")
    (folder / "study.yaml").write_text(yaml.safe_dump(plan, sort_keys=False, allow_unicode=True), "utf-8")
