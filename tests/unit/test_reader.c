/* test_reader.c - tests of exomir/reader.h: one result for one thread and for several. */
#include "exomir/reader.h"

#include "oom.h"
#include "packed.h"
#include "tmpfile.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static char folder[TMP_PATH];

/* What a reader gave: a hash over the reads in order, and what was said at the end. */
typedef struct outcome {
    uint64_t reads, order;
    exm_multihash content;
    exm_status status;
    exm_error err;
    exm_reader_file files[4];
} outcome;

static uint64_t
mix(uint64_t h, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) h = (h ^ (unsigned char) p[i]) * UINT64_C(1099511628211);
    return h;
}

static void
read_all(const char *const *paths, size_t n_paths, const exm_reader_options *o,
         outcome *ret)
{
    exm_reader *r = NULL;
    const exm_read *reads = NULL;
    uint64_t done, total;
    size_t n = 0;

    memset(ret, 0, sizeof *ret);
    ret->order = 14695981039346656037u;
    ret->status = exm_reader_open(paths, n_paths, o, &r, &ret->err);
    if (ret->status != EXM_OK) return;
    assert_int_equal(exm_reader_files(r), n_paths);
    for (;;) {
        ret->status = exm_reader_next(r, &reads, &n, &ret->err);
        if (ret->status != EXM_OK || n == 0) break;
        assert_in_range(n, 1, 256);
        for (size_t i = 0; i < n; i++) {
            ret->order = mix(ret->order, reads[i].name, reads[i].name_len + 1);
            ret->order = mix(ret->order, reads[i].seq, reads[i].len);
            if (reads[i].qual) ret->order = mix(ret->order, reads[i].qual, reads[i].len);
        }
        ret->reads += n;
        exm_reader_progress(r, &done, &total);
        assert_true(done <= total || total == 0);
    }
    if (ret->status == EXM_OK) { /* the end stays the end */
        assert_int_equal(exm_reader_next(r, &reads, &n, &ret->err), EXM_OK);
        assert_int_equal(n, 0);
        exm_reader_progress(r, &done, &total);
        assert_true(done == total || total == 0);
    } else { /* and an error the error */
        exm_error again;

        assert_int_equal(exm_reader_next(r, &reads, &n, &again), ret->status);
        assert_string_equal(again.msg, ret->err.msg);
    }
    ret->content = exm_reader_content(r);
    for (size_t i = 0; i < n_paths && i < LEN(ret->files); i++) {
        ret->files[i] = *exm_reader_file_get(r, i);
        assert_string_equal(ret->files[i].path, paths[i]);
        ret->files[i].path = NULL; /* it goes with the reader */
    }
    assert_null(exm_reader_file_get(r, n_paths));
    exm_reader_close(r);
}

/* The same whatever is unpacked ahead, for both paths and several block sizes. */
static void
read_all_ways(const char *const *paths, size_t n, const exm_reader_options *base,
              outcome *ret)
{
    static const size_t blocks[] = {1 << 20, 4099, 300, 65536};
    outcome other;

    for (size_t i = 0; i < LEN(blocks); i++) {
        for (int way = 0; way < 4; way++) {
            exm_reader_options o = *base;

            o.block = blocks[i];
            o.takers = 1 + (unsigned) (way & 1);
            o.simd = way & 2 ? EXM_SIMD_SCALAR : EXM_SIMD_AUTO;
            read_all(paths, n, &o, i + (size_t) way == 0 ? ret : &other);
            if (i + (size_t) way == 0) continue;
            assert_int_equal(ret->status, other.status);
            assert_string_equal(ret->err.msg, other.err.msg);
            assert_true(ret->reads == other.reads && ret->order == other.order);
            assert_memory_equal(&ret->content, &other.content, sizeof ret->content);
            for (size_t k = 0; k < n && k < LEN(ret->files); k++) {
                assert_string_equal(ret->files[k].sha256, other.files[k].sha256);
                assert_int_equal(ret->files[k].container, other.files[k].container);
                assert_int_equal(ret->files[k].reads, other.files[k].reads);
                if (ret->status == EXM_OK)
                    assert_int_equal(ret->files[k].raw_bytes, other.files[k].raw_bytes);
            }
        }
    }
}

