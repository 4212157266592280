"""Reads of invitations, domains, links, proposals and imports. No write."""
