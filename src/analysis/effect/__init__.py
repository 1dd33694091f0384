"""Statistics of change and effect: frames in, frames out; nothing here knows a study, a path or a label."""

from analysis._lazy import lazy

_MODULES = {
    "estimates": "",
    "change": "mixed_change gee_change paired_change standardised_change responders",
    "comparison": "difference_in_differences staggered_effect weighted_effect g_formula ancova balance",
    "clusters": "cluster_robust wild_bootstrap sign_flip randomisation_test leave_one_out cluster_summaries",
    "imputation": "impute imputation_traces pool tipping_point attrition_weights attrition_table",
    "pooling": "random_effects partial_pooling",
    "sensitivity": "regression_to_mean national_trend lockdown_exposure e_value multiplicity",
    "describe": "table_one standardised_difference",
}
__getattr__, __dir__, __all__ = lazy(__name__, _MODULES)