static void
make_text(bytes *b, unsigned from, unsigned to)
{
    uint32_t x = 7u + from;

    for (unsigned i = from; i < to; i++) add_record(b, &x, i, 18 + draw(&x) % 40);
}

static void
several_files_are_one_stream(void **state)
{
    char p[4][TMP_PATH];
    const char *paths[4], *alone[1];
    bytes text = {0}, all = {0}, packed = {0};
    const exm_reader_options o = exm_reader_defaults();
    exm_multihash sum = {0, 0};
    outcome got, one;
    char sha[EXM_SHA256_HEX];
    exm_error err;

    (void) state;
    for (int i = 0; i < 4; i++) {
        static const char *const names[] = {"a.fq", "b.gz", "c.bgz", "d.zst"};

        text.n = packed.n = 0;
        make_text(&text, (unsigned) i * 2000, (unsigned) i * 2000 + 1500);
        add(&all, text.p, text.n);
        if (i == 0) add(&packed, text.p, text.n);
        if (i == 1) add_gzip(&packed, text.p, text.n);
        if (i == 2) add_bgzf(&packed, text.p, text.n, 10000);
        if (i == 3) add_zstd(&packed, text.p, text.n, 1);
        paths[i] = tmp_write(p[i], folder, names[i], packed.p, packed.n);
    }
    read_all_ways(paths, 4, &o, &got);
    assert_int_equal(got.status, EXM_OK);
    assert_int_equal(got.reads, 6000);
    for (int i = 0; i < 4; i++) {
        struct stat st;

        assert_int_equal(exm_sha256_of_file(paths[i], sha, &err), EXM_OK);
        assert_string_equal(got.files[i].sha256, sha);
        assert_int_equal(got.files[i].container, (exm_container) i);
        assert_int_equal(got.files[i].format, EXM_READS_FASTQ);
        assert_int_equal(got.files[i].reads, 1500);
        assert_int_equal(stat(paths[i], &st), 0);
        assert_int_equal(got.files[i].raw_bytes, st.st_size);
        read_all(&paths[i], 1, &o, &one);
        exm_multihash_merge(&sum, &one.content);
    }
    assert_memory_equal(&sum, &got.content, sizeof sum); /* parts add up */

    { /* the same bytes in one plain file; order does not enter the content hash */
        const char *back[] = {paths[3], paths[1], paths[0], paths[2]};
        char path[TMP_PATH];

        alone[0] = tmp_write(path, folder, "all.fq", all.p, all.n);
        read_all(alone, 1, &o, &one);
        assert_true(one.reads == got.reads && one.order == got.order);
        assert_memory_equal(&one.content, &got.content, sizeof sum);
        (void) unlink(path);
        read_all(back, 4, &o, &one);
        assert_true(one.order != got.order);
        assert_memory_equal(&one.content, &got.content, sizeof sum);
    }
    { /* hashes are made on demand only */
        exm_reader_options none = o;

        none.hash_content = none.hash_input = 0;
        read_all(paths, 4, &none, &one);
        assert_true(one.content.lo == 0 && one.content.hi == 0);
        assert_string_equal(one.files[1].sha256, "");
    }
    for (int i = 0; i < 4; i++) (void) unlink(p[i]);
    bytes_done(&text);
    bytes_done(&all);
    bytes_done(&packed);
}

/* What one of several takers got. */
typedef struct taker {
    exm_reader *r;
    uint64_t reads, sum; /* the sum of hashes does not know an order */
    exm_status status;
    exm_error err;
} taker;

static void *
take_all(void *ctx)
{
    taker *t = ctx;
    exm_reader_batch *b = NULL;
    const exm_read *reads;
    size_t n;

    if (exm_reader_batch_new(&b, &t->err) != EXM_OK) abort();
    for (;;) {
        t->status = exm_reader_take(t->r, b, &reads, &n, &t->err);
        if (t->status != EXM_OK || n == 0) break;
        t->reads += n;
        for (size_t i = 0; i < n; i++)
            t->sum +=
                mix(mix(7, reads[i].seq, reads[i].len), reads[i].name, reads[i].name_len);
    }
    exm_reader_batch_free(b);
    return NULL;
}

