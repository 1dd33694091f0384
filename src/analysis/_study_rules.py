"""Rules that tie the plan to its codebook: each returns sentences with key, what was found, what is allowed."""

from collections.abc import Iterator

from analysis.study import DERIVED_TABLES, Study


def check(study: Study) -> list[str]:
    """Every problem between the plan and the codebook, as `study.yaml: key: found; allowed.`"""
    rules = (
        _tables, _waves, _units, _design, _outcomes, _names,
        _inference, _referrals, _kinds, _process, _context, _profile,
    )  # fmt: skip
    return [f"study.yaml: {problem}" for rule in rules for problem in rule(study)]


def _tables(study: Study) -> Iterator[str]:
    described = {variable.table for variable in study.variables}
    for table in sorted(set(study.tables) - described):
        yield f"tables.{table}: has no rows in codebook.csv; described: {', '.join(sorted(described))}."
    for table in sorted(described - set(study.tables) - DERIVED_TABLES):
        yield f"tables: {table} stands in codebook.csv but not here. Add its file, or remove its rows."
    for table in sorted({"persons", "answers"} - set(study.tables)):
        yield f"tables.{table}: not found, and every study needs it."
    for name, raw in study.tables.items():
        if (raw.file is None) == (raw.package is None or raw.dataset is None):
            yield f"tables.{name}: give either `file`, or `package` and `dataset`."
    of_people = [name for name in study.tables if any(v.name == "person" for v in study.columns(name))]
    if len({study.tables[name].by_unit for name in of_people}) > 1:
        apart = ", ".join(name for name in of_people if study.tables[name].by_unit)
        yield (
            f"tables: {apart} come(s) in a file a unit, other tables about people do not; "
            "give all of them `{unit}` in `file`, or none."
        )


def _waves(study: Study) -> Iterator[str]:
    months = [wave.month for wave in study.waves]
    if len(months) < 2:
        yield "waves: fewer than two; a change needs a first wave and a later one."
    if months != sorted(set(months)):
        yield f"waves: months are {months}; they must rise, each once."
    known = {level.level for level in study.levels("wave")}
    for wave in study.waves:
        if known and wave.id not in known:
            yield f"waves: {wave.id} is not a level of `wave` in levels.csv; levels: {', '.join(sorted(known))}."


def _units(study: Study) -> Iterator[str]:
    known = {level.level for level in study.levels("unit")}
    if not known:
        yield "unit: codebook.csv has no category persons.unit; name the column that a report is about."
    if "all" in known:
        yield "unit: a unit is called `all`, which is the name of all units together. Rename the level."
    if study.cluster not in (None, "unit"):
        yield f"cluster: {study.cluster!r}; inference resamples units (`unit`), or people who were randomised (null)."
    for level in study.levels("age_class"):
        if not level.level.split("_")[0].isdigit():
            yield f"age_class: level {level.level!r} in levels.csv must begin with its lowest age, as 65_74 or 75_plus."
    for unit in sorted(set(study.unit.codes) - known):
        yield f"unit.codes.{unit}: not a level of `unit`; levels: {', '.join(sorted(known))}."


def _design(study: Study) -> Iterator[str]:
    design = study.design
    if design.kind == "comparison" and not (design.arm and design.treated and design.reference):
        yield "design: a comparison needs `arm`, `treated` and `reference`."
    if design.kind == "staggered":
        yield "design.kind: staggered is not among the planned analyses yet; use effect.staggered_effect in a notebook."
    arms = {level.level for level in study.levels(design.arm)} if design.arm else set()
    for key, value in (("treated", design.treated), ("reference", design.reference)):
        if value and arms and value not in arms:
            yield f"design.{key}: {value!r} is not a level of {design.arm}; levels: {', '.join(sorted(arms))}."


def _outcomes(study: Study) -> Iterator[str]:
    answers = {variable.name for variable in study.columns("answers")}
    for outcome in study.outcomes:
        if (outcome.instrument is None) == (outcome.score is None):
            yield f"outcomes.{outcome.id}: give either `instrument` or `score`."
        elif outcome.score and outcome.score not in answers:
            yield f"outcomes.{outcome.id}.score: {outcome.score!r} is not a variable of answers in codebook.csv."
        elif outcome.score and None in (outcome.better, outcome.kind, outcome.title):
            yield f"outcomes.{outcome.id}: a ready score needs `better`, `kind` and `title`."
        elif outcome.instrument:
            yield from _items(outcome, answers)
    for domain in sorted({outcome.domain for outcome in study.outcomes}):
        primary = [o.id for o in study.outcomes if o.domain == domain and o.role == "primary"]
        if len(primary) != 1:
            yield f"outcomes: domain {domain} has {len(primary)} primary outcomes; exactly one is allowed."


def _items(outcome, answers: set[str]) -> Iterator[str]:
    from analysis import instruments

    try:
        absent = [item for item in instruments.load(outcome.instrument).items if item not in answers]
    except (KeyError, ValueError):
        return  # an unknown instrument is already reported
    if absent:
        yield f"outcomes.{outcome.id}: items {', '.join(absent)} are not variables of answers in codebook.csv."


def _names(study: Study) -> Iterator[str]:
    persons = {variable.name for variable in study.columns("persons")}
    named = {
        "cluster": [study.cluster],
        "group": [study.group],
        "covariates": study.covariates,
        "imputation.auxiliary": study.imputation.auxiliary,
        "design.arm": [study.design.arm],
    }
    for key, names in named.items():
        for name in names:
            if name is not None and name not in persons:
                yield f"{key}: {name!r} is not a variable of persons; variables: {', '.join(sorted(persons))}."


