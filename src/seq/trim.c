/*
 * trim.c - find the insert of a read: set-up, and what is not hot.
 *
 * Which occurrence of the adapter is taken, when several qualify, is cutadapt 4.2's
 * choice, found by watching it on reads made to be hard (tests/ref/cutadapt_equal.sh):
 *
 * 1. Whole occurrences, from left to right: the first holds the place; another that starts
 *    at most half an adapter behind the holder takes it if its score (matching minus
 *    mismatching bases) is higher.
 * 2. A start is alive at position e if the adapter laid there has at most k mismatches with
 *    the bases before e, k being what the whole adapter is allowed.  Once a place is held,
 *    the search ends before the base e at which the leftmost start that is alive (the next
 *    one, where its adapter ends at e) lies more than half an adapter behind the holder.
 * 3. A search that reached the read's end compares what overhangs it, from left to right:
 *    a higher score takes the place.
 *
 * Rule 2 is seen with adapters that repeat themselves only.
 */
#include "exomir/trim.h"

#include "trim_impl.h"

#include <stdlib.h>
#include <string.h>

/* 2^32 10^(-q/10), rounded: expected errors are integers, equal on every machine. */
static const uint32_t error_of[94] = {
    0xffffffffu, /* q 0 is probability 1; 2^32 does not fit, and 2^-32 less changes nothing */
    3411613790u, 2709941160u, 2152582778u, 1709857278u, 1358187913u, 1078847007u,
    856958639u,  680706443u,  540704347u,  429496730u,  341161379u,  270994116u,
    215258278u,  170985728u,  135818791u,  107884701u,  85695864u,   68070644u,
    54070435u,   42949673u,   34116138u,   27099412u,   21525828u,   17098573u,
    13581879u,   10788470u,   8569586u,    6807064u,    5407043u,    4294967u,
    3411614u,    2709941u,    2152583u,    1709857u,    1358188u,    1078847u,
    856959u,     680706u,     540704u,     429497u,     341161u,     270994u,
    215258u,     170986u,     135819u,     107885u,     85696u,      68071u,
    54070u,      42950u,      34116u,      27099u,      21526u,      17099u,
    13582u,      10788u,      8570u,       6807u,       5407u,       4295u,
    3412u,       2710u,       2153u,       1710u,       1358u,       1079u,
    857u,        681u,        541u,        429u,        341u,        271u,
    215u,        171u,        136u,        108u,        86u,         68u,
    54u,         43u,         34u,         27u,         22u,         17u,
    14u,         11u,         9u,          7u,          5u,          4u,
    3u,          3u,          2u,
};

exm_trim_options
exm_trim_defaults(void)
{
    return (exm_trim_options){.simd = EXM_SIMD_AUTO,
                              .min_len = 16,
                              .max_len = 1000,
                              .min_overlap = 3,
                              .max_error_rate = 0.1,
                              .quality_cutoff = 0,
                              .max_ee = 1.0,
                              .max_one_base = 0.9,
                              .min_umi = 10};
}

static const struct {
    const char *name, *title, *description;
} fates[EXM_FATE_COUNT] = {
    {"kept", "kept", "The insert passed every filter."},
    {"adapter_dimer", "adapter dimer", "The adapter begins at once: no insert, 0 to 3 nt."},
    {"too_short", "too short", "The insert is shorter than the least length."},
    {"too_long", "too long", "The insert is longer than the greatest length."},
    {"no_adapter", "no adapter",
     "The kit needs the adapter to find the insert, and it is not there."},
    {"no_umi", "no UMI", "The UMI is cut off or holds an unknown base."},
    {"ambiguous_base", "unknown base", "The insert holds an unknown base (N)."},
    {"low_quality", "low quality",
     "More sequencing errors are expected in the insert than allowed."},
    {"low_complexity", "low complexity",
     "One base or one dinucleotide makes up the insert."},
};

const char *
exm_fate_name(exm_fate f)
{
    return f < EXM_FATE_COUNT ? fates[f].name : "unknown";
}

const char *
exm_fate_title(exm_fate f)
{
    return f < EXM_FATE_COUNT ? fates[f].title : "unknown";
}

const char *
exm_fate_description(exm_fate f)
{
    return f < EXM_FATE_COUNT ? fates[f].description : "";
}

/* ---- set-up ---- */

