/* test_input.c - tests of exomir/input.h: no damage of a packed file is passed on. */
#include "oom.h"
#include "packed.h"
#include "seq/input_impl.h"
#include "tmpfile.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static char folder[TMP_PATH];

/* All of an input in pieces of 'cap'; the bytes got before damage stay in *ret. */
static exm_status
drain(exm_input *in, size_t cap, bytes *ret, exm_error *err)
{
    uint8_t *piece = malloc(cap);
    size_t n = 0;
    exm_status s;

    if (!piece) abort();
    do {
        s = exm_input_read(in, piece, cap, &n, err);
        if (s == EXM_OK) add(ret, piece, n);
    } while (s == EXM_OK && n > 0);
    free(piece);
    return s;
}

static exm_status
unpack(const void *p, size_t n, size_t chunk, size_t cap, bytes *ret, exm_error *err)
{
    exm_input *in = NULL;
    exm_status s = exm_input_open_memory(p, n, "mem", &in, err);

    ret->n = 0;
    if (s != EXM_OK) return s;
    if (chunk > 0) exm_input_set_chunk(in, chunk);
    s = drain(in, cap, ret, err);
    exm_input_close(in);
    return s;
}

static int
same(const bytes *a, const bytes *b)
{
    return a->n == b->n && (a->n == 0 || memcmp(a->p, b->p, a->n) == 0);
}

static void
make_text(bytes *b, size_t records)
{
    uint32_t x = 2463534242u;

    for (unsigned i = 0; i < records; i++) add_record(b, &x, i, 20 + draw(&x) % 30);
}

static void
assert_unpacks(const bytes *packed, const bytes *want, exm_container c)
{
    const size_t chunks[] = {0, 1, 2, 3, 17, 4096}, caps[] = {1, 7, 4096, 65536, 1 << 20};
    bytes got = {0};
    exm_error err;

    for (size_t i = 0; i < LEN(chunks); i++) {
        for (size_t j = 0; j < LEN(caps); j++) {
            exm_input *in = NULL;

            got.n = 0;
            assert_int_equal(exm_input_open_memory(packed->p, packed->n, "mem", &in, &err),
                             0);
            assert_int_equal(exm_input_container(in), c);
            if (chunks[i] > 0) exm_input_set_chunk(in, chunks[i]);
            err.msg[0] = '\0';
            (void) drain(in, caps[j], &got, &err);
            assert_string_equal(err.msg, "");
            assert_true(same(&got, want));
            assert_int_equal(exm_input_raw_bytes(in), packed->n);
            assert_int_equal(exm_input_size(in), packed->n);
            exm_input_close(in);
        }
    }
    bytes_done(&got);
}

static void
assert_refused(const bytes *packed, const char *word)
{
    bytes got = {0};
    exm_error err = {.code = EXM_OK};

    for (size_t chunk = 0; chunk < 3; chunk++) {
        assert_int_equal(unpack(packed->p, packed->n, chunk, 4096, &got, &err), EXM_EDATA);
        if (!strstr(err.msg, word)) fail_msg("'%s' lacks '%s'", err.msg, word);
        assert_non_null(strstr(err.msg, "mem"));
    }
    bytes_done(&got);
}

