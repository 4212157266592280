"""The last-admin rule, folded over counts (ACCEPTANCE P11)."""

from collections.abc import Iterable, Mapping, Sequence


def keep_last_admins(
    order: Sequence[int], admins: Mapping[int | None, Iterable[int]], survivors: Mapping[int | None, int]
) -> dict[int, int | None]:
    """Which of the members who would lose their access have to keep it, as if each were asked in turn.

    order: the members who lose it, the actor last. admins: per scope (None: the organization, else a workspace's id)
    those of them who are admins there. survivors: per scope how many admins remain beside them. Returns refused
    member -> the scope that they are the last admin of.
    """
    scopes_of: dict[int, list[int | None]] = {}
    remaining: dict[int | None, int] = {}
    for scope, members in admins.items():
        losing = list(members)
        remaining[scope] = survivors.get(scope, 0) + len(losing)
        for member in losing:
            scopes_of.setdefault(member, []).append(scope)
    kept: dict[int, int | None] = {}
    for member in order:
        scopes = scopes_of.get(member, [])
        last_of = [scope for scope in scopes if remaining[scope] == 1]
        if last_of:
            kept[member] = last_of[0]
            continue
        for scope in scopes:
            remaining[scope] -= 1
    return kept
