"""The publish step of a run: pages and figures from the released tables of one study."""

from analysis.run.plan import Step


def publish(step: Step) -> None:
    """Write the reports of the study of `step`, in every language of its plan, from `reports/<study>/` only."""
    from analysis import publish, store

    study = store.study(step.study)
    store.listed(store.reports(study.id))
    for path in sorted(store.reports(study.id).glob("*/tables/*")):
        store.read(path)
    publish.publish(store.reports(study.id), study, study.languages, study.as_of)