static void
every_container_gives_its_bytes(void **state)
{
    bytes text = {0}, half = {0}, packed = {0};
    exm_error err;

    (void) state;
    make_text(&text, 400);
    add(&half, text.p, text.n / 2);
    assert_unpacks(&text, &text, EXM_CONTAINER_PLAIN);

    add_gzip(&packed, text.p, text.n);
    assert_unpacks(&packed, &text, EXM_CONTAINER_GZIP);
    packed.n = 0; /* members, one of them empty, and padding */
    add_gzip(&packed, "", 0);
    add_gzip(&packed, half.p, half.n);
    add_gzip(&packed, "", 0);
    add_gzip(&packed, text.p + half.n, text.n - half.n);
    add_same(&packed, 0, 1234);
    assert_unpacks(&packed, &text, EXM_CONTAINER_GZIP);

    packed.n = 0;
    add_bgzf(&packed, text.p, text.n, 3000);
    assert_unpacks(&packed, &text, EXM_CONTAINER_BGZF);
    packed.n = 0; /* concatenated: an EOF block in the middle; then a plain member */
    add_bgzf(&packed, half.p, half.n, 65280);
    add_bgzf(&packed, text.p + half.n, 100, 65280);
    add_gzip(&packed, text.p + half.n + 100, text.n - half.n - 100);
    assert_unpacks(&packed, &text, EXM_CONTAINER_BGZF);

    packed.n = 0; /* frames with and without checksum, an empty and a skippable one */
    add_zstd(&packed, half.p, half.n, 1);
    add_zstd(&packed, "", 0, 1);
    add(&packed, "\x53\x2a\x4d\x18\x05\0\0\0hello", 13);
    add_zstd(&packed, text.p + half.n, text.n - half.n, 0);
    assert_unpacks(&packed, &text, EXM_CONTAINER_ZSTD);

    packed.n = 0; /* nothing at all */
    half.n = 0;
    add_gzip(&packed, "", 0);
    assert_unpacks(&packed, &half, EXM_CONTAINER_GZIP);
    assert_int_equal(unpack("", 0, 0, 10, &half, &err), EXM_OK);
    assert_int_equal(half.n, 0);
    assert_string_equal(exm_container_name(EXM_CONTAINER_PLAIN), "plain");
    assert_string_equal(exm_container_name(EXM_CONTAINER_GZIP), "gzip");
    assert_string_equal(exm_container_name(EXM_CONTAINER_BGZF), "bgzf");
    assert_string_equal(exm_container_name(EXM_CONTAINER_ZSTD), "zstd");
    bytes_done(&text);
    bytes_done(&half);
    bytes_done(&packed);
}

/* Stored blocks: what ISA-L has in its bit buffer at the end differs from coded ones. */
static void
stored_blocks_end_in_their_trailer(void **state)
{
    bytes packed = {0}, text = {0};
    const uint8_t head[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff};

    (void) state;
    for (size_t n = 0; n < 40; n++) {
        const uint8_t block[5] = {1, (uint8_t) n, 0, (uint8_t) ~n, 0xff};

        packed.n = text.n = 0;
        for (size_t i = 0; i < n; i++) add_same(&text, (int) ('a' + i % 26), 1);
        for (int member = 0; member < 2; member++) {
            add(&packed, head, sizeof head);
            add(&packed, block, sizeof block);
            add(&packed, text.p, n);
            add_u32(&packed, libdeflate_crc32(0, text.p, n));
            add_u32(&packed, (uint32_t) n);
        }
        add(&text, text.p, 0);
        for (size_t i = 0; i < n; i++) add_same(&text, (int) ('a' + i % 26), 1);
        assert_unpacks(&packed, &text, EXM_CONTAINER_GZIP);
    }
    bytes_done(&packed);
    bytes_done(&text);
}

static void
gzip_header_fields_are_read_at_any_chunk_border(void **state)
{
    bytes text = {0}, packed = {0}, fields = {0};
    uint32_t crc;

    (void) state;
    make_text(&text, 10);
    /* FEXTRA of another kind, FNAME, FCOMMENT */
    add(&fields, "\x07\0AB\x03\0xyz", 9);
    add(&fields, "name.fq", 8);
    add(&fields, "a comment", 10);
    add_gzip_with(&packed, 1 | 4 | 8 | 16, &fields, text.p, text.n);
    assert_unpacks(&packed, &text, EXM_CONTAINER_GZIP);

    /* FHCRC over all of it */
    packed.n = 0;
    add(&packed, "\x1f\x8b\x08\x1e\0\0\0\0\0\xff", 10);
    add(&packed, fields.p, fields.n);
    crc = libdeflate_crc32(0, packed.p, packed.n);
    add_same(&fields, (int) (crc & 0xff), 1);
    add_same(&fields, (int) (crc >> 8 & 0xff), 1);
    packed.n = 0;
    add_gzip_with(&packed, 0x1e, &fields, text.p, text.n);
    assert_unpacks(&packed, &text, EXM_CONTAINER_GZIP);
    packed.p[4] ^= 1; /* MTIME is under that CRC */
    assert_refused(&packed, "CRC of a gzip header");

    fields.n = packed.n = 0; /* a name longer than the buffer */
    add_same(&fields, 'n', 300000);
    add_same(&fields, 0, 1);
    add_gzip_with(&packed, 8, &fields, text.p, text.n);
    assert_unpacks(&packed, &text, EXM_CONTAINER_GZIP);

    fields.n = packed.n = 0; /* an extra field of the greatest length, BC at its end */
    add(&fields, "\xff\xff", 2);
    add(&fields, "XX\xfb\xff", 4);
    add_same(&fields, 0, 0xfffb);
    add_gzip_with(&packed, 4, &fields, text.p, text.n);
    assert_unpacks(&packed, &text, EXM_CONTAINER_GZIP);

    packed.p[3] |= 0x20;
    assert_refused(&packed, "reserved flags");
    packed.p[3] = 4;
    packed.p[2] = 7;
    assert_refused(&packed, "unknown packing method");
    bytes_done(&text);
    bytes_done(&packed);
    bytes_done(&fields);
}