/* One taker, then several: the same reads, hashes and failure. */
static void
compare_takers(const char *const *paths, size_t n_paths, exm_reader_options o)
{
    taker one = {0};
    exm_multihash content = {0, 0};
    exm_error err;

    for (o.takers = 1; o.takers <= 5; o.takers += 2) {
        taker t[5] = {{0}};
        pthread_t id[5];
        exm_reader *r = NULL;
        uint64_t reads = 0, sum = 0;
        exm_multihash got;

        assert_int_equal(exm_reader_open(paths, n_paths, &o, &r, &err), EXM_OK);
        for (unsigned i = 0; i < o.takers; i++) {
            t[i].r = r;
            assert_int_equal(pthread_create(id + i, NULL, take_all, t + i), 0);
        }
        for (unsigned i = 0; i < o.takers; i++) {
            assert_int_equal(pthread_join(id[i], NULL), 0);
            reads += t[i].reads;
            sum += t[i].sum;
            assert_int_equal(t[i].status, t[0].status);
            assert_string_equal(t[i].err.msg, t[0].err.msg);
        }
        got = exm_reader_content(r);
        exm_reader_close(r);
        if (o.takers == 1) {
            one = t[0];
            content = got;
            continue;
        }
        assert_int_equal(t[0].status, one.status);
        assert_string_equal(t[0].err.msg, one.err.msg);
        assert_true(reads == one.reads && sum == one.sum);
        assert_memory_equal(&got, &content, sizeof got);
    }
}

static void
several_takers_share_the_reads(void **state)
{
    char p[2][TMP_PATH];
    const char *paths[2];
    bytes text = {0}, packed = {0};
    exm_reader_options o = exm_reader_defaults();

    (void) state;
    make_text(&text, 0, 4000);
    add_text(&text, "@low\nacgu\n+\nIIII\n@giant\n");
    add_same(&text, 'g', 150000);
    add_text(&text, "\n+\n");
    add_same(&text, 'I', 150000);
    add_text(&text, "\n");
    make_text(&text, 4000, 9000);
    add_gzip(&packed, text.p, text.n);
    paths[0] = tmp_write(p[0], folder, "a.gz", packed.p, packed.n);
    paths[1] = tmp_write(p[1], folder, "b.fq", text.p, text.n);
    for (o.block = 3000; o.block < 4 << 20; o.block *= 19) compare_takers(paths, 2, o);
    packed.p[packed.n - 7] ^= 1; /* a failure is everybody's */
    (void) tmp_write(p[0], folder, "a.gz", packed.p, packed.n);
    for (o.block = 3000; o.block < 4 << 20; o.block *= 19) compare_takers(paths, 2, o);
    (void) unlink(p[0]);
    (void) unlink(p[1]);
    bytes_done(&text);
    bytes_done(&packed);
}

static void
content_hash_is_its_definition(void **state)
{
    static const char text[] = "@a\nACGu\n+\nIIII\n@b\nnnR\n+\nFFF\n";
    static const char fasta[] = ">r_1_x3\nACGT\n>r_2_x2\nGG\n";
    char path[2][TMP_PATH];
    const char *paths[2];
    const exm_reader_options o = exm_reader_defaults();
    exm_multihash want = {0, 0};
    outcome got;

    (void) state;
    paths[0] = tmp_write(path[0], folder, "a", text, sizeof text - 1);
    paths[1] = tmp_write(path[1], folder, "b", fasta, sizeof fasta - 1);
    read_all_ways(paths, 2, &o, &got);
    assert_int_equal(got.status, EXM_OK);
    exm_multihash_add(&want, "ACGT", 4, "IIII", 4, 1);
    exm_multihash_add(&want, "NNN", 3, "FFF", 3, 1);
    exm_multihash_add(&want, "ACGT", 4, NULL, 0, 3);
    exm_multihash_add(&want, "GG", 2, NULL, 0, 2);
    assert_memory_equal(&want, &got.content, sizeof want);
    assert_int_equal(got.reads, 4);          /* records */
    assert_int_equal(got.files[1].reads, 5); /* reads */
    assert_int_equal(got.files[1].format, EXM_READS_COLLAPSED);
    (void) unlink(path[0]);
    (void) unlink(path[1]);
}

