"""The prepare step of a run: raw to processed, for one study."""

from analysis.run.plan import Step


def prepare(step: Step) -> None:
    """Prepare the study of `step`; raises `StudyError` with every problem and leaves what was prepared before."""
    from analysis import prepare, store

    prepare.write(store.study(step.study))
