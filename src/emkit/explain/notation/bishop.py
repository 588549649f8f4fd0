"""The notation of Bishop's Pattern Recognition and Machine Learning (2006), chapter 9 and section 13.2; rows are called n."""

from emkit.explain.notation.notation import InGeneral, InSequence, Notation

BISHOP = Notation(
    name="bishop",
    author="Bishop",
    row="x_{i}",
    latent="z_{i}",
    parameters="theta",
    old_parameters="theta_old",
    prior="pi_{k}",
    likelihood="p(x_{i}|{k})",
    joint="p(x_{i},{k})",
    responsibility="gamma(z_({i},{k}))",
    log_likelihood="ln p(X)",
    expected="Q(theta,theta_old)",
    entropy="H",
    bound="L(q,theta)",
    gap="KL(q||p)",
    attributed="gamma_{k}*{what}",
    e_step="gamma(z_(n,k)) = pi_k p(x_n|k) / (sum_j pi_j p(x_n|j))",
    m_step="theta_new = argmax_theta Q(theta,theta_old)",
    any_row="n",
    in_sequence=InSequence(
        forward="p(z_t=k|x_(1:t))",
        scale="c_t",
        backward="p(x_(t+1:T)|z_t=k) / p(x_(t+1:T)|x_(1:t))",
        share="gamma(z_(t,k))",
        pair="xi(z_(t,j),z_(t+1,k))",
        e_step="gamma(z_t) = p(z_t|X; theta_old)",
    ),
    in_general=InGeneral(
        state="k",
        share="gamma(z_({i},k))",
        joint="p(x_{i},k|theta)",
        prior="pi_k",
        likelihood="p(x_{i}|theta_k)",
        logarithm="ln",
    ),
)
