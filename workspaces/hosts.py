"""What host products hand in (SYSTEMS R1 to R6): the shapes of it, in Python and as lines of JSON. No query, no write.

`workspaces.actions.hosts.hand_in` takes these records. In JSON each is an object whose "type" is a name in RECORDS, and
whose other keys are the fields: times as ISO 8601 with an offset, numbers as numbers, lists as lists.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, get_type_hints

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from accounts.addresses import AddressError, canonical
from accounts.names import clean_name
from workspaces.catalogue import PERMISSIONS, BuiltIn, Scope

CLOCKS_APART = timedelta(minutes=5)
"""By how much a product's clock may be ahead of ours."""


type Refuse = Callable[[int, str], None]
"""Says of a record, by its number, why it is not taken."""


class BadRecord(ValueError):
    """The record cannot be taken; `str()` says why to whoever runs the product."""


def _text(most: int, *, choices: tuple[str, ...] = (), form: str = "line", **more: Any) -> Any:
    """A field of text. form: "line" of plain text, "url", or "address"."""
    return field(metadata={"most": most, "choices": choices, "form": form}, **more)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownProduct:
    """A host product. asked_at: when it last asked what somebody may do."""

    name: str = _text(80)
    url: str = _text(500, form="url", default="")
    asked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredPermission:
    """A permission that the product enforces; ability completes "You will be able to ...".

    roles: the lowest built-in roles that get it (names of `catalogue.BuiltIn` in lower case, as "standard_editor");
    those above them and the top roles get it in any case. Naming other roles later moves it.
    """

    product: str = _text(80)
    code: str = _text(80)
    scope: str = _text(12, choices=tuple(Scope.values))
    area: str = _text(80)
    ability: str = _text(200)
    explanation: str = _text(500, default="")
    high_risk: bool = False
    viewing: bool = False
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawnPermission:
    """The product no longer knows the permission: it leaves every role and every grant."""

    product: str = _text(80)
    code: str = _text(80)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredResource:
    """All that the product says of a resource; its organization, product and external id say which one it is.

    workspace: its slug, "" for a resource of the organization as a whole. owner: an address; like access it counts when
    the resource is new (the owner also while there is none), since afterwards Roster keeps who may reach it.
    """

    organization: str = _text(50)
    product: str = _text(80)
    external_id: str = _text(200)
    kind: str = _text(40)
    name: str = _text(200)
    workspace: str = _text(50, default="")
    owner: str = _text(254, form="address", default="")
    url: str = _text(500, form="url", default="")
    access: str = _text(8, choices=("full", "view", "private"), default="full")
    synced_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VanishedResource:
    """The product has it no longer."""

    organization: str = _text(50)
    product: str = _text(80)
    external_id: str = _text(200)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedCount:
    """How many resources of a kind the product keeps in a workspace without registering them one by one."""

    organization: str = _text(50)
    workspace: str = _text(50)
    product: str = _text(80)
    kind: str = _text(40)
    value: int
    reported_at: datetime
    url: str = _text(500, form="url", default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedFigure:
    """Usage, consumption, or what membership entitles to: shown with its source and time, never computed with."""

    organization: str = _text(50)
    product: str = _text(80)
    kind: str = _text(12, choices=("usage", "entitlement"))
    code: str = _text(80)
    label: str = _text(120)
    reported_at: datetime
    workspace: str = _text(50, default="")
    value: Decimal | None = None
    unit: str = _text(40, default="")
    url: str = _text(500, form="url", default="")


_STATES = ("not_checked", "checked", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationAccount:
    """The account or tenant outside that the organization belongs to."""

    organization: str = _text(50)
    account_id: str = _text(120)
    state: str = _text(12, choices=_STATES, default="not_checked")


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberAccount:
    """The account outside that a member belongs to, and whether it was found right."""

    organization: str = _text(50)
    address: str = _text(254, form="address")
    account_id: str = _text(120, default="")
    state: str = _text(12, choices=_STATES, default="not_checked")
    reported_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenMember:
    """When the product last saw a member at work."""

    organization: str = _text(50)
    address: str = _text(254, form="address")
    at: datetime


type Record = (
    KnownProduct
    | RegisteredPermission
    | WithdrawnPermission
    | RegisteredResource
    | VanishedResource
    | ReportedCount
    | ReportedFigure
    | OrganizationAccount
    | MemberAccount
    | SeenMember
)

RECORDS: Mapping[str, type[Record]] = {
    "product": KnownProduct,
    "permission": RegisteredPermission,
    "permission_withdrawn": WithdrawnPermission,
    "resource": RegisteredResource,
    "resource_vanished": VanishedResource,
    "count": ReportedCount,
    "figure": ReportedFigure,
    "organization_account": OrganizationAccount,
    "member_account": MemberAccount,
    "seen": SeenMember,
}
_HINTS = {record: get_type_hints(record) for record in RECORDS.values()}


# --- reading lines


def read(line: str) -> Record:
    """The record of one line of JSON, its shape made sure of. Raises BadRecord."""
    try:
        given = json.loads(line, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise BadRecord("This is no JSON.") from error
    if not isinstance(given, dict):
        raise BadRecord("This is no JSON object.")
    record = RECORDS.get(str(given.pop("type", "")))
    if record is None:
        raise BadRecord(f"The type is none of {', '.join(RECORDS)}.")
    unknown = set(given) - {each.name for each in fields(record)}
    if unknown:
        raise BadRecord(f"There is no field {', '.join(sorted(unknown))}.")
    lacking = [each.name for each in fields(record) if each.default is MISSING and each.name not in given]
    if lacking:
        raise BadRecord(f"It lacks {', '.join(lacking)}.")
    return record(**{name: _convert(name, value, _HINTS[record][name]) for name, value in given.items()})


def _convert(name: str, value: object, wanted: Any) -> Any:
    if wanted in (datetime, datetime | None) and isinstance(value, str):
        try:
            return datetime.fromisoformat(value)
        except ValueError as error:
            raise BadRecord(f"{name} is no time in ISO 8601.") from error
    if wanted == Decimal | None and isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if wanted == tuple[str, ...] and isinstance(value, list):
        return tuple(value)
    return value


# --- making sure


def check(record: Record) -> Record:
    """The record with its texts in their one form. Raises BadRecord for what no product can mean."""
    clean: dict[str, Any] = {}
    for each in fields(record):
        value = getattr(record, each.name)
        clean[each.name] = _checked(each.name, value, _HINTS[type(record)][each.name], each.metadata, each.default)
    checked = type(record)(**clean)
    if isinstance(checked, ReportedCount) and checked.value < 0:
        raise BadRecord("value is below zero.")
    if isinstance(checked, RegisteredPermission):
        _check_permission(checked)
    return checked


def _checked(name: str, value: Any, wanted: Any, metadata: Mapping[str, Any], default: object) -> Any:
    if value is None and default is None:
        return None
    if wanted is str:
        return "" if value == "" and default == "" else _checked_text(name, value, **metadata)
    if wanted in (datetime, datetime | None):
        return _checked_time(name, value)
    if wanted == tuple[str, ...]:
        if not (isinstance(value, tuple) and all(isinstance(one, str) for one in value)):
            raise BadRecord(f"{name} is no list of texts.")
        return value
    kind: Any = Decimal if wanted == Decimal | None else wanted
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise BadRecord(f"{name} is no {'yes or no' if kind is bool else 'number'}.")
    if kind is not bool and not _is_sayable(Decimal(value)):
        raise BadRecord(f"{name} is too large a number, or has more than four decimals.")
    return value


def _is_sayable(number: Decimal) -> bool:
    return number.is_finite() and abs(number) < Decimal(10) ** 16 and number == round(number, 4)


def _checked_text(name: str, value: object, *, most: int, choices: tuple[str, ...], form: str) -> str:
    if not isinstance(value, str):
        raise BadRecord(f"{name} is no text.")
    if choices and value not in choices:
        raise BadRecord(f"{name} is none of {', '.join(choices)}.")
    try:
        if form == "address":
            return canonical(value)
        text = clean_name(value, most)
        if form == "url":
            _is_link(text)
    except AddressError as error:
        raise BadRecord(f"{name}: {error}") from error
    except ValidationError as error:
        raise BadRecord(f"{name}: {error.messages[0]}") from error
    return text


_is_link = URLValidator(schemes=["http", "https"])


def _checked_time(name: str, value: object) -> datetime:
    if not isinstance(value, datetime):
        raise BadRecord(f"{name} is no time.")
    if value.tzinfo is None:
        raise BadRecord(f"{name} lacks its offset from UTC.")
    if value > datetime.now(UTC) + CLOCKS_APART:
        raise BadRecord(f"{name} is in the future.")
    return value


def _check_permission(record: RegisteredPermission) -> None:
    if record.code in PERMISSIONS:
        raise BadRecord(f"{record.code} is part of the catalogue that ships with Roster.")
    scope = Scope.ORGANIZATION if record.scope == Scope.ORGANIZATION else Scope.WORKSPACE
    possible = role_ids(scope)
    wrong = [name for name in record.roles if name not in possible]
    if wrong:
        raise BadRecord(f"roles: {', '.join(wrong)} is none of {', '.join(possible)}.")


def role_ids(scope: str) -> dict[str, int]:
    """Built-in roles that a registration can name; a Guest holds nothing but what they were asked in to."""
    below = BuiltIn.STANDARD_VIEWER
    return {
        role.name.lower(): role.value
        for role in BuiltIn
        if (role < below) == (scope == Scope.ORGANIZATION) and role is not BuiltIn.GUEST
    }
