/*
 * umi.c - the molecules of one insert.
 *
 * Workload: 10^5 to 10^7 inserts of a sample, nearly all with a handful of UMIs, some with
 * 10^4 and the commonest of a deep library with 10^6.  Few are compared pair by pair.  For
 * many the UMIs go into a hash table of indices and the neighbours of each are looked up,
 * 3 for each base: 36 for 12 nt, whatever n is.  All slots of a UMI's neighbours are
 * fetched before the first is read, so that their cache misses overlap.
 */
#include "umi_impl.h"

#include <stdlib.h>
#include <string.h>

enum {
    PAIRWISE = 32,       /* up to so many, comparing is cheaper than a table */
    NEIGHBOURS = 3 * 31, /* of the longest UMI that a code holds */
    LOAD = 2             /* slots per UMI at least */
};

struct exm_umi_work {
    uint64_t *sum;   /* [cap] reads of the molecule, at its founder; 0 elsewhere */
    uint32_t *queue; /* [cap] */
    char *taken;     /* [cap] belongs to a molecule */
    size_t cap;
    uint32_t *slot; /* [n_slots] index + 1, or 0 */
    size_t cap_slots, n_slots;
    int shift; /* 64 - log2(n_slots) */
};

const char *
exm_umi_dedup_name(size_t how)
{
    static const char *const name[EXM_UMI_DEDUP_COUNT] = {"exact", "directional"};

    return how < EXM_UMI_DEDUP_COUNT ? name[how] : NULL;
}

exm_status
exm_umi_work_new(exm_umi_work **ret, exm_error *reterr)
{
    exm_umi_work *w;

    if (!ret) return exm_fail(reterr, EXM_EINVAL, 0, "umi: ret is NULL");
    w = calloc(1, sizeof *w);
    if (!w) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory to count molecules");
    *ret = w;
    return EXM_OK;
}

void
exm_umi_work_free(exm_umi_work *w)
{
    if (!w) return;
    free(w->sum);
    free(w->queue);
    free(w->taken);
    free(w->slot);
    free(w);
}

/* ---- codes ---- */

/* Bases of a code. */
static unsigned
bases_of(uint64_t umi)
{
    return umi == 0 ? 0 : (63U - (unsigned) __builtin_clzll(umi)) / 2;
}

/* One base apart, and of one length? */
static int
are_neighbours(uint64_t a, uint64_t b)
{
    const unsigned n = bases_of(a);
    const uint64_t d = a ^ b, bases = (d | d >> 1) & 0x5555555555555555u;

    return n == bases_of(b) && d >> 2 * n == 0 && bases != 0 && (bases & (bases - 1)) == 0;
}

static int
by_reads_then_code(const void *pa, const void *pb)
{
    const exm_umi_tag *a = pa, *b = pb;

    if (a->reads != b->reads) return a->reads > b->reads ? -1 : 1;
    return (a->umi > b->umi) - (a->umi < b->umi);
}

/* ---- memory ---- */

static exm_status
make_room(exm_umi_work *w, size_t n, exm_error *reterr)
{
    if (n > UINT32_MAX)
        return exm_fail(reterr, EXM_ENOMEM, 0, "an insert with more than 2^32 UMIs");
    if (n > w->cap) {
        const size_t cap = n + n / 2;
        uint64_t *sum = realloc(w->sum, cap * sizeof *sum);
        uint32_t *queue;
        char *taken;

        if (sum) w->sum = sum;
        queue = sum ? realloc(w->queue, cap * sizeof *queue) : NULL;
        if (queue) w->queue = queue;
        taken = queue ? realloc(w->taken, cap) : NULL;
        if (!taken)
            return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for %zu UMIs of an insert",
                            n);
        w->taken = taken;
        w->cap = cap;
    }
    memset(w->sum, 0, n * sizeof *w->sum);
    memset(w->taken, 0, n);
    return EXM_OK;
}

/* ---- the table of many UMIs ---- */

static size_t
home_of(const exm_umi_work *w, uint64_t umi)
{
    return (size_t) (umi * 0x9e3779b97f4a7c15u >> w->shift); /* 2^64 / golden ratio */
}

