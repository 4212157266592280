"""What every example of the state machine begins with: two organizations, and people of every kind in them."""

from collections.abc import Sequence
from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.db.models.functions import Now

from accounts.models import User
from invitations.models import JoinDomain
from tests import cast
from workspaces.actions import members, organizations, resources
from workspaces.actions.hosts import hand_in
from workspaces.catalogue import BuiltIn, Code, Scope
from workspaces.hosts import KnownProduct, RegisteredResource
from workspaces.models import Resource


@dataclass(frozen=True)
class World:
    """What every example begins with."""

    acme: cast.Acme
    north: cast.Northlab
    users: Sequence[User]
    sam: User

    @property
    def addresses(self) -> list[str]:
        return [address for user in self.users for address in (user.email, home(user))]


def home(user: User) -> str:
    """Everybody's second address, verified for the even ones."""
    return f"{user.email.partition('@')[0]}@home.example"


def give_role(acme: cast.Acme, user: User, role: int) -> None:
    members.update_roles(
        actor=cast.web(acme.olga), organization_id=acme.id, chosen=cast.chosen(acme.member(user)), role_id=role
    )


def make_world() -> World:
    """Groups that are admin in one workspace and look at another, custom roles, everyone grants, a group's manager."""
    acme, north = cast.acme(), cast.northlab()
    cast.join(north.zoe, north.organization, acme.ben, role=BuiltIn.ADMIN)
    nobody = [cast.person(f"{name}@nowhere.example", name.title()) for name in ("ivy", "kim")]
    users = [acme.olga, acme.priya, acme.mia, acme.ben, acme.tom, north.zoe, *nobody]
    for number, user in enumerate(users):
        EmailAddress.objects.create(user=user, email=home(user), verified=number % 2 == 0)
    for by, organization in ((acme.olga, acme.organization), (north.zoe, north.organization)):
        lab = cast.workspace_in(organization, "Lab")
        leads = cast.group_of(by, organization, "Leads", cast.member_of(organization, acme.ben))
        cast.grant_group(leads, lab, BuiltIn.STANDARD_ADMIN)
        cast.group_of(by, organization, "Club")
        cast.custom_role(organization, "Inviter", Scope.ORGANIZATION, Code.MEMBERS_INVITE, Code.MEMBERS_VIEW)
        cast.custom_role(organization, "Keeper", Scope.ORGANIZATION, Code.MEMBERS_ORG_MANAGE, Code.MEMBERS_VIEW)
        cast.custom_role(organization, "Hand", Scope.WORKSPACE, Code.MEMBERS_WORKSPACE_MANAGE, Code.WORKSPACE_VIEW)
        cast.ask_in(by, organization, *(user.email for user in nobody), groups=[leads.pk])
    leads = acme.organization.groups.get(name="Leads")
    cast.grant_group(leads, acme.research, BuiltIn.STANDARD_VIEWER)
    cast.manage(acme.organization.groups.get(name="Club"), acme.member(acme.mia))
    # People who may do one thing without holding the rest: those on whom a forgotten rule shows.
    for user, name in ((acme.mia, "Inviter"), (acme.ben, "Keeper")):
        give_role(acme, user, acme.organization.custom_roles.get(name=name).pk)
    # Tom asked Kim in as Admin when he was one.
    give_role(acme, acme.tom, BuiltIn.ADMIN)
    cast.ask_in(acme.tom, acme.organization, nobody[1].email, role=BuiltIn.ADMIN)
    give_role(acme, acme.tom, BuiltIn.GUEST)
    for user, name in ((acme.priya, "Research"), (acme.mia, "Lab"), (acme.ben, "Research")):
        hand = acme.organization.custom_roles.get(name="Hand")
        cast.place(acme.olga, acme.member(user), acme.organization.workspaces.get(name=name), hand.pk)
    keep_things(acme)
    # Everybody's second address: whoever has confirmed it may come by it once somebody lets them.
    for by, organization in ((acme.olga, acme.organization), (north.zoe, north.organization)):
        organizations.change_organization(actor=cast.web(by), organization_id=organization.pk, members_propose=True)
        JoinDomain.objects.create(organization=organization, domain="home.example", proof="dns", proven_at=Now())
    return World(acme, north, users, cast.staff_person())


def keep_things(acme: cast.Acme) -> None:
    """What products keep in Acme: projects of Mia's and Ben's, shared, and a drive of the organization's own."""
    receipt = hand_in(
        [
            *(KnownProduct(name=name) for name in ("Notebooks", "Drives")),
            *(
                RegisteredResource(
                    organization="acme",
                    product="Notebooks",
                    external_id=f"r{number}",
                    kind="project",
                    name=f"R{number}",
                    workspace=slug,
                    owner=owner,
                    access=access,
                )
                for number, slug, owner, access in (
                    (0, "research", "mia@acme.example", "private"),
                    (2, "research", "ben@acme.example", "full"),
                )
            ),
            RegisteredResource(organization="acme", product="Drives", external_id="r1", kind="drive", name="R1"),
        ]
    )
    assert not receipt.problems
    for owner, name, user, level in ((acme.mia, "r0", acme.ben, "view"), (acme.ben, "r2", acme.tom, "edit")):
        resource = Resource.objects.get(external_id=name)
        resources.share(
            actor=cast.web(owner),
            organization_id=acme.id,
            resource_id=resource.pk,
            member_id=acme.member(user).pk,
            level=level,
        )
