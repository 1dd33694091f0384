"""Missing values: impute and pool, what if they are not missing at random, and who was lost."""

from analysis.effect.attrition import attrition_table, attrition_weights
from analysis.effect.chained import imputation_traces, impute
from analysis.effect.rubin import pool, tipping_point

__all__ = ["attrition_table", "attrition_weights", "imputation_traces", "impute", "pool", "tipping_point"]