/* Every proper prefix must be refused; returns how many were. */
static size_t
refused_cuts(const bytes *packed, size_t from, size_t chunk)
{
    size_t refused = 0;
    bytes got = {0};
    exm_error err;

    for (size_t n = from; n < packed->n; n++) {
        const exm_status s = unpack(packed->p, n, chunk, 65536, &got, &err);

        if (s == EXM_OK) fail_msg("accepted, cut at byte %zu of %zu", n, packed->n);
        assert_int_equal(s, EXM_EDATA);
        refused++;
    }
    bytes_done(&got);
    return refused;
}

static void
a_cut_file_is_never_accepted(void **state)
{
    bytes text = {0}, packed = {0}, got = {0};
    exm_error err;

    (void) state;
    make_text(&text, 320);
    add_gzip(&packed, text.p, text.n);
    assert_in_range(packed.n, 8000, 14000);
    assert_int_equal(refused_cuts(&packed, 1, 0), packed.n - 1);
    assert_int_equal(unpack(packed.p, packed.n, 0, 65536, &got, &err),
                     EXM_OK); /* control */
    assert_true(same(&got, &text));

    text.n = packed.n = 0;
    make_text(&text, 12);
    add_gzip(&packed, text.p, text.n);
    assert_int_equal(refused_cuts(&packed, 1, 1), packed.n - 1);

    packed.n = 0; /* BGZF: block borders too, because of the EOF block */
    add_bgzf(&packed, text.p, text.n, 200);
    assert_int_equal(refused_cuts(&packed, 1, 0), packed.n - 1);
    assert_int_equal(refused_cuts(&packed, 1, 1), packed.n - 1);

    packed.n = 0; /* below two bytes a text cannot be told from zstd's magic */
    add_zstd(&packed, text.p, text.n, 1);
    assert_int_equal(refused_cuts(&packed, 2, 0), packed.n - 2);
    packed.n = 0;
    add_zstd(&packed, text.p, text.n, 0);
    assert_int_equal(refused_cuts(&packed, 2, 1), packed.n - 2);
    bytes_done(&text);
    bytes_done(&packed);
    bytes_done(&got);
}

/* Each single bit: an error, or the very same bytes. */
static void
assert_flips_found(bytes *packed, const bytes *text, size_t magic)
{
    size_t refused = 0, harmless = 0;
    bytes got = {0};
    exm_error err;

    for (size_t bit = 8 * magic; bit < 8 * packed->n; bit++) {
        exm_status s;

        packed->p[bit / 8] ^= (uint8_t) (1u << bit % 8);
        s = unpack(packed->p, packed->n, 0, 65536, &got, &err);
        packed->p[bit / 8] ^= (uint8_t) (1u << bit % 8);
        if (s == EXM_OK) {
            if (!same(&got, text)) fail_msg("bit %zu changes the bytes unnoticed", bit);
            harmless++;
        } else {
            assert_true(s == EXM_EDATA || s == EXM_ENOMEM);
            refused++;
        }
    }
    assert_true(refused > 8 * (packed->n - magic) * 9 / 10);
    assert_true(harmless < 1200); /* MTIME, OS, text hint, unused bits */
    bytes_done(&got);
}

