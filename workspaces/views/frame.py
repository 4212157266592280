"""The left column: which pages this person may open, their workspaces, themselves."""

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from config.ui.people import hue, initials
from workspaces import registry
from workspaces.place import Place
from workspaces.policy import Decision, Verb, decide
from workspaces.queries.choices import manages_some_group, may_invite
from workspaces.queries.shell import surroundings


def badge(name: str, key: int) -> dict[str, Any]:
    """An organization's or a workspace's square."""
    return {"name": name, "initials": initials(name)[:1], "initial": initials(name)[:1], "hue": hue(key)}


def frame(place: Place, current: str) -> dict[str, Any]:
    """The frame of an organization's pages."""
    organization = place.organization
    args = [organization.slug]
    around = surroundings(organization, place.member, decides_all=bool(decide(place.facts, Verb.UPDATE_ROLE)))
    further = sum(each.waiting(organization) for each in registry.further_requests if decide(place.facts, each.verb))
    items = [
        {
            "label": label,
            "icon": icon,
            "url": reverse(name, args=args),
            "current": name == current,
            "badge": around.requests + further if name == "requests" else 0,
        }
        for label, icon, name, opens in _pages(place)
        if opens
    ]
    items.append(
        {"label": _("My access"), "icon": "key", "url": reverse("my_access"), "current": current == "my_access"}
    )
    role = _("Owner") if place.facts.is_owner else place.member.role.label
    person = _person(place.member.user, role)
    person["account_items"].insert(0, {"label": _("Jobs"), "icon": "list-check", "url": reverse("jobs", args=args)})
    return {
        **person,
        "organization": {
            **badge(organization.name, organization.pk),
            "slug": organization.slug,
            "url": reverse("organization", args=args),
        },
        "items": items,
        "palette_url": reverse("palette", args=args),
        "workspaces": [
            {
                **badge(name, workspace_id),
                "url": reverse("workspace", args=[organization.slug, slug]),
                "current": current == f"workspace {workspace_id}",
            }
            for workspace_id, name, slug in around.workspaces
        ],
    }


def _pages(place: Place) -> list[tuple[str, str, str, Decision | bool]]:
    """The left column: label, icon, name of the address, and whether it opens to this person."""
    return [
        (_("Overview"), "layout-dashboard", "overview", decide(place.facts, Verb.VIEW_OVERVIEW)),
        (_("Members"), "users", "members", decide(place.facts, Verb.VIEW_MEMBERS, organization=place.policies)),
        (_("Groups"), "users-group", "groups", _sees_groups(place)),
        (_("Workspaces"), "stack-2", "workspaces", decide(place.facts, Verb.ASK_FOR_ACCESS)),
        (_("Resources"), "database", "organization_resources", decide(place.facts, Verb.ASK_FOR_ACCESS)),
        (_("Roles"), "shield", "roles", decide(place.facts, Verb.VIEW_ROLES)),
        (_("Invitations"), "mail-forward", "invitations", may_invite(place.organization, place.facts)),
        (_("Requests"), "hand-stop", "requests", decide(place.facts, Verb.ASK_FOR_ACCESS)),
        (_("History"), "history", "history", decide(place.facts, Verb.VIEW_HISTORY)),
        (_("Settings"), "settings", "settings", decide(place.facts, Verb.CHANGE_SETTINGS)),
    ]


def _sees_groups(place: Place) -> bool:
    """Whoever may not see all of them finds those that they manage."""
    sees_all = decide(place.facts, Verb.VIEW_GROUPS, organization=place.policies)
    return bool(sees_all) or manages_some_group(place.facts)


def personal_frame(request: HttpRequest, current: str = "") -> dict[str, Any]:
    """The frame of pages that belong to no organization."""
    items = [{"label": _("My access"), "icon": "key", "url": reverse("my_access"), "current": current == "my_access"}]
    return {**_person(request.user, ""), "organization": None, "items": items, "workspaces": []}


def _person(user: User | AbstractBaseUser | object, role: str) -> dict[str, Any]:
    assert isinstance(user, User)
    return {
        "switcher_url": reverse("switcher"),
        "member": {
            "name": user.display_name,
            "initials": initials(user.display_name),
            "hue": hue(user.pk),
            "role": role,
        },
        "account_items": [
            {"label": _("Profile"), "icon": "user", "url": reverse("account_profile")},
            {"label": _("Addresses"), "icon": "mail", "url": reverse("account_email")},
            {"label": _("Security"), "icon": "shield", "url": reverse("mfa_index")},
            {"label": _("Sessions"), "icon": "devices", "url": reverse("usersessions_list")},
        ],
    }


def person_frame(request: HttpRequest) -> dict[str, Any]:
    """The frame around the person's account pages; registered with `accounts`."""
    return {"shell": personal_frame(request)}
