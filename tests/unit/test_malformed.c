/*
 * test_malformed.c - 50 sound, odd and damaged files, and the verdict on each.
 *
 * The numbers name the kinds of damage (00-07 sound, 20-30 packing, 31-61 text).  Each
 * file is judged by the reader with and without a second thread, on both SIMD paths,
 * with blocks that cut records; the message must name the file, a place and a cause.
 */
#include "exomir/reader.h"

#include "packed.h"
#include "tmpfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

enum { N = 1000, HALF = 500 };

static char folder[TMP_PATH];
static bytes base;          /* N records of 25-40 nt */
static size_t start[N + 1]; /* where record i begins */

static void
make_base(void)
{
    uint32_t x = 3;

    for (unsigned i = 0; i < N; i++) {
        start[i] = base.n;
        add_record(&base, &x, i, 25 + draw(&x) % 16);
    }
    start[N] = base.n;
}

static void
head(bytes *b, size_t records)
{
    add(b, base.p, start[records]);
}

static void
tail(bytes *b, size_t from)
{
    add(b, base.p + start[from], base.n - start[from]);
}

/* The base with something between records 500 and 501. */
static void
insert(bytes *b, const char *text, size_t n)
{
    head(b, HALF);
    add(b, text, n);
    tail(b, HALF);
}

#define INSERT(b, text) insert((b), (text), sizeof(text) - 1)

static void
gz(bytes *b, size_t from, size_t to)
{
    add_gzip(b, base.p + from, to - from);
}

static void
crlf(bytes *b, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        if (base.p[i] == '\n') add(b, "\r", 1);
        add(b, base.p + i, 1);
    }
}

static void
insert_long(bytes *b, size_t name, size_t read)
{
    head(b, HALF);
    add_text(b, "@");
    add_same(b, 'n', name);
    add_text(b, "\n");
    for (size_t i = 0; i < read; i++) add(b, &"ACGT"[i * i % 7 % 4], 1);
    add_text(b, "\n+\n");
    add_same(b, 'I', read);
    add_text(b, "\n");
    tail(b, HALF);
}

#define SEQ30 "ACGTACGTACGTACGTACGTACGTACGTAC"
#define I29   "IIIIIIIIIIIIIIIIIIIIIIIIIIIII"
#define SEQ28 "ACGTACGTACGTACGTACGTACGTACGT"
#define I28   "IIIIIIIIIIIIIIIIIIIIIIIIIIII"

static void
make_sound(int id, bytes *b)
{
    switch (id) {
    case 0:
        add(b, base.p, base.n);
        break;
    case 1:
        gz(b, 0, base.n);
        break;
    case 2:
    case 3:
        gz(b, 0, start[HALF]);
        if (id == 3) gz(b, 0, 0);
        gz(b, start[HALF], base.n);
        break;
    case 4:
        crlf(b, 0, base.n);
        break;
    case 5:
        add(b, base.p, base.n - 1);
        break;
    case 6:
        add_bgzf(b, base.p, base.n, 20000);
        break;
    default:
        gz(b, 0, base.n);
        add_same(b, 0, 512);
    }
}

static void
make_packed(int id, bytes *b)
{
    size_t first;

    if (id == 28 || id == 29) return;
    if (id == 30) {
        gz(b, 0, 0);
        return;
    }
    if (id == 27) {
        gz(b, 0, start[HALF]);
        first = b->n;
        gz(b, start[HALF], base.n);
        b->n = first + (b->n - first) / 2;
        return;
    }
    gz(b, 0, base.n);
    switch (id) {
    case 20:
        b->n /= 2;
        break;
    case 21:
        b->n -= 8;
        break;
    case 22:
        b->n -= 1;
        break;
    case 23:
        b->p[b->n - 6] ^= 1;
        break;
    case 24:
        b->p[b->n - 2] ^= 1;
        break;
    case 25:
        for (size_t k = 0; k < 4; k++) b->p[b->n / 2 + k] ^= 0x55;
        break;
    default:
        for (int k = 0; k < 8; k++) add_text(b, "GARBAGE!");
    }
}

