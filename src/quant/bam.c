/*
 * bam.c - the unique inserts of a sample, aligned and sorted, into a BAM with its index.
 *
 * Workload: 10^5 to 10^7 uniques, which exist only while the sample is counted.  A first
 * pass finds the place of each and keeps 24 bytes; runs of these are sorted, one per
 * thread, and merged while records are made, batch by batch, on all threads, and handed to
 * htslib in order.  Annotating twice (0.1 us) is cheaper than keeping alignments: nothing
 * here grows but the keys.
 */
#include "bam_impl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHUNK = 2048,  /* uniques per task */
    BATCH = 16384, /* records made before they are written */
    TASK = 256,    /* of a batch, per task */
    RUNS_MAX = 16,
    LETTERS = 28 /* of the sequence in a key */
};

/* What a record is sorted by: place, then length and first letters, then all letters. */
struct key {
    uint64_t place;  /* template, position; all ones: unexplained */
    uint64_t letter; /* length up to 255, then 2 bits a base, first base first */
    uint64_t unique;
};

struct run {
    struct key *at, *end;
};

struct job {
    exm_bam_scene scene;
    const exm_collapse *uniques;
    exm_bam_scratch *scratch; /* [n_workers] */
    unsigned n_workers;
    struct key *key;
    size_t n;
    struct run run[RUNS_MAX];
    unsigned n_runs;
    uint64_t *chosen; /* [BATCH] */
    size_t n_chosen;
    bam1_t *record; /* [BATCH] */
};

/* ---- order ---- */

static unsigned
rank_of(const exm_unique *u, uint32_t i)
{
    static const unsigned char of_code[] = {0, 1, 3, 2}; /* A C T G by code, T after G */

    if (!u->seq) return of_code[(u->lo >> i & 1) | (u->hi >> i & 1) << 1];
    return u->seq[i] == 'A' ? 0 : u->seq[i] == 'C' ? 1 : u->seq[i] == 'G' ? 2 : 3;
}

static uint64_t
first_letters(const exm_unique *u)
{
    uint64_t v = u->len < 255 ? u->len : 255;

    for (uint32_t i = 0; i < LETTERS; i++) v = v << 2 | (i < u->len ? rank_of(u, i) : 0);
    return v;
}

/* Of inserts whose keys are equal. */
static int
compare_letters(const exm_unique *a, const exm_unique *b)
{
    if (a->len != b->len) return a->len < b->len ? -1 : 1;
    for (uint32_t i = LETTERS; i < a->len; i++) {
        const unsigned x = rank_of(a, i), y = rank_of(b, i);

        if (x != y) return x < y ? -1 : 1;
    }
    return 0;
}

static int
compare(const exm_collapse *uniques, const struct key *a, const struct key *b)
{
    exm_unique x, y;

    if (a->place != b->place) return a->place < b->place ? -1 : 1;
    if (a->letter != b->letter) return a->letter < b->letter ? -1 : 1;
    if (a->unique == b->unique) return 0;
    x = exm_collapse_get(uniques, a->unique);
    y = exm_collapse_get(uniques, b->unique);
    return compare_letters(&x, &y);
}

/* A heap sort in place: qsort() takes no context, and its memory is not ours to bound. */
static void
sift(const exm_collapse *uniques, struct key *k, size_t at, size_t n)
{
    const struct key x = k[at];

    for (size_t child = 2 * at + 1; child < n; child = 2 * at + 1) {
        if (child + 1 < n && compare(uniques, k + child, k + child + 1) < 0) child++;
        if (compare(uniques, &x, k + child) >= 0) break;
        k[at] = k[child];
        at = child;
    }
    k[at] = x;
}

static exm_status
sort_run(void *ctx, size_t i, unsigned worker, exm_error *reterr)
{
    const struct job *j = ctx;
    struct key *k = j->run[i].at;
    const size_t n = (size_t) (j->run[i].end - k);

    (void) worker;
    (void) reterr;
    for (size_t at = n / 2; at-- > 0;) sift(j->uniques, k, at, n);
    for (size_t end = n; end-- > 1;) {
        const struct key top = k[0];

        k[0] = k[end];
        k[end] = top;
        sift(j->uniques, k, 0, end);
    }
    return EXM_OK;
}

