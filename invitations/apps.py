from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InvitationsConfig(AppConfig):
    name = "invitations"

    def ready(self) -> None:
        from accounts.registry import departures, mail_complained, person_changed, signup_doors
        from invitations import emails  # noqa: F401  # registers the kinds of mail
        from invitations.actions import delivering, domains, inviting, keeping, links, proposing, succeeding
        from invitations.actions.importing import Importing
        from invitations.bulk import Resend
        from invitations.doors import invitations as doors
        from invitations.doors import joining as open_doors
        from invitations.queries import proposals, waiting
        from workspaces import bulk, jobs, registry
        from workspaces.policy import Verb

        signup_doors.extend([doors.signup_door, open_doors.link_door, open_doors.domain_door])
        person_changed.append(domains.pause_for_person)
        departures.append(keeping.forget_person)
        mail_complained.append(delivering.unsubscribe_complainer)
        registry.followers.extend([keeping.invitations_by, keeping.invitations_to])
        registry.successions.append(registry.Succession(succeeding.sent, succeeding.covered, succeeding.hand_over))
        registry.before_removal.extend([keeping.revoke_before_removal, links.revoke_links_of])
        registry.before_places_go.append(links.forget_places)
        registry.roles_replaced.append(links.follow_roles)
        registry.owner_changed.append(domains.pause_for_owner)
        registry.join_offers.append(open_doors.join_offers)
        registry.settings_tabs.append(registry.SettingsTab(_("Domains"), "domains", Verb.CHANGE_SETTINGS))
        registry.before_deletion.extend(
            [keeping.delete_with_organization, domains.delete_with_organization, links.delete_with_organization]
        )
        registry.guest_inviters.append(inviting.invite_guest)
        registry.workspace_inviters.append(doors.ask_into_workspace)
        registry.workspace_resenders.append(keeping.resend_in_workspace)
        registry.returning_inviters.append(doors.ask_again)
        registry.invitation_sources.append(doors.open_invitations)
        registry.waiting_sources.append(registry.WaitingSource(waiting.waiting_sql, waiting.read_waiting))
        registry.before_removal.append(proposing.delete_with_proposers)
        registry.before_places_go.append(proposing.forget_places)
        registry.before_merge.append(proposing.follow_merge)
        registry.before_deletion.append(proposing.delete_with_organization)
        registry.proposal_sources.append(proposals.my_proposals)
        registry.further_requests.append(
            registry.FurtherRequests(_("Proposed people"), "proposals", Verb.INVITE, proposals.waiting)
        )
        bulk.register(Resend())
        jobs.register(Importing())
