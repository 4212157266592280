"""Why something is refused: one code each, with the sentence that people read and what kind of refusal it is."""

from enum import Enum, StrEnum

from config.refusals import Refusal
from config.sentences import Sentence
from config.sentences import Sentence as _


class Refused(Enum):
    """By what: its HTTP status follows from it."""

    BY_RIGHT = 403
    BY_STATE = 409
    UNTIL_CONFIRMED = 401  # never sent: people are led to the confirmation page


class Reason(StrEnum):
    NO_RIGHT = "no_right"
    HOLDS_MORE = "holds_more"
    GIVES_MORE = "gives_more"
    GROUP_CARRIES_MORE = "group_carries_more"
    OWNER = "owner"
    OWNER_ONLY = "owner_only"
    YOURSELF = "yourself"
    WAITING = "waiting"
    SUSPENDED = "suspended"
    NOT_SUSPENDED = "not_suspended"
    JOINED = "joined"
    BLOCKED = "blocked"
    UNCHANGED = "unchanged"
    LAST_ORGANIZATION_ADMIN = "last_organization_admin"
    LAST_WORKSPACE_ADMIN = "last_workspace_admin"
    NOT_ACTIVE = "not_active"
    NOT_THE_SUCCESSOR = "not_the_successor"
    NO_OFFER = "no_offer"
    OWNER_PRESENT = "owner_present"
    EVERYONE_MANAGES = "everyone_manages"
    SELF_EXTENDED = "self_extended"
    ARCHIVED = "archived"
    PERSONAL = "personal"
    READ_ONLY = "read_only"
    NOT_OPEN = "not_open"
    NOT_DIRECT = "not_direct"
    PRIVATE = "private"
    ROLE_IN_USE = "role_in_use"
    HAS_RESOURCES = "has_resources"
    DECIDED = "decided"
    TOO_MANY = "too_many"
    OVER_LIMIT = "over_limit"
    OVER_LIMIT_HERE = "over_limit_here"
    OVER_LIMIT_YOURS = "over_limit_yours"
    NO_SEAT = "no_seat"
    CONFIRM = "confirm"

    @property
    def refused(self) -> Refused:
        if self in _BY_RIGHT:
            return Refused.BY_RIGHT
        return Refused.UNTIL_CONFIRMED if self is Reason.CONFIRM else Refused.BY_STATE

    def refusal(self, *, retry_after: int | None = None) -> Refusal:
        """To be raised where a rule says no. retry_after: seconds."""
        return Refusal(self.sentence, self.refused.value, self, retry_after=retry_after)

    @property
    def sentence(self) -> Sentence:
        return SENTENCES[self]


_BY_RIGHT = {
    Reason.NO_RIGHT,
    Reason.HOLDS_MORE,
    Reason.GIVES_MORE,
    Reason.GROUP_CARRIES_MORE,
    Reason.OWNER_ONLY,
    Reason.NOT_THE_SUCCESSOR,
    Reason.EVERYONE_MANAGES,
    Reason.SELF_EXTENDED,
    Reason.PRIVATE,
}

SENTENCES: dict[Reason, Sentence] = {
    Reason.NO_RIGHT: _("Your role does not include this."),
    Reason.HOLDS_MORE: _("They hold permissions that you do not hold."),
    Reason.GIVES_MORE: _("This would give permissions that you do not hold."),
    Reason.GROUP_CARRIES_MORE: _(
        "The group carries permissions that you do not hold. An organization admin can do this."
    ),
    Reason.OWNER: _("They own the organization. Ownership has to be transferred first."),
    Reason.OWNER_ONLY: _("Only the owner can do this."),
    Reason.YOURSELF: _("You cannot do this to yourself. Use Leave, or ask another admin."),
    Reason.WAITING: _("They have not accepted their invitation yet."),
    Reason.SUSPENDED: _("They are suspended. Reactivate them first."),
    Reason.NOT_SUSPENDED: _("They are not suspended."),
    Reason.JOINED: _("They have joined already."),
    Reason.BLOCKED: _("Their account is blocked. An operator has to unblock it first."),
    Reason.UNCHANGED: _("Nothing would change."),
    Reason.LAST_ORGANIZATION_ADMIN: _(
        "They are the last active admin of the organization. Make someone else admin first."
    ),
    Reason.LAST_WORKSPACE_ADMIN: _("They are the last admin of a workspace. Name another admin there first."),
    Reason.NOT_ACTIVE: _("You are not an active member of this organization."),
    Reason.NOT_THE_SUCCESSOR: _("The offer is for someone else."),
    Reason.NO_OFFER: _("There is no open offer. Ask the owner to make a new one."),
    Reason.OWNER_PRESENT: _("The owner is active and can start the transfer."),
    Reason.EVERYONE_MANAGES: _("Everyone can never manage members. Choose a lower role."),
    Reason.SELF_EXTENDED: _("Your own access here ends on a date. Somebody else has to extend it."),
    Reason.ARCHIVED: _("The workspace is archived. Reopen it first."),
    Reason.PERSONAL: _("A personal workspace is for one person only."),
    Reason.READ_ONLY: _("This workspace is read-only: nobody gets more than viewing in it."),
    Reason.NOT_OPEN: _("This workspace is not open to members. Ask for access instead."),
    Reason.PRIVATE: _("This is private to somebody else. Make another person its owner, not yourself."),
    Reason.NOT_DIRECT: _("They hold no role of their own here: it comes through a group or everyone."),
    Reason.ROLE_IN_USE: _("The role is in use. Choose another one that takes its place."),
    Reason.HAS_RESOURCES: _("There are still resources in it. Delete or move them first."),
    Reason.DECIDED: _("Somebody has decided this already."),
    Reason.TOO_MANY: _("This is more than 10,000 people at once. Choose fewer."),
    Reason.OVER_LIMIT: _("This address has had its mails for today. Try again tomorrow."),
    Reason.OVER_LIMIT_HERE: _(
        "The organization has invited as many people today as it may. Try again tomorrow, or ask the operator for more."
    ),
    Reason.OVER_LIMIT_YOURS: _(
        "You have invited as many people today as one person may. Try again tomorrow, or ask another admin."
    ),
    Reason.NO_SEAT: _("There is no free seat. Remove people, revoke invitations, or ask the operator for more seats."),
    Reason.CONFIRM: _("Confirm that it is you first."),
}
