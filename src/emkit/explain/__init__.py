"""Every step of EM in numbers: the step table, the ledger of the bound, exact fractions, four notations, worksheets."""

from emkit.explain.explanation import Explanation, explain
from emkit.explain.latent import Account
from emkit.explain.ledger import Entry, Half, account, ledger
from emkit.explain.subject import Subject, subject_of_fit

__all__ = ["Account", "Entry", "Explanation", "Half", "Subject", "account", "explain", "ledger", "subject_of_fit"]
