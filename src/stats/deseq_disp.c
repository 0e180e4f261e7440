/*
 * deseq_disp.c - the dispersion of one row: its log posterior, line search and grid.
 *
 * Workload: 30 to 100 evaluations a row, each over 4 to 10^4 samples.  Equal counts share
 * their gamma functions; rows of the design that are equal share their part of X'WX.
 */
#include "deseq_impl.h"
#include "nb_gamma.h"

#include "exomir/accum.h"

#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 100, GRID = 20, SHORTEN_EVERY = 5 /* accepted steps */ };
static const double least_log = -30.0, most_log = 10.0; /* no step leaves these */
static const double armijo = 1e-4, settled = 1e-6;

static int
ascending(const void *pa, const void *pb)
{
    const double a = *(const double *) pa, b = *(const double *) pb;

    return (a > b) - (a < b);
}

/* Distinct counts, and which of them each sample has: gamma functions are taken once each. */
static void
find_distinct(deseq_work *w, const double *y)
{
    const size_t n = w->m->n;
    double *v = w->value;
    size_t k = 0;

    memcpy(v, y, n * sizeof *v);
    qsort(v, n, sizeof *v, ascending);
    for (size_t i = 0; i < n; i++)
        if (k == 0 || v[k - 1] != v[i]) v[k++] = v[i];
    w->n_values = k;
    memset(w->times, 0, k * sizeof *w->times);
    for (size_t s = 0; s < n; s++) {
        const double *at = bsearch(y + s, v, k, sizeof *v, ascending);

        w->which[s] = (uint32_t) (at - v);
        w->times[at - v] += 1.0;
    }
}

/* b = L L' in place; returns log det b, NaN where b is not positive definite. */
static double
cholesky(double *b, size_t p)
{
    double log_det = 0.0;

    for (size_t j = 0; j < p; j++) {
        for (size_t i = j; i < p; i++) {
            double s = b[i * p + j];

            for (size_t k = 0; k < j; k++) s -= b[i * p + k] * b[j * p + k];
            if (i == j) {
                if (!(s > 0.0)) return (double) NAN;
                b[j * p + j] = sqrt(s);
                log_det += log(s);
            } else {
                b[i * p + j] = s / b[j * p + j];
            }
        }
    }
    return log_det;
}

/* trace((L L')^-1 d), d symmetric: column by column of d; scratch [p]. */
static double
trace_solved(const double *l, const double *d, size_t p, double *scratch)
{
    double t = 0.0;

    for (size_t c = 0; c < p; c++) {
        for (size_t i = 0; i < p; i++) {
            double s = d[i * p + c];

            for (size_t k = 0; k < i; k++) s -= l[i * p + k] * scratch[k];
            scratch[i] = s / l[i * p + i];
        }
        for (size_t i = p; i-- > c;) {
            double s = scratch[i];

            for (size_t k = i + 1; k < p; k++) s -= l[k * p + i] * scratch[k];
            scratch[i] = s / l[i * p + i];
        }
        t += scratch[c];
    }
    return t;
}

static void
weighted_cross(const deseq_model *m, const double *cell_w, double *ret)
{
    const size_t p = m->p;

    memset(ret, 0, p * p * sizeof *ret);
    for (size_t c = 0; c < m->n_cells; c++)
        for (size_t i = 0; i < p; i++) {
            const double wx = cell_w[c] * m->cell_x[c * p + i];

            for (size_t j = 0; j <= i; j++) ret[i * p + j] += wx * m->cell_x[c * p + j];
        }
    for (size_t i = 0; i < p; i++)
        for (size_t j = i + 1; j < p; j++) ret[i * p + j] = ret[j * p + i];
}

/* -log det(X'WX) / 2 and, where asked for, its derivative by the dispersion. */
static double
cox_reid(deseq_work *w, double *ret_slope)
{
    const deseq_model *m = w->m;
    double log_det;

    weighted_cross(m, w->cell_w, w->b);
    log_det = cholesky(w->b, m->p);
    if (ret_slope) {
        weighted_cross(m, w->cell_dw, w->db);
        *ret_slope = -0.5 * trace_solved(w->b, w->db, m->p, w->beta);
    }
    return -0.5 * log_det;
}

/*
 * Log likelihood of a dispersion, less Cox and Reid's term, to w->cell_w and w->cell_dw the
 * weights and their derivatives by cell.  Terms of counts above 10^5 cancel to 1e-7, where the
 * search stops at 1e-6: it stops where the reference does as long as terms are added as there.
 */