static void
giant_records_pass_between_blocks(void **state)
{
    char path[TMP_PATH];
    const char *paths[1];
    bytes text = {0}, packed = {0};
    exm_reader_options o = exm_reader_defaults();
    outcome got[3];

    (void) state;
    make_text(&text, 0, 50);
    for (int k = 0; k < 3; k++) {
        add_text(&text, "@");
        add_same(&text, 'n', k == 1 ? 300000 : 65000);
        add_text(&text, "\n");
        add_same(&text, k == 2 ? 'g' : 'G', k == 1 ? 300000 : 120000);
        add_text(&text, "\n+\n");
        add_same(&text, 'I', k == 1 ? 300000 : 120000);
        add_text(&text, "\n");
        make_text(&text, 100, 100 + 50 * (unsigned) k);
    }
    add_gzip(&packed, text.p, text.n);
    paths[0] = tmp_write(path, folder, "giant", packed.p, packed.n);
    for (int i = 0; i < 3; i++) {
        static const size_t blocks[] = {1 << 20, 5000, 70001};

        o.block = blocks[i];
        o.takers = 1 + (unsigned) (i & 1);
        read_all(paths, 1, &o, &got[i]);
        assert_int_equal(got[i].status, EXM_OK);
        assert_int_equal(got[i].reads, 203);
        assert_int_equal(got[i].order, got[0].order);
        assert_memory_equal(&got[i].content, &got[0].content, sizeof got[i].content);
    }
    (void) unlink(path);
    bytes_done(&text);
    bytes_done(&packed);
}

/* Bad text early and damage later: the text is told, however far ahead was read. */
static void
the_first_fault_of_the_stream_is_told(void **state)
{
    char path[2][TMP_PATH];
    const char *paths[2];
    bytes text = {0}, packed = {0};
    exm_reader_options o = exm_reader_defaults();
    outcome got;

    (void) state;
    make_text(&text, 0, 20);
    add_text(&text, "@bad\nAC-T\n+\nIIII\n");
    make_text(&text, 20, 400);
    add_gzip(&packed, text.p, text.n);
    packed.p[packed.n - 7] ^= 1;
    paths[0] = tmp_write(path[0], folder, "bad.gz", packed.p, packed.n);
    paths[1] = tmp_path(path[1], folder, "next.gz");
    (void) tmp_write(path[1], folder, "next.gz", "\x1f\x8b\x08", 3);
    for (int round = 0; round < 8; round++) {
        o.block = round % 2 ? 200 : 1 << 20;
        o.takers = 1 + (unsigned) (round / 2 % 2);
        read_all(paths, 2, &o, &got);
        assert_int_equal(got.status, EXM_EDATA);
        assert_int_equal(got.reads, 20);
        assert_non_null(
            strstr(got.err.msg, "bad.gz: record 21, line 82: '-' at position 3"));
        assert_non_null(strstr(got.err.msg, "gzip -t"));
    }

    text.n = packed.n = 0; /* sound text: now the damage is told, after all reads */
    make_text(&text, 0, 400);
    add_gzip(&packed, text.p, text.n);
    packed.p[packed.n - 7] ^= 1;
    (void) tmp_write(path[0], folder, "bad.gz", packed.p, packed.n);
    o = exm_reader_defaults();
    read_all_ways(paths, 2, &o, &got);
    assert_int_equal(got.status, EXM_EDATA);
    assert_int_equal(got.reads, 400);
    assert_non_null(strstr(got.err.msg, "bad.gz: byte "));
    assert_non_null(strstr(got.err.msg, "CRC-32"));

    packed.n = 0; /* and then the next file */
    add_gzip(&packed, text.p, text.n);
    (void) tmp_write(path[0], folder, "bad.gz", packed.p, packed.n);
    read_all_ways(paths, 2, &o, &got);
    assert_int_equal(got.status, EXM_EDATA);
    assert_int_equal(got.reads, 400);
    assert_non_null(strstr(got.err.msg, "next.gz: byte 3: the gzip data are truncated"));
    assert_int_equal(got.files[0].reads, 400);
    assert_int_equal(strlen(got.files[0].sha256), 64);
    (void) unlink(path[0]);
    (void) unlink(path[1]);
    bytes_done(&text);
    bytes_done(&packed);
}

