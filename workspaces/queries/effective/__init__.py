"""Effective access: who may do what where, and through what. Computed fresh from members, groups and grants; nothing is
kept across requests (P12).
"""

from workspaces.queries.effective.blast import Radius, blast_radius, high_risk_of
from workspaces.queries.effective.checking import Answer, No, Source, check
from workspaces.queries.effective.holders import Holder, Holders, who_can
from workspaces.queries.effective.paths import Kind, Path, codes_of, held_by, paths_in, paths_of

__all__ = [
    "Answer",
    "Holder",
    "Holders",
    "Kind",
    "No",
    "Path",
    "Radius",
    "Source",
    "blast_radius",
    "check",
    "codes_of",
    "held_by",
    "high_risk_of",
    "paths_in",
    "paths_of",
    "who_can",
]