static void
no_flipped_bit_changes_the_bytes(void **state)
{
    bytes text = {0}, packed = {0};

    (void) state;
    make_text(&text, 58);
    add_gzip(&packed, text.p, text.n);
    assert_in_range(packed.n, 1600, 2600);
    assert_flips_found(&packed, &text, 2);
    packed.n = 0;
    add_bgzf(&packed, text.p, text.n, 2000);
    assert_flips_found(&packed, &text, 2);
    packed.n = 0;
    add_zstd(&packed, text.p, text.n, 1);
    assert_flips_found(&packed, &text, 4);
    bytes_done(&text);
    bytes_done(&packed);
}

static void
framing_damage_is_named(void **state)
{
    bytes text = {0}, packed = {0};

    (void) state;
    make_text(&text, 20);
    add_gzip(&packed, text.p, text.n);
    packed.p[packed.n - 1] ^= 1;
    assert_refused(&packed, "length of a gzip member");
    packed.p[packed.n - 1] ^= 1;
    packed.p[packed.n - 5] ^= 1;
    assert_refused(&packed, "CRC-32 of a gzip member");
    packed.p[packed.n - 5] ^= 1;
    add_text(&packed, "GARBAGE!");
    assert_refused(&packed, "follow the last gzip member");
    packed.n -= 8;
    add_same(&packed, 0, 600);
    add_text(&packed, "x");
    assert_refused(&packed, "follow the last gzip member");
    packed.n -= 601;
    add_same(&packed, 0x1f, 1);
    assert_refused(&packed, "truncated");

    packed.n = 0; /* BGZF without its EOF block, also when only padding follows */
    add_bgzf_block(&packed, text.p, text.n);
    assert_refused(&packed, "end-of-file block is missing");
    add_same(&packed, 0, 10);
    assert_refused(&packed, "end-of-file block is missing");
    packed.n = 0;
    add_gzip(&packed, text.p, text.n);
    add_bgzf_block(&packed, text.p, text.n);
    assert_refused(&packed, "end-of-file block is missing");
    packed.n = 0; /* sizes that lie */
    add_bgzf(&packed, text.p, text.n, 65000);
    packed.p[16] = 20;
    packed.p[17] = 0;
    assert_refused(&packed, "impossible size");
    packed.n = 0;
    add_bgzf(&packed, text.p, text.n, 65000);
    packed.p[16]--;
    assert_refused(&packed, "damaged");
    packed.p[16]++;
    packed.p[packed.n - 28 - 2] = 9; /* ISIZE above 64 KiB */
    assert_refused(&packed, "impossible length");

    packed.n = 0; /* bytes between the data and their trailer */
    add_bgzf_block(&packed, text.p, text.n);
    add_same(&packed, 0, 8);
    memcpy(packed.p + packed.n - 8, packed.p + packed.n - 16, 8);
    packed.p[16] = (uint8_t) (packed.n - 1);
    packed.p[17] = (uint8_t) ((packed.n - 1) >> 8);
    add_bgzf_eof(&packed);
    assert_refused(&packed, "more than its data");

    packed.n = 0;
    add_zstd(&packed, text.p, text.n, 1);
    packed.p[packed.n - 1] ^= 1;
    assert_refused(&packed, "damaged");
    packed.p[packed.n - 1] ^= 1;
    add_text(&packed, "garbage that is long enough");
    assert_refused(&packed, "follow the last zstd frame");

    packed.n = 0;
    add_text(&packed, "BZh91AY&SY....");
    assert_refused(&packed, "bzip2");
    packed.n = 0;
    add(&packed,
        "\xfd"
        "7zXZ\0....",
        10);
    assert_refused(&packed, "unxz");
    packed.n = 0;
    add_text(&packed, "PK\x03\x04....");
    assert_refused(&packed, "zip");
    packed.n = 0; /* a text that begins like bzip2 is none */
    add_text(&packed, "BZh9 is a text");
    assert_unpacks(&packed, &packed, EXM_CONTAINER_PLAIN);
    bytes_done(&text);
    bytes_done(&packed);
}

