"""Statistics of reach, referral, network, meetings, factors, costs and involvement: frames in, frames out."""

from analysis._lazy import lazy

_MODULES = {
    "funnel": "referral_funnel",
    "times": "time_to_step",
    "referrers": "referrer_mix stop_reasons",
    "activity": "dose",
    "coverage": "reach",
    "balance": "representativeness",
    "re_aim": "reaim",
    "delivery": "fidelity adaptations",
    "ties": "network",
    "moments": "network_change",
    "domains": "sociogram",
    "learning": "meetings checklist",
    "actions": "action_points",
    "loop": "learning_loop previous_meeting new_since",
    "coding": "factors saturation",
    "coders": "agreement",
    "costs": "cost_per_step discount",
    "economics": "icer net_benefit acceptability_curve",
    "utilities": "qaly",
    "policy": "action_plans embedding",
    "partners": "collaboration adoption",
    "residents": "involvement experience",
    "volunteering": "volunteers",
}
__getattr__, __dir__, __all__ = lazy(__name__, _MODULES)