static exm_status
build_table(exm_umi_work *w, const exm_umi_tag *tag, size_t n, exm_error *reterr)
{
    w->n_slots = 64;
    w->shift = 58;
    for (; w->n_slots < LOAD * n; w->n_slots *= 2) w->shift--;
    if (w->n_slots > w->cap_slots) {
        free(w->slot);
        w->slot = NULL;
        w->cap_slots = 0;
        w->slot = malloc(w->n_slots * sizeof *w->slot);
        if (!w->slot)
            return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for %zu UMIs of an insert",
                            n);
        w->cap_slots = w->n_slots;
    }
    memset(w->slot, 0, w->n_slots * sizeof *w->slot);
    for (size_t i = 0; i < n; i++) {
        size_t s = home_of(w, tag[i].umi);

        while (w->slot[s]) s = (s + 1) & (w->n_slots - 1);
        w->slot[s] = (uint32_t) i + 1;
    }
    return EXM_OK;
}

/* ---- the walk ---- */

/* Tag j follows tag i into its molecule. */
static size_t
take(exm_umi_work *w, size_t n_queue, size_t j)
{
    w->taken[j] = 1;
    w->queue[n_queue] = (uint32_t) j;
    return n_queue + 1;
}

/* Queues what an edge leads to from tag i and no molecule has; returns the queue's end. */
static size_t
follow_pairs(exm_umi_work *w, const exm_umi_tag *tag, size_t n, size_t i, size_t n_queue)
{
    for (size_t j = n; j-- > 0 && exm_umi_is_child(tag[i].reads, tag[j].reads);)
        if (!w->taken[j] && are_neighbours(tag[i].umi, tag[j].umi))
            n_queue = take(w, n_queue, j);
    return n_queue;
}

static size_t
follow_table(exm_umi_work *w, const exm_umi_tag *tag, size_t i, size_t n_queue)
{
    const unsigned n = 3 * bases_of(tag[i].umi);
    uint64_t code[NEIGHBOURS];
    size_t home[NEIGHBOURS];

    for (unsigned k = 0; k < n; k++) {
        code[k] = tag[i].umi ^ (uint64_t) (k % 3 + 1) << 2 * (k / 3);
        home[k] = home_of(w, code[k]);
        __builtin_prefetch(w->slot + home[k]);
    }
    for (unsigned k = 0; k < n; k++) {
        for (size_t s = home[k]; w->slot[s]; s = (s + 1) & (w->n_slots - 1)) {
            const size_t j = w->slot[s] - 1;

            if (tag[j].umi != code[k]) continue;
            if (!w->taken[j] && exm_umi_is_child(tag[i].reads, tag[j].reads))
                n_queue = take(w, n_queue, j);
            break;
        }
    }
    return n_queue;
}

static void
found_molecule(exm_umi_work *w, const exm_umi_tag *tag, size_t n, size_t founder)
{
    size_t n_queue = take(w, 0, founder);

    for (size_t at = 0; at < n_queue; at++) {
        const size_t i = w->queue[at];

        w->sum[founder] += tag[i].reads;
        n_queue = n <= PAIRWISE ? follow_pairs(w, tag, n, i, n_queue)
                                : follow_table(w, tag, i, n_queue);
    }
}

exm_status
exm_umi_group(exm_umi_work *w, exm_umi_dedup how, exm_umi_tag *tag, size_t n, size_t *ret_n,
              exm_error *reterr)
{
    size_t m = 0;
    exm_status st;

    if (!w || (n > 0 && !tag) || !ret_n || (unsigned) how >= EXM_UMI_DEDUP_COUNT)
        return exm_fail(reterr, EXM_EINVAL, 0, "umi: bad arguments");
    if (n > 1) qsort(tag, n, sizeof *tag, by_reads_then_code);
    if (how == EXM_UMI_EXACT || n < 2) {
        *ret_n = n;
        return EXM_OK;
    }
    st = make_room(w, n, reterr);
    if (st == EXM_OK && n > PAIRWISE) st = build_table(w, tag, n, reterr);
    if (st != EXM_OK) return st;
    for (size_t i = 0; i < n; i++)
        if (!w->taken[i]) found_molecule(w, tag, n, i);
    for (size_t i = 0; i < n; i++)
        if (w->sum[i]) tag[m++] = (exm_umi_tag){.umi = tag[i].umi, .reads = w->sum[i]};
    *ret_n = m;
    return EXM_OK;
}