static void
make_damaged_record(int id, bytes *b)
{
    switch (id) {
    case 31:
        add(b, base.p, base.n - 10);
        break;
    case 32: {
        size_t n = base.n - 1;

        while (memcmp(base.p + n, "\n+\n", 3) != 0) n--;
        add(b, base.p, n + 1);
        break;
    }
    case 33:
        add(b, base.p, base.n);
        add_text(b, "@r1000\n");
        break;
    case 34:
        INSERT(b, "@r9999\n" SEQ30 "\n+\n" I29 "\n");
        break;
    case 35:
        INSERT(b, "@r9999\n" SEQ30 "\n+\n" I29 "II\n");
        break;
    case 36:
        INSERT(b, "r9999\n" SEQ28 "\n+\n" I28 "\n");
        break;
    case 37:
        INSERT(b, "@r9999\n" SEQ28 "\nx\n" I28 "\n");
        break;
    case 38:
        INSERT(b, "\n");
        break;
    case 39:
        INSERT(b, "@r9999\nACGT\0ACGTACGT\n+\nIIIIIIIIIIIII\n");
        break;
    case 40:
        INSERT(b, "@a\0b\n" SEQ28 "\n+\n" I28 "\n");
        break;
    case 41:
        INSERT(b, "@r9999\nACGTACGT!*ACGTAC\n+\nIIIIIIIIIIIIIIII\n");
        break;
    case 42:
        INSERT(b, "@r9999\nACGTACGT12ACGTAC\n+\nIIIIIIIIIIIIIIII\n");
        break;
    case 43:
        INSERT(b, "@r9999\nACGTACGT ACGTACG\n+\nIIIIIIIIIIIIIIII\n");
        break;
    default:
        abort();
    }
}

static void
make_odd_record(int id, bytes *b)
{
    switch (id) {
    case 44:
        INSERT(b, "@r9999\nACGTRYKMACGTACGT\n+\nIIIIIIIIIIIIIIII\n");
        break;
    case 45:
        INSERT(b, "@r9999\nacgtacgtacgtacgt\n+\nIIIIIIIIIIIIIIII\n");
        break;
    case 46:
        INSERT(b, "@r9999\nACGUACGUACGUACGU\n+\nIIIIIIIIIIIIIIII\n");
        break;
    case 47:
        INSERT(b, "@r9999\nACGTACGTACGTACGT\n+\nIIIIIIIIII\x1fIIIII\n");
        break;
    case 48:
        INSERT(b, "@r9999\nACGTACGTACGTACGT\n+\nIIIIIIIIII\x7fIIIII\n");
        break;
    case 49:
        INSERT(b, "@r9999\n" SEQ28 "\n+other\n" I28 "\n");
        break;
    case 50:
        insert(b, (const char *) base.p, start[1]);
        break;
    case 51:
        INSERT(b, "@z\n\n+\n\n");
        break;
    case 52:
        insert_long(b, 5, 300000);
        break;
    case 53:
        insert_long(b, 300000, 30);
        break;
    default:
        INSERT(b, "@m\nACGTACGTACGT\nACGTACGTACGT\n+\nIIIIIIIIIIII\nIIIIIIIIIIII\n");
    }
}

static void
make_other_text(int id, bytes *b)
{
    uint32_t x = 11;

    switch (id) {
    case 55:
        add(b, "\xef\xbb\xbf", 3);
        add(b, base.p, base.n);
        break;
    case 56:
        add(b, "\xff\xfe", 2);
        for (size_t i = 0; i < base.n; i++) {
            add(b, base.p + i, 1);
            add_same(b, 0, 1);
        }
        break;
    case 57:
        for (int i = 0; i < N; i++) add_text(b, ">a\nACGTACGTACGTACGTACGTACGT\n");
        break;
    case 58:
        for (int i = 0; i < 20000; i++) add_same(b, (int) (draw(&x) >> 9 & 255), 1);
        break;
    case 59:
        add(b, base.p, base.n);
        for (size_t i = 0; i < b->n; i++)
            if (b->p[i] == '\n') b->p[i] = '\r';
        break;
    case 60:
        add_text(b, "<html>404 not found</html>\n");
        break;
    default:
        crlf(b, 0, start[HALF]);
        tail(b, HALF);
    }
}

