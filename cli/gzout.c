/*
 * gzout.c - simulated reads are written once and read many times by tests, so level 1.
 *
 * libdeflate works on whole buffers; members of 1 MiB cost less than 0.1 % in size and
 * any gzip reader joins them.
 */
#include "gzout.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

enum { MEMBER = 1 << 20, LEVEL = 1 };

struct exm_gzout {
    exm_outfile *file;
    struct libdeflate_compressor *z; /* NULL: plain */
    char *text;                      /* [MEMBER] */
    char *packed;                    /* [bound] */
    size_t n, bound;
    int members;
};

void
exm_gzout_free(exm_gzout *g)
{
    if (!g) return;
    exm_outfile_free(g->file);
    if (g->z) libdeflate_free_compressor(g->z);
    free(g->text);
    free(g->packed);
    free(g);
}

exm_status
exm_gzout_new(const char *path, int gzip, exm_gzout **ret, exm_error *reterr)
{
    exm_gzout *g = calloc(1, sizeof *g);
    exm_status s = EXM_OK;

    if (!g) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory to write %.300s", path);
    g->text = malloc(MEMBER);
    if (gzip) {
        g->z = libdeflate_alloc_compressor(LEVEL);
        g->bound = g->z ? libdeflate_gzip_compress_bound(g->z, MEMBER) : 0;
        g->packed = g->bound ? malloc(g->bound) : NULL;
    }
    if (!g->text || (gzip && !g->packed))
        s = exm_fail(reterr, EXM_ENOMEM, 0, "no memory to write %.300s", path);
    if (s == EXM_OK) s = exm_outfile_new(path, &g->file, reterr);
    if (s != EXM_OK) {
        exm_gzout_free(g);
        return s;
    }
    *ret = g;
    return EXM_OK;
}

static exm_status
flush(exm_gzout *g, exm_error *reterr)
{
    size_t n = g->n;
    const char *from = g->text;

    if (g->z) {
        n = libdeflate_gzip_compress(g->z, g->text, g->n, g->packed, g->bound);
        if (n == 0) return exm_fail(reterr, EXM_EINVAL, 0, "gzip bound exceeded");
        from = g->packed;
    }
    g->n = 0;
    g->members++;
    return exm_outfile_write(g->file, from, n, reterr);
}

exm_status
exm_gzout_write(void *ctx, const char *p, size_t n, exm_error *reterr)
{
    exm_gzout *g = ctx;

    while (n > 0) {
        const size_t m = MEMBER - g->n < n ? MEMBER - g->n : n;

        memcpy(g->text + g->n, p, m);
        g->n += m;
        p += m;
        n -= m;
        if (g->n == MEMBER) {
            exm_status s = flush(g, reterr);

            if (s != EXM_OK) return s;
        }
    }
    return EXM_OK;
}

exm_status
exm_gzout_settle(exm_gzout *g, exm_error *reterr)
{
    /* An empty file of gzip is one empty member. */
    if (g->n > 0 || (g->z && g->members == 0)) {
        exm_status s = flush(g, reterr);

        if (s != EXM_OK) return s;
    }
    return exm_outfile_settle(g->file, reterr);
}

exm_status
exm_gzout_commit(exm_gzout *g, exm_error *reterr)
{
    const exm_status s = exm_gzout_settle(g, reterr);

    return s == EXM_OK ? exm_outfile_commit(g->file, reterr) : s;
}
