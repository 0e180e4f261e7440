/*
 * reader.c - reads of one sample in batches, for one thread or several.
 *
 * Workload: one gzip member of 1-50 GB.  Inflating is a third to two thirds of all the work
 * of counting and cannot be split (BGZF can: there, one thread at a time cuts blocks out of
 * the file, 30 us for what takes 0.7 ms to unpack, and each unpacks what it has cut); parsing is a tenth and is not worth splitting.  So one
 * thread at a time unpacks and one at a time parses, and all threads come here for their
 * next batch: whoever finds an empty block and nobody unpacking fills it (0.5 ms), whoever
 * does not cuts a batch out of the current block (3 us, under the lock) and goes to count
 * it.  When unpacking is ahead everybody counts, when it is behind somebody unpacks: no
 * thread has a role, and none is idle while there is work for it.
 *
 * A record that a block's end cuts is carried to the front of the next block, into head
 * room kept there.  A record larger than that is put together in a buffer that grows.
 *
 * Blocks are taken up in stream order, with the errors in them: a result never depends on
 * who was faster.
 */
#include "reader_impl.h"

#include "fastq_impl.h"
#include "input_impl.h"

#include "exomir/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

exm_reader_options
exm_reader_defaults(void)
{
    return (exm_reader_options){.simd = EXM_SIMD_AUTO,
                                .takers = 1,
                                .block = 1 << 20,
                                .hash_input = 1,
                                .hash_content = 1,
                                .allow_empty = 0};
}

/* ---- batches ---- */

exm_status
exm_reader_batch_new(exm_reader_batch **ret, exm_error *reterr)
{
    exm_reader_batch *b = calloc(1, sizeof *b);

    if (!b) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for a batch of reads");
    *ret = b;
    return EXM_OK;
}

void
exm_reader_batch_free(exm_reader_batch *b)
{
    if (!b) return;
    exm_bgzf_free(b->bgzf);
    free(b->norm);
    free(b);
}

static void
pin(exm_reader *r, exm_reader_batch *b)
{
    b->reader = r;
    b->file = r->file;
    b->block = r->in_spill ? NULL : r->cur;
    if (b->block)
        b->block->pins++;
    else
        r->spill_pins++;
}

/* The caller is done with its last batch. */
static void
settle(exm_reader *r, exm_reader_batch *b)
{
    if (!b->reader) return;
    b->reader = NULL;
    r->files[b->file].reads += b->copies;
    exm_multihash_merge(&r->content, &b->content);
    if (b->block && --b->block->pins == 0 && b->block != r->cur) {
        exm_blocks_push(&r->empty, b->block);
        (void) pthread_cond_broadcast(&r->changed);
    } else if (!b->block && --r->spill_pins == 0) {
        (void) pthread_cond_broadcast(&r->changed);
    }
}

/* Outside the lock: 9 ns a read. */
static void
hash_batch(const exm_reader *r, exm_reader_batch *b, size_t n)
{
    b->copies = 0;
    b->content = (exm_multihash){0, 0};
    for (size_t i = 0; i < n; i++) {
        const exm_read *read = b->reads + i;

        b->copies += read->copies;
        if (r->o.hash_content)
            exm_multihash_add(&b->content, read->seq, read->len, read->qual,
                              read->qual ? read->len : 0, read->copies);
    }
}

/* ---- from block to block ---- */

/* The unparsed rest of the block goes in front of the next one's data. */
static exm_status
carry_over(exm_reader *r, exm_block *next, exm_error *reterr)
{
    if (r->left <= EXM_READER_HEAD) {
        if (r->left > 0) memmove(next->data - r->left, r->at, r->left);
        r->at = next->data - r->left;
        r->left += next->n;
        r->in_spill = 0;
        return EXM_OK;
    }
    if (r->left + next->n + EXM_SEQ_PAD > r->spill_cap) {
        const size_t need = r->left + next->n + EXM_SEQ_PAD, twice = 2 * r->spill_cap;
        char *p = malloc(need > twice ? need : twice);

        if (!p)
            return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for a record of %zu bytes",
                            r->left);
        memcpy(p, r->at, r->left);
        free(r->spill);
        r->spill = p;
        r->spill_cap = need > twice ? need : twice;
    } else if (r->at != r->spill) {
        memmove(r->spill, r->at, r->left);
    }
    if (next->n > 0) memcpy(r->spill + r->left, next->data, next->n);
    r->at = r->spill;
    r->in_spill = 1;
    r->left += next->n;
    memset(r->spill + r->left, 0, EXM_SEQ_PAD);
    return EXM_OK;
}