/* reads < 0: refused, and the message holds 'word'. */
static const struct {
    int id, reads;
    const char *name, *word;
} files[] = {
    {0, N, "00_ok.fq", ""},
    {1, N, "01_ok.fq.gz", ""},
    {2, N, "02_ok_multimember.fq.gz", ""},
    {3, N, "03_ok_emptymember.fq.gz", ""},
    {4, N, "04_ok_crlf.fq", ""},
    {5, N, "05_ok_nofinalnl.fq", ""},
    {6, N, "06_ok_bgzf.fq.gz", ""},
    {7, N, "07_ok_zeropad.fq.gz", ""},
    {20, -1, "20_trunc_mid.fq.gz", "truncated"},
    {21, -1, "21_trunc_notrailer.fq.gz", "truncated"},
    {22, -1, "22_trunc_1byte.fq.gz", "truncated"},
    {23, -1, "23_badcrc.fq.gz", "CRC-32"},
    {24, -1, "24_badisize.fq.gz", "length of a gzip member"},
    {25, -1, "25_bitflip_mid.fq.gz", "damaged"},
    {26, -1, "26_trailing_garbage.fq.gz", "follow the last gzip member"},
    {27, -1, "27_trunc_2nd_member.fq.gz", "truncated"},
    {28, -1, "28_empty.fq", "no reads"},
    {29, -1, "29_empty.fq.gz", "no reads"},
    {30, -1, "30_emptygz.fq.gz", "no reads"},
    {31, -1, "31_trunc_qual.fq", "record 1000, line 4000: truncated"},
    {32, -1, "32_trunc_after_seq.fq", "record 1000, line 3999: truncated"},
    {33, -1, "33_trunc_header.fq", "record 1001, line 4002: truncated"},
    {34, -1, "34_qual_short.fq", "record 501, line 2004: 30 bases but 29"},
    {35, -1, "35_qual_long.fq", "record 501, line 2004: 30 bases but 31"},
    {36, -1, "36_no_at.fq", "record 501, line 2001: no '@'"},
    {37, -1, "37_no_plus.fq", "record 501, line 2003: no '+'"},
    {38, -1, "38_blank_line.fq", "record 501, line 2001: blank line"},
    {39, -1, "39_nul_in_seq.fq", "record 501, line 2002: NUL"},
    {40, -1, "40_nul_in_name.fq", "record 501, line 2001: NUL"},
    {41, -1, "41_bad_base.fq", "record 501, line 2002: '!' at position 9"},
    {42, -1, "42_digit_base.fq", "record 501, line 2002: '1' at position 9"},
    {43, -1, "43_space_in_seq.fq", "record 501, line 2002: blank at position 9"},
    {44, N + 1, "44_iupac.fq", ""},
    {45, N + 1, "45_lower.fq", ""},
    {46, N + 1, "46_U.fq", ""},
    {47, -1, "47_qual_ctrl.fq", "record 501, line 2004: byte 0x1f"},
    {48, -1, "48_qual_del.fq", "record 501, line 2004: byte 0x7f"},
    {49, -1, "49_plus_mismatch.fq",
     "record 501, line 2003: the name on the '+' line differs"},
    {50, N + 1, "50_dup_ids.fq", ""},
    {51, N + 1, "51_zero_len.fq", ""},
    {52, N + 1, "52_long_read.fq", ""},
    {53, N + 1, "53_long_name.fq", ""},
    {54, -1, "54_multiline.fq", "record 501, line 2003: no '+' line: the sequence goes on"},
    {55, -1, "55_bom.fq", "byte-order mark"},
    {56, -1, "56_utf16.fq", "UTF-16"},
    {57, N, "57_fasta_as.fq", ""},
    {58, -1, "58_binary.fq", "binary"},
    {59, -1, "59_bare_cr.fq", "bare CR"},
    {60, -1, "60_html.fq.gz", "HTML"},
    {61, N, "61_mixed_crlf.fq", ""},
};

