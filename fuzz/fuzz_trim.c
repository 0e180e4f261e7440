/*
 * fuzz_trim.c - any reads through any layout: SIMD, scalar and the slow definition agree.
 *
 * Bytes 0-5 choose the options (the top bit of byte 2: insertions and deletions); the first
 * line is a kit's name or a layout string; then follow pairs of lines, a read and its
 * qualities.  Bytes that are no base become one.
 * Reads lie in memory of their exact size, so that a byte behind the pad is found.
 */
#include "../tests/support/trim_oracle.h"

#include <stdlib.h>

enum { OPTIONS = 6, LONGEST = 1200, READS = 24 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
set_layout(const uint8_t *p, size_t n, exm_layout *l)
{
    char text[512];
    const exm_layout *kit = NULL;

    if (n >= sizeof text) return 0;
    memcpy(text, p, n);
    text[n] = '\0';
    if (exm_kit_find(text, &kit, NULL) != EXM_OK)
        return exm_layout_parse(text, l, NULL) == EXM_OK;
    *l = *kit;
    return 1;
}

static exm_trim_options
options(const uint8_t *p)
{
    exm_trim_options o = exm_trim_defaults();

    o.min_overlap = 1 + p[0] % 12;
    o.max_error_rate = p[1] % 26 / 100.0;
    o.quality_cutoff = p[2] % 64;
    o.indels = p[2] >> 7;
    o.max_ee = p[3] % 32 / 8.0 - 0.5;
    o.max_one_base = 0.5 + p[4] % 16 / 20.0;
    o.min_len = 10 + p[5] % 16;
    o.min_umi = p[5] / 16;
    return o;
}

/* The line's bytes as bases or qualities, in a block of their own with its pad. */
static char *
line(const uint8_t *p, size_t n, size_t len, int qual, int pad)
{
    char *s = malloc(len + EXM_SEQ_PAD);

    if (!s) abort();
    for (size_t i = 0; i < len; i++) {
        const uint8_t c = n > 0 ? p[i % n] : 'I';

        if (qual)
            s[i] = (char) (c >= 33 && c <= 126 ? c : 33 + c % 94);
        else
            s[i] = c != 0 && strchr("ACGTN", c) ? (char) c : "ACGT"[c & 3];
    }
    memset(s + len, pad, EXM_SEQ_PAD);
    return s;
}

static size_t
line_end(const uint8_t *p, size_t n)
{
    const uint8_t *end = n > 0 ? memchr(p, '\n', n) : NULL;

    return end ? (size_t) (end - p) : n;
}

/* All reads at once by one path, one after the other by the other. */
static void
all_reads(const exm_layout *l, const exm_trim_options *o, exm_trimmer *const t[2],
          const exm_read *r, size_t n)
{
    exm_trimmed together[READS], single;

    exm_trim_batch(t[0], r, n, together);
    for (size_t i = 0; i < n; i++) {
        const oracle_result want = oracle_trim(l, o, r + i);

        exm_trim_batch(t[1], r + i, 1, &single);
        if (!oracle_agrees(&want, &single, r[i].seq)) abort();
        if (!oracle_same(&single, together + i)) abort();
    }
}

/* The pairs of lines from data[0..n); the strings belong to the caller. */
static size_t
take_reads(const uint8_t *data, size_t n, char *seq[READS], char *qual[READS],
           exm_read *reads)
{
    size_t k = 0;

    for (size_t at = 0; at < n && k < READS; k++) {
        const uint8_t *s = data + at, *q;
        const size_t n_seq = line_end(s, n - at), len = n_seq < LONGEST ? n_seq : LONGEST;
        size_t n_qual = 0;

        at += n_seq < n - at ? n_seq + 1 : n_seq;
        q = data + at;
        if (at < n) {
            n_qual = line_end(q, n - at);
            at += n_qual < n - at ? n_qual + 1 : n_qual;
        }
        seq[k] = line(s, n_seq, len, 0, k % 2 ? 'A' : 0xff);
        qual[k] = n_qual > 0 ? line(q, n_qual, len, 1, k % 2 ? 'I' : 0) : NULL;
        reads[k] =
            (exm_read){.seq = seq[k], .qual = qual[k], .len = (uint32_t) len, .copies = 1};
    }
    return k;
}

static exm_trimmer *
trimmer(const exm_layout *l, exm_trim_options o, exm_simd simd)
{
    exm_trimmer *t = NULL;

    o.simd = simd;
    return exm_trimmer_new(l, &o, &t, NULL) == EXM_OK ? t : NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *seq[READS], *qual[READS];
    exm_read reads[READS];
    exm_trim_options o;
    exm_trimmer *t[2];
    exm_layout l;
    size_t at, n = 0;

    if (size <= OPTIONS) return 0;
    o = options(data);
    at = OPTIONS + line_end(data + OPTIONS, size - OPTIONS);
    if (!set_layout(data + OPTIONS, at - OPTIONS, &l)) return 0;
    t[0] = trimmer(&l, o, EXM_SIMD_SSE4);
    t[1] = trimmer(&l, o, EXM_SIMD_SCALAR);
    if (!t[0] != !t[1]) abort();
    if (t[0] && at < size) {
        n = take_reads(data + at + 1, size - at - 1, seq, qual, reads);
        all_reads(&l, &o, t, reads, n);
    }
    for (size_t i = 0; i < n; i++) {
        free(seq[i]);
        free(qual[i]);
    }
    exm_trimmer_free(t[0]);
    exm_trimmer_free(t[1]);
    return 0;
}