static exm_status
start_file(exm_reader *r, size_t file, exm_error *reterr)
{
    exm_fastq_free(r->parser);
    r->parser = NULL;
    if (file != r->file) r->raw_before += r->files[r->file].raw_bytes;
    r->file = file;
    return exm_fastq_new(r->files[file].path, r->o.simd, &r->parser, reterr);
}

/* The next block becomes current. */
static exm_status
next_block(exm_reader *r, exm_error *reterr)
{
    exm_block *b = exm_blocks_pop(&r->full), *old = r->cur;
    exm_status s = EXM_OK;

    r->cur = b;
    if (!r->parser || b->file != r->file) s = start_file(r, b->file, reterr);
    r->files[b->file].container = b->container;
    if (b->raw_bytes > 0) r->files[b->file].raw_bytes = b->raw_bytes;
    if (s == EXM_OK) s = carry_over(r, b, reterr);
    r->cur_last = b->last;
    if (old && old->pins == 0) {
        exm_blocks_push(&r->empty, old);
        (void) pthread_cond_broadcast(&r->changed);
    }
    return s;
}

static int
next_is_there(const exm_reader *r)
{
    return r->full.n > 0 && !r->full.b[r->full.head]->packed;
}

static exm_status
met_behind(const exm_block *b, exm_error *reterr)
{
    if (reterr) *reterr = b->err; /* made by exm_fail() where it was filled */
    return b->status;
}

static exm_status
end_file(exm_reader *r, exm_error *reterr)
{
    exm_reader_file *f = &r->files[r->file];

    r->cur_last = 0;
    r->ended = r->file + 1 == r->n_files;
    f->format = exm_fastq_format(r->parser);
    if (exm_fastq_records(r->parser) == 0 && !r->o.allow_empty)
        return exm_fail(
            reterr, EXM_EDATA, 0,
            "%s: byte 0: the file holds no reads (record 1 is missing): an empty "
            "sample, or a copy that failed? --allow-empty accepts it",
            exm_source_label(f->path));
    memcpy(f->sha256, r->cur->sha256, sizeof f->sha256);
    return EXM_OK;
}

/*
 * A record that makes no sense in a packed file may as well be damage of the packing
 * that its checksum, further on, would show.
 */
static void
hint_at_packing(const exm_reader *r, exm_error *reterr)
{
    const exm_container c = r->files[r->file].container;
    const size_t used = reterr ? strlen(reterr->msg) : 0;
    exm_error said;

    if (!reterr || reterr->code != EXM_EDATA || c == EXM_CONTAINER_PLAIN ||
        used + 100 > sizeof reterr->msg)
        return;
    said = *reterr;
    (void) exm_fail(reterr, said.code, said.at,
                    "%s (or the %s data are damaged: test them with %s -t)", said.msg,
                    exm_container_name(c), c == EXM_CONTAINER_ZSTD ? "zstd" : "gzip");
}

/* One call of the parser on what is there. */
static exm_status
parse(exm_reader *r, exm_reader_batch *b, size_t *ret_n, exm_error *reterr)
{
    size_t used = 0;
    exm_status s;

    exm_fastq_swap_memory(r->parser, &b->norm, &b->norm_cap);
    s = exm_fastq_parse(r->parser, r->at, r->left, r->cur_last, b->reads, EXM_READER_BATCH,
                        ret_n, &used, reterr);
    exm_fastq_swap_memory(r->parser, &b->norm, &b->norm_cap);
    if (s != EXM_OK) {
        hint_at_packing(r, reterr);
        return s;
    }
    if (*ret_n > 0) pin(r, b);
    r->at += used;
    r->left -= used;
    if (r->cur_last && *ret_n == 0 && used == 0)
        return exm_fail(reterr, EXM_EINVAL, 0, "%s: the parser left bytes",
                        exm_source_label(r->files[r->file].path));
    return EXM_OK;
}

/* A batch out of the blocks at hand; *ret_n stays 0 at the end, or when a block is missing. */
static exm_status
next_batch(exm_reader *r, exm_reader_batch *b, size_t *ret_n, exm_error *reterr)
{
    exm_status s = EXM_OK;

    while (s == EXM_OK && *ret_n == 0 && !r->ended) {
        if (r->left > 0) s = parse(r, b, ret_n, reterr);
        if (s != EXM_OK || *ret_n > 0) break;
        if (r->cur_last && r->left > 0) continue; /* blank lines */
        if (r->cur_last)
            s = end_file(r, reterr);
        else if (r->cur && r->cur->status != EXM_OK)
            s = met_behind(r->cur, reterr);
        else if (!next_is_there(r) || (r->left > EXM_READER_HEAD && r->spill_pins > 0))
            break;
        else
            s = next_block(r, reterr);
    }
    return s;
}

