"""Statistics of reach, referral, network, meetings, factors, costs and involvement: frames in, frames out."""

from analysis._lazy import lazy

_MODULES = {
    "funnel": "referral_funnel time_to_step referrer_mix dose stop_reasons",
    "reach": "reach representativeness reaim",
    "fidelity": "fidelity adaptations",
    "network": "network network_change sociogram",
    "meetings": "meetings checklist action_points learning_loop",
    "factors": "factors saturation agreement",
    "costs": "cost_per_step discount icer net_benefit acceptability_curve qaly",
    "embedding": "action_plans embedding collaboration adoption",
    "involvement": "involvement experience",
}
__getattr__, __dir__, __all__ = lazy(__name__, _MODULES)
