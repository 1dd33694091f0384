"""The analyses that a study plans: the estimators of `effect` and `process`, applied to what study.yaml names.

Each function takes the study and processed tables and returns a frame ready for `store.release`: one row a
combination of
its dimensions, with `n` and `note`. Nothing here estimates, nothing here knows a study by name, and nothing touches
disk.
"""

from analysis._lazy import lazy

_MODULES = {
    "design": "dims totals primary important",
    "people": "population participants flow missingness attrition dropout table_one TABLE_ONE",
    "by_group": "crossings crossing_tests",
    "coverage": "reach representativeness reaim REACH ALIKE ALIKE_N REAIM REAIM_N",
    "change": "means changes by_unit corrected standardised responses MEANS ESTIMATES",
    "robustness": "methods leave_one_out METHODS",
    "referral": "funnel months with_period referrers stop_reasons FUNNEL FUNNEL_N REFERRERS REFERRERS_N",
    "collaboration": "network unit_total network_change sociogram meetings checklist work_sessions actions NETWORK",
    "voices": "factors agreement saturation action_plans involvement experience fidelity adaptations dose FIDELITY FIDELITY_N ADAPTATIONS DOSE",
    "value": "costs resources profile trend COSTS",
    "anchoring": "plan_times integration interventions heard PLAN_TIMES",
    "synthesis": "embedding evidence logic_model gaps rules EVIDENCE_KINDS LOGIC_KINDS",
}
__getattr__, __dir__, __all__ = lazy(__name__, _MODULES)