static exm_status
check_options(const exm_trim_options *o, exm_error *reterr)
{
    if (o->min_len < 10 || o->min_len > o->max_len)
        return exm_fail(reterr, EXM_EDATA, 0,
                        "insert lengths: least %u (from 10), greatest %u", o->min_len,
                        o->max_len);
    if (o->min_overlap < 1 || o->min_overlap > EXM_ADAPTER_MAX)
        return exm_fail(reterr, EXM_EDATA, 0, "adapter overlap %u is not in 1 to %d",
                        o->min_overlap, EXM_ADAPTER_MAX);
    if (!(o->max_error_rate >= 0.0 && o->max_error_rate <= 0.25))
        return exm_fail(reterr, EXM_EDATA, 0, "the adapter's error rate lies in 0 to 0.25");
    if (o->quality_cutoff < 0 || o->quality_cutoff > 93)
        return exm_fail(reterr, EXM_EDATA, 0, "a quality cut-off lies in 0 to 93");
    if (!(o->max_one_base > 0.0))
        return exm_fail(reterr, EXM_EDATA, 0, "the low-complexity share is above 0");
    return EXM_OK;
}

/* ---- the rule by its definition ---- */

uint32_t
exm_adapter_allowed(const exm_adapter_rule *r, uint32_t overlap)
{
    uint32_t n = 0;

    if (r->max_mismatches >= 0) return (uint32_t) r->max_mismatches * overlap / r->len;
    for (uint32_t j = 0; j < overlap; j++) n += r->seq[j] != 'N';
    return (uint32_t) (r->max_error_rate * n);
}

/* Mismatches between the first n nt of the adapter and seq; counting ends above 'most'. */
static uint32_t
mismatches(const exm_adapter_rule *r, const char *seq, uint32_t n, uint32_t most)
{
    uint32_t wrong = 0;

    for (uint32_t j = 0; j < n && wrong <= most; j++)
        wrong += r->seq[j] != 'N' && seq[j] != r->seq[j];
    return wrong;
}

/* The leftmost start that is alive at 'end', or the one behind it where its adapter ends
 * there; 'end' if none is. */
static uint32_t
leftmost_alive(const exm_adapter_rule *r, const char *seq, uint32_t end, uint32_t most)
{
    const uint32_t from = end > r->len ? end - r->len : 0;

    for (uint32_t i = from; i < end; i++)
        if (mismatches(r, seq + i, end - i, most) <= most)
            return end - i == r->len ? i + 1 : i;
    return end;
}

static long
search(const exm_adapter_rule *r, const char *seq, uint32_t len)
{
    const uint32_t most = exm_adapter_allowed(r, r->len);
    long best = -1, best_score = 0, score;

    for (uint32_t i = 0; i + r->len <= len; i++) {
        uint32_t wrong;

        if (best_score == (long) r->len) return best; /* nothing scores higher */
        if (best >= 0 && leftmost_alive(r, seq, i + r->len - 1, most) > best + r->len / 2)
            return best;
        wrong = mismatches(r, seq + i, r->len, most);
        score = (long) r->len - 2 * (long) wrong;
        if (wrong > most ||
            (best >= 0 && (i > best + (long) r->len / 2 || score <= best_score)))
            continue;
        best = (long) i;
        best_score = score;
    }
    for (uint32_t i = len >= r->len ? len - r->len + 1 : 0; i + r->min_overlap <= len;
         i++) {
        const uint32_t ov = len - i, few = exm_adapter_allowed(r, ov);
        const uint32_t wrong = mismatches(r, seq + i, ov, few);

        score = (long) ov - 2 * (long) wrong;
        if (wrong > few || (best >= 0 && score <= best_score)) continue;
        best = (long) i;
        best_score = score;
    }
    return best;
}

long
exm_trim_find_adapter_slow(const char *seq, uint32_t len, const char *adapter,
                           uint32_t adapter_len, double max_error_rate, int max_mismatches,
                           uint32_t min_overlap)
{
    const exm_adapter_rule r = {adapter, adapter_len, min_overlap, max_error_rate,
                                max_mismatches};

    return adapter_len == 0 ? -1 : search(&r, seq, len);
}

long
exm_trim_search_slow(const struct exm_trimmer *t, const char *seq, uint32_t len)
{
    return exm_trim_find_adapter_slow(seq, len, t->adapter, t->adapter_len,
                                      t->o.max_error_rate, t->layout.max_mismatches,
                                      t->o.min_overlap);
}

