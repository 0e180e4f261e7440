/*
 * edger_grid.c - curves over the grid of dispersions, and their means over similar features.
 *
 * Workload: 10^2 to 10^4 curves of 21 points; some twenty vertices, each a mean over a
 * quarter of the curves or more.
 */
#include "edger_impl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double grid_from = -10.0; /* step 1 */

double
exm_edger_grid_disp(double t)
{
    return 0.1 * exp2(t);
}

/* ---- maximum ---- */

/*
 * Cubic spline over knots 1 apart: s = y_i + b_i u + c_i u^2 + d_i u^3, u in [0, 1].
 * Second differences m_i (a sixth of s'') solve
 *     m_{i-1} + 4 m_i + m_{i+1} = y_{i+1} - 2 y_i + y_{i-1}
 * and at the ends s''' is that of the cubic through the four nearest points:
 *     m_1 - m_0 = (y_3 - 3 y_2 + 3 y_1 - y_0) / 6.
 * Source  Forsythe, Malcolm & Moler (1977) Computer Methods for Mathematical Computations, ch. 4.
 */
static void
spline(const double *y, double *m)
{
    enum { N = EDGER_GRID };
    double diag[N], right[N];

    diag[0] = -1.0;
    right[0] = (y[3] - 3.0 * y[2] + 3.0 * y[1] - y[0]) / 6.0;
    for (size_t i = 1; i + 1 < N; i++) {
        diag[i] = 4.0 - 1.0 / diag[i - 1];
        right[i] = y[i + 1] - 2.0 * y[i] + y[i - 1] - right[i - 1] / diag[i - 1];
    }
    /* last row: m_{N-2} - m_{N-1} = -third difference / 6 */
    diag[N - 1] = -1.0 - 1.0 / diag[N - 2];
    right[N - 1] = -(y[N - 1] - 3.0 * y[N - 2] + 3.0 * y[N - 3] - y[N - 4]) / 6.0 -
                   right[N - 2] / diag[N - 2];
    m[N - 1] = right[N - 1] / diag[N - 1];
    for (size_t i = N - 1; i-- > 0;) m[i] = (right[i] - m[i + 1]) / diag[i];
}

double
exm_edger_grid_top(const double *y)
{
    double m[EDGER_GRID], best, at;
    size_t top = 0;

    for (size_t i = 1; i < EDGER_GRID; i++)
        if (y[i] > y[top]) top = i;
    best = y[top];
    at = (double) top;
    spline(y, m);
    for (size_t i = top > 0 ? top - 1 : 0; i <= top && i + 1 < EDGER_GRID; i++) {
        const double d = m[i + 1] - m[i], c = 3.0 * m[i];
        const double b = y[i + 1] - y[i] - (m[i + 1] + 2.0 * m[i]);
        const double inner = c * c - 3.0 * d * b; /* s' = 3 d u^2 + 2 c u + b */
        double u, v;

        if (!(inner >= 0.0)) continue;
        u = d != 0.0 ? (-c - sqrt(inner)) / (3.0 * d) : -b / (2.0 * c); /* where s'' < 0 */
        if (!(u > 0.0 && u < 1.0)) continue;
        v = y[i] + u * (b + u * (c + u * d));
        if (v <= best) continue;
        best = v;
        at = (double) i + u;
    }
    return grid_from + at;
}

/* ---- local means ---- */

typedef struct vertex {
    double x, reach;
    double value[EDGER_GRID];
} vertex;

typedef struct smoother {
    size_t n, k;
    const double *x; /* [n] ascending */
    const double *v;
    const size_t *row; /* of v, by x */
    vertex *vertices;  /* ascending once grown */
    size_t n_vertices, room;
} smoother;

/* The distance of the k-th nearest point: the narrowest window of k neighbours. */
static double
reach(const smoother *s, double x)
{
    size_t from = 0;

    while (from + s->k < s->n && s->x[from + s->k] - x < x - s->x[from]) from++;
    return fmax(x - s->x[from], s->x[from + s->k - 1] - x);
}