/* ---- taking ---- */

static int
can_fill(const exm_reader *r)
{
    return !r->unpacking && !r->u.done && r->empty.n > 0;
}

/* Called and returns with the lock held.  A block has its place in the stream before it is
 * unpacked, so it does not matter who is done first. */
static void
fill_one(exm_reader *r, exm_reader_batch *batch)
{
    exm_block *b = exm_blocks_pop(&r->empty);

    r->unpacking = 1;
    (void) pthread_mutex_unlock(&r->lock);
    exm_block_fill(r, b);
    (void) pthread_mutex_lock(&r->lock);
    r->unpacking = 0;
    exm_blocks_push(&r->full, b);
    (void) pthread_cond_broadcast(&r->changed);
    if (!b->packed) return;
    (void) pthread_mutex_unlock(&r->lock);
    exm_block_unpack(r, b, &batch->bgzf);
    (void) pthread_mutex_lock(&r->lock);
    b->packed = 0;
    (void) pthread_cond_broadcast(&r->changed);
}

/* With the lock held. */
static exm_status
take(exm_reader *r, exm_reader_batch *b, size_t *ret_n)
{
    settle(r, b);
    settle(r, r->own);
    while (r->failed == EXM_OK && !r->ended) {
        if (r->o.takers > 1 && can_fill(r)) {
            fill_one(r, b);
            continue;
        }
        r->failed = next_batch(r, b, ret_n, &r->err);
        if (r->failed != EXM_OK || *ret_n > 0 || r->ended) break;
        if (can_fill(r))
            fill_one(r, b);
        else
            (void) pthread_cond_wait(&r->changed, &r->lock);
    }
    if (r->failed != EXM_OK || r->ended) (void) pthread_cond_broadcast(&r->changed);
    return r->failed;
}

exm_status
exm_reader_take(exm_reader *r, exm_reader_batch *b, const exm_read **ret, size_t *ret_n,
                exm_error *reterr)
{
    size_t n = 0;
    exm_status s;

    if (!r || !b || !ret || !ret_n)
        return exm_fail(reterr, EXM_EINVAL, 0, "r, b, ret or ret_n is NULL");
    (void) pthread_mutex_lock(&r->lock);
    s = take(r, b, &n);
    if (s != EXM_OK && reterr) *reterr = r->err;
    (void) pthread_mutex_unlock(&r->lock);
    if (s != EXM_OK) return s;
    hash_batch(r, b, n);
    *ret = b->reads;
    *ret_n = n;
    return EXM_OK;
}

exm_status
exm_reader_next(exm_reader *r, const exm_read **ret, size_t *ret_n, exm_error *reterr)
{
    return exm_reader_take(r, r ? r->own : NULL, ret, ret_n, reterr);
}

void
exm_reader_stop(exm_reader *r, const exm_error *why)
{
    (void) pthread_mutex_lock(&r->lock);
    if (r->failed == EXM_OK) {
        r->failed = why->code;
        r->err = *why;
    }
    if (r->stop_pipe[1] >= 0) {
        (void) close(r->stop_pipe[1]); /* poll() sees the hang-up */
        r->stop_pipe[1] = -1;
    }
    (void) pthread_cond_broadcast(&r->changed);
    (void) pthread_mutex_unlock(&r->lock);
}

/* ---- opening and closing ---- */

/* Missing files and folders are told before hours of work; sizes are for progress. */
static exm_status
examine_paths(exm_reader *r, int *ret_waits, exm_error *reterr)
{
    int known = 1, n_stdin = 0;

    for (size_t i = 0; i < r->n_files; i++) {
        const char *path = r->paths[i];
        struct stat st;

        if (strcmp(path, "-") == 0) {
            if (++n_stdin > 1)
                return exm_fail(reterr, EXM_EDATA, i,
                                "standard input ('-') can be read only once");
            if (fstat(STDIN_FILENO, &st) != 0) memset(&st, 0, sizeof st);
        } else if (stat(path, &st) != 0) {
            exm_input *in = NULL;
            const exm_status s = exm_input_open(path, &in, reterr); /* words the failure */

            exm_input_close(in);
            if (s != EXM_OK) return s;
            continue;
        }
        if (S_ISDIR(st.st_mode)) return exm_input_is_folder(r->files[i].path, reterr);
        if (S_ISREG(st.st_mode) && st.st_size >= 0) {
            r->total += (uint64_t) st.st_size;
        } else {
            known = 0;
        }
    }
    if (!known) r->total = 0;
    *ret_waits = !known;
    return EXM_OK;
}