static exm_status
find_places(void *ctx, size_t task, unsigned worker, exm_error *reterr)
{
    const struct job *j = ctx;
    exm_bam_scratch *s = j->scratch + worker;
    const size_t end = (task + 1) * CHUNK < j->n ? (task + 1) * CHUNK : j->n;

    for (size_t i = task * CHUNK; i < end; i++) {
        const exm_unique u = exm_collapse_get(j->uniques, i);
        const exm_status st = exm_bam_explain(&j->scene, &u, s, reterr);

        if (st != EXM_OK) return st;
        j->key[i] =
            (struct key){.place = UINT64_MAX, .letter = first_letters(&u), .unique = i};
        if (s->ann.n > 0)
            j->key[i].place =
                (uint64_t) s->ann.cand->template_id << 32 | exm_bam_place(s->ann.cand);
    }
    return EXM_OK;
}

static exm_status
sort_all(struct job *j, exm_pool *pool, exm_error *reterr)
{
    exm_status st = exm_pool_run(pool, (j->n + CHUNK - 1) / CHUNK, find_places, j, reterr);

    if (st != EXM_OK) return st;
    j->n_runs = j->n_workers < RUNS_MAX ? j->n_workers : RUNS_MAX;
    for (unsigned i = 0; i < j->n_runs; i++)
        j->run[i] = (struct run){j->key + j->n / j->n_runs * i,
                                 i + 1 < j->n_runs ? j->key + j->n / j->n_runs * (i + 1)
                                                   : j->key + j->n};
    return exm_pool_run(pool, j->n_runs, sort_run, j, reterr);
}

/* The next uniques in order, up to a batch. */
static void
choose(struct job *j)
{
    for (j->n_chosen = 0; j->n_chosen < BATCH; j->n_chosen++) {
        struct run *least = NULL;

        for (unsigned i = 0; i < j->n_runs; i++) {
            struct run *r = j->run + i;

            if (r->at < r->end && (!least || compare(j->uniques, r->at, least->at) < 0))
                least = r;
        }
        if (!least) return;
        j->chosen[j->n_chosen] = least->at++->unique;
    }
}

/* ---- records ---- */

static exm_status
encode_some(void *ctx, size_t task, unsigned worker, exm_error *reterr)
{
    const struct job *j = ctx;
    const size_t end = (task + 1) * TASK < j->n_chosen ? (task + 1) * TASK : j->n_chosen;
    exm_status st = EXM_OK;

    for (size_t i = task * TASK; st == EXM_OK && i < end; i++) {
        const exm_unique u = exm_collapse_get(j->uniques, j->chosen[i]);

        st = exm_bam_encode(&j->scene, &u, j->scratch + worker, j->record + i, reterr);
    }
    return st;
}

/* htslib tells by errno, or (failures in its threads) not at all. */
static exm_status
write_failed(const char *sample, exm_error *reterr)
{
    if (errno == ENOMEM)
        return exm_fail(reterr, EXM_ENOMEM, 0, "%s: no memory to write its BAM", sample);
    if (errno != 0 && errno != ENOSPC)
        return exm_fail_errno(reterr, errno, 0, "bam/%s.bam: cannot write", sample);
    return exm_fail(reterr, EXM_EIO, 0, "bam/%s.bam: cannot write (is the disk full?)",
                    sample);
}

static exm_status
write_records(struct job *j, exm_pool *pool, htsFile *to, sam_hdr_t *header,
              exm_error *reterr)
{
    exm_status st = EXM_OK;

    for (choose(j); st == EXM_OK && j->n_chosen > 0; choose(j)) {
        st = exm_pool_run(pool, (j->n_chosen + TASK - 1) / TASK, encode_some, j, reterr);
        errno = 0;
        for (size_t i = 0; st == EXM_OK && i < j->n_chosen; i++)
            if (sam_write1(to, header, j->record + i) < 0)
                st = write_failed(j->scene.sample, reterr);
    }
    return st;
}

/* bam and bai: where htslib shall write. */
static exm_status
write_file(struct job *j, exm_pool *pool, const exm_buf *text, const char *bam,
           const char *bai, exm_error *reterr)
{
    sam_hdr_t *header = sam_hdr_parse(text->len, text->data);
    htsFile *to = NULL;
    exm_status st = EXM_OK;

    errno = 0;
    if (!header)
        return exm_fail(reterr, EXM_ENOMEM, 0, "%s: no memory for the header of its BAM",
                        j->scene.sample);
    to = hts_open(bam, "wb");
    /* Packed by one thread: htslib's own do not always survive a failed allocation, and an
     * index that is made while they write differs from run to run (htslib 1.16).  Nor does
     * sam_index_build3(), which would read the file again, survive one. */
    if (!to || sam_hdr_write(to, header) != 0 || sam_idx_init(to, header, 0, bai) != 0)
        st = write_failed(j->scene.sample, reterr);
    if (st == EXM_OK) st = write_records(j, pool, to, header, reterr);
    errno = 0;
    if (st == EXM_OK && sam_idx_save(to) != 0) st = write_failed(j->scene.sample, reterr);
    if (st == EXM_OK) errno = 0;
    if (to && hts_close(to) != 0 && st == EXM_OK)
        st = write_failed(j->scene.sample, reterr);
    sam_hdr_destroy(header);
    return st;
}