static double
likelihood(deseq_work *w, const double *y, const double *mu, double disp, double *ret_slope)
{
    const deseq_model *m = w->m;
    const double r = 1.0 / disp, at_zero = lgammafn(r);
    double value = 0.0, slope = 0.0;

    memset(w->cell_w, 0, m->n_cells * sizeof *w->cell_w);
    memset(w->cell_dw, 0, m->n_cells * sizeof *w->cell_dw);
    for (size_t i = 0; i < w->n_values; i++) {
        double psi;

        (void) exm_nb_gamma_rise(w->value[i], r, &psi);
        w->risen[i] = lgammafn(w->value[i] + r);
        slope -= w->times[i] * psi;
    }
    for (size_t s = 0; s < m->n; s++) {
        const double over = mu[s] * disp, l = log(1.0 + over);
        const double weight = 1.0 / (1.0 / mu[s] + disp);

        value += w->risen[w->which[s]] - at_zero - y[s] * log(mu[s] + r) - r * l;
        slope += l + (y[s] - mu[s]) * disp / (1.0 + over);
        w->cell_w[m->cell[s]] += weight;
        w->cell_dw[m->cell[s]] -= weight * weight;
    }
    *ret_slope = r * r * slope;
    return value;
}

/* Log posterior of the log dispersion; ret_slope NULL or its derivative.  find_distinct()
 * was called with y. */
static double
posterior(deseq_work *w, const double *y, const double *mu, double log_disp,
          const deseq_prior *prior, double *ret_slope)
{
    const double disp = exp(log_disp), off = log_disp - prior->mean;
    double slope, cr_slope = 0.0, value = likelihood(w, y, mu, disp, &slope);

    value += cox_reid(w, ret_slope ? &cr_slope : NULL);
    slope = (slope + cr_slope) * disp;
    if (!isinf(prior->var)) {
        value -= 0.5 * off * off / prior->var;
        slope -= off / prior->var;
    }
    if (ret_slope) *ret_slope = slope;
    return value;
}

double
exm_deseq_disp_search(deseq_work *w, const double *y, const double *mu, double start,
                      const deseq_prior *prior, unsigned *ret_rounds, double *ret_first,
                      double *ret_last)
{
    const double stop_below = log(w->m->least_disp / 10.0);
    double at = start, step = 1.0, slope, value;
    unsigned round = 0, accepted = 0;

    find_distinct(w, y);
    value = posterior(w, y, mu, at, prior, &slope);
    *ret_first = value;
    while (round < ROUNDS) {
        double to, next, gain, slope_there;

        round++;
        if (at + step * slope < least_log) step = (least_log - at) / slope;
        if (at + step * slope > most_log) step = (most_log - at) / slope;
        to = at + step * slope;
        next = posterior(w, y, mu, to, prior, &slope_there);
        if (!(next >= value + step * armijo * slope * slope)) {
            step /= 2.0;
            continue;
        }
        accepted++;
        gain = next - value;
        at = to;
        if (gain >= settled && at < stop_below) break; /* no gain is claimed so far out */
        value = next;
        if (gain < settled) break;
        slope = slope_there;
        step = fmin(1.1 * step, 1.0);
        if (accepted % SHORTEN_EVERY == 0) step /= 2.0;
    }
    *ret_rounds = round;
    *ret_last = value;
    return at;
}

static double
best_of_grid(deseq_work *w, const double *y, const double *mu, const deseq_prior *prior,
             double from, double to)
{
    double best = from, most = -HUGE_VAL;

    for (int i = 0; i < GRID; i++) {
        const double at = from + (to - from) * i / (GRID - 1);
        const double v = posterior(w, y, mu, at, prior, NULL);

        if (v > most) {
            most = v;
            best = at;
        }
    }
    return best;
}

double
exm_deseq_disp_grid(deseq_work *w, const double *y, const double *mu,
                    const deseq_prior *prior)
{
    const double low = log(w->m->least_disp), high = log(w->m->most_disp);
    const double apart = (high - low) / (GRID - 1);
    double coarse;

    find_distinct(w, y);
    coarse = best_of_grid(w, y, mu, prior, low, high);
    return best_of_grid(w, y, mu, prior, coarse - apart, coarse + apart);
}

/* By residuals about the linear fit of normalised counts, and by the plain variance. */
double
exm_deseq_disp_moments(deseq_work *w, const double *y, double mean_inverse_sf)
{
    const deseq_model *m = w->m;
    const double n = (double) m->n, p = (double) m->p;
    double mean, sigma2;
    exm_accum rough = {0.0, 0.0}, spread = {0.0, 0.0};
    double by_residual, by_variance;

    for (size_t s = 0; s < m->n; s++) w->q[s] = y[s] / m->sf[s];
    mean = exm_mean(w->q, m->n, 1);
    exm_lsq_solve(w->plain, w->q, w->beta, &sigma2, NULL);
    for (size_t s = 0; s < m->n; s++) {
        const double *x = m->x + s * m->p;
        double mu = 0.0, d;

        for (size_t k = 0; k < m->p; k++) mu += x[k] * w->beta[k];
        mu = fmax(mu, 1.0);
        d = w->q[s] - mu;
        exm_accum_add(&rough, (d * d - mu) / (mu * mu));
        exm_accum_add(&spread, (w->q[s] - mean) * (w->q[s] - mean));
    }
    by_residual = fmax(exm_accum_get(&rough) / (n - p), 0.0);
    by_variance =
        (exm_accum_get(&spread) / (n - 1.0) - mean_inverse_sf * mean) / (mean * mean);
    return fmin(fmax(fmin(by_residual, by_variance), m->least_disp), m->most_disp);
}