static void
make(int id, bytes *b)
{
    b->n = 0;
    if (id < 20)
        make_sound(id, b);
    else if (id < 31)
        make_packed(id, b);
    else if (id < 44)
        make_damaged_record(id, b);
    else if (id < 55)
        make_odd_record(id, b);
    else
        make_other_text(id, b);
}

static exm_status
count(const char *path, const exm_reader_options *o, uint64_t *ret, exm_reads_format *ret_f,
      exm_error *err)
{
    exm_reader *r = NULL;
    const exm_read *reads = NULL;
    size_t n = 0;
    exm_status s = exm_reader_open(&path, 1, o, &r, err);

    *ret = 0;
    if (s != EXM_OK) return s;
    while ((s = exm_reader_next(r, &reads, &n, err)) == EXM_OK && n > 0) *ret += n;
    *ret_f = exm_reader_file_get(r, 0)->format;
    if (s == EXM_OK) assert_int_equal(exm_reader_file_get(r, 0)->reads, *ret);
    exm_reader_close(r);
    return s;
}

/* File i as the reader sees it on one of the 12 ways; 'first' keeps the first message. */
static void
judge(size_t i, const char *path, int way, char first[512])
{
    static const size_t blocks[] = {0, 997, 65536};
    exm_reader_options o = exm_reader_defaults();
    exm_reads_format format = EXM_READS_UNKNOWN;
    exm_error err = {.code = EXM_OK};
    uint64_t reads;
    exm_status s;

    o.takers = 1 + (unsigned) (way & 1);
    o.simd = way & 2 ? EXM_SIMD_SCALAR : EXM_SIMD_SSE4;
    o.block = blocks[way / 4];
    s = count(path, &o, &reads, &format, &err);
    if (files[i].reads >= 0) {
        if (s != EXM_OK) fail_msg("%s refused: %s", files[i].name, err.msg);
        assert_int_equal(reads, files[i].reads);
        assert_int_equal(format, files[i].id == 57 ? EXM_READS_FASTA : EXM_READS_FASTQ);
        return;
    }
    if (s != EXM_EDATA) fail_msg("%s: %d", files[i].name, s);
    if (!strstr(err.msg, files[i].name) || !strstr(err.msg, files[i].word) ||
        (!strstr(err.msg, "record ") && !strstr(err.msg, "byte ")))
        fail_msg("%s says: %s", files[i].name, err.msg);
    if (way == 0) memcpy(first, err.msg, sizeof err.msg);
    assert_string_equal(err.msg, first);
}

static void
every_file_gets_its_verdict(void **state)
{
    char path[TMP_PATH], first[512] = "";
    bytes b = {0};

    (void) state;
    assert_int_equal(LEN(files), 50);
    for (size_t i = 0; i < LEN(files); i++) {
        make(files[i].id, &b);
        tmp_write(path, folder, files[i].name, b.p, b.n);
        for (int way = 0; way < 12; way++) judge(i, path, way, first);
        (void) unlink(path);
    }
    bytes_done(&b);
}

static void
empty_files_are_accepted_on_demand(void **state)
{
    static const int ids[] = {28, 29, 30};
    char path[TMP_PATH];
    bytes b = {0};

    (void) state;
    for (size_t i = 0; i < LEN(ids); i++) {
        exm_reader_options o = exm_reader_defaults();
        exm_reads_format format = EXM_READS_UNKNOWN;
        exm_error err;
        uint64_t reads = 1;

        o.allow_empty = 1;
        make(ids[i], &b);
        tmp_write(path, folder, "empty", b.p, b.n);
        for (o.takers = 1; o.takers < 3; o.takers++) {
            assert_int_equal(count(path, &o, &reads, &format, &err), EXM_OK);
            assert_int_equal(reads, 0);
            assert_int_equal(format, EXM_READS_UNKNOWN);
        }
        (void) unlink(path);
    }
    bytes_done(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_gets_its_verdict),
        cmocka_unit_test(empty_files_are_accepted_on_demand),
    };
    int rc;

    tmp_folder(folder);
    make_base();
    rc = cmocka_run_group_tests_name("malformed", tests, NULL, NULL);
    bytes_done(&base);
    (void) rmdir(folder);
    return rc;
}
