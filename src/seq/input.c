/*
 * input.c - the packed byte source under every container, and plain files.
 *
 * Workload: one pass over files of 0.1-50 GB, over pipes and over FIFOs.  Packed bytes
 * go through one buffer of 256 KiB that codecs look at in place; plain files are read
 * straight into the caller's block.  Reads are repeated until the piece asked for is
 * whole, so that what a codec sees never depends on the timing of a pipe.
 *
 * An error that is met after good bytes is kept until those have been delivered: the
 * caller always sees the stream in order, and the error at its place.
 */
#include "input_impl.h"

#include "exomir/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_MAX = 1 << 30 }; /* read(2) of more than 2 GiB is cut on Linux anyway */

const char *
exm_container_name(exm_container c)
{
    switch (c) {
    case EXM_CONTAINER_GZIP:
        return "gzip";
    case EXM_CONTAINER_BGZF:
        return "bgzf";
    case EXM_CONTAINER_ZSTD:
        return "zstd";
    case EXM_CONTAINER_PLAIN:
        break;
    }
    return "plain";
}

const char *
exm_source_label(const char *source)
{
    const size_t n = strlen(source);

    return n <= EXM_LABEL_MAX ? source : source + (n - EXM_LABEL_MAX);
}

exm_status
exm_input_is_folder(const char *source, exm_error *reterr)
{
    return exm_fail(reterr, EXM_EDATA, 0,
                    "%s is a folder: name the files in it, such as those that end in "
                    ".fastq.gz",
                    exm_source_label(source));
}

exm_status
exm_raw_truncated(const exm_input *in, const char *what, exm_error *reterr)
{
    return exm_fail(reterr, EXM_EDATA, (size_t) in->raw_bytes,
                    "%s: byte %" PRIu64 ": the %s data are truncated: the file ends in %s; "
                    "the download or copy stopped early?",
                    in->label, in->raw_bytes, exm_container_name(in->container), what);
}

exm_status
exm_packed_damaged(const char *label, exm_container c, uint64_t at, const char *what,
                   exm_error *reterr)
{
    return exm_fail(reterr, EXM_EDATA, (size_t) at,
                    "%s: byte %" PRIu64 ": the %s data are damaged: %s; get the file again "
                    "and compare its checksum with the source",
                    label, at, exm_container_name(c), what);
}

exm_status
exm_raw_damaged(const exm_input *in, uint64_t at, const char *what, exm_error *reterr)
{
    return exm_packed_damaged(in->label, in->container, at, what, reterr);
}

/* ---- packed bytes ---- */

static exm_status
fail_errno(const exm_input *in, const char *what, exm_error *reterr)
{
    return exm_fail_errno(reterr, errno, (size_t) in->raw_bytes, "%s: %s", in->label, what);
}

/* Wait until fd has bytes (or its end), or the reader is being closed. */
static exm_status
wait_readable(const exm_input *in, exm_error *reterr)
{
    struct pollfd p[2] = {{.fd = in->fd, .events = POLLIN},
                          {.fd = in->stop_fd, .events = POLLIN}};

    while (poll(p, 2, -1) < 0)
        if (errno != EINTR) return fail_errno(in, "cannot wait for input", reterr);
    if (p[1].revents != 0)
        return exm_fail(reterr, EXM_EIO, (size_t) in->raw_bytes, "%s: reading was stopped",
                        in->label);
    return EXM_OK;
}

/* Up to n bytes of a descriptor; *ret_n == 0 is its end. */
static exm_status
read_some(const exm_input *in, uint8_t *dst, size_t n, size_t *ret_n, exm_error *reterr)
{
    for (;;) {
        ssize_t k;

        if (in->stop_fd >= 0) {
            const exm_status s = wait_readable(in, reterr);

            if (s != EXM_OK) return s;
        }
        k = read(in->fd, dst, n < READ_MAX ? n : READ_MAX);
        if (k >= 0) {
            *ret_n = (size_t) k;
            return EXM_OK;
        }
        /* EAGAIN: another holder of the pipe was faster, or it was opened non-blocking. */
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            struct pollfd p = {.fd = in->fd, .events = POLLIN};

            if (in->stop_fd < 0 && poll(&p, 1, -1) < 0 && errno != EINTR)
                return fail_errno(in, "cannot wait for input", reterr);
            continue;
        }
        if (errno == EISDIR) return exm_input_is_folder(in->label, reterr);
        if (errno != EINTR) return fail_errno(in, "cannot read", reterr);
    }
}