long
exm_trim_search_indels(const struct exm_trimmer *t, const char *seq, uint32_t len,
                       uint32_t *ret_end)
{
    const exm_adapter_rule r = {t->adapter, t->adapter_len, t->o.min_overlap,
                                t->o.max_error_rate, t->layout.max_mismatches};

    return exm_trim_find_adapter_indels(seq, len, &r, ret_end);
}

/* ---- what the fast search goes by ---- */

/* The adapter for the one-word search: planes, and the first bases of its pieces. */
static void
set_near(struct exm_trimmer *t)
{
    for (uint32_t j = 0; j < t->adapter_len; j++) {
        t->lo |= (uint64_t) (t->code[j] & 1) << j;
        t->hi |= (uint64_t) (t->code[j] >> 1 & 1) << j;
        t->known |= (uint64_t) (t->code[j] < 4) << j;
    }
    t->near = t->adapter_len > 0 && t->adapter_len <= EXM_TRIM_NEAR_MAX &&
              t->n_need <= EXM_TRIM_PIECES && !t->o.indels;
    if (!t->near) return;
    for (uint32_t p = 0; p < t->n_need; p++) {
        const uint32_t from = p * t->adapter_len / t->n_need;
        const uint32_t n = (p + 1) * t->adapter_len / t->n_need - from;

        t->piece[p] = from;
        for (uint32_t i = 0; i < EXM_TRIM_PIECE_NT; i++)
            t->piece_code[p][i] = i < n ? t->code[from + i] : 4;
    }
}

static exm_status
set_adapter(struct exm_trimmer *t, exm_error *reterr)
{
    const exm_layout *l = &t->layout;
    exm_adapter_rule r;

    if (l->poly_a > 0) {
        memset(t->adapter, 'A', l->poly_a);
        t->adapter_len = l->poly_a;
    } else {
        memcpy(t->adapter, l->adapter, sizeof l->adapter);
        t->adapter_len = l->adapter_len;
    }
    for (uint32_t j = 0; j < t->adapter_len; j++)
        t->code[j] = t->adapter[j] == 'N' ? 4 : (unsigned char) (t->adapter[j] >> 1 & 3);
    if (t->adapter_len == 0) return EXM_OK;
    if (t->o.min_overlap > t->adapter_len)
        return exm_fail(reterr, EXM_EDATA, 0, "overlap %u is more than the adapter's %u nt",
                        t->o.min_overlap, t->adapter_len);
    r = (exm_adapter_rule){t->adapter, t->adapter_len, t->o.min_overlap,
                           t->o.max_error_rate, l->max_mismatches};
    if (exm_adapter_allowed(&r, t->adapter_len) >= EXM_TRIM_MISMATCHES)
        return exm_fail(reterr, EXM_EDATA, 0, "more than %d mismatches in an adapter",
                        EXM_TRIM_MISMATCHES - 1);
    for (uint32_t ov = t->o.min_overlap; ov <= t->adapter_len; ov++) {
        t->allow[ov] = (unsigned char) exm_adapter_allowed(&r, ov);
        while (t->n_need <= t->allow[ov]) t->need[t->n_need++] = ov;
    }
    set_near(t);
    return EXM_OK;
}

/* Rounded up, and 255 stands for more: a sum within the budget is within max_ee. */
static void
set_allowances(struct exm_trimmer *t)
{
    for (uint32_t i = 0; i < 16; i++) {
        const uint64_t error = error_of[(size_t) 4 * i], unit = t->max_ee / EXM_TRIM_BUDGET;

        t->allowance[i] = (unsigned char) (unit == 0 || error / unit >= UINT8_MAX
                                               ? UINT8_MAX
                                               : (uint8_t) (error / unit + 1));
    }
}

static void
set_least_equal(struct exm_trimmer *t)
{
    for (uint32_t n = 0; n <= EXM_PACKED_MAX; n++)
        t->least_one[n] = (unsigned char) ((t->one_base_permille * n + 999) / 1000);
}

