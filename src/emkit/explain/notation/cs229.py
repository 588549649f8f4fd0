"""The notation of Stanford's CS229 notes."""

from emkit.explain.notation.notation import InGeneral, InSequence, Notation

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
    in_sequence=InSequence(
        forward="p(z^(t)=k|x^(1:t))",
        scale="p(x^(t)|x^(1:t-1))",
        backward="p(x^(t+1:T)|z^(t)=k) / p(x^(t+1:T)|x^(1:t))",
        share="Q_{t}(z={k})",
        pair="Q_t(z={j},z'={k})",
        e_step="Q_t(z) := p(z^(t)|x; theta)",
        path="z",
        posterior="Q(z)",
        joint="p(x,z;theta)",
        first="p(z^(1);theta)",
        move="p(z^(t+1)|z^(t);theta)",
        emission="p(x^(t)|z^(t);theta)",
    ),
    in_general=InGeneral(
        state="z", share="Q_{i}(z)", joint="p(x^({i}),z;theta)", prior="p(z;theta)", likelihood="p(x^({i})|z;theta)"
    ),
)
