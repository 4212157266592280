"""What the state machine chooses from: its methods, with what they are called with.

Numbers are taken modulo what there is to choose from.
"""

from typing import Any

from hypothesis import strategies as st

NUMBERS = st.integers(0, 60)
SETS = st.sets(st.integers(0, 9), min_size=1, max_size=4)
# Up to seven: that person. Up to eleven: one who may do one thing only. Above: one of the Admins there, since most acts
# would otherwise end at the first rule.
WHO = st.integers(0, 19)
WHERE = st.sampled_from([0, 0, 0, 1, 2])
OFTEN = st.sampled_from([True, True, True, False])
SELDOM = st.sampled_from([False, False, False, True])


def calls(*methods: tuple[str, dict[str, Any]]) -> Any:
    """One of the machine's methods with what it is called with. Several to a rule, since Hypothesis leaves whole rules
    out of an example: with one rule for each action it would seldom find those together that belong together.
    """
    return st.one_of([st.tuples(st.just(name), st.fixed_dictionaries(given)) for name, given in methods])


BY = {"who": WHO, "where": WHERE}
BY_ADMIN = {"who": st.one_of(st.integers(12, 19), st.integers(12, 19), WHO), "where": WHERE}
BY_ON = {**BY, "numbers": SETS}
ASKING = calls(
    (
        "invite",
        {
            **BY_ON,
            "fresh": OFTEN,
            "role": NUMBERS,
            "places": st.dictionaries(NUMBERS, NUMBERS, max_size=2),
            "groups": st.sets(NUMBERS, max_size=1),
        },
    ),
    ("resend", {**BY_ON, "staff": SELDOM}),
    ("revoke", {**BY_ON, "staff": SELDOM}),
    ("correct_address", {**BY, "number": NUMBERS, "address": NUMBERS}),
    (
        "edit_invitation",
        {
            **BY,
            "number": NUMBERS,
            "role": NUMBERS,
            "places": st.dictionaries(NUMBERS, NUMBERS, max_size=1),
            "groups": st.dictionaries(NUMBERS, st.booleans(), max_size=1),
            "again": SELDOM,
        },
    ),
    ("time_passes", {"number": NUMBERS, "sweep": OFTEN}),
)
ACCEPTING = ("accept", {"number": NUMBERS, "former": SELDOM, "good": OFTEN, "who": WHO, "right": OFTEN})
ANSWERING = calls(ACCEPTING, ACCEPTING, ("decline", {"number": NUMBERS, "former": SELDOM, "good": OFTEN}))
CHANGING = calls(
    ("update_roles", {**BY_ON, "role": NUMBERS, "stored": SELDOM}),
    ("suspend", {**BY_ON, "staff": SELDOM}),
    ("reactivate", BY_ON),
    ("remove", {**BY_ON, "stored": SELDOM, "successor": NUMBERS}),
    ("leave", {**BY, "successor": NUMBERS}),
)
PLACING = calls(
    ("add_to_group", {**BY_ON, "number": NUMBERS}),
    ("add_to_workspace", {**BY_ON, "number": NUMBERS, "role": NUMBERS}),
    ("create_group", {**BY, "number": NUMBERS}),
)
JOB_KINDS = (
    "members.role",
    "members.group",
    "members.workspace",
    "members.suspend",
    "members.reactivate",
    "members.remove",
    "group.remove",
    "grants.role",
    "grants.remove",
)
A_JOB = {**BY_ON, "kind": st.sampled_from(JOB_KINDS), "number": NUMBERS, "role": NUMBERS}
JOBS = calls(
    ("start_job", A_JOB),
    ("there_and_back", A_JOB),
    ("undo_job", {"who": WHO, "number": NUMBERS}),
)
GRANTING = calls(
    (
        "give_role",
        {
            **BY_ON,
            "number": NUMBERS,
            "role": NUMBERS,
            "to": st.sampled_from(["members", "groups", "everyone"]),
            "end": NUMBERS,
            "extra": SELDOM,
        },
    ),
    ("change_grants", {**BY_ON, "number": NUMBERS, "role": NUMBERS, "end": NUMBERS, "extra": SELDOM}),
    ("remove_grants", {**BY_ON, "number": NUMBERS}),
    ("remove_all_access", {**BY, "number": NUMBERS, "member": NUMBERS, "heir": NUMBERS}),
    ("grant_ends", {"number": NUMBERS}),
    ("ask_for_access", {**BY, "number": NUMBERS, "role": NUMBERS}),
    (
        "answer_request",
        {"who": WHO, "number": NUMBERS, "how": st.sampled_from(["approve", "approve", "decline", "withdraw"])},
    ),
)
ARRANGING = calls(
    ("remove_from_group", {**BY_ON, "number": NUMBERS}),
    ("delete_group", {**BY, "number": NUMBERS}),
    ("manage", {**BY, "number": NUMBERS, "member": NUMBERS, "ends": SELDOM}),
    ("create_workspace", {**BY, "opened": OFTEN, "admin": NUMBERS}),
    (
        "close_workspace",
        {
            **BY,
            "number": NUMBERS,
            "how": st.sampled_from(["archive", "reopen", "delete", "restore", "restore"]),
            "fresh": OFTEN,
        },
    ),
    ("join_or_leave", {**BY, "number": NUMBERS, "leaves": SELDOM, "heir": NUMBERS}),
    ("edit_role", {**BY, "number": NUMBERS, "bundle": NUMBERS}),
    ("replace_role", {**BY, "number": NUMBERS, "other": NUMBERS}),
    ("change_scheme", {**BY, "number": NUMBERS}),
)
JOINING = calls(
    ("change_domain", {**BY, "how": st.sampled_from(["on", "on", "off", "pause", "resume"]), "number": NUMBERS}),
    ("join_by_domain", {"who": WHO, "where": WHERE}),
    ("join_by_domain", {"who": WHO, "where": WHERE}),
    (
        "make_link",
        {
            **BY,
            "role": NUMBERS,
            "places": st.dictionaries(NUMBERS, NUMBERS, max_size=2),
            "groups": st.sets(NUMBERS, max_size=1),
            "most": st.sampled_from([None, 1, 2]),
        },
    ),
    ("join_by_link", {"who": WHO, "number": NUMBERS, "former": SELDOM}),
    ("join_by_link", {"who": WHO, "number": NUMBERS, "former": SELDOM}),
    ("change_link", {**BY, "number": NUMBERS, "ends": SELDOM}),
)
OWNING = calls(
    ("offer_transfer", {**BY, "fresh": OFTEN, "number": NUMBERS, "staff": SELDOM}),
    ("accept_transfer", {"who": WHO, "number": NUMBERS, "fresh": OFTEN, "right": OFTEN}),
    ("withdraw_transfer", BY),
    ("change_organization", {**BY, "days": st.integers(-1, 40), "flag": st.booleans()}),
    ("change_seats", {"where": WHERE, "free": st.integers(-1, 6)}),
    ("create_organization", {"who": WHO}),
    ("delete_organization", {"who": WHO, "fresh": OFTEN, "name": st.sampled_from(["Third", "Third", "third"])}),
)
ENDING = calls(("block_or_unblock", {"who": WHO, "back": OFTEN}), ("delete_account", {"who": WHO, "sure": SELDOM}))
