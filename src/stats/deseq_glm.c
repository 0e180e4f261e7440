/*
 * deseq_glm.c - negative binomial regression of one row, dispersion known.
 *
 * Weights and working responses of samples with equal rows of the design are pooled, so a
 * round costs an exponential per cell, a logarithm per sample and a QR of cells x n_coef.
 */
#include "deseq_impl.h"
#include "nb_gamma.h"

#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include <math.h>
#include <string.h>

enum { ROUNDS = 100, NEWTON_ROUNDS = 500, HALVINGS = 33 };
static const double least_mu = 0.5, settled = 1e-8, most_coef = 30.0;
static const double ln2 = 0.693147180559945309417;

static void
predict(deseq_work *w, const double *beta)
{
    const deseq_model *m = w->m;

    for (size_t c = 0; c < m->n_cells; c++) {
        double e = 0.0;

        for (size_t k = 0; k < m->p; k++) e += m->cell_x[c * m->p + k] * beta[k];
        w->eta[c] = e;
        w->cell_dw[c] = exp(e);
    }
}

/* mu at least 'floor', its logarithm to scratch; predict() was called. */
static void
means(deseq_work *w, double floor, double *mu)
{
    const deseq_model *m = w->m;

    for (size_t s = 0; s < m->n; s++) {
        const uint32_t c = m->cell[s];

        mu[s] = m->sf[s] * w->cell_dw[c];
        w->scratch[s] = w->eta[c] + m->log_sf[s];
        if (mu[s] < floor) {
            mu[s] = floor;
            w->scratch[s] = log(floor);
        }
    }
}

/* The part of the log likelihood that the coefficients move. */
static double
likelihood(const deseq_work *w, const double *y, const double *mu, double disp)
{
    double sum = 0.0;

    for (size_t s = 0; s < w->m->n; s++)
        sum += y[s] * w->scratch[s] - (y[s] + 1.0 / disp) * log1p(mu[s] * disp);
    return sum;
}

static double
constant_part(const deseq_work *w, const double *y, double disp)
{
    double sum = 0.0, psi;

    for (size_t s = 0; s < w->m->n; s++)
        sum += exm_nb_gamma_rise(y[s], 1.0 / disp, &psi) - lgammafn(y[s] + 1.0);
    return sum;
}

/* Pooled weights and working responses at mu. */
static void
pool(deseq_work *w, const double *y, const double *mu, double disp, const double *ridge)
{
    const deseq_model *m = w->m;
    const size_t n = m->n_cells + m->p;

    memset(w->weight, 0, n * sizeof *w->weight);
    memset(w->z, 0, n * sizeof *w->z);
    for (size_t s = 0; s < m->n; s++) {
        const uint32_t c = m->cell[s];
        const double weight = mu[s] / (1.0 + disp * mu[s]);

        w->weight[c] += weight;
        w->z[c] += weight * (w->scratch[s] - m->log_sf[s] + (y[s] - mu[s]) / mu[s]);
    }
    for (size_t c = 0; c < m->n_cells; c++) w->z[c] /= w->weight[c];
    for (size_t k = 0; k < m->p; k++) w->weight[m->n_cells + k] = ridge[k];
}

/* One weighted fit to beta.  Returns 0 where the weights have lost the rank. */
static int
solve(deseq_work *w, double *beta)
{
    double sigma2;

    if (exm_lsq_factor(w->ridge, w->weight, NULL) != EXM_OK) return 0;
    exm_lsq_solve(w->ridge, w->z, beta, &sigma2, NULL);
    return 1;
}

static int
reweigh(deseq_work *w, const double *y, double disp, const double *ridge, double *mu)
{
    const double constant = constant_part(w, y, disp);
    double before = 0.0;

    predict(w, w->beta);
    means(w, least_mu, mu);
    for (int round = 0; round < ROUNDS; round++) {
        double deviance, moved;

        pool(w, y, mu, disp, ridge);
        if (!solve(w, w->beta)) return 0;
        for (size_t k = 0; k < w->m->p; k++)
            if (!(fabs(w->beta[k]) <= most_coef)) return 0;
        predict(w, w->beta);
        means(w, least_mu, mu);
        deviance = -2.0 * (constant + likelihood(w, y, mu, disp));
        moved = fabs(deviance - before) / (fabs(deviance) + 0.1);
        if (isnan(moved)) return 0;
        if (round > 0 && moved < settled) return round + 1 < ROUNDS;
        before = deviance;
    }
    return 0;
}