/* The next n packed bytes into dst; fewer only at the end of the file. */
static exm_status
raw_read(exm_input *in, uint8_t *dst, size_t n, size_t *ret_n, exm_error *reterr)
{
    size_t got = 0;
    exm_status s = EXM_OK;

    if (in->fd < 0) {
        got = n < in->memory_left ? n : in->memory_left;
        memcpy(dst, in->memory, got); /* got > 0: no memory left is 'eof' */
        in->memory += got;
        in->memory_left -= got;
        if (in->memory_left == 0) in->eof = 1;
    }
    while (in->fd >= 0 && got < n && !in->eof) {
        size_t k = 0;

        s = read_some(in, dst + got, n - got, &k, reterr);
        if (s != EXM_OK) break;
        if (k == 0) in->eof = 1;
        got += k;
    }
    in->raw_bytes += got;
    if (in->tee && got > 0) in->tee(in->tee_ctx, dst, got);
    *ret_n = got;
    return s;
}

exm_status
exm_raw_need(exm_input *in, size_t n, exm_error *reterr)
{
    while (exm_raw_have(in) < n && !in->eof) {
        size_t room, k = 0;
        exm_status s;

        if (in->pos > 0) { /* at most one codec's header or block: short */
            memmove(in->buf, in->buf + in->pos, exm_raw_have(in));
            in->end -= in->pos;
            in->pos = 0;
        }
        room = (size_t) EXM_RAW_CHUNK - in->end;
        s = raw_read(in, in->buf + in->end, room < in->chunk ? room : in->chunk, &k,
                     reterr);
        in->end += k;
        if (s != EXM_OK) return s;
    }
    return EXM_OK;
}

static exm_status
read_plain(exm_input *in, uint8_t *dst, size_t cap, size_t *ret_n, exm_error *reterr)
{
    const size_t have = exm_raw_have(in), first = have < cap ? have : cap;
    size_t k = 0;
    exm_status s = EXM_OK;

    if (first > 0) memcpy(dst, in->buf + in->pos, first);
    in->pos += first;
    if (first < cap && !in->eof) s = raw_read(in, dst + first, cap - first, &k, reterr);
    *ret_n = first + k;
    return s;
}

/* ---- opening ---- */

/* Packers that are not read here, but whose files would else look like damage. */
static const char *
foreign_packer(const uint8_t *p, size_t n)
{
    static const struct {
        const char *name;
        size_t n;
        uint8_t magic[8];
    } known[] = {
        {"bzip2 (unpack it with bunzip2)", 3, {'B', 'Z', 'h'}},
        {"xz (unpack it with unxz)", 6, {0xfd, '7', 'z', 'X', 'Z', 0}},
        {"zip (unpack it with unzip)", 4, {'P', 'K', 3, 4}},
        {"LZ4 (unpack it with unlz4)", 4, {0x04, 0x22, 0x4d, 0x18}},
        {"7-Zip (unpack it with 7z)", 6, {'7', 'z', 0xbc, 0xaf, 0x27, 0x1c}},
        {"compress (unpack it with gunzip)", 2, {0x1f, 0x9d}},
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (n < known[i].n || memcmp(p, known[i].magic, known[i].n) != 0) continue;
        /* "BZh" alone could open a text: bzip2 goes on with a level and pi. */
        if (i == 0 && (n < 10 || memcmp(p + 4, "\x31\x41\x59\x26\x53\x59", 6) != 0))
            continue;
        return known[i].name;
    }
    return NULL;
}

