/*
 * reader_blocks.c - blocks of unpacked bytes.
 *
 * Errors travel in the blocks, in stream order: what is found ahead is told only after all
 * records before it were handed out or refused.
 */
#include "reader_impl.h"

#include <stdlib.h>
#include <string.h>

void
exm_blocks_push(exm_blocks *q, exm_block *b)
{
    q->b[(q->head + q->n++) % (sizeof q->b / sizeof q->b[0])] = b;
}

exm_block *
exm_blocks_pop(exm_blocks *q)
{
    exm_block *b = q->b[q->head];

    q->head = (q->head + 1) % (sizeof q->b / sizeof q->b[0]);
    q->n--;
    return b;
}

/* One is parsed, one filled, each taker holds one; two more keep the others busy. */
exm_status
exm_blocks_new(exm_reader *r, exm_error *reterr)
{
    r->n_blocks = r->o.takers > 1 ? r->o.takers + 4 : 2;
    r->blocks = calloc(r->n_blocks, sizeof *r->blocks);
    for (size_t i = 0; r->blocks && i < r->n_blocks; i++) {
        exm_block *b = r->blocks + i;

        b->mem = malloc(EXM_READER_HEAD + r->o.block + EXM_SEQ_PAD);
        if (!b->mem) break;
        b->data = b->mem + EXM_READER_HEAD;
        exm_blocks_push(&r->empty, b);
    }
    if (r->empty.n == r->n_blocks) return EXM_OK;
    return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for blocks of %zu bytes", r->o.block);
}

void
exm_blocks_free(exm_reader *r)
{
    for (size_t i = 0; r->blocks && i < r->n_blocks; i++) {
        free(r->blocks[i].mem);
        free(r->blocks[i].pieces);
    }
    free(r->blocks);
}

/* The packed bytes as they are read. */
static void
hash_packed(void *ctx, const void *raw, size_t n)
{
    exm_unpacker *u = ctx;

    if (!u->hash_failed && exm_sha256_add(u->sha, raw, n, NULL) != EXM_OK)
        u->hash_failed = 1;
}

static exm_status
open_next(exm_reader *r, exm_error *reterr)
{
    exm_unpacker *u = &r->u;
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
finish_file(exm_reader *r, exm_block *b, exm_error *reterr)
{
    exm_unpacker *u = &r->u;
    exm_status s = EXM_OK;

    if (u->hash_failed) s = exm_fail(reterr, EXM_ENOMEM, 0, "cannot hash the input");
    if (s == EXM_OK && u->sha) s = exm_sha256_hex(u->sha, b->sha256, reterr);
    exm_input_close(u->in);
    u->in = NULL;
    b->last = 1;
    u->done = ++u->file == r->n_files;
    return s;
}

/* BGZF blocks for whoever has called, while another thread cuts the next ones. */
static exm_status
cut(exm_reader *r, exm_block *b, exm_error *reterr)
{
    const size_t cap = r->o.block > EXM_BGZF_MAX ? r->o.block : EXM_BGZF_MAX;

    if (!b->pieces) {
        b->pieces = malloc(sizeof *b->pieces + cap);
        if (!b->pieces)
            return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for blocks of %zu bytes",
                            cap);
        b->pieces->cap = cap;
    }
    exm_input_cut(r->u.in, r->o.block, b->pieces);
    b->packed = b->pieces->n > 0;
    return EXM_OK;
}

void
exm_block_fill(exm_reader *r, exm_block *b)
{
    exm_unpacker *u = &r->u;
    size_t n = 0;

    b->n = 0;
    b->last = 0;
    b->packed = 0;
    b->file = u->file;
    b->container = EXM_CONTAINER_PLAIN;
    b->raw_bytes = 0;
    b->sha256[0] = '\0';
    b->status = EXM_OK;
    if (!u->in) b->status = open_next(r, &b->err);
    if (b->status == EXM_OK && r->o.takers > 1 &&
        exm_input_container(u->in) == EXM_CONTAINER_BGZF)
        b->status = cut(r, b, &b->err);
    if (b->status == EXM_OK && !b->packed)
        b->status = exm_input_read(u->in, b->data, r->o.block, &n, &b->err);
    b->n = b->status == EXM_OK ? n : 0;
    memset(b->data + b->n, 0, EXM_SEQ_PAD);
    if (u->in) {
        b->raw_bytes = exm_input_raw_bytes(u->in);
        b->container = exm_input_container(u->in);
    }
    if (b->n > 0 && u->sha && b->container == EXM_CONTAINER_PLAIN)
        hash_packed(u, b->data, b->n);
    if (b->status == EXM_OK && n == 0 && !b->packed) b->status = finish_file(r, b, &b->err);
    if (b->status != EXM_OK) u->done = 1;
}

void
exm_block_unpack(const exm_reader *r, exm_block *b, exm_bgzf **d)
{
    const char *label = exm_source_label(r->files[b->file].path);

    if (!*d) *d = exm_bgzf_new();
    if (*d)
        b->status = exm_bgzf_unpack(*d, b->pieces, label, b->container, (uint8_t *) b->data,
                                    &b->n, &b->err);
    else
        b->status = exm_fail(&b->err, EXM_ENOMEM, 0, "%s: no memory to unpack", label);
    memset(b->data + b->n, 0, EXM_SEQ_PAD);
}