def _inference(study: Study) -> Iterator[str]:
    if study.inference.level != 0.95:
        yield f"inference.level: {study.inference.level:g}; only 0.95: figures, sentences and validation/ are of 95 %."
    if study.inference.few_clusters and study.cluster is None:
        named = ", ".join(study.inference.few_clusters)
        yield f"inference.few_clusters: {named} resample units, but `cluster` is null. Set `cluster: unit`, or none."
    outcomes = {outcome.id for outcome in study.outcomes}
    for outcome in sorted({trend.outcome for trend in study.public_trends} - outcomes):
        yield f"public_trends: {outcome!r} is not an outcome; outcomes: {', '.join(sorted(outcomes))}."


def _referrals(study: Study) -> Iterator[str]:
    known = {variable.name for variable in study.columns("referrals")}
    ends = [study.referral_start, study.referral_end, study.referral_until]
    named = [*study.referral_of, *study.referral_of.values(), *study.referral_follow_up]
    for step in [*study.referral_steps, *named, *(end for end in ends if end)]:
        if step not in known:
            yield f"referral_steps: {step!r} is not a variable of referrals; variables: {', '.join(sorted(known))}."
    if study.has("referrals") and not study.referral_steps:
        yield "referral_steps: empty, but the study has referrals. Name the step columns in order."


def _kinds(study: Study) -> Iterator[str]:
    known = {level.level for level in study.levels("activity")}
    for activity in (activity for activities in study.kinds.values() for activity in activities):
        if activity not in known:
            yield f"kinds: {activity!r} is not a level of activity; levels: {', '.join(sorted(known))}."


def _process(study: Study) -> Iterator[str]:
    """Moments, goals and statements must be those of the tables."""
    dates = [moment.date for moment in study.moments]
    known = [level.level for level in study.levels("moment")]
    if study.moments and ([moment.id for moment in study.moments] != known or dates != sorted(set(dates))):
        allowed = ", ".join(known) or "none, for there is no variable moment"
        yield f"moments: must be {allowed}, in this order, with rising dates."
    reasons = {level.level for level in study.levels("stop_reason")}
    for goal, followed in study.goals.items():
        if goal not in {level.level for level in study.levels("goal")}:
            yield f"goals: {goal!r} is not a level of goal in levels.csv."
        if (followed.step is None) == (followed.stop_reason is None):
            yield f"goals.{goal}: give either `step` or `stop_reason`."
        if followed.step is not None and followed.step not in study.referral_steps[1:]:
            yield f"goals.{goal}.step: {followed.step!r} is not a later step of referral_steps."
        if followed.stop_reason is not None and followed.stop_reason not in reasons:
            yield f"goals.{goal}.stop_reason: {followed.stop_reason!r} is not a level of stop_reason."
    yield from _volunteers(study)
    items = [item for part in study.checklist for item in part.items]
    if len(items) != len(set(items)):
        yield "checklist: an item stands in two dimensions; each item belongs to one."
    days = [day for period in study.periods for day in (period.start, period.end)]
    if days != sorted(days):
        yield "periods: must follow each other in time without overlap, each `start` before its `end`."


def _volunteers(study: Study) -> Iterator[str]:
    """The table of volunteers and its columns, and the step that matches."""
    plan = study.volunteers
    if plan is None:
        return
    if not study.has(plan.table):
        yield f"volunteers.table: {plan.table!r} is not in tables."
    known = {variable.name for variable in study.columns(plan.table)}
    for name in filter(None, (plan.key, plan.since, plan.until, plan.trained)):
        if name not in known:
            yield f"volunteers: {name!r} is not a variable of {plan.table}; variables: {', '.join(sorted(known))}."
    if plan.key not in {variable.name for variable in study.columns("referrals")}:
        yield f"volunteers.key: {plan.key!r} is not a variable of referrals."
    if plan.matched not in study.referral_steps:
        yield f"volunteers.matched: {plan.matched!r} is not one of referral_steps."


def _context(study: Study) -> Iterator[str]:
    asked = [("context", table.indicators) for table in study.context]
    asked += [("target_population", [part.indicator]) for part in study.target_population]
    asked += [("representative_of", [part.indicator]) for part in study.representative_of]
    asked += [("public_trends", [part.indicator]) for part in study.public_trends]
    if asked and not study.has("context"):
        yield f"{asked[0][0]}: needs public figures, but tables.context is not there. Add it, or remove the key."
        return
    known = {level.level for level in study.levels("indicator")}
    for key, names in asked:
        for name in sorted(set(names) - known):
            yield f"{key}: {name!r} is not a level of indicator; levels: {', '.join(sorted(known))}."
    persons = {variable.name for variable in study.columns("persons")}
    for part in [*study.target_population, *study.representative_of]:
        for name in sorted(set(part.among) - persons):
            yield f"among: {name!r} is not a variable of persons; variables: {', '.join(sorted(persons))}."
    outcomes = {outcome.id for outcome in study.outcomes}
    for part in study.representative_of:
        if part.characteristic not in persons | outcomes:
            yield f"representative_of: {part.characteristic!r} is neither a variable of persons nor an outcome."


def _profile(study: Study) -> Iterator[str]:
    from analysis.disclosure import profile

    if study.disclosure.profile == "public_data" and not study.public:
        yield "disclosure.profile: public_data is for studies with `public: true`; choose one that protects people."
    try:
        profile(study.disclosure.profile)
    except (KeyError, ValueError) as error:
        yield f"disclosure.profile: {error.args[0]}"