static exm_status
recognise(exm_input *in, exm_error *reterr)
{
    const char *foreign;
    const uint8_t *p;
    size_t n;
    exm_status s = exm_raw_need(in, EXM_BGZF_EOF_LEN, reterr);

    in->chunk = EXM_RAW_CHUNK;
    if (s != EXM_OK) return s;
    p = in->buf + in->pos;
    n = exm_raw_have(in);
    foreign = foreign_packer(p, n);
    if (foreign)
        return exm_fail(reterr, EXM_EDATA, 0,
                        "%s: packed with %s; plain, gzip, BGZF and zstd files are read",
                        in->label, foreign);
    if (p[0] == 0x1f && (n == 1 || p[1] == 0x8b)) {
        in->codec = &exm_codec_gzip;
    } else if (n >= 2 &&
               ((p[0] == 0x28 && p[1] == 0xb5) ||
                (p[0] >> 4 == 5 && n >= 4 && memcmp(p + 1, "\x2a\x4d\x18", 3) == 0))) {
        in->codec = &exm_codec_zstd;
    }
    if (!in->codec) return EXM_OK;
    in->container = in->codec->container;
    return in->codec->open(in, reterr);
}

static exm_input *
new_input(const char *source, exm_error *reterr)
{
    exm_input *in = calloc(1, sizeof *in);

    if (in) in->source = exm_text_dup(source);
    if (in) in->buf = calloc(1, EXM_RAW_CHUNK);
    if (!in || !in->source || !in->buf) {
        if (in) {
            free(in->source);
            free(in->buf);
        }
        free(in);
        (void) exm_fail(reterr, EXM_ENOMEM, 0, "no memory to open %s",
                        exm_source_label(source));
        return NULL;
    }
    in->label = exm_source_label(in->source);
    in->chunk = EXM_BGZF_EOF_LEN; /* to recognise the container; then whole chunks */
    in->fd = -1;
    in->stop_fd = -1;
    return in;
}

