"""The analyses that a study plans: the estimators of `effect` and `process`, applied to what study.yaml names.

Each function takes the study and processed tables and returns a frame ready for `store.release`: one row a
combination of its dimensions, with `n` and `note`. Nothing here estimates, nothing here knows a study by name, and
nothing touches disk.
"""

from analysis._lazy import lazy

_MODULES = {
    "design": "dims from_start totals primary important",
    "people": "population participants flow missingness attrition dropout table_one TABLE_ONE",
    "by_group": "crossings crossing_tests",
    "coverage": "reach representativeness reaim REACH ALIKE ALIKE_N REAIM REAIM_N",
    "change": "means changes by_unit corrected standardised responses MEANS ESTIMATES",
    "outcome_data": "primaries",
    "national": "public_trend TREND",
    "robustness": "methods specifications leave_one_out METHODS SPECIFIED CURVE",
    "referral": "funnel months with_period per_quarter entries log_rank referrers stop_reasons "
    "FUNNEL FUNNEL_N REFERRERS REFERRERS_N",
    "learning": "loop followed since since_steps since_forms since_actions since_voices LOOP SINCE SINCE_N",
    "organisations": "network unit_total network_change positions adoption sociogram NETWORK",
    "collaboration": "meetings checklist dimensions work_sessions action_states",
    "voices": "factors agreement saturation action_plans by_quarter involvement experience fidelity adaptations dose "
    "volunteers absent FIDELITY FIDELITY_N ADAPTATIONS DOSE PLANS EXPERIENCE VOLUNTEERS VOLUNTEERS_N",
    "value": "profile trend",
    "spending": "costs resources worth discount_rates cheers COSTS RESOURCES",
    "anchoring": "plan_times integration interventions heard PLAN_TIMES",
    "context": "compared expected COMPARED EXPECTED",
    "measured": "measurements",
    "synthesis": "embedding evidence logic_model gaps rules EVIDENCE_KINDS LOGIC_KINDS",
}
__getattr__, __dir__, __all__ = lazy(__name__, _MODULES)