static exm_status
copy_paths(exm_reader *r, const char *const *paths, size_t n)
{
    r->paths = calloc(n, sizeof *r->paths);
    r->files = calloc(n, sizeof *r->files);
    if (!r->paths || !r->files) return EXM_ENOMEM;
    r->n_files = n;
    for (size_t i = 0; i < n; i++) {
        r->paths[i] = exm_text_dup(paths[i]);
        if (!r->paths[i]) return EXM_ENOMEM;
        r->files[i].path = strcmp(paths[i], "-") == 0 ? "standard input" : r->paths[i];
    }
    return EXM_OK;
}

static exm_status
set_up(exm_reader *r, const char *const *paths, size_t n, exm_error *reterr)
{
    int waits = 0;
    exm_status s;

    if (copy_paths(r, paths, n) != EXM_OK)
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory to read %zu files", n);
    s = examine_paths(r, &waits, reterr);
    if (s == EXM_OK) s = exm_blocks_new(r, reterr);
    if (s == EXM_OK) s = exm_reader_batch_new(&r->own, reterr);
    if (s != EXM_OK) return s;
    if (r->o.takers > 1 && waits && pipe(r->stop_pipe) != 0) {
        r->stop_pipe[0] = r->stop_pipe[1] = -1;
        return exm_fail(reterr, EXM_EIO, 0, "cannot make a pipe: too many open files?");
    }
    r->has_lock = pthread_mutex_init(&r->lock, NULL) == 0;
    r->has_changed = r->has_lock && pthread_cond_init(&r->changed, NULL) == 0;
    if (!r->has_changed) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for a lock");
    return EXM_OK;
}

exm_status
exm_reader_open(const char *const *paths, size_t n_paths, const exm_reader_options *o,
                exm_reader **ret, exm_error *reterr)
{
    exm_reader *r;
    exm_status s;

    if (!paths || n_paths == 0 || !ret)
        return exm_fail(reterr, EXM_EINVAL, 0, "no paths, or ret is NULL");
    r = calloc(1, sizeof *r);
    if (!r) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory to read %zu files", n_paths);
    r->o = o ? *o : exm_reader_defaults();
    if (r->o.block == 0) r->o.block = exm_reader_defaults().block;
    if (r->o.takers == 0) r->o.takers = 1;
    if (r->o.takers > EXM_READER_TAKERS_MAX) r->o.takers = EXM_READER_TAKERS_MAX;
    r->stop_pipe[0] = r->stop_pipe[1] = -1;
    s = set_up(r, paths, n_paths, reterr);
    if (s != EXM_OK) {
        exm_reader_close(r);
        return s;
    }
    *ret = r;
    return EXM_OK;
}

void
exm_reader_close(exm_reader *r)
{
    if (!r) return;
    if (r->has_changed) (void) pthread_cond_destroy(&r->changed);
    if (r->has_lock) (void) pthread_mutex_destroy(&r->lock);
    for (size_t i = 0; i < 2; i++)
        if (r->stop_pipe[i] >= 0) (void) close(r->stop_pipe[i]);
    exm_input_close(r->u.in);
    exm_sha256_free(r->u.sha);
    exm_blocks_free(r);
    exm_reader_batch_free(r->own);
    exm_fastq_free(r->parser);
    free(r->spill);
    for (size_t i = 0; r->paths && i < r->n_files; i++) free(r->paths[i]);
    free(r->paths);
    free(r->files);
    free(r);
}

/* ---- what is known ---- */

size_t
exm_reader_files(const exm_reader *r)
{
    return r->n_files;
}

const exm_reader_file *
exm_reader_file_get(const exm_reader *r, size_t i)
{
    return i < r->n_files ? &r->files[i] : NULL;
}

exm_multihash
exm_reader_content(const exm_reader *r)
{
    return r->content;
}

void
exm_reader_progress(exm_reader *r, uint64_t *done, uint64_t *total)
{
    (void) pthread_mutex_lock(&r->lock);
    *done = r->raw_before + r->files[r->file].raw_bytes;
    *total = r->total;
    (void) pthread_mutex_unlock(&r->lock);
}