static double
penalised(deseq_work *w, const double *y, double disp, const double *ridge,
          const double *beta, double *mu)
{
    double value;

    predict(w, beta);
    means(w, 1e-300, mu);
    value = likelihood(w, y, mu, disp);
    for (size_t k = 0; k < w->m->p; k++) value -= 0.5 * ridge[k] * beta[k] * beta[k];
    return value;
}

/* Fisher scoring with halved steps from w->beta, within 30 on the log2 scale. */
static int
climb(deseq_work *w, const double *y, double disp, const double *ridge, double *mu)
{
    const size_t p = w->m->p;
    double value = penalised(w, y, disp, ridge, w->beta, mu);

    for (int round = 0; round < NEWTON_ROUNDS; round++) {
        double step = 1.0, next = -HUGE_VAL;

        pool(w, y, mu, disp, ridge);
        if (!solve(w, w->try)) return 0;
        for (size_t k = 0; k < p; k++) w->try[k] -= w->beta[k];
        for (int halved = 0; halved < HALVINGS; halved++) {
            for (size_t k = 0; k < p; k++) {
                const double b = w->beta[k] + step * w->try[k], most = most_coef * ln2;

                w->step[k] = fmin(fmax(b, -most), most);
            }
            next = penalised(w, y, disp, ridge, w->step, mu);
            if (next > value) break;
            step /= 2.0;
        }
        if (!(next > value)) break;
        memcpy(w->beta, w->step, p * sizeof *w->beta);
        if (next - value < 1e-14 * (fabs(value) + 1.0)) {
            value = next;
            break;
        }
        value = next;
    }
    (void) penalised(w, y, disp, ridge, w->beta, mu);
    return isfinite(value);
}

/* Covariance A^-1 X'WX A^-1, A = X'WX + ridge, and hat diagonals, both with mu >= 0.5. */
static int
spread(deseq_work *w, const double *y, double disp, const double *ridge, const double *mu,
       double *ret_h)
{
    const deseq_model *m = w->m;
    const size_t p = m->p;
    double *inverse = w->b;

    for (size_t s = 0; s < m->n; s++) w->q[s] = fmax(mu[s], least_mu);
    pool(w, y, w->q, disp, ridge);
    if (exm_lsq_factor(w->ridge, w->weight, NULL) != EXM_OK) return 0;
    exm_lsq_unscaled_cov(w->ridge, inverse);
    for (size_t i = 0; i < p; i++)
        for (size_t j = 0; j < p; j++) {
            double s = inverse[i * p + j];

            for (size_t k = 0; k < p; k++)
                s -= inverse[i * p + k] * ridge[k] * inverse[k * p + j];
            w->cov[i * p + j] = s;
        }
    for (size_t c = 0; ret_h && c < m->n_cells; c++) {
        const double *x = m->cell_x + c * p;
        double h = 0.0;

        for (size_t i = 0; i < p; i++)
            for (size_t j = 0; j < p; j++) h += x[i] * inverse[i * p + j] * x[j];
        w->eta[c] = h;
    }
    for (size_t s = 0; ret_h && s < m->n; s++)
        ret_h[s] = w->q[s] / (1.0 + disp * w->q[s]) * w->eta[m->cell[s]];
    for (size_t k = 0; k < p; k++)
        if (!(w->cov[k * p + k] > 0.0)) return 0;
    return 1;
}

int
exm_deseq_glm_fit(deseq_work *w, const double *y, double disp, const double *ridge,
                  double *ret_mu, double *ret_h)
{
    const deseq_model *m = w->m;
    double sigma2;

    for (size_t s = 0; s < m->n; s++) w->q[s] = log(y[s] / m->sf[s] + 0.1);
    exm_lsq_solve(w->plain, w->q, w->beta, &sigma2, NULL);
    memcpy(w->start, w->beta, m->p * sizeof *w->start);
    if (reweigh(w, y, disp, ridge, ret_mu) && spread(w, y, disp, ridge, ret_mu, ret_h)) {
        predict(w, w->beta);
        means(w, 0.0, ret_mu);
        return DESEQ_SETTLED;
    }
    memcpy(w->beta, w->start, m->p * sizeof *w->start);
    if (climb(w, y, disp, ridge, ret_mu) && spread(w, y, disp, ridge, ret_mu, ret_h))
        return DESEQ_CLIMBED;
    return DESEQ_LOST;
}