/* What came before the damage is delivered, then the error, again and again. */
static void
damage_comes_after_the_bytes_before_it(void **state)
{
    bytes text = {0}, packed = {0};
    exm_input *in = NULL;
    uint8_t *dst;
    size_t n = 77;
    exm_error err;

    (void) state;
    make_text(&text, 100);
    add_gzip(&packed, text.p, text.n);
    add_gzip(&packed, text.p, text.n);
    packed.p[packed.n - 6] ^= 4;
    dst = malloc(4 * text.n);
    assert_non_null(dst);
    assert_int_equal(exm_input_open_memory(packed.p, packed.n, "mem", &in, &err), EXM_OK);
    assert_int_equal(exm_input_read(in, dst, 4 * text.n, &n, &err), EXM_OK);
    assert_int_equal(n, 2 * text.n);
    assert_memory_equal(dst + text.n, text.p, text.n);
    n = 77;
    for (int again = 0; again < 3; again++) {
        memset(&err, 0, sizeof err);
        assert_int_equal(exm_input_read(in, dst, 10, &n, &err), EXM_EDATA);
        assert_non_null(strstr(err.msg, "CRC-32"));
        assert_int_equal(err.at, packed.n - 8);
        assert_int_equal(n, 77);
    }
    exm_input_close(in);
    exm_input_close(NULL);
    free(dst);
    bytes_done(&text);
    bytes_done(&packed);
}

/* ---- files, pipes ---- */

typedef struct writer {
    const char *path;
    const bytes *b;
    size_t piece;
    int interrupt;
    pthread_t reader;
} writer;

static void
nothing(int sig)
{
    (void) sig;
}

static void *
write_slowly(void *ctx)
{
    const writer *w = ctx;
    const int fd = open(w->path, O_WRONLY);

    if (fd < 0) abort();
    for (size_t i = 0; i < w->b->n; i += w->piece) {
        const size_t left = w->b->n - i;

        if (w->interrupt && i % 8 == 0) {
            const struct timespec ms = {.tv_nsec = 1000000};

            (void) nanosleep(&ms, NULL); /* the reader is in read() by now */
            (void) pthread_kill(w->reader, SIGUSR1);
        }
        if (write(fd, w->b->p + i, left < w->piece ? left : w->piece) < 0) abort();
    }
    (void) close(fd);
    return NULL;
}

static void
through_fifo(const bytes *packed, const bytes *want, size_t piece, int interrupt)
{
    char path[TMP_PATH];
    writer w = {.path = tmp_path(path, folder, "fifo"),
                .b = packed,
                .piece = piece,
                .interrupt = interrupt,
                .reader = pthread_self()};
    exm_input *in = NULL;
    pthread_t t;
    bytes got = {0};
    exm_error err;

    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(pthread_create(&t, NULL, write_slowly, &w), 0);
    assert_int_equal(exm_input_open(path, &in, &err), EXM_OK);
    assert_int_equal(exm_input_size(in), 0);
    assert_int_equal(drain(in, 1000, &got, &err), EXM_OK);
    assert_true(same(&got, want));
    exm_input_close(in);
    assert_int_equal(pthread_join(t, NULL), 0);
    assert_int_equal(unlink(path), 0);
    bytes_done(&got);
}

static void
pipes_are_read_through_short_reads_and_signals(void **state)
{
    struct sigaction act = {.sa_handler = nothing}; /* no SA_RESTART: EINTR is seen */
    bytes text = {0}, packed = {0};

    (void) state;
    assert_int_equal(sigaction(SIGUSR1, &act, NULL), 0);
    make_text(&text, 8);
    through_fifo(&text, &text, 1, 0);
    add_gzip(&packed, text.p, text.n);
    through_fifo(&packed, &text, 1, 0);
    through_fifo(&packed, &text, 1, 1);
    packed.n = 0;
    add_bgzf(&packed, text.p, text.n, 100);
    through_fifo(&packed, &text, 3, 0);
    packed.n = 0;
    add_zstd(&packed, text.p, text.n, 1);
    through_fifo(&packed, &text, 1, 0);
    bytes_done(&text);
    bytes_done(&packed);
}

