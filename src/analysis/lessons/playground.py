"""A world to play with: turn a knob, and see what four analyses say of a programme whose effect is known.

In JupyterLab the page has sliders. Where nobody can move them (a run, a test, a printed page) it is the same picture of
the starting world, so that a committed notebook stays the same.
"""

import os
from base64 import b64encode
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from analysis.lessons import pictures
from analysis.present.picture import NOTEBOOK_DPI, Picture, png, show

if TYPE_CHECKING:
    from ipywidgets import Widget

    from analysis.synthetic import Study

LABELS = {
    "paired": "Verandering: wie beide keren invulde",
    "mixed": "Verandering: iedereen die begon",
    "regression": "Verandering min wat je toch verwacht",
    "waiting": "Verschil met de wachtgroep",
}
KNOBS = (  # name, label, lowest, highest, step, start
    ("effect", "effect van het programma", 0.0, 0.6, 0.05, 0.0),
    ("dropout", "deel dat uitvalt", 0.0, 0.6, 0.05, 0.25),
    ("shock", "klap van de lockdowns", 0.0, 1.0, 0.05, 0.25),
    ("municipalities", "aantal gemeenten", 2, 30, 1, 6),
    ("seed", "toeval (nummer)", 1, 50, 1, 1),
)
WIDGET = "application/vnd.jupyter.widget-view+json"
SERVER = "JPY_SESSION_NAME"  # set by a Jupyter server for a notebook that somebody has open


def analyses(study: "Study", outcome: str, *, mean: float, reliability: float) -> pd.DataFrame:
    """What four analyses say of the change of `outcome` at the second wave: one row each, estimate, lower, upper.

    `mean` and `reliability` (test-retest, 0-1) are those of the norm population, for regression to the mean. Rows are
    named by `LABELS`; the first three know the programme's group only, the last compares it with who waited.
    """
    from analysis import effect

    rows = study.measures[study.measures["outcome"] == outcome]
    rows = rows.assign(arm=pd.Categorical(rows["arm"], ["waiting", "programme"]))
    own, options = rows[rows["arm"] == "programme"], {"time": "wave", "person": "person"}
    found = {
        "paired": effect.paired_change(own, "value", **options),
        "mixed": effect.mixed_change(own, "value", **options).iloc[1:],
        "regression": effect.regression_to_mean(
            own, "value", reference_mean=mean, reliability=reliability, **options
        ).query("method.str.contains('beyond')"),
        "waiting": effect.mixed_change(rows, "value", group="arm", **options).query("contrast.str.contains(':')"),
    }
    first = pd.concat([table.iloc[[0]] for table in found.values()])
    return first[["estimate", "lower", "upper"]].set_axis([LABELS[name] for name in found])


def comparisons(measures: pd.DataFrame) -> pd.DataFrame:
    """Each unit's change since the first wave against that of all others, for every outcome: one row each.

    `measures` is long, with two waves. Columns `outcome, unit, estimate` (difference of mean change, in points) and
    `p_value` (Welch's t), to show what many comparisons find by chance.
    """
    from scipy import stats

    rows = []
    for outcome, part in measures.groupby("outcome"):
        wide = part.pivot(index=["person", "unit"], columns="wave", values="value").dropna()
        change = (wide.iloc[:, 1] - wide.iloc[:, 0]).reset_index(name="change")
        for unit in sorted(change["unit"].unique()):
            own = change["unit"] == unit
            inside, outside = change.loc[own, "change"], change.loc[~own, "change"]
            p_value = stats.ttest_ind(inside, outside, equal_var=False).pvalue
            rows.append((outcome, unit, inside.mean() - outside.mean(), p_value))
    return pd.DataFrame(rows, columns=["outcome", "unit", "estimate", "p_value"])


def change_interval(outcome: str, **knobs: float) -> pd.Series:
    """The mean change of `outcome` at the second wave in a world (knobs of `synthetic.World`), from the means of its
    municipalities: estimate, lower, upper."""
    from analysis import effect, synthetic

    people = synthetic.same_people(synthetic.make_study(**knobs), outcome)
    wide = people[people["arm"] == "programme"].pivot(index=["person", "unit"], columns="wave", values="value")
    change = (wide.iloc[:, 1] - wide.iloc[:, 0]).dropna().reset_index(name="change")
    return effect.cluster_summaries(change, "change", cluster="unit").iloc[0][["estimate", "lower", "upper"]]


def world(outcome: str, *, mean: float, reliability: float, **knobs: float) -> Picture:
    """The picture of a world (knobs of `synthetic.World`): four analyses, and the truth of the same people."""
    from analysis import synthetic

    study = synthetic.make_study(**knobs)
    truth = synthetic.true_change(study, outcome)["effect"].iloc[0]
    return pictures.dots(
        analyses(study, outcome, mean=mean, reliability=reliability),
        title="Wat deed het programma? Vier analyses",
        x="punten op de schaal, na een half jaar",
        truth=truth,
        zero="geen verschil",
    )


def page(outcome: str, *, mean: float, reliability: float, live: bool | None = None) -> None:
    """Show the page: sliders and picture where somebody can move them, else the picture of the starting world.

    What is live carries the picture too, for whoever opens the saved notebook without a kernel.

    `live` None asks the environment: a notebook that is open in JupyterLab is live.
    """
    norm = {"mean": mean, "reliability": reliability}
    start = world(outcome, **norm, **{name: value for name, *_, value in KNOBS})
    if not (SERVER in os.environ if live is None else live):
        show(start)
        return
    from IPython.display import display

    sliders = controls(outcome, **norm)
    view = {"version_major": 2, "version_minor": 0, "model_id": sliders.model_id}
    display(
        {WIDGET: view, "image/png": _text(png(start, NOTEBOOK_DPI)), "text/plain": start.alt},
        raw=True,
    )


def controls(outcome: str, *, mean: float, reliability: float) -> "Widget":
    """The sliders with the picture below them; a new picture when a slider is let go."""
    import ipywidgets

    sliders = {knob[0]: _slider(*knob) for knob in KNOBS}
    drawn = ipywidgets.HTML()

    def draw(change: object = None) -> None:
        chosen = {name: slider.value for name, slider in sliders.items()}
        made = world(outcome, mean=mean, reliability=reliability, **chosen)
        drawn.value = f'<img alt="{escape(made.alt)}" src="data:image/png;base64,{_text(png(made, 96))}">'

    for slider in sliders.values():
        slider.observe(draw, "value")
    draw()
    return ipywidgets.VBox([*sliders.values(), drawn])


def _text(image: bytes) -> str:
    return b64encode(image).decode("ascii")


def _slider(name: str, label: str, low: float, high: float, step: float, start: float) -> "Widget":
    import ipywidgets

    kind = ipywidgets.IntSlider if isinstance(step, int) else ipywidgets.FloatSlider
    return kind(
        value=start, min=low, max=high, step=step, description=label, continuous_update=False,
        style={"description_width": "180px"}, layout={"width": "480px", "max_width": "100%"},
    )  # fmt: skip