static void
a_cut_gzip_is_refused_at_every_offset(void **state)
{
    char path[TMP_PATH];
    const char *paths[1];
    bytes text = {0}, packed = {0};
    exm_reader_options o = exm_reader_defaults();
    outcome got;

    (void) state;
    make_text(&text, 0, 40);
    add_gzip(&packed, text.p, text.n);
    for (size_t n = 0; n <= packed.n; n++) {
        paths[0] = tmp_write(path, folder, "cut.gz", packed.p, n);
        o.takers = 1 + (unsigned) (n & 1);
        read_all(paths, 1, &o, &got);
        assert_int_equal(got.status, n < packed.n ? EXM_EDATA : EXM_OK);
    }
    for (size_t bit = 0; bit < 16; bit++) { /* without its magic it is no gzip: binary */
        packed.p[bit / 8] ^= (uint8_t) (1u << bit % 8);
        paths[0] = tmp_write(path, folder, "cut.gz", packed.p, packed.n);
        packed.p[bit / 8] ^= (uint8_t) (1u << bit % 8);
        read_all(paths, 1, &o, &got);
        assert_int_equal(got.status, EXM_EDATA);
    }
    (void) unlink(path);
    bytes_done(&text);
    bytes_done(&packed);
}

/* 4 MB of empty members between two halves: packed bytes without any output. */
static void
packed_bytes_without_output_do_not_pile_up(void **state)
{
    char path[TMP_PATH], sha[EXM_SHA256_HEX];
    const char *paths[1];
    bytes text = {0}, packed = {0}, empty = {0};
    exm_reader_options o = exm_reader_defaults();
    outcome got;
    exm_error err;

    (void) state;
    make_text(&text, 0, 100);
    add_gzip(&packed, text.p, text.n);
    add_gzip(&empty, "", 0);
    while (packed.n <= 4 << 20) add(&packed, empty.p, empty.n);
    add_gzip(&packed, text.p, text.n);
    assert_true(packed.n > 4 << 20);
    paths[0] = tmp_write(path, folder, "flood.gz", packed.p, packed.n);
    assert_int_equal(exm_sha256_of_file(path, sha, &err), EXM_OK);
    for (o.takers = 1; o.takers < 4; o.takers++) {
        read_all(paths, 1, &o, &got);
        assert_int_equal(got.status, EXM_OK);
        assert_int_equal(got.reads, 200);
        assert_string_equal(got.files[0].sha256, sha);
    }
    (void) unlink(path);
    bytes_done(&text);
    bytes_done(&packed);
    bytes_done(&empty);
}

static void
empty_files_and_wrong_calls(void **state)
{
    char path[3][TMP_PATH];
    const char *paths[3];
    bytes text = {0};
    exm_reader_options o = exm_reader_defaults();
    exm_reader *r = NULL;
    outcome got;
    exm_error err;
    const char *twice[] = {"-", "-"};

    (void) state;
    make_text(&text, 0, 5);
    paths[0] = tmp_write(path[0], folder, "one", text.p, text.n);
    paths[1] = tmp_write(path[1], folder, "empty", "", 0);
    paths[2] = tmp_write(path[2], folder, "two", text.p, text.n);
    read_all_ways(paths, 3, &o, &got);
    assert_int_equal(got.status, EXM_EDATA);
    assert_int_equal(got.reads, 5);
    assert_non_null(strstr(got.err.msg, "empty: byte 0: the file holds no reads"));
    o.allow_empty = 1;
    read_all_ways(paths, 3, &o, &got);
    assert_int_equal(got.status, EXM_OK);
    assert_int_equal(got.reads, 10);
    assert_int_equal(got.files[1].format, EXM_READS_UNKNOWN);
    assert_int_equal(strlen(got.files[1].sha256), 64);

    (void) unlink(path[2]);
    read_all(paths, 3, &o, &got); /* told at once, not after hours */
    assert_int_equal(got.status, EXM_EIO);
    assert_int_equal(got.reads, 0);
    assert_non_null(strstr(got.err.msg, "two: cannot open: No such file"));
    paths[2] = folder;
    assert_int_equal(exm_reader_open(paths, 3, &o, &r, &err), EXM_EDATA);
    assert_non_null(strstr(err.msg, "is a folder"));
    assert_int_equal(exm_reader_open(twice, 2, &o, &r, &err), EXM_EDATA);
    assert_non_null(strstr(err.msg, "standard input"));
    assert_int_equal(exm_reader_open(paths, 0, &o, &r, &err), EXM_EINVAL);
    assert_int_equal(exm_reader_open(NULL, 1, &o, &r, &err), EXM_EINVAL);
    assert_null(r);
    assert_int_equal(exm_reader_open(paths, 1, NULL, &r, &err), EXM_OK); /* defaults */
    exm_reader_close(r);
    exm_reader_close(NULL);
    (void) unlink(path[0]);
    (void) unlink(path[1]);
    bytes_done(&text);
}

