"""How nbval runs the committed notebooks: prepared studies, one thread, room for slow cells, no timing compared."""

import os

os.environ.update({"OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0", "PYTHONUTF8": "1"})


def pytest_configure(config):
    """nbval waits five seconds for an output, which a busy machine can exceed; the prepared studies are made once."""
    from nbval.plugin import IPyNbCell

    IPyNbCell.output_timeout = 60
    if not hasattr(config, "workerinput") and config.getoption("nbval", default=False):
        _prepare()


def _prepare() -> None:
    from analysis.run import job

    status = job.execute((), echo=lambda text: None, only=("prepare",), jobs=1)
    if status:
        raise RuntimeError("The studies could not be prepared; `python -m analysis check <study>` says why.")