/* ---- files ---- */

/* The path that another library may open: "./" keeps it from reading a scheme ("s3:"). */
static exm_status
lend(exm_outfile *f, exm_buf *ret, exm_error *reterr)
{
    const char *path = exm_outfile_lend(f);

    if (path[0] != '/') exm_buf_puts(ret, "./");
    exm_buf_puts(ret, path);
    return exm_buf_check(ret, reterr);
}

static exm_status
write_both(struct job *j, const exm_record *rec, exm_pool *pool, exm_outdir *dir,
           exm_error *reterr)
{
    exm_outfile *bam = NULL, *bai = NULL;
    exm_buf text = {0}, bam_path = {0}, bai_path = {0};
    char name[512];
    exm_status st = exm_bam_header(j->scene.ref, j->scene.names, rec, &text, reterr);

    (void) snprintf(name, sizeof name, "bam/%.400s.bam", rec->sample);
    if (st == EXM_OK) st = exm_outdir_open(dir, name, &bam, reterr);
    if (st == EXM_OK) st = lend(bam, &bam_path, reterr);
    (void) snprintf(name, sizeof name, "bam/%.400s.bam.bai", rec->sample);
    if (st == EXM_OK) st = exm_outdir_open(dir, name, &bai, reterr);
    if (st == EXM_OK) st = lend(bai, &bai_path, reterr);
    if (st == EXM_OK) st = write_file(j, pool, &text, bam_path.data, bai_path.data, reterr);
    if (st == EXM_OK) {
        st = exm_outdir_close(dir, bai, reterr); /* which consumes it */
        bai = NULL;
    }
    if (st == EXM_OK) {
        st = exm_outdir_close(dir, bam, reterr);
        bam = NULL;
    }
    exm_outfile_free(bam);
    exm_outfile_free(bai);
    exm_buf_done(&text);
    exm_buf_done(&bam_path);
    exm_buf_done(&bai_path);
    return st;
}

static exm_status
job_init(struct job *j, exm_error *reterr)
{
    j->scratch = calloc(j->n_workers, sizeof *j->scratch);
    j->key = malloc((j->n + 1) * sizeof *j->key);
    j->chosen = malloc(BATCH * sizeof *j->chosen);
    j->record = calloc(BATCH, sizeof *j->record);
    for (size_t i = 0; j->record && i < BATCH; i++)
        bam_set_mempolicy(j->record + i, BAM_USER_OWNS_STRUCT);
    if (j->scratch && j->key && j->chosen && j->record) return EXM_OK;
    return exm_fail(reterr, EXM_ENOMEM, 0, "no memory to sort %zu unique reads", j->n);
}

static void
job_done(struct job *j)
{
    for (unsigned i = 0; j->scratch && i < j->n_workers; i++)
        exm_bam_scratch_done(j->scratch + i);
    for (size_t i = 0; j->record && i < BATCH; i++) bam_destroy1(j->record + i);
    free(j->scratch);
    free(j->key);
    free(j->chosen);
    free(j->record);
}

exm_status
exm_bam_write(const exm_annotator *annotator, const exm_ref *ref,
              const exm_collapse *uniques, const exm_record *rec, exm_pool *pool,
              exm_outdir *dir, exm_error *reterr)
{
    exm_bam_names names = {0};
    struct job j = {0};
    exm_status st;

    if (!annotator || !ref || !uniques || !rec || !pool || !dir)
        return exm_fail(reterr, EXM_EINVAL, 0, "bam: an argument is NULL");
    hts_set_log_level(HTS_LOG_OFF); /* what it has to say comes back as a status */
    j.scene = (exm_bam_scene){.annotator = annotator,
                              .ref = ref,
                              .names = &names,
                              .sample = rec->sample,
                              .umi = rec->umi_len > 0};
    j.uniques = uniques;
    j.n_workers = exm_pool_threads(pool);
    j.n = exm_collapse_count(uniques);
    st = job_init(&j, reterr);
    if (st == EXM_OK) st = exm_bam_names_init(ref, &names, reterr);
    if (st == EXM_OK) st = sort_all(&j, pool, reterr);
    if (st == EXM_OK) st = write_both(&j, rec, pool, dir, reterr);
    job_done(&j);
    exm_bam_names_done(&names);
    return st;
}
