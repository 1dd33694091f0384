"""Works given to several processes come back in order, however the processes begin."""

import subprocess
import sys

import pytest

PROGRAM = """
import _thread, multiprocessing, threading, time
from analysis._processes import spread_over
kinds = []
usual = multiprocessing.get_context
multiprocessing.get_context = lambda kind: kinds.append(kind) or usual(kind)
{before}
if __name__ == "__main__":
    with spread_over({many}) as spread:
        print(*spread(abs, [-5, 4, -3, 2, -1]), *kinds)
"""
UNCOUNTED = "if __name__ == '__main__': _thread.start_new_thread(time.sleep, (9,))"
THREAD = "if __name__ == '__main__': threading.Thread(target=time.sleep, args=(9,), daemon=True).start()"


@pytest.mark.parametrize(
    ("many", "before", "kind"),
    [
        (1, "", ""),
        pytest.param(2, "", " fork", marks=pytest.mark.skipif(sys.platform != "linux", reason="no whole fork here")),
        (2, UNCOUNTED, " spawn"),
        (2, THREAD, " spawn"),
    ],
)
def test_answers_stand_in_the_order_of_the_works_and_a_process_with_threads_is_not_forked(tmp_path, many, before, kind):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.format(many=many, before=before))
    result = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, timeout=60)
    assert (result.stdout, result.stderr) == (f"5 4 3 2 1{kind}\n", "")
