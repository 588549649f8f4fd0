"""The notation of Stanford's CS229 notes."""

from emkit.explain.notation.notation import Notation

CS229 = Notation(
    name="cs229",
    author="CS229 notes",
    row="x^({i})",
    latent="z^({i})",
    parameters="theta",
    old_parameters="theta",
    prior="p(z={k})",
    likelihood="p(x^({i})|z={k})",
    joint="p(x^({i}),z={k})",
    responsibility="Q_{i}(z={k})",
    log_likelihood="l(theta)",
    expected="sum Q log p",
    entropy="-sum Q log Q",
    bound="ELBO(Q,theta)",
    gap="KL(Q||p)",
    attributed="Q({k})*{what}",
    e_step="Q_i(z) := p(z|x^(i); theta)",
    m_step="theta := argmax sum_i ELBO",
)
