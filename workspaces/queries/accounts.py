"""External accounts (SYSTEMS R6): where the organization belongs to one, which of its members are not known to."""

from collections.abc import Collection

from workspaces.models import AccountState, ExternalAccount, Organization


def unchecked_accounts(organization: Organization, member_ids: Collection[int]) -> dict[int, AccountState]:
    """Members whose external account failed or was not checked; nobody where the organization has none itself."""
    if not organization.external_account_id:
        return {}
    known = ExternalAccount.objects.filter(member__in=list(member_ids)).values_list("member", "state")
    states = {member_id: AccountState(state) for member_id, state in known}
    told = {member_id: states.get(member_id, AccountState.NOT_CHECKED) for member_id in member_ids}
    return {member_id: state for member_id, state in told.items() if state is not AccountState.CHECKED}


def account_of(member_id: int) -> ExternalAccount | None:
    return ExternalAccount.objects.filter(member=member_id).first()