static void
standard_input_is_a_dash(void **state)
{
    char path[TMP_PATH];
    bytes text = {0}, packed = {0}, got = {0};
    const int saved = dup(STDIN_FILENO);
    exm_input *in = NULL;
    exm_error err;
    int fd;

    (void) state;
    make_text(&text, 5);
    add_gzip(&packed, text.p, text.n);
    fd = open(tmp_write(path, folder, "stdin", packed.p, packed.n), O_RDONLY);
    assert_true(saved >= 0 && fd >= 0);
    assert_true(dup2(fd, STDIN_FILENO) >= 0);
    assert_int_equal(exm_input_open("-", &in, &err), EXM_OK);
    assert_string_equal(exm_input_source(in), "standard input");
    assert_int_equal(drain(in, 100, &got, &err), EXM_OK);
    assert_true(same(&got, &text));
    exm_input_close(in);
    assert_int_equal(fcntl(STDIN_FILENO, F_GETFD), 0); /* left open */
    (void) dup2(saved, STDIN_FILENO);
    (void) close(saved);
    (void) close(fd);
    (void) unlink(path);
    bytes_done(&text);
    bytes_done(&packed);
    bytes_done(&got);
}

static void *
write_later(void *ctx)
{
    const struct timespec moment = {.tv_nsec = 5000000};
    const int *fd = ctx;

    for (int i = 0; i < 3; i++) {
        (void) nanosleep(&moment, NULL);
        if (write(*fd, "abc", 3) != 3) abort();
    }
    (void) close(*fd);
    return NULL;
}

/* A pipe that its other holder has made non-blocking gives EAGAIN, which is no error. */
static void
a_pipe_that_does_not_block_is_waited_for(void **state)
{
    const int saved = dup(STDIN_FILENO);
    exm_input *in = NULL;
    bytes got = {0};
    pthread_t t;
    exm_error err;
    int fd[2];

    (void) state;
    assert_int_equal(pipe(fd), 0);
    assert_int_equal(fcntl(fd[0], F_SETFL, O_NONBLOCK), 0);
    assert_true(saved >= 0 && dup2(fd[0], STDIN_FILENO) >= 0);
    assert_int_equal(pthread_create(&t, NULL, write_later, &fd[1]), 0);
    assert_int_equal(exm_input_open("-", &in, &err), EXM_OK);
    assert_int_equal(drain(in, 100, &got, &err), EXM_OK);
    assert_int_equal(got.n, 9);
    assert_memory_equal(got.p, "abcabcabc", 9);
    exm_input_close(in);
    assert_int_equal(pthread_join(t, NULL), 0);
    (void) dup2(saved, STDIN_FILENO);
    (void) close(saved);
    (void) close(fd[0]);
    bytes_done(&got);
}

static void
collect(void *ctx, const void *raw, size_t n)
{
    add(ctx, raw, n);
}

static void
the_tee_sees_every_packed_byte_once(void **state)
{
    bytes text = {0}, packed[4] = {{0}}, raw = {0}, got = {0};
    exm_error err;

    (void) state;
    make_text(&text, 200);
    add(&packed[0], text.p, text.n);
    add_gzip(&packed[1], text.p, text.n);
    add_same(&packed[1], 0, 700);
    add_bgzf(&packed[2], text.p, text.n, 1000);
    add_zstd(&packed[3], text.p, text.n, 1);
    for (size_t i = 0; i < LEN(packed); i++) {
        for (size_t chunk = 0; chunk < 100; chunk += 33) {
            exm_input *in = NULL;

            raw.n = got.n = 0;
            assert_int_equal(
                exm_input_open_memory(packed[i].p, packed[i].n, "m", &in, &err), 0);
            if (chunk > 0) exm_input_set_chunk(in, chunk);
            exm_input_set_tee(in, collect, &raw);
            assert_int_equal(drain(in, 999, &got, &err), EXM_OK);
            assert_true(same(&raw, &packed[i]));
            exm_input_close(in);
        }
        bytes_done(&packed[i]);
    }
    bytes_done(&text);
    bytes_done(&raw);
    bytes_done(&got);
}

