"""What has to run, and running it: plan, receipts, warm kernels, papermill, Dask.

Import from the modules (`from analysis.run.engine import run`): a run that finds nothing to do must import nothing
heavy.
"""
