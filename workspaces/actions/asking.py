"""What host products ask: may this member do this? The same answer that the screens give."""

from workspaces.actions.activity import product_asked
from workspaces.queries.effective import Answer, check


def may(
    *,
    product: str,
    organization_id: int,
    member_id: int,
    code: str,
    workspace_id: int | None = None,
    resource_id: int | None = None,
) -> Answer:
    """The answer with its reason and all sources; an Answer is true when it allows. Notes that the product asked, at
    most once a minute. Keep no answer: a change counts on the next question (P12).
    """
    product_asked(product)
    return check(organization_id, member_id, code, workspace_id, resource_id)
