/*
 * reader.c - reads of one sample in batches, unpacked ahead of the caller.
 *
 * Workload: one gzip member of 1-50 GB.  Inflating is two thirds of all the work of
 * counting and cannot be split, so it gets a thread of its own, which also hashes what it
 * reads; the caller's thread parses and counts meanwhile.  Blocks of 1 MiB go round between
 * the two, one lock and one signal per block (400 a second): nothing finer is worth its
 * bugs.
 *
 * A record that a block's end cuts is carried to the front of the next block, into head
 * room kept there.  A record larger than that is put together in a buffer that grows.
 *
 * Errors travel in the blocks, in stream order.  What the unpacking thread finds ahead
 * is therefore told only after all records before it were delivered or refused: a
 * result never depends on who was faster.  Without a second thread the same code fills
 * a block when one is needed.
 */
#include "exomir/reader.h"

#include "input_impl.h"

#include "exomir/text.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    N_BLOCKS = 6,         /* with a thread; 2 without */
    HEAD_ROOM = 64 << 10, /* of a block, for the carried part of a record */
    BATCH = 256
};

typedef struct block {
    char *mem, *data; /* data = mem + HEAD_ROOM; EXM_SEQ_PAD zeros follow data[n) */
    size_t n, file;
    int last; /* the file ended here, verified */
    exm_container container;
    uint64_t raw_bytes;          /* of the file, when the block was filled */
    char sha256[EXM_SHA256_HEX]; /* of the file, with 'last' */
    exm_status status;
    exm_error err;
} block;

/* What the unpacking side owns; with a thread, nobody else touches it. */
typedef struct unpacker {
    exm_input *in;
    size_t file;
    exm_sha256 *sha;
    int hash_failed, done;
} unpacker;

/* First in, first out; of room for all blocks. */
typedef struct queue {
    block *b[N_BLOCKS];
    size_t head, n;
} queue;

struct exm_reader {
    exm_reader_options o;
    char **paths;
    size_t n_files;
    exm_reader_file *files;

    block blocks[N_BLOCKS];
    size_t n_blocks;
    unpacker u;

    pthread_t thread;
    int has_thread, has_lock;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* one waiter at most: an empty and a full queue exclude */
    queue full, empty;
    int stop;
    int stop_pipe[2]; /* ends a wait for a pipe among the inputs; -1 without one */

    /* the caller's side */
    block *cur;
    const char *at; /* bytes not parsed yet: at[0..left) */
    size_t left;
    int cur_last, ended;
    char *spill; /* a record larger than the head room is put together here */
    size_t spill_cap;
    exm_fastq *parser;
    size_t file; /* that the parser is in */
    uint64_t raw_before, total;
    exm_multihash content;
    exm_read reads[BATCH];
    exm_status failed;
    exm_error err;
};

exm_reader_options
exm_reader_defaults(void)
{
    return (exm_reader_options){.simd = EXM_SIMD_AUTO,
                                .threaded = 1,
                                .block = 1 << 20,
                                .hash_input = 1,
                                .hash_content = 1,
                                .allow_empty = 0};
}

/* ---- the queues between the two sides ---- */

static void
push(queue *q, block *b)
{
    q->b[(q->head + q->n++) % N_BLOCKS] = b;
}

static block *
pop(queue *q)
{
    block *b = q->b[q->head];

    q->head = (q->head + 1) % N_BLOCKS;
    q->n--;
    return b;
}

/* Hand a block to the other side. */
static void
give(exm_reader *r, queue *q, block *b)
{
    (void) pthread_mutex_lock(&r->lock);
    push(q, b);
    (void) pthread_cond_signal(&r->changed);
    (void) pthread_mutex_unlock(&r->lock);
}

/* Wait for a block; NULL when the reader is being closed. */
static block *
take(exm_reader *r, queue *q)
{
    block *b = NULL;

    (void) pthread_mutex_lock(&r->lock);
    while (q->n == 0 && !r->stop) (void) pthread_cond_wait(&r->changed, &r->lock);
    if (!r->stop) b = pop(q);
    (void) pthread_mutex_unlock(&r->lock);
    return b;
}

/* ---- the unpacking side ---- */

/* The packed bytes as they are read: the caller's side has more to do than this one. */
static void
hash_packed(void *ctx, const void *raw, size_t n)
{
    unpacker *u = ctx;

    if (!u->hash_failed && exm_sha256_add(u->sha, raw, n, NULL) != EXM_OK)
        u->hash_failed = 1;
}

static exm_status
open_next(exm_reader *r, exm_error *reterr)
{
    unpacker *u = &r->u;
    exm_status s;

    s = exm_input_open_stoppable(r->paths[u->file], r->stop_pipe[0], &u->in, reterr);
    if (s != EXM_OK || !r->o.hash_input) return s;
    exm_sha256_free(u->sha);
    u->sha = NULL;
    u->hash_failed = 0;
    s = exm_sha256_new(&u->sha, reterr);
    /* In a plain file the data are the raw bytes. */
    if (s == EXM_OK && exm_input_container(u->in) != EXM_CONTAINER_PLAIN)
        exm_input_set_tee(u->in, hash_packed, u);
    return s;
}