static void
closing_is_legal_at_any_moment(void **state)
{
    char path[2][TMP_PATH];
    const char *paths[2];
    bytes text = {0}, packed = {0};
    exm_reader_options o = exm_reader_defaults();
    exm_error err;

    (void) state;
    make_text(&text, 0, 3000);
    add_gzip(&packed, text.p, text.n);
    paths[0] = tmp_write(path[0], folder, "a.gz", packed.p, packed.n);
    paths[1] = tmp_write(path[1], folder, "b.gz", packed.p, packed.n);
    o.block = 5000;
    for (int batches = 0; batches < 30; batches++) {
        exm_reader *r = NULL;
        const exm_read *reads;
        size_t n = 0;

        o.takers = 1 + (unsigned) (batches % 3);
        assert_int_equal(exm_reader_open(paths, 2, &o, &r, &err), EXM_OK);
        for (int k = 0; k < batches; k++)
            assert_int_equal(exm_reader_next(r, &reads, &n, &err), EXM_OK);
        exm_reader_close(r);
    }
    (void) unlink(path[0]);
    (void) unlink(path[1]);
    bytes_done(&text);
    bytes_done(&packed);
}

typedef struct writer {
    const char *path;
    const bytes *b;
} writer;

static void *
write_fifo(void *ctx)
{
    const writer *w = ctx;
    const int fd = open(w->path, O_WRONLY);

    if (fd < 0) abort();
    for (size_t i = 0; i < w->b->n;) {
        const size_t left = w->b->n - i;
        const ssize_t k = write(fd, w->b->p + i, left < 999 ? left : 999);

        if (k < 0) abort();
        i += (size_t) k;
    }
    (void) close(fd);
    return NULL;
}

static void *
take_one(void *ctx)
{
    const exm_read *reads;
    exm_reader_batch *b = NULL;
    static exm_error err; /* of one thread at a time */
    size_t n;

    if (exm_reader_batch_new(&b, &err) != EXM_OK) abort();
    if (exm_reader_take(ctx, b, &reads, &n, &err) == EXM_OK) abort();
    exm_reader_batch_free(b);
    return &err;
}

static void
stop_a_waiting_taker(const char *const *paths, const exm_reader_options *o)
{
    const struct timespec moment = {.tv_nsec = 20000000};
    exm_reader *r = NULL;
    exm_error err, why = {.code = EXM_OK};
    void *got = NULL;
    pthread_t t;

    assert_int_equal(exm_reader_open(paths, 1, o, &r, &err), EXM_OK);
    assert_int_equal(pthread_create(&t, NULL, take_one, r), 0);
    (void) nanosleep(&moment, NULL); /* it waits for the FIFO by now */
    assert_int_equal(exm_fail(&why, EXM_ENOMEM, 0, "another thread failed"), EXM_ENOMEM);
    exm_reader_stop(r, &why);
    assert_int_equal(pthread_join(t, &got), 0);
    assert_int_equal(((const exm_error *) got)->code, EXM_ENOMEM);
    assert_string_equal(((const exm_error *) got)->msg, "another thread failed");
    exm_reader_close(r);
}

