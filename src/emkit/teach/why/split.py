"""Log-likelihood = bound + KL, for several distributions over the latent states: the sum never changes, only the parts."""

from __future__ import annotations

from dataclasses import dataclass

from emkit.core.json_types import Json
from emkit.core.parameters import Parameters
from emkit.explain.latent import Account
from emkit.explain.ledger import account
from emkit.models.around import AnyModel, AnySource
from emkit.models.assignment import Hard, Sampled, Soft
from emkit.models.reassigned import with_assignment
from emkit.teach.why.choices import Even


@dataclass(frozen=True)
class Split:
    """The account for one choice of q, in words; theta is the same for all of them."""

    choice: str
    account: Account

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        return {"choice": self.choice, **self.account.to_dict()}


def splits(model: AnyModel, source: AnySource, theta: Parameters, ahead: Parameters, number: int) -> tuple[Split, ...]:
    """The accounts at `theta`, the parameters after `number` steps; `ahead` are those after the next.

    Errors: ModelError for a model that is neither a mixture nor a table of cells.
    """
    choices = {
        "the posterior": (Soft(), theta),
        f"the posterior at theta_{number + 1}": (Soft(), ahead),
        "all to the likeliest": (Hard(), theta),
        "drawn by lots": (Sampled(0), theta),
        "equal shares": (Even(), theta),
    }
    return tuple(
        Split(choice, account(with_assignment(model, assignment), source, q_at, theta))
        for choice, (assignment, q_at) in choices.items()
    )