/* The file has ended and is verified. */
static exm_status
finish_file(exm_reader *r, block *b, exm_error *reterr)
{
    unpacker *u = &r->u;
    exm_status s = EXM_OK;

    if (u->hash_failed) s = exm_fail(reterr, EXM_ENOMEM, 0, "cannot hash the input");
    if (s == EXM_OK && u->sha) s = exm_sha256_hex(u->sha, b->sha256, reterr);
    exm_input_close(u->in);
    u->in = NULL;
    b->last = 1;
    u->done = ++u->file == r->n_files;
    return s;
}

/* The next block of the stream, with whatever there is to say about it. */
static void
fill(exm_reader *r, block *b)
{
    unpacker *u = &r->u;
    size_t n = 0;

    b->n = 0;
    b->last = 0;
    b->file = u->file;
    b->container = EXM_CONTAINER_PLAIN;
    b->raw_bytes = 0;
    b->sha256[0] = '\0';
    b->status = EXM_OK;
    if (!u->in) b->status = open_next(r, &b->err);
    if (b->status == EXM_OK)
        b->status = exm_input_read(u->in, b->data, r->o.block, &n, &b->err);
    b->n = b->status == EXM_OK ? n : 0;
    memset(b->data + b->n, 0, EXM_SEQ_PAD);
    if (u->in) {
        b->raw_bytes = exm_input_raw_bytes(u->in);
        b->container = exm_input_container(u->in);
    }
    if (b->n > 0 && u->sha && b->container == EXM_CONTAINER_PLAIN)
        hash_packed(u, b->data, b->n);
    if (b->status == EXM_OK && n == 0) b->status = finish_file(r, b, &b->err);
    if (b->status != EXM_OK) u->done = 1;
}

static void *
unpack_ahead(void *ctx)
{
    exm_reader *r = ctx;

    while (!r->u.done) {
        block *b = take(r, &r->empty);

        if (!b) break;
        fill(r, b);
        give(r, &r->full, b);
    }
    return NULL;
}

/* ---- the caller's side: blocks ---- */