exm_status
exm_trimmer_new(const exm_layout *l, const exm_trim_options *o, exm_trimmer **ret,
                exm_error *reterr)
{
    struct exm_trimmer *t;
    exm_status st;

    if (!l || !o || !ret)
        return exm_fail(reterr, EXM_EINVAL, 0, "trimmer: an argument is NULL");
    st = check_options(o, reterr);
    if (st != EXM_OK) return st;
    t = calloc(1, sizeof *t);
    if (!t) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for a trimmer");
    t->layout = *l;
    t->o = *o;
    t->min_len = l->min_insert ? l->min_insert : o->min_len;
    t->umi_len = exm_layout_umi_len(l);
    t->min_umi = o->min_umi < t->umi_len ? o->min_umi : t->umi_len;
    t->needs_adapter = l->poly_a > 0 || l->n_3 > 0 || l->umi_after_len > 0;
    t->max_ee = o->max_ee < 0.0      ? UINT64_MAX
                : o->max_ee > 1000.0 ? UINT64_MAX / 2
                                     : (uint64_t) (o->max_ee * 4294967296.0);
    t->one_base_permille =
        o->max_one_base > 1.0 ? 1001 : (uint32_t) (o->max_one_base * 1000.0 + 0.5);
    st = set_adapter(t, reterr);
    if (st != EXM_OK) {
        free(t);
        return st;
    }
    set_allowances(t);
    set_least_equal(t);
    t->batch = exm_simd_resolve(o->simd) == EXM_SIMD_SSE4 ? exm_trim_batch_sse4
                                                          : exm_trim_batch_scalar;
    *ret = t;
    return EXM_OK;
}

void
exm_trimmer_free(exm_trimmer *t)
{
    free(t);
}

void
exm_trim_batch(exm_trimmer *t, const exm_read *reads, size_t n, exm_trimmed *ret)
{
    t->batch(t, reads, n, ret);
}

/* ---- quality ---- */

/*
 * Where to cut the 3' end: the i that maximises sum_{j >= i} (cutoff - q_j), the sum taken
 * from the end and given up once it is negative (Li & Durbin 2009, Bioinformatics 25:1754,
 * the rule of bwa -q).
 */
uint32_t
exm_trim_quality_end(const char *qual, uint32_t len, int cutoff)
{
    long sum = 0, most = 0;
    uint32_t cut = len;

    for (uint32_t i = len; i-- > 0;) {
        sum += cutoff - ((unsigned char) qual[i] - 33);
        if (sum < 0) break;
        if (sum > most) {
            most = sum;
            cut = i;
        }
    }
    return cut;
}

int
exm_trim_too_many_errors(const struct exm_trimmer *t, const char *qual, uint32_t len)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < len; i++) sum += error_of[(unsigned char) qual[i] - 33];
    return sum > t->max_ee + len; /* each rounded up by one at most */
}

/* ---- UMI ---- */

/* Eight letters as 16 bits, the first one's code in the top two: the fields are moved
 * together in steps of two, four and eight codes. */
static uint64_t
eight_codes(const char *seq)
{
    uint64_t x = 0;

    for (int i = 0; i < 8; i++) x = x << 8 | (unsigned char) seq[i];
    x = x >> 1 & 0x0303030303030303u;
    x = (x | x >> 6) & 0x000f000f000f000fu;
    x = (x | x >> 12) & 0x000000ff000000ffu;
    return (x | x >> 24) & 0xffff;
}

/* Appends n bases to a UMI; 0 at an unknown base. */
static uint64_t
add_umi(uint64_t umi, const char *seq, uint32_t n)
{
    uint32_t i = 0;

    if (memchr(seq, 'N', n)) return 0;
    for (; i + 8 <= n; i += 8) umi = umi << 16 | eight_codes(seq + i);
    for (; i < n; i++) umi = umi << 2 | ((unsigned char) seq[i] >> 1 & 3U);
    return umi;
}

uint64_t
exm_trim_take_umi(const struct exm_trimmer *t, const char *seq, uint32_t len, long adapter,
                  uint32_t behind)
{
    const exm_layout *l = &t->layout;
    uint32_t got = l->umi5_len + l->umi3_len;
    uint64_t umi = 1; /* so that a UMI cut short is not one with A in front */

    if (l->umi5_len > 0)
        umi = len < l->umi5_at + l->umi5_len ? 0
                                             : add_umi(umi, seq + l->umi5_at, l->umi5_len);
    if (umi && l->umi3_len > 0)
        umi = add_umi(umi, seq + adapter - l->n_3 + l->umi3_at, l->umi3_len);
    if (umi && l->umi_after_len > 0) {
        uint32_t n = behind < len ? len - behind : 0;

        if (n > l->umi_after_len) n = l->umi_after_len;
        umi = add_umi(umi, seq + behind, n);
        got += n;
    }
    return got >= t->min_umi ? umi : 0;
}
