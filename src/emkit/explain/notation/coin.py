"""Do & Batzoglou's notation of the two coins."""

from emkit.explain.notation.notation import InGeneral, InSequence, Notation

COIN = Notation(
    name="coin",
    author="Do & Batzoglou",
    row="E_{i}",
    latent="Z_{i}",
    parameters="theta",
    old_parameters="theta(t)",
    prior="P(Z_{k})",
    likelihood="P(E_{i}|Z_{k})",
    joint="P(E_{i},Z_{k})",
    responsibility="P(Z_{k}|E_{i})",
    log_likelihood="log P(E)",
    expected="Q",
    entropy="H",
    bound="g = Q + H",
    gap="log P - g",
    attributed="{what} to {k}",
    e_step="complete the data in expectation, with the current theta",
    m_step="estimate as usual, with expected counts in place of counts",
    in_sequence=InSequence(
        forward="P(Z_t=k|E_(1:t))",
        scale="P(E_t|E_(1:t-1))",
        backward="P(E_(t+1:T)|Z_t=k) / P(E_(t+1:T)|E_(1:t))",
        share="P(Z_{t}={k}|E)",
        pair="P(Z_t={j},Z_(t+1)={k}|E)",
        e_step="complete the data in expectation, with the current theta",
        path="Z",
        posterior="P(Z|E)",
        joint="P(E,Z;theta)",
        first="P(Z_1;theta)",
        move="P(Z_(t+1)|Z_t;theta)",
        emission="P(E_t|Z_t;theta)",
    ),
    in_general=InGeneral(
        state="k", share="P(Z_k|E_{i})", joint="P(E_{i},Z_k;theta)", prior="P(Z_k;theta)", likelihood="P(E_{i}|Z_k;theta)"
    ),
)