static exm_status
open_file(exm_input *in, const char *path, int stop_fd, exm_error *reterr)
{
    struct stat st;
    int flags = O_RDONLY | O_CLOEXEC;

    if (strcmp(path, "-") == 0) {
        in->fd = STDIN_FILENO;
    } else {
        /* A FIFO is opened at once and waited for in poll(), where it can be stopped. */
        if (stop_fd >= 0 && stat(path, &st) == 0 && S_ISFIFO(st.st_mode))
            flags |= O_NONBLOCK;
        do {
            in->fd = open(path, flags);
        } while (in->fd < 0 && errno == EINTR);
        if (in->fd < 0) return fail_errno(in, "cannot open", reterr);
        in->owns_fd = 1;
    }
    if (fstat(in->fd, &st) != 0) return fail_errno(in, "cannot examine", reterr);
    if (S_ISREG(st.st_mode)) {
        if (st.st_size > 0) in->size = (uint64_t) st.st_size;
        (void) posix_fadvise(in->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    } else {
        in->stop_fd = stop_fd;
    }
    return EXM_OK;
}

exm_status
exm_input_open_stoppable(const char *path, int stop_fd, exm_input **ret, exm_error *reterr)
{
    exm_input *in;
    exm_status s;

    if (!path || !ret) return exm_fail(reterr, EXM_EINVAL, 0, "path or ret is NULL");
    in = new_input(strcmp(path, "-") == 0 ? "standard input" : path, reterr);
    if (!in) return EXM_ENOMEM;
    s = open_file(in, path, stop_fd, reterr);
    if (s == EXM_OK) s = recognise(in, reterr);
    if (s != EXM_OK) {
        exm_input_close(in);
        return s;
    }
    *ret = in;
    return EXM_OK;
}

exm_status
exm_input_open(const char *path, exm_input **ret, exm_error *reterr)
{
    return exm_input_open_stoppable(path, -1, ret, reterr);
}

exm_status
exm_input_open_memory(const void *data, size_t n, const char *source, exm_input **ret,
                      exm_error *reterr)
{
    exm_input *in;
    exm_status s;

    if ((!data && n > 0) || !source || !ret)
        return exm_fail(reterr, EXM_EINVAL, 0, "data, source or ret is NULL");
    in = new_input(source, reterr);
    if (!in) return EXM_ENOMEM;
    in->memory = data;
    in->memory_left = n;
    in->size = n;
    in->eof = n == 0;
    s = recognise(in, reterr);
    if (s != EXM_OK) {
        exm_input_close(in);
        return s;
    }
    *ret = in;
    return EXM_OK;
}

void
exm_input_close(exm_input *in)
{
    if (!in) return;
    if (in->codec && in->state) in->codec->close(in->state);
    if (in->owns_fd) (void) close(in->fd);
    free(in->buf);
    free(in->source);
    free(in);
}

/* ---- reading ---- */

exm_status
exm_input_read(exm_input *in, void *dst, size_t cap, size_t *ret_n, exm_error *reterr)
{
    size_t got = 0;

    if (!in || !dst || cap == 0 || !ret_n)
        return exm_fail(reterr, EXM_EINVAL, 0, "in, dst, cap or ret_n is 0");
    while (got < cap && !in->finished && in->failed == EXM_OK) {
        size_t k = 0;
        const exm_status s =
            in->codec ? in->codec->read(in, (uint8_t *) dst + got, cap - got, &k, &in->err)
                      : read_plain(in, (uint8_t *) dst + got, cap - got, &k, &in->err);

        in->failed = s;
        if (s == EXM_OK && k == 0) in->finished = 1;
        got += k;
    }
    if (got == 0 && in->failed != EXM_OK) {
        if (reterr) *reterr = in->err; /* was made by exm_fail(); told again at each call */
        return in->failed;
    }
    *ret_n = got;
    return EXM_OK;
}

void
exm_input_cut(exm_input *in, size_t room, exm_bgzf_pieces *ret)
{
    ret->n = ret->used = ret->made = 0;
    if (in->codec && in->codec->cut && !in->finished && in->failed == EXM_OK)
        in->failed = in->codec->cut(in, room, ret, &in->err);
}

void
exm_input_set_tee(exm_input *in, exm_input_tee tee, void *ctx)
{
    in->tee = tee;
    in->tee_ctx = ctx;
    /* Opening has looked at the magic bytes already. */
    if (tee && in->end > 0 && in->raw_bytes == in->end) tee(ctx, in->buf, in->end);
}

void
exm_input_set_chunk(exm_input *in, size_t n)
{
    in->chunk = n == 0 ? 1 : n < EXM_RAW_CHUNK ? n : EXM_RAW_CHUNK;
}

exm_container
exm_input_container(const exm_input *in)
{
    return in->container;
}

const char *
exm_input_source(const exm_input *in)
{
    return in->source;
}

uint64_t
exm_input_raw_bytes(const exm_input *in)
{
    return in->raw_bytes;
}

uint64_t
exm_input_size(const exm_input *in)
{
    return in->size;
}

/* ---- a whole small file ---- */

static exm_status
slurp(exm_input *in, size_t limit, char **ret, size_t *ret_n, exm_error *reterr)
{
    size_t cap = 0, n = 0, k = 0;
    char *p = NULL;
    exm_status s;

    do {
        if (cap - n < 2) { /* one for a byte, one for the NUL */
            const size_t more = cap == 0 ? 1 << 16 : cap;
            char *q = cap > SIZE_MAX - more ? NULL : realloc(p, cap + more);

            if (!q) {
                free(p);
                return exm_fail(reterr, EXM_ENOMEM, 0, "%s: no memory for its contents",
                                in->label);
            }
            p = q;
            cap += more;
        }
        s = exm_input_read(in, p + n, cap - n - 1, &k, reterr);
        n += s == EXM_OK ? k : 0;
        if (s == EXM_OK && n > limit)
            s = exm_fail(reterr, EXM_EDATA, limit,
                         "%s holds more than %zu bytes: is this the right file?", in->label,
                         limit);
    } while (s == EXM_OK && k > 0);
    if (s != EXM_OK) {
        free(p);
        return s;
    }
    p[n] = '\0';
    *ret = p;
    *ret_n = n;
    return EXM_OK;
}

exm_status
exm_input_slurp(const char *path, size_t limit, char **ret, size_t *ret_n,
                exm_error *reterr)
{
    exm_input *in = NULL;
    exm_status s;

    if (!ret || !ret_n) return exm_fail(reterr, EXM_EINVAL, 0, "ret or ret_n is NULL");
    s = exm_input_open(path, &in, reterr);
    if (in) s = slurp(in, limit, ret, ret_n, reterr);
    exm_input_close(in);
    return s;
}
