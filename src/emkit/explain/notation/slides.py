"""The notation of the three-coins slides, in which z = 1 is the first of two states."""

from emkit.explain.notation.notation import InGeneral, InSequence, Notation

SLIDES = Notation(
    name="slides",
    author="three-coins slides",
    row="x_{i}",
    latent="z_{i}",
    parameters="theta",
    old_parameters="theta_old",
    prior="Pr(z={k})",
    likelihood="Pr(x_{i}|z={k})",
    joint="Pr(x_{i},z={k})",
    responsibility="mu_{i}({k})",
    log_likelihood="L(theta)",
    expected="Q(theta,theta_old)",
    entropy="C",
    bound="Q + C",
    gap="L - Q - C",
    attributed="{share}*{what}",
    e_step="mu_i = Pr(z_i=1|x_i, theta_t)",
    m_step="dQ(theta|theta_t)/dtheta = 0",
    first_of_two="mu_{i}",
    second_of_two="1-mu_{i}",
    states_of_two=("1", "0"),
    in_sequence=InSequence(
        forward="Pr(z_t=k|x_(1:t))",
        scale="Pr(x_t|x_(1:t-1))",
        backward="Pr(x_(t+1:T)|z_t=k) / Pr(x_(t+1:T)|x_(1:t))",
        share="mu_t(k)",
        pair="mu_t(j,k)",
        e_step="mu_t(k) = Pr(z_t=k|x, theta_old)",
    ),
    in_general=InGeneral(
        state="z",
        share="q(z_{i})",
        joint="Pr(x_{i},z_{i}|theta)",
        prior="Pr(z_{i}|theta)",
        likelihood="Pr(x_{i}|z_{i},theta)",
        logarithm="ln",
    ),
)
