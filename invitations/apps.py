from django.apps import AppConfig


class InvitationsConfig(AppConfig):
    name = "invitations"

    def ready(self) -> None:
        from accounts.registry import signup_doors
        from invitations import doors, emails  # noqa: F401  # registers the mail kind
        from invitations.actions import inviting, keeping
        from invitations.bulk import Resend
        from workspaces import bulk, registry

        signup_doors.append(doors.signup_door)
        registry.followers.extend([keeping.invitations_by, keeping.invitations_to])
        registry.before_removal.append(keeping.revoke_before_removal)
        registry.before_deletion.append(keeping.delete_with_organization)
        registry.guest_inviters.append(inviting.invite_guest)
        registry.workspace_inviters.append(doors.ask_into_workspace)
        registry.invitation_sources.append(doors.open_invitations)
        bulk.register(Resend())