static void
settle(const smoother *s, double x, vertex *ret)
{
    double sum = 0.0;

    ret->x = x;
    ret->reach = reach(s, x);
    memset(ret->value, 0, sizeof ret->value);
    for (size_t i = 0; i < s->n; i++) {
        const double away = fabs(s->x[i] - x), u = away > 0.0 ? away / ret->reach : 0.0;
        const double t = 1.0 - u * u * u, w = t * t * t;
        const double *v = s->v + s->row[i] * EDGER_GRID;

        if (u >= 1.0) continue;
        sum += w;
        for (size_t c = 0; c < EDGER_GRID; c++) ret->value[c] += w * v[c];
    }
    for (size_t c = 0; c < EDGER_GRID; c++) ret->value[c] /= sum;
}

static exm_status
add_vertex(smoother *s, const vertex *v, exm_error *reterr)
{
    if (s->n_vertices == s->room) {
        const size_t room = 2 * s->room + 16;
        vertex *more = realloc(s->vertices, room * sizeof *more);

        if (!more)
            return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for a trend of %zu points",
                            s->n);
        s->vertices = more;
        s->room = room;
    }
    s->vertices[s->n_vertices++] = *v;
    return EXM_OK;
}

/* From left to right: the stack holds right ends, the nearest on top. */
static exm_status
grow(smoother *s, exm_error *reterr)
{
    enum { DEEPEST = 64 };
    const double least = 1e-9 * (s->x[s->n - 1] - s->x[0]); /* many equal x: no reach */
    vertex left, *stack = calloc(DEEPEST, sizeof *stack);
    size_t depth = 0;
    exm_status st = EXM_OK;

    if (!stack)
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for a trend of %zu points", s->n);
    settle(s, s->x[0], &left);
    settle(s, s->x[s->n - 1], stack + depth++);
    while (st == EXM_OK && depth > 0) {
        const vertex *right = stack + depth - 1;
        const double length = right->x - left.x;

        if (length > 0.8 * fmin(left.reach, right->reach) && length > least &&
            depth < DEEPEST) {
            settle(s, (left.x + right->x) / 2.0, stack + depth);
            depth++;
            continue;
        }
        st = add_vertex(s, &left, reterr);
        left = stack[--depth];
    }
    if (st == EXM_OK) st = add_vertex(s, &left, reterr);
    free(stack);
    return st;
}

static void
between(const smoother *s, double x, double *ret)
{
    const vertex *a = s->vertices, *last = s->vertices + s->n_vertices - 2;
    double f;

    while (a < last && a[1].x <= x) a++;
    f = (x - a[0].x) / (a[1].x - a[0].x);
    for (size_t c = 0; c < EDGER_GRID; c++)
        ret[c] = (1.0 - f) * a[0].value[c] + f * a[1].value[c];
}

struct point {
    double x;
    size_t row;
};

static int
by_x(const void *pa, const void *pb)
{
    const struct point *a = pa, *b = pb;

    if (a->x != b->x) return a->x < b->x ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

static void
plain_means(size_t n, const double *v, double *ret)
{
    for (size_t c = 0; c < EDGER_GRID; c++) {
        double sum = 0.0;

        for (size_t i = 0; i < n; i++) sum += v[i * EDGER_GRID + c];
        for (size_t i = 0; i < n; i++) ret[i * EDGER_GRID + c] = sum / (double) n;
    }
}

exm_status
exm_edger_local_means(size_t n, const double *x, const double *v, double span, double *ret,
                      exm_error *reterr)
{
    smoother s = {.n = n, .v = v};
    struct point *p = calloc(n + 1, sizeof *p);
    double *sorted = calloc(n + 1, sizeof *sorted);
    size_t *row = calloc(n + 1, sizeof *row);
    exm_status st = p && sorted && row ? EXM_OK
                                       : exm_fail(reterr, EXM_ENOMEM, 0,
                                                  "no memory for a trend of %zu points", n);

    if (st == EXM_OK) {
        for (size_t i = 0; i < n; i++) p[i] = (struct point){x[i], i};
        qsort(p, n, sizeof *p, by_x);
        for (size_t i = 0; i < n; i++) {
            sorted[i] = p[i].x;
            row[i] = p[i].row;
        }
        s.x = sorted;
        s.row = row;
        s.k = (size_t) fmin(fmax((double) n * span + 1e-12, 1.0), (double) n);
        if (n > 0 && sorted[n - 1] > sorted[0])
            st = grow(&s, reterr);
        else
            plain_means(n, v, ret);
    }
    for (size_t i = 0; st == EXM_OK && s.n_vertices > 0 && i < n; i++)
        between(&s, x[i], ret + i * EDGER_GRID);
    free(s.vertices);
    free(p);
    free(sorted);
    free(row);
    return st;
}
