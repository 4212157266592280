"""The mails about invitations and proposals, written when they are sent. Importing this registers their kinds."""

from invitations.emails import invitations, proposals

__all__ = ["invitations", "proposals"]