/* The unparsed rest of the block goes in front of the next one's data. */
static exm_status
carry_over(exm_reader *r, block *next, exm_error *reterr)
{
    if (r->left <= HEAD_ROOM) {
        if (r->left > 0) memmove(next->data - r->left, r->at, r->left);
        r->at = next->data - r->left;
        r->left += next->n;
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
    r->left += next->n;
    memset(r->spill + r->left, 0, EXM_SEQ_PAD);
    return EXM_OK;
}

static exm_status
start_file(exm_reader *r, size_t file, exm_error *reterr)
{
    exm_status s = EXM_OK;

    exm_fastq_free(r->parser);
    r->parser = NULL;
    if (file != r->file) r->raw_before += r->files[r->file].raw_bytes;
    r->file = file;
    s = exm_fastq_new(r->files[file].path, r->o.simd, &r->parser, reterr);
    return s;
}

/* The next block becomes current. */
static exm_status
next_block(exm_reader *r, exm_error *reterr)
{
    block *b = NULL, *old = r->cur;
    exm_status s = EXM_OK;

    if (r->has_thread) {
        b = take(r, &r->full);
        if (!b) return exm_fail(reterr, EXM_EINVAL, 0, "the reader is closed");
    } else {
        if (!r->parser || r->u.file != r->file) s = start_file(r, r->u.file, reterr);
        if (s != EXM_OK) return s;
        b = pop(&r->empty);
        fill(r, b);
    }
    r->cur = b;
    if (!r->parser || b->file != r->file) s = start_file(r, b->file, reterr);
    r->files[b->file].container = b->container;
    if (b->raw_bytes > 0) r->files[b->file].raw_bytes = b->raw_bytes;
    if (s == EXM_OK && b->status != EXM_OK) {
        if (reterr) *reterr = b->err; /* made by exm_fail() on the other side */
        s = b->status;
    }
    if (s == EXM_OK) s = carry_over(r, b, reterr);
    r->cur_last = b->last;
    if (old && r->has_thread) give(r, &r->empty, old);
    if (old && !r->has_thread) push(&r->empty, old);
    return s;
}

/* ---- the caller's side: reads ---- */

static exm_status
end_file(exm_reader *r, exm_error *reterr)
{
    exm_reader_file *f = &r->files[r->file];

    r->cur_last = 0;
    r->ended = r->file + 1 == r->n_files;
    f->format = exm_fastq_format(r->parser);
    if (f->reads == 0 && !r->o.allow_empty)
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

static exm_status
next_batch(exm_reader *r, size_t *ret_n, exm_error *reterr)
{
    size_t n = 0;
    exm_status s = EXM_OK;

    while (n == 0 && !r->ended) {
        size_t used = 0;

        if (r->left > 0) {
            s = exm_fastq_parse(r->parser, r->at, r->left, r->cur_last, r->reads, BATCH, &n,
                                &used, reterr);
            if (s != EXM_OK) {
                hint_at_packing(r, reterr);
                return s;
            }
            r->at += used;
            r->left -= used;
        }
        if (n > 0) break;
        if (r->cur_last && used == 0 && r->left > 0)
            return exm_fail(reterr, EXM_EINVAL, 0, "%s: the parser left bytes",
                            exm_source_label(r->files[r->file].path));
        if (r->cur_last && r->left == 0)
            s = end_file(r, reterr);
        else if (!r->cur_last)
            s = next_block(r, reterr);
        if (s != EXM_OK) return s;
    }
    *ret_n = n;
    return EXM_OK;
}

exm_status
exm_reader_next(exm_reader *r, const exm_read **ret, size_t *ret_n, exm_error *reterr)
{
    size_t n = 0;

    if (!r || !ret || !ret_n)
        return exm_fail(reterr, EXM_EINVAL, 0, "r, ret or ret_n is NULL");
    if (r->failed == EXM_OK) r->failed = next_batch(r, &n, &r->err);
    if (r->failed != EXM_OK) {
        if (reterr) *reterr = r->err;
        return r->failed;
    }
    for (size_t i = 0; i < n; i++) {
        const exm_read *read = &r->reads[i];

        r->files[r->file].reads += read->copies;
        if (r->o.hash_content)
            exm_multihash_add(&r->content, read->seq, read->len, read->qual,
                              read->qual ? read->len : 0, read->copies);
    }
    *ret = r->reads;
    *ret_n = n;
    return EXM_OK;
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
        if (S_ISDIR(st.st_mode))
            return exm_fail(
                reterr, EXM_EDATA, i,
                "%s is a folder: name the files in it, for example %s/*.fastq.gz",
                exm_source_label(path), exm_source_label(path));
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
make_blocks(exm_reader *r)
{
    r->n_blocks = r->o.threaded ? N_BLOCKS : 2;
    for (size_t i = 0; i < r->n_blocks; i++) {
        r->blocks[i].mem = malloc(HEAD_ROOM + r->o.block + EXM_SEQ_PAD);
        if (!r->blocks[i].mem) return EXM_ENOMEM;
        r->blocks[i].data = r->blocks[i].mem + HEAD_ROOM;
        push(&r->empty, &r->blocks[i]);
    }
    return EXM_OK;
}

/* The thread takes no signals: they are the program's, not a library's. */
static exm_status
start_thread(exm_reader *r, exm_error *reterr)
{
    sigset_t all, before;
    int rc;

    (void) sigfillset(&all);
    (void) pthread_sigmask(SIG_SETMASK, &all, &before);
    r->has_thread = 1; /* before it runs: it looks at this */
    rc = pthread_create(&r->thread, NULL, unpack_ahead, r);
    (void) pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc == 0) return EXM_OK;
    r->has_thread = 0;
    return exm_fail(reterr, EXM_ENOMEM, 0,
                    "cannot start the unpacking thread: too many threads or no memory");
}

static exm_status
set_up(exm_reader *r, const char *const *paths, size_t n, exm_error *reterr)
{
    int waits = 0;
    exm_status s;

    if (copy_paths(r, paths, n) != EXM_OK)
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory to read %zu files", n);
    s = examine_paths(r, &waits, reterr);
    if (s != EXM_OK) return s;
    if (make_blocks(r) != EXM_OK)
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for blocks of %zu bytes",
                        r->o.block);
    if (!r->o.threaded) return EXM_OK;
    if (waits && pipe(r->stop_pipe) != 0) {
        r->stop_pipe[0] = r->stop_pipe[1] = -1;
        return exm_fail(reterr, EXM_EIO, 0, "cannot make a pipe: too many open files?");
    }
    if (pthread_mutex_init(&r->lock, NULL) != 0)
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for a lock");
    if (pthread_cond_init(&r->changed, NULL) != 0) {
        (void) pthread_mutex_destroy(&r->lock);
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for a lock");
    }
    r->has_lock = 1;
    return start_thread(r, reterr);
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
    if (r->has_thread) {
        (void) pthread_mutex_lock(&r->lock);
        r->stop = 1;
        (void) pthread_cond_signal(&r->changed);
        (void) pthread_mutex_unlock(&r->lock);
        if (r->stop_pipe[1] >= 0) {
            (void) close(r->stop_pipe[1]); /* poll() sees the hang-up */
            r->stop_pipe[1] = -1;
        }
        (void) pthread_join(r->thread, NULL);
    }
    if (r->has_lock) {
        (void) pthread_cond_destroy(&r->changed);
        (void) pthread_mutex_destroy(&r->lock);
    }
    for (size_t i = 0; i < 2; i++)
        if (r->stop_pipe[i] >= 0) (void) close(r->stop_pipe[i]);
    exm_input_close(r->u.in);
    exm_sha256_free(r->u.sha);
    for (size_t i = 0; i < r->n_blocks; i++) free(r->blocks[i].mem);
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
exm_reader_progress(const exm_reader *r, uint64_t *done, uint64_t *total)
{
    *done = r->raw_before + r->files[r->file].raw_bytes;
    *total = r->total;
}
