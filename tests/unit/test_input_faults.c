/*
 * test_input_faults.c - failing system calls under exomir/input.h
 *
 * open, fstat, poll and read are defined here and stand before libc's.  Whichever read
 * fails, in whatever part of a file, the failure is told: never a shorter stream.
 */
#define _GNU_SOURCE 1 /* syscall() */
#include "packed.h"
#include "seq/input_impl.h"
#include "tmpfile.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <zstd_errors.h>

#include <cmocka.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

/* ---- system calls ---- */

enum { OPEN, FSTAT, POLL, READ, UNPACKER, WINDOW, CALLS };

static struct {
    int countdown; /* good calls before it fails once; negative: never */
    int err;
    int every_other; /* errno of every other call instead, 0: none */
    int odd, fired;
} fault[CALLS];

static void
disarm(void)
{
    memset(fault, 0, sizeof fault);
    for (int i = 0; i < CALLS; i++) fault[i].countdown = -1;
}

static int
fails(int call)
{
    if (fault[call].every_other && (fault[call].odd = !fault[call].odd)) {
        errno = fault[call].every_other;
        return 1;
    }
    if (fault[call].countdown < 0 || fault[call].countdown-- > 0) return 0;
    fault[call].fired = 1;
    errno = fault[call].err;
    return 1;
}

