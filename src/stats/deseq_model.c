/* deseq_model.c - the design's cells, and each thread's room. */
#include "deseq_impl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double least_disp = 1e-8, most_disp = 10.0;

static exm_status
no_memory(exm_error *reterr)
{
    return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for negative binomial fits");
}

void
exm_deseq_model_done(deseq_model *m)
{
    free(m->cell);
    free(m->size);
    free(m->cell_x);
    free(m->log_sf);
    *m = (deseq_model){0};
}

/* Numbers the distinct rows of the design in the order of their first samples. */
static void
find_cells(deseq_model *m)
{
    const size_t p = m->p;

    for (size_t s = 0; s < m->n; s++) {
        size_t c = 0;

        while (c < m->n_cells &&
               memcmp(m->cell_x + c * p, m->x + s * p, p * sizeof *m->x) != 0)
            c++;
        if (c == m->n_cells) {
            memcpy(m->cell_x + c * p, m->x + s * p, p * sizeof *m->x);
            m->n_cells++;
        }
        m->cell[s] = (uint32_t) c;
        m->size[c]++;
    }
}

exm_status
exm_deseq_model_init(deseq_model *m, const exm_design *d, const double *sf,
                     exm_error *reterr)
{
    const size_t n = d->n_samples, p = d->n_coef;

    *m = (deseq_model){.n = n, .p = p, .x = d->x, .sf = sf, .least_disp = least_disp};
    m->most_disp = fmax(most_disp, (double) n);
    m->cell = calloc(n, sizeof *m->cell);
    m->size = calloc(n, sizeof *m->size);
    m->cell_x = calloc(n + p, p * sizeof *m->cell_x);
    m->log_sf = calloc(n, sizeof *m->log_sf);
    if (!m->cell || !m->size || !m->cell_x || !m->log_sf) {
        exm_deseq_model_done(m);
        return no_memory(reterr);
    }
    find_cells(m);
    for (size_t k = 0; k < p; k++) m->cell_x[(m->n_cells + k) * p + k] = 1.0;
    for (size_t s = 0; s < n; s++) m->log_sf[s] = log(sf[s]);
    m->by_group = m->n_cells == p;
    return EXM_OK;
}

void
exm_deseq_work_done(deseq_work *w)
{
    exm_lsq_free(w->plain);
    exm_lsq_free(w->ridge);
    free(w->mem);
    free(w->which);
    *w = (deseq_work){0};
}

exm_status
exm_deseq_work_new(const deseq_model *m, deseq_work *ret, exm_error *reterr)
{
    const size_t n = m->n, p = m->p, k = m->n_cells;
    const exm_design plain = {m->x, n, p}, ridge = {m->cell_x, k + p, p};
    deseq_work w = {.m = m};
    double *at;
    exm_status st = exm_lsq_new(&plain, &w.plain, reterr);

    if (st == EXM_OK) st = exm_lsq_factor(w.plain, NULL, reterr);
    if (st == EXM_OK) st = exm_lsq_new(&ridge, &w.ridge, reterr);
    if (st == EXM_OK) {
        w.mem = calloc(10 * n + 2 * (k + p) + 4 * k + 5 * p + 3 * p * p, sizeof *w.mem);
        w.which = calloc(n, sizeof *w.which);
        if (!w.mem || !w.which) st = no_memory(reterr);
    }
    if (st != EXM_OK) {
        exm_deseq_work_done(&w);
        return st;
    }
    at = w.mem;
    {
        double **const by_sample[] = {&w.q,       &w.mu, &w.h,     &w.value,   &w.times,
                                      &w.scratch, &w.y,  &w.cooks, &w.clamped, &w.risen};
        double **const by_coef[] = {&w.beta, &w.try, &w.start, &w.step, &w.ridge_var};
        double **const by_cell[] = {&w.eta, &w.cell_w, &w.cell_dw, &w.cell_q};
        double **const square[] = {&w.cov, &w.b, &w.db};

        for (size_t i = 0; i < sizeof by_sample / sizeof by_sample[0]; i++, at += n)
            *by_sample[i] = at;
        for (size_t i = 0; i < sizeof by_coef / sizeof by_coef[0]; i++, at += p)
            *by_coef[i] = at;
        for (size_t i = 0; i < sizeof by_cell / sizeof by_cell[0]; i++, at += k)
            *by_cell[i] = at;
        for (size_t i = 0; i < sizeof square / sizeof square[0]; i++, at += p * p)
            *square[i] = at;
        w.weight = at;
        w.z = at + k + p;
    }
    *ret = w;
    return EXM_OK;
}