/* ---- what chance took away ---- */

static int
by_length_then_reads(const void *pa, const void *pb)
{
    const exm_umi_tag *a = pa, *b = pb;
    const unsigned na = bases_of(a->umi), nb = bases_of(b->umi);

    if (na != nb) return na > nb ? -1 : 1;
    return by_reads_then_code(pa, pb);
}

/* e^-x, x >= 0, by operations that are rounded alike everywhere. */
static double
decay(double x)
{
    const double y = x / 1024.0;
    double p = 1.0 - y * (1.0 - y / 2.0 * (1.0 - y / 3.0));

    if (y > 0.5) return 0.0;
    for (int i = 0; i < 10; i++) p *= p;
    return p;
}

/*
 * Clusters per molecule of one read that chance makes of them: each has 'ties' neighbours of
 * one read and 'above' of more on average.  A cluster with any of the latter is theirs.  Its
 * size T is that of a branching process, G = E(e^(-above T)) = e^(-above) e^(-ties (1 - G)),
 * and of the clusters E(e^(-above T) / T) = G - ties G^2 / 2 are left.
 */
static double
clusters(double ties, double above)
{
    double g = 0.0, last = -1.0;

    for (int i = 0; i < 1000 && g - last > 1e-12; i++) {
        last = g;
        g = decay(above + ties * (1.0 - g));
    }
    return g * (1.0 - ties * g / 2.0);
}

/* Share that chance leaves of these molecules, each with x neighbours per molecule there is;
 * reads descend. */
static double
kept_share(const exm_umi_tag *m, size_t n, double x)
{
    double sum = 0.0;
    size_t parents = 0, j = 0;

    for (; j < n && m[j].reads > 1; j++) { /* the first so many can be j's parents */
        while (parents < j && exm_umi_is_child(m[parents].reads, m[j].reads)) parents++;
        sum += decay(x * (double) parents);
    }
    if (j < n) sum += (double) (n - j) * clusters(x * (double) (n - j), x * (double) j);
    return sum / (double) n;
}

/* d molecules of which n are left: d = n / kept_share, neighbours growing with d. */
static double
before_merging(const exm_umi_tag *m, size_t n, double near)
{
    double times = 1.0, last = 0.0;

    for (int i = 0; i < 200 && times < 2.0 && times - last > 1e-9; i++) {
        last = times;
        times = 1.0 / kept_share(m, n, near * times);
    }
    return (double) n * (times < 2.0 ? times : 2.0);
}

/* Draws that leave d of k different: -k ln(1 - d/k), as its series. */
static double
draws(double d, double k, double most)
{
    const double x = d / k;
    double sum = 0.0, power = d;

    for (int i = 1; i <= 1000 && sum < most; i++) {
        const double next = sum + power / i;

        if (!(next > sum)) break;
        sum = next;
        power *= x;
    }
    return sum < most ? sum : most;
}

static double
corrected(exm_umi_dedup how, const exm_umi_tag *m, size_t n)
{
    const unsigned len = bases_of(m->umi);
    double k = 1.0, d = (double) n, reads = 0.0;

    for (unsigned i = 0; i < len; i++) k *= 4.0;
    for (size_t i = 0; i < n; i++) reads += (double) m[i].reads;
    if (d * d * (1.0 + 3.0 * len) / k < 0.5) return d; /* less than half a molecule */
    if (how == EXM_UMI_DIRECTIONAL) d = before_merging(m, n, 3.0 * len / k);
    return d < k ? draws(d, k, reads) : reads;
}

uint64_t
exm_umi_corrected(exm_umi_dedup how, exm_umi_tag *molecule, size_t n)
{
    double sum = 0.0;

    if (n == 0) return 0;
    qsort(molecule, n, sizeof *molecule, by_length_then_reads);
    for (size_t i = 0, j; i < n; i = j) {
        const unsigned len = bases_of(molecule[i].umi);

        for (j = i + 1; j < n && bases_of(molecule[j].umi) == len; j++) {
        }
        sum += corrected(how, molecule + i, j - i);
    }
    return (uint64_t) (sum + 0.5);
}