int
open(const char *path, int flags, ...)
{
    mode_t mode = 0;

    if (flags & O_CREAT) {
        va_list ap;

        va_start(ap, flags);
        mode = va_arg(ap, mode_t);
        va_end(ap);
    }
    return fails(OPEN) ? -1 : (int) syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int
fstat(int fd, struct stat *s)
{
    return fails(FSTAT) ? -1 : fstatat(fd, "", s, AT_EMPTY_PATH);
}

int
poll(struct pollfd *p, nfds_t n, int timeout)
{
    return fails(POLL) ? -1 : (int) syscall(SYS_poll, p, n, timeout);
}

ssize_t
read(int fd, void *p, size_t n)
{
    return fails(READ) ? -1 : syscall(SYS_read, fd, p, n);
}

/* ---- and the unpackers' memory ---- */

/* The next definition of a function behind the one here, as a pointer in *ret. */
static void
find_next(const char *name, void *ret)
{
    void *p = dlsym(RTLD_NEXT, name);

    if (!p) abort();
    memcpy(ret, &p, sizeof p);
}

struct libdeflate_decompressor *
libdeflate_alloc_decompressor(void)
{
    struct libdeflate_decompressor *(*next)(void);

    find_next("libdeflate_alloc_decompressor", &next);
    return fails(UNPACKER) ? NULL : next();
}

ZSTD_DCtx *
ZSTD_createDCtx(void)
{
    ZSTD_DCtx *(*next)(void);

    find_next("ZSTD_createDCtx", &next);
    return fails(UNPACKER) ? NULL : next();
}

size_t
ZSTD_decompressStream(ZSTD_DStream *z, ZSTD_outBuffer *out, ZSTD_inBuffer *in)
{
    size_t (*next)(ZSTD_DStream *, ZSTD_outBuffer *, ZSTD_inBuffer *);

    find_next("ZSTD_decompressStream", &next);
    return fails(WINDOW) ? (size_t) - (long) ZSTD_error_memory_allocation
                         : next(z, out, in);
}

/* ---- files ---- */

static char folder[TMP_PATH], path[TMP_PATH];
static bytes text;

enum { PLAIN, GZIP, FIELDS, EXTRA, BGZF, ZSTD, KINDS };

static void
make(int kind, bytes *b)
{
    bytes fields = {0};
    uint32_t crc;

    b->n = 0;
    switch (kind) {
    case PLAIN:
        add(b, text.p, text.n);
        break;
    case GZIP:
        add_gzip(b, text.p, text.n / 2);
        add_gzip(b, text.p + text.n / 2, text.n - text.n / 2);
        add_same(b, 0, 99);
        break;
    case FIELDS: /* extra, name, comment, header CRC */
        add(&fields, "\x1f\x8b\x08\x1e\0\0\0\0\0\xff\x04\0xy\0\0", 16);
        add_same(&fields, 'n', 50);
        add_same(&fields, 0, 1);
        add_same(&fields, 'c', 50);
        add_same(&fields, 0, 1);
        crc = libdeflate_crc32(0, fields.p, fields.n);
        add_same(&fields, (int) (crc & 255), 1);
        add_same(&fields, (int) (crc >> 8 & 255), 1);
        memmove(fields.p, fields.p + 10, fields.n -= 10);
        add_gzip_with(b, 2 + 4 + 8 + 16, &fields, text.p, text.n);
        break;
    case EXTRA: /* more of it than opening has read */
        add(&fields, "\x64\0xy\x60\0", 6);
        add_same(&fields, 'x', 0x60);
        add_gzip_with(b, 4, &fields, text.p, text.n);
        break;
    case BGZF:
        add_bgzf(b, text.p, text.n, 100);
        break;
    default:
        add_zstd(b, text.p, text.n, 1);
        add_zstd(b, text.p, text.n, 0); /* without checksum */
    }
    bytes_done(&fields);
}

/* Reads it all by single packed bytes; what was got stays in *ret. */
static exm_status
read_all(const char *from, int stop_fd, bytes *ret, exm_error *err)
{
    exm_input *in = NULL;
    uint8_t piece[64];
    size_t n = 1;
    exm_status s = exm_input_open_stoppable(from, stop_fd, &in, err);

    ret->n = 0;
    if (s != EXM_OK) return s;
    exm_input_set_chunk(in, 1);
    while (s == EXM_OK && n > 0) {
        s = exm_input_read(in, piece, sizeof piece, &n, err);
        if (s == EXM_OK) add(ret, piece, n);
    }
    if (s != EXM_OK) { /* it is told again, asked or not */
        assert_int_equal(exm_input_read(in, piece, 1, &n, NULL), s);
        assert_int_equal(exm_input_read(in, piece, 1, &n, err), s);
    }
    exm_input_close(in);
    return s;
}

/* ---- tests ---- */

static void
each_read_can_fail(void **state)
{
    bytes packed = {0}, whole = {0}, got = {0};

    (void) state;
    for (int kind = 0; kind < KINDS; kind++) {
        exm_error err = {0};
        int k;

        make(kind, &packed);
        tmp_write(path, folder, "f", packed.p, packed.n);
        assert_int_equal(read_all(path, -1, &whole, &err), EXM_OK);
        assert_true(whole.n >= text.n);
        for (k = 0;; k++) {
            exm_status s;

            fault[READ].countdown = k;
            fault[READ].err = EIO;
            s = read_all(path, -1, &got, &err);
            if (!fault[READ].fired) {
                assert_int_equal(s, EXM_OK);
                break;
            }
            disarm();
            assert_int_equal(s, EXM_EIO);
            assert_non_null(strstr(err.msg, "cannot read: Input/output error"));
            assert_true(got.n <= whole.n);
            if (got.n > 0) assert_memory_equal(got.p, whole.p, got.n);
        }
        disarm();
        /* Plain bytes go straight to the caller, others one by one, if not read at once. */
        assert_true(k > (kind == EXTRA   ? 1
                         : kind == PLAIN ? (int) packed.n / 64
                                         : (int) packed.n / 2));
        assert_int_equal(unlink(path), 0);
    }
    bytes_done(&packed);
    bytes_done(&whole);
    bytes_done(&got);
}

static void
interruptions_and_waits_are_no_failures(void **state)
{
    static const int harmless[] = {EINTR, EAGAIN};
    bytes packed = {0}, got = {0};
    exm_error err = {0};

    (void) state;
    make(GZIP, &packed);
    tmp_write(path, folder, "f", packed.p, packed.n);
    for (size_t i = 0; i < LEN(harmless); i++) {
        fault[READ].every_other = harmless[i];
        fault[POLL].every_other = EINTR;
        fault[OPEN].every_other = EINTR;
        if (read_all(path, -1, &got, &err) != EXM_OK) fail_msg("%s", err.msg);
        assert_int_equal(got.n, text.n);
        disarm();
    }
    fault[READ].every_other = EAGAIN;
    fault[POLL].countdown = 3;
    fault[POLL].err = ENOMEM;
    assert_int_equal(read_all(path, -1, &got, &err), EXM_EIO);
    assert_non_null(strstr(err.msg, "cannot wait for input"));
    disarm();
    assert_int_equal(unlink(path), 0);
    bytes_done(&packed);
    bytes_done(&got);
}

static void
a_pipe_is_waited_for_until_told_to_stop(void **state)
{
    bytes packed = {0}, got = {0};
    exm_error err = {0};
    char name[64];
    int stop[2];

    (void) state;
    make(GZIP, &packed);
    assert_int_equal(pipe(stop), 0);
    for (int turn = 0; turn < 3; turn++) {
        int fd[2];

        assert_int_equal(pipe(fd), 0);
        assert_int_equal(write(fd[1], packed.p, packed.n), (ssize_t) packed.n);
        (void) snprintf(name, sizeof name, "/proc/self/fd/%d", fd[0]);
        if (turn == 0) { /* all of it, through interruptions */
            (void) close(fd[1]);
            fault[POLL].every_other = EINTR;
            fault[READ].every_other = EAGAIN;
            if (read_all(name, stop[0], &got, &err) != EXM_OK) fail_msg("%s", err.msg);
            assert_int_equal(got.n, text.n);
        } else if (turn == 1) { /* waiting itself fails */
            fault[POLL].countdown = 5;
            fault[POLL].err = EINVAL;
            assert_int_equal(read_all(name, stop[0], &got, &err), EXM_EIO);
            assert_non_null(strstr(err.msg, "cannot wait for input"));
            (void) close(fd[1]);
        } else { /* the writer does not end, and the reader is told to */
            assert_int_equal(write(stop[1], "x", 1), 1);
            assert_int_equal(read_all(name, stop[0], &got, &err), EXM_EIO);
            assert_non_null(strstr(err.msg, "reading was stopped"));
            (void) close(fd[1]);
        }
        disarm();
        (void) close(fd[0]);
    }
    (void) close(stop[0]);
    (void) close(stop[1]);
    bytes_done(&packed);
    bytes_done(&got);
}

static void
opening_can_fail(void **state)
{
    bytes got = {0};
    exm_error err = {0};
    char *all = NULL;
    size_t n = 7;

    (void) state;
    tmp_write(path, folder, "f", text.p, text.n);
    fault[OPEN].countdown = 0;
    fault[OPEN].err = EMFILE;
    assert_int_equal(read_all(path, -1, &got, &err), EXM_EIO);
    assert_non_null(strstr(err.msg, "cannot open: Too many open files"));
    disarm();
    fault[FSTAT].countdown = 0;
    fault[FSTAT].err = EIO;
    assert_int_equal(read_all(path, -1, &got, &err), EXM_EIO);
    assert_non_null(strstr(err.msg, "cannot examine"));
    disarm();
    assert_int_equal(
        read_all(tmp_path((char[TMP_PATH]){0}, folder, "none"), STDIN_FILENO, &got, &err),
        EXM_EIO);
    fault[READ].countdown = 1; /* slurping, behind good bytes */
    fault[READ].err = EIO;
    assert_int_equal(exm_input_slurp(path, 1 << 20, &all, &n, &err), EXM_EIO);
    assert_int_equal(fault[READ].fired, 1);
    assert_null(all);
    assert_int_equal(n, 7);
    disarm();
    assert_int_equal(unlink(path), 0);
    bytes_done(&got);
}

static void
unpackers_can_lack_memory(void **state)
{
    static const struct {
        int kind, call;
    } cases[] = {{BGZF, UNPACKER}, {ZSTD, UNPACKER}, {ZSTD, WINDOW}};
    bytes packed = {0}, got = {0};
    exm_error err = {0};

    (void) state;
    for (size_t i = 0; i < LEN(cases); i++) {
        make(cases[i].kind, &packed);
        tmp_write(path, folder, "f", packed.p, packed.n);
        fault[cases[i].call].countdown = 0;
        assert_int_equal(read_all(path, -1, &got, &err), EXM_ENOMEM);
        assert_non_null(strstr(err.msg, "no memory to unpack"));
        assert_int_equal(got.n, 0);
        disarm();
        assert_int_equal(read_all(path, -1, &got, &err), EXM_OK); /* control */
        assert_int_equal(unlink(path), 0);
    }
    bytes_done(&packed);
    bytes_done(&got);
}

/* ---- what the other tests of inputs leave ---- */

static exm_status
unpack(const void *p, size_t n, size_t chunk, bytes *ret, exm_container *ret_c,
       exm_error *err)
{
    exm_input *in = NULL;
    uint8_t piece[4096];
    size_t k = 1;
    exm_status s = exm_input_open_memory(p, n, "mem", &in, err);

    ret->n = 0;
    if (s != EXM_OK) return s;
    exm_input_set_chunk(in, chunk);
    exm_input_set_tee(in, NULL, NULL);
    *ret_c = exm_input_container(in);
    while (s == EXM_OK && k > 0) {
        s = exm_input_read(in, piece, sizeof piece, &k, err);
        if (s == EXM_OK) add(ret, piece, k);
    }
    exm_input_close(in);
    return s;
}

static void
a_file_cut_in_its_header_fields_is_refused(void **state)
{
    static const size_t chunks[] = {0, 1, 5, (size_t) 1 << 30};
    bytes packed = {0}, got = {0};
    exm_container c;
    exm_error err = {0};

    (void) state;
    make(FIELDS, &packed);
    for (size_t n = 1; n < packed.n; n++)
        for (size_t i = 0; i < LEN(chunks); i++) {
            assert_int_equal(unpack(packed.p, n, chunks[i], &got, &c, &err), EXM_EDATA);
            assert_non_null(strstr(err.msg, "truncated"));
        }
    assert_int_equal(unpack(packed.p, packed.n, 1, &got, &c, &err), EXM_OK);
    bytes_done(&packed);
    bytes_done(&got);
}

/* Texts whose first bytes are those of a packer, but not its next ones. */
static void
lookalikes_of_packed_files_are_plain(void **state)
{
    static const char *const texts[] = {
        "BZh",     "BZh9 is a text", "(a",      "P", "PK",
        "P*M\x17", "P\x2a\x4d",      "_*M\x19", "(", "PK\3"};
    bytes got = {0};
    exm_error err = {0};

    (void) state;
    for (size_t i = 0; i < LEN(texts); i++) {
        exm_container c = EXM_CONTAINER_ZSTD;

        assert_int_equal(unpack(texts[i], strlen(texts[i]), 1, &got, &c, &err), EXM_OK);
        assert_int_equal(c, EXM_CONTAINER_PLAIN);
        assert_int_equal(got.n, strlen(texts[i]));
        assert_memory_equal(got.p, texts[i], got.n);
    }
    bytes_done(&got);
}

static void
arguments_are_checked(void **state)
{
    exm_input *in = NULL;
    char *all = NULL, one;
    size_t n = 0;

    (void) state;
    assert_int_equal(exm_input_open(NULL, &in, NULL), EXM_EINVAL);
    assert_int_equal(exm_input_open("x", NULL, NULL), EXM_EINVAL);
    assert_int_equal(exm_input_open_memory("x", 1, NULL, &in, NULL), EXM_EINVAL);
    assert_int_equal(exm_input_open_memory("x", 1, "m", NULL, NULL), EXM_EINVAL);
    assert_int_equal(exm_input_slurp("x", 1, NULL, &n, NULL), EXM_EINVAL);
    assert_int_equal(exm_input_slurp("x", 1, &all, NULL, NULL), EXM_EINVAL);
    assert_int_equal(exm_input_open_memory(NULL, 0, "m", &in, NULL), EXM_OK);
    assert_int_equal(exm_input_read(NULL, &one, 1, &n, NULL), EXM_EINVAL);
    assert_int_equal(exm_input_read(in, NULL, 1, &n, NULL), EXM_EINVAL);
    assert_int_equal(exm_input_read(in, &one, 0, &n, NULL), EXM_EINVAL);
    assert_int_equal(exm_input_read(in, &one, 1, NULL, NULL), EXM_EINVAL);
    exm_input_set_tee(in, (exm_input_tee) NULL, NULL);
    assert_int_equal(exm_input_read(in, &one, 1, &n, NULL), EXM_OK);
    assert_int_equal(n, 0);
    exm_input_close(in);
    exm_input_close(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_read_can_fail),
        cmocka_unit_test(interruptions_and_waits_are_no_failures),
        cmocka_unit_test(a_pipe_is_waited_for_until_told_to_stop),
        cmocka_unit_test(opening_can_fail),
        cmocka_unit_test(unpackers_can_lack_memory),
        cmocka_unit_test(a_file_cut_in_its_header_fields_is_refused),
        cmocka_unit_test(lookalikes_of_packed_files_are_plain),
        cmocka_unit_test(arguments_are_checked),
    };
    uint32_t x = 2463534242u;
    int rc;

    disarm();
    tmp_folder(folder);
    for (unsigned i = 0; i < 8; i++) add_record(&text, &x, i, 25);
    rc = cmocka_run_group_tests_name("input_faults", tests, NULL, NULL);
    bytes_done(&text);
    (void) rmdir(folder);
    return rc;
}