static void
what_cannot_be_opened_says_why(void **state)
{
    char path[TMP_PATH], longer[1200];
    exm_input *in = NULL;
    bytes got = {0};
    char *text = NULL;
    size_t n = 5;
    exm_error err;

    (void) state;
    assert_int_equal(exm_input_open(tmp_path(path, folder, "absent"), &in, &err), EXM_EIO);
    assert_non_null(strstr(err.msg, "No such file"));
    assert_null(in);
    assert_int_equal(exm_input_open(folder, &in, &err), EXM_EDATA);
    assert_non_null(strstr(err.msg, "is a folder"));
    assert_int_equal(exm_input_open(NULL, &in, &err), EXM_EINVAL);
    assert_int_equal(exm_input_open_memory(NULL, 1, "m", &in, &err), EXM_EINVAL);
    memset(longer, 'd',
           sizeof longer); /* the end of a long path is what tells files apart */
    memcpy(longer + sizeof longer - 9, "/last.gz", 9);
    assert_int_equal(exm_input_open(longer, &in, &err), EXM_EIO);
    assert_non_null(strstr(err.msg, "/last.gz: cannot open"));
    assert_null(in);

    tmp_write(path, folder, "small", "0123456789", 10);
    assert_int_equal(exm_input_slurp(path, 10, &text, &n, &err), EXM_OK);
    assert_int_equal(n, 10);
    assert_string_equal(text, "0123456789");
    free(text);
    text = NULL;
    assert_int_equal(exm_input_slurp(path, 9, &text, &n, &err), EXM_EDATA);
    assert_null(text);
    assert_int_equal(exm_input_slurp(folder, 9, &text, &n, NULL), EXM_EDATA);
    (void) unlink(path);

    add_same(&got, 'x', 200000); /* grows more than once */
    tmp_write(path, folder, "larger", got.p, got.n);
    assert_int_equal(exm_input_slurp(path, 1 << 20, &text, &n, &err), EXM_OK);
    assert_int_equal(n, got.n);
    assert_memory_equal(text, got.p, n);
    free(text);
    (void) unlink(path);
    bytes_done(&got);
}

static void
each_allocation_may_fail(void **state)
{
    bytes text = {0}, packed[4] = {{0}}, got = {0};

    (void) state;
    make_text(&text, 20);
    add(&packed[0], text.p, text.n);
    add_gzip(&packed[1], text.p, text.n);
    add_bgzf(&packed[2], text.p, text.n, 1000);
    add_zstd(&packed[3], text.p, text.n, 1);
    got.p = malloc(1 << 20);
    got.cap = 1 << 20;
    for (size_t i = 0; i < LEN(packed); i++) {
        for (int k = 0;; k++) {
            exm_input *in = NULL;
            exm_error err;
            size_t n = 0;
            exm_status s;

            oom_arm(k);
            s = exm_input_open_memory(packed[i].p, packed[i].n, "mem", &in, &err);
            if (s == EXM_OK) s = exm_input_read(in, got.p, got.cap, &n, &err);
            exm_input_close(in);
            if (!oom_fired()) {
                assert_int_equal(s, EXM_OK);
                assert_true(k >= 3);
                break;
            }
            assert_int_equal(s, EXM_ENOMEM);
        }
        oom_arm(-1);
        bytes_done(&packed[i]);
    }
    for (int k = 0;; k++) {
        char path[TMP_PATH], *all = NULL;
        size_t n = 0;
        exm_error err;
        exm_status s;

        tmp_write(path, folder, "slurp", text.p, text.n);
        oom_arm(k);
        s = exm_input_slurp(path, 1 << 20, &all, &n, &err);
        oom_arm(-1);
        (void) unlink(path);
        if (s == EXM_OK) {
            assert_int_equal(k, 4);
            free(all);
            break;
        }
        assert_int_equal(s, EXM_ENOMEM);
        assert_null(all);
    }
    bytes_done(&text);
    bytes_done(&got);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_container_gives_its_bytes),
        cmocka_unit_test(stored_blocks_end_in_their_trailer),
        cmocka_unit_test(gzip_header_fields_are_read_at_any_chunk_border),
        cmocka_unit_test(a_cut_file_is_never_accepted),
        cmocka_unit_test(no_flipped_bit_changes_the_bytes),
        cmocka_unit_test(framing_damage_is_named),
        cmocka_unit_test(damage_comes_after_the_bytes_before_it),
        cmocka_unit_test(pipes_are_read_through_short_reads_and_signals),
        cmocka_unit_test(standard_input_is_a_dash),
        cmocka_unit_test(a_pipe_that_does_not_block_is_waited_for),
        cmocka_unit_test(the_tee_sees_every_packed_byte_once),
        cmocka_unit_test(what_cannot_be_opened_says_why),
        cmocka_unit_test(each_allocation_may_fail),
    };
    int rc;

    tmp_folder(folder);
    rc = cmocka_run_group_tests_name("input", tests, NULL, NULL);
    (void) rmdir(folder);
    return rc;
}