static void
fifos_are_read_and_can_be_left(void **state)
{
    char path[TMP_PATH], sha[EXM_SHA256_HEX];
    const char *paths[1];
    bytes text = {0}, packed = {0};
    exm_reader_options o = exm_reader_defaults();
    outcome got;
    exm_error err;
    int fd;

    (void) state;
    make_text(&text, 0, 2000);
    add_gzip(&packed, text.p, text.n);
    paths[0] = tmp_path(path, folder, "fifo");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(exm_sha256_of(packed.p, packed.n, sha, &err), EXM_OK);
    for (o.takers = 1; o.takers < 4; o.takers++) {
        writer w = {.path = path, .b = &packed};
        pthread_t t;

        assert_int_equal(pthread_create(&t, NULL, write_fifo, &w), 0);
        read_all(paths, 1, &o, &got);
        assert_int_equal(pthread_join(t, NULL), 0);
        assert_int_equal(got.status, EXM_OK);
        assert_int_equal(got.reads, 2000);
        assert_string_equal(got.files[0].sha256, sha);
    }
    o.takers = 2;
    stop_a_waiting_taker(paths, &o); /* no writer ever comes */
    fd = open(path, O_RDWR);         /* one that says nothing more */
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "@r1\n", 4), 4);
    stop_a_waiting_taker(paths, &o);
    (void) close(fd);
    (void) unlink(path);
    bytes_done(&text);
    bytes_done(&packed);
}

static void
each_allocation_may_fail(void **state)
{
    char path[2][TMP_PATH];
    const char *paths[2];
    bytes text = {0}, packed = {0};
    exm_reader_options o = exm_reader_defaults();
    int k = 0, failures = 0;

    (void) state;
    make_text(&text, 0, 30);
    add_text(&text, "@low\nacgt\n+\nIIII\n@giant\n"); /* every kind of memory is used */
    add_same(&text, 'A', 70000);
    add_text(&text, "\n+\n");
    add_same(&text, 'I', 70000);
    add_text(&text, "\n");
    add_gzip(&packed, text.p, text.n);
    paths[0] = tmp_write(path[0], folder, "a.gz", packed.p, packed.n);
    paths[1] = tmp_write(path[1], folder, "b.fq", text.p, text.n);
    o.takers = 3; /* the counter of oom.c is not for two threads, but one may do all */
    o.block = 4096;
    for (;; k++) {
        exm_reader *r = NULL;
        const exm_read *reads;
        exm_error err;
        uint64_t sum = 0;
        size_t n = 0;
        exm_status s;

        oom_arm(k);
        s = exm_reader_open(paths, 2, &o, &r, &err);
        while (s == EXM_OK && (s = exm_reader_next(r, &reads, &n, &err)) == EXM_OK && n > 0)
            sum += n;
        exm_reader_close(r);
        if (!oom_fired()) {
            assert_int_equal(s, EXM_OK);
            assert_int_equal(sum, 64);
            break;
        }
        /* A parser that fails behind good records is asked again, and may succeed. */
        if (s == EXM_OK ? sum != 64 : s != EXM_ENOMEM)
            fail_msg("allocation %d: status %d", k, s);
        failures += s == EXM_ENOMEM;
    }
    oom_arm(-1);
    assert_true(failures > 15);
    (void) unlink(path[0]);
    (void) unlink(path[1]);
    bytes_done(&text);
    bytes_done(&packed);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_files_are_one_stream),
        cmocka_unit_test(several_takers_share_the_reads),
        cmocka_unit_test(content_hash_is_its_definition),
        cmocka_unit_test(giant_records_pass_between_blocks),
        cmocka_unit_test(the_first_fault_of_the_stream_is_told),
        cmocka_unit_test(a_cut_gzip_is_refused_at_every_offset),
        cmocka_unit_test(packed_bytes_without_output_do_not_pile_up),
        cmocka_unit_test(empty_files_and_wrong_calls),
        cmocka_unit_test(closing_is_legal_at_any_moment),
        cmocka_unit_test(fifos_are_read_and_can_be_left),
        cmocka_unit_test(each_allocation_may_fail),
    };
    int rc;

    tmp_folder(folder);
    rc = cmocka_run_group_tests_name("reader", tests, NULL, NULL);
    (void) rmdir(folder);
    return rc;
}
