"""What is loaded once in the fork server, and what a forked child does before it becomes a kernel.

Every import of `preload` is paid once, in the fork server, and shared by all kernels copy-on-write. Nothing preloaded
may start a thread (a fork copies the locks of threads that it does not copy).
"""

import contextlib
import gc
import importlib
import os
import pkgutil
import random
import signal
import sys
import threading

PRELOADED = (
    "numpy",
    "pandas",
    "pandas.core.methods.to_dict",
    "pandas.core.reshape.reshape",
    "pandas.io.formats.csvs",
    "pandas.io.formats.html",
    "pyarrow.dataset",
    "pyarrow.parquet",
    "scipy.stats",
    "statsmodels.api",
    "statsmodels.formula.api",
    "matplotlib.pyplot",
    "matplotlib.backends.backend_agg",
    "PIL.JpegImagePlugin",
    "seaborn",
    "networkx",
    "yaml",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.interactiveshell",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "tornado.platform.asyncio",
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "ipykernel.debugger",
)
OWN = ("effect", "process", "instruments", "disclosure", "present", "planned", "prepare", "publish")  # and store, study
HIDDEN = ("polars", "debugpy")
INLINE = "module://matplotlib_inline.backend_inline"


def preload(modules: tuple[str, ...] = PRELOADED) -> None:
    """Import `modules` where installed, and what notebooks use of this package; a missing one is met again, with its
    own message, by the notebook in need.

    `HIDDEN` packages are out of sight meanwhile: polars, which statsmodels imports where installed, starts threads when
    imported, and a debugger, which costs every kernel 0.05 s, has nothing to do where nobody attaches one.
    """
    sys.modules.setdefault("rfc3987_syntax", None)  # 2 s of parser building that only Jupyter event schemas would use
    sys.modules.update(dict.fromkeys(HIDDEN))
    for module in modules:
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    _preload_own()
    for module in HIDDEN:
        del sys.modules[module]
    _set_pandas()
    gc.freeze()  # or every child would search all this for garbage again, and copy the pages it looks at


def _set_pandas() -> None:
    import pandas as pd

    # outside a kernel pandas takes itself to be in a terminal and folds wide tables; a kernel shows 20 columns
    pd.set_option("display.max_columns", 20)
    # quicker for small tables than Arrow, where each step costs; `store` reads large ones in Arrow all the same
    pd.set_option("mode.string_storage", "python")


def _preload_own() -> None:
    """Every module of the packages `OWN`, which import each other lazily, and the plans, texts and versions that
    notebooks ask for.

    A plan with a mistake is met again, with its own message, by who opens it.
    """
    from analysis import store
    from analysis.codebook import StudyError

    for name in OWN:
        package = importlib.import_module(f"analysis.{name}")
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    plans = []
    for study in store.studies():
        with contextlib.suppress(StudyError, OSError):
            plans.append(store.study(study))
    for plan in plans[:1]:
        _rehearse(plan)
    store.versions()


def _rehearse(plan) -> None:
    """Do once what takes time the first time only: find and read fonts, texts and how numbers and dates are written."""
    import datetime

    from analysis.present.figures.style import sheet
    from analysis.present.picture import NOTEBOOK_DPI, Picture, png
    from analysis.present.wording import LANGUAGES, words

    for language in LANGUAGES:
        told = words(plan, language)
        shown = told.number(1.5, 1), told.percent(50), told.date(datetime.date(2018, 10, 1))
        png(Picture(sheet(told, *shown, height=1).figure, "", ""), NOTEBOOK_DPI)


def become(seed: int, environment: dict[str, str], folder: str) -> None:
    """Make this forked process a fresh one: own session, environment, folder and random state; it dies with its parent.

    `seed` (32 bits) feeds the global generators of `random` and NumPy, which would otherwise be equal in all children.
    """
    if hasattr(os, "setsid"):
        os.setsid()
    _die_with_parent()
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    _hold(environment.get("ANALYSIS_KERNELS_LOCK"))
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed)
    os.environ["MPLBACKEND"] = INLINE
    if "matplotlib" in sys.modules:
        sys.modules["matplotlib"].rcParams["backend"] = INLINE


def serve_kernel(arguments: list[str], seed: int, environment: dict[str, str], folder: str) -> None:
    """Become an IPython kernel with the `arguments` of `ipykernel_launcher`; returns when it is shut down."""
    become(seed, environment, folder)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    from ipykernel.kernelapp import IPKernelApp

    app = IPKernelApp.instance(parent_handle=os.getppid())
    with _no_modules_listed():
        app.initialize([*arguments, "--HistoryManager.enabled=False"])  # nobody goes back: no database, no thread
    app.start()


@contextlib.contextmanager
def _no_modules_listed():
    """Spare a kernel looking up the file of every module for a debugger that is not there: in a forked one these are
    thousands, and looking copies half of all the memory that its start copies.
    """
    from types import SimpleNamespace

    from ipykernel import ipkernel

    ipkernel.sys = SimpleNamespace(**vars(sys) | {"modules": {}})
    try:
        yield
    finally:
        ipkernel.sys = sys


def call(action, argument, seed: int, environment: dict[str, str], folder: str, answer) -> None:
    """Run `action(argument)` in this fresh process and send its error, or None, through the connection `answer`."""
    import traceback

    from analysis._processes import search_garbage_rarely
    from analysis.run.layout import in_words

    become(seed, environment, folder)
    _set_pandas()  # a fresh program is not set yet
    search_garbage_rarely()
    try:
        action(argument)
    except BaseException as error:
        said = in_words(error) if isinstance(error, OSError) else str(error)
        answer.send((type(error).__name__, said, traceback.format_exc()))
    else:
        answer.send(None)


def _hold(lock: str | None) -> None:
    """Hold a shared lock until death, so that a new run can wait until the kernels of a killed one are gone."""
    if lock:
        with contextlib.suppress(
            OSError, ImportError
        ):  # Windows, a drive without locks: the run's own lock still stands
            import fcntl

            fcntl.flock(os.open(lock, os.O_RDWR | os.O_CREAT), fcntl.LOCK_SH)


def _die_with_parent() -> None:
    """Kill this process and all it started as soon as the process that asked for it is gone, however that died."""
    import multiprocessing

    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os.killpg(0, signal.SIGKILL) if hasattr(os, "killpg") else os._exit(1)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
