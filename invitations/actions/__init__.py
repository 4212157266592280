"""Every write of invitations. Each locks the organization first, through `workspaces.actions.locking`."""
