/* test_fastq.c - tests of exomir/fastq.h: one result for every block size and SIMD path. */
#include "exomir/fastq.h"

#include "oom.h"
#include "packed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

enum { CAP = 5 }; /* records per call: small, so that calls end anywhere */

/* What a file gave: its records one after another, then what was said at the end. */
typedef struct outcome {
    bytes out;
    uint64_t records;
    exm_status status;
    exm_reads_format format;
    exm_error err;
} outcome;

static void
add_read(bytes *b, const char *name, size_t n_name, const char *seq, size_t n,
         const char *qual, uint64_t copies)
{
    add(b, name, n_name);
    add(b, "|", 1);
    add(b, seq, n);
    add(b, "|", 1);
    if (qual) add(b, qual, n);
    add(b, "|", 1);
    add_u32(b, (uint32_t) copies);
}

/*
 * Parse 'text' as blocks of 'piece' bytes, each in memory of its own of exactly the
 * size promised to the parser, followed by 'pad'.
 */
static void
parse(const bytes *text, size_t piece, exm_simd simd, int pad, outcome *ret)
{
    exm_fastq *p = NULL;
    size_t at = 0, upto = piece < text->n ? piece : text->n;

    ret->out.n = 0;
    memset(&ret->err, 0, sizeof ret->err);
    assert_int_equal(exm_fastq_new("reads.fq", simd, &p, &ret->err), EXM_OK);
    for (;;) {
        const int last = upto == text->n;
        const size_t have = upto - at;
        char *block = malloc(have + EXM_SEQ_PAD);
        exm_read r[CAP];
        size_t n = 99, used = 99;

        assert_non_null(block);
        if (have > 0) memcpy(block, text->p + at, have);
        memset(block + have, pad, EXM_SEQ_PAD);
        ret->status = exm_fastq_parse(p, block, have, last, r, CAP, &n, &used, &ret->err);
        if (ret->status != EXM_OK) {
            assert_true(n == 99 && used == 99);
            free(block);
            break;
        }
        assert_true(n <= CAP && used <= have);
        for (size_t i = 0; i < n; i++)
            add_read(&ret->out, r[i].name, r[i].name_len, r[i].seq, r[i].len, r[i].qual,
                     r[i].copies);
        free(block);
        at += used;
        if (n == 0 && last) {
            if (at == text->n) break;
            assert_true(used > 0); /* the end must be reached, or refused */
        }
        if (n == 0 && !last) upto = upto + piece < text->n ? upto + piece : text->n;
    }
    ret->records = exm_fastq_records(p);
    ret->format = exm_fastq_format(p);
    exm_fastq_free(p);
}

static void
assert_same_outcome(const outcome *a, const outcome *b)
{
    assert_int_equal(a->status, b->status);
    assert_string_equal(a->err.msg, b->err.msg);
    assert_int_equal(a->err.at, b->err.at);
    assert_int_equal(a->records, b->records);
    assert_int_equal(a->format, b->format);
    assert_int_equal(a->out.n, b->out.n);
    if (a->out.n > 0) assert_memory_equal(a->out.p, b->out.p, a->out.n);
}

/* The same for whole, for pieces, for both paths and for any bytes behind the block. */
static void
parse_all_ways(const bytes *text, outcome *ret)
{
    static const size_t pieces[] = {1, 2, 7, 63, 64, 65, 1000};
    outcome other = {.records = 0};

    parse(text, text->n + 1, EXM_SIMD_SCALAR, 0, ret);
    parse(text, text->n + 1, EXM_SIMD_SSE4, '\n', &other);
    assert_same_outcome(ret, &other);
    parse(text, text->n + 1, EXM_SIMD_SSE4, 'A', &other);
    assert_same_outcome(ret, &other);
    for (size_t i = 0; i < LEN(pieces); i++) {
        if (text->n / pieces[i] > 3000) continue;
        parse(text, pieces[i], i % 2 ? EXM_SIMD_SCALAR : EXM_SIMD_SSE4, 'A', &other);
        assert_same_outcome(ret, &other);
    }
    bytes_done(&other.out);
}

/* ---- a slow parser: all lines first, then groups of four ---- */

typedef struct lines {
    const char *s[4096];
    size_t n[4096], count;
    int open; /* the last line has no '\n' */
} lines;

static void
split(const bytes *text, lines *ret)
{
    const char *s = (const char *) text->p, *end = s + text->n;

    ret->count = 0;
    ret->open = text->n > 0 && end[-1] != '\n';
    while (s < end) {
        const char *e = s;

        while (e < end && *e != '\n') e++;
        ret->s[ret->count] = s;
        ret->n[ret->count] = (size_t) (e - s);
        if (e > s && e[-1] == '\r') ret->n[ret->count]--;
        ret->count++;
        s = e + 1;
        if (ret->count == LEN(ret->s)) abort();
    }
}

static int
slow_base(char c, char *ret)
{
    static const char from[] = "ACGTUNRYSWKMBDHVacgtunryswkmbdhv";
    static const char to[] = "ACGTTNNNNNNNNNNNACGTTNNNNNNNNNNN";
    const char *at = c ? strchr(from, c) : NULL;

    if (!at) return 0;
    *ret = to[at - from];
    return 1;
}

static int
slow_name_is_good(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] == 0 || s[i] == '\r') return 0;
    return 1;
}

/* Sequence line i, normalised; 0 when it holds another byte. */
static int
slow_bases(const lines *l, size_t i, char *ret)
{
    for (size_t k = 0; k < l->n[i]; k++)
        if (!slow_base(l->s[i][k], &ret[k])) return 0;
    return 1;
}

/* '+' alone, or the name of line 'name' again. */
static int
slow_plus(const lines *l, size_t i, size_t name)
{
    if (l->n[i] == 0 || l->s[i][0] != '+') return 0;
    if (l->n[i] == 1) return 1;
    return l->n[i] == l->n[name] && memcmp(l->s[i] + 1, l->s[name] + 1, l->n[i] - 1) == 0;
}

static int
slow_quality(const lines *l, size_t i, size_t n)
{
    if (l->n[i] != n) return 0;
    for (size_t k = 0; k < n; k++)
        if (l->s[i][k] < 33 || l->s[i][k] > 126) return 0;
    return 1;
}

/* Lines i to i+3 as a record; the number of lines taken, 0 when it must be refused. */
static size_t
slow_record(const lines *l, size_t i, bytes *out)
{
    const size_t whole = l->count - (l->open ? 1 : 0); /* lines that have ended */
    char seq[4096];
    size_t n;

    if (l->s[i][0] != '@' || !slow_name_is_good(l->s[i], l->n[i]) || i + 2 >= whole)
        return 0;
    n = l->n[i + 1];
    if (n > sizeof seq) abort();
    if (!slow_bases(l, i + 1, seq) || !slow_plus(l, i + 2, i)) return 0;
    if (i + 3 >= l->count) { /* an empty quality line may lack its end */
        if (n > 0) return 0;
        add_read(out, l->s[i] + 1, l->n[i] - 1, "", 0, "", 1);
        return 3;
    }
    if (!slow_quality(l, i + 3, n)) return 0;
    add_read(out, l->s[i] + 1, l->n[i] - 1, seq, n, l->s[i + 3], 1);
    return 4;
}

/* Appends the records; 0 when the file must be refused. */
static int
slow_fastq(const bytes *text, bytes *out)
{
    static lines l;
    size_t i = 0;

    split(text, &l);
    while (i < l.count && l.n[i] > 0) {
        const size_t taken = slow_record(&l, i, out);

        if (taken == 0) return 0;
        i += taken;
    }
    for (; i < l.count; i++)
        if (l.n[i] > 0) return 0;
    return 1;
}

static void
random_file(bytes *b, uint32_t *x)
{
    static const char odd[] = "acgtuUNRYKMnryk";
    const unsigned n = draw(x) % 12, kind = draw(x) % 8;

    b->n = 0;
    for (unsigned i = 0; i < n; i++) {
        const size_t from = b->n;

        add_record(b, x, i, kind < 3 ? 36 : draw(x) % 90);
        if (kind == 4) /* CRLF on some lines */
            for (size_t k = from; k < b->n; k++)
                if (b->p[k] == '\n' && draw(x) % 2) {
                    add(b, "x", 1);
                    memmove(b->p + k + 1, b->p + k, b->n - 1 - k);
                    b->p[k++] = '\r';
                }
        if (kind == 5) {
            uint8_t *seq = memchr(b->p + from, '\n', b->n - from);

            if (!seq) abort();
            for (int k = 0; k < 5 && seq[1] != '\n'; k++)
                seq[1 + draw(x) % 3] = (uint8_t) odd[draw(x) % (sizeof odd - 1)];
            if (seq[2] == '\n' || seq[3] == '\n') b->n = from; /* too short for that */
        }
    }
    if (kind == 6 && b->n > 0) b->n--;
    if (kind == 7) add(b, "\n\r\n\n", draw(x) % 5);
}

static void
damage(bytes *b, uint32_t *x)
{
    static const char bytes_of_interest[] = "\n\n\r@+>ACGTNacgx!~ \t\x7f\x80\x1f\0I";

    for (unsigned k = draw(x) % 4; k > 0 && b->n > 1; k--) {
        const size_t at = draw(x) % b->n;

        switch (draw(x) % 4) {
        case 0:
            b->p[at] =
                (uint8_t) bytes_of_interest[draw(x) % (sizeof bytes_of_interest - 1)];
            break;
        case 1:
            memmove(b->p + at, b->p + at + 1, b->n - at - 1);
            b->n--;
            break;
        case 2:
            add(b, "x", 1);
            memmove(b->p + at + 1, b->p + at, b->n - 1 - at);
            b->p[at] =
                (uint8_t) bytes_of_interest[draw(x) % (sizeof bytes_of_interest - 1)];
            break;
        default:
            if (draw(x) % 4 == 0) b->n = at;
        }
    }
}

static void
equals_a_slow_parser_on_damaged_files(void **state)
{
    uint32_t x = 2463534242u;
    bytes text = {0}, want = {0};
    outcome got = {.records = 0};
    unsigned accepted = 0, refused = 0;

    (void) state;
    for (int round = 0; round < 6000; round++) {
        int good;

        random_file(&text, &x);
        if (round % 4) damage(&text, &x);
        add(&text, "", 0);
        if (text.n > 0 && memcmp(text.p, ">", 1) == 0)
            continue; /* FASTA has its own test */
        want.n = 0;
        good = slow_fastq(&text, &want);
        parse_all_ways(&text, &got);
        if (good != (got.status == EXM_OK))
            fail_msg("round %d: slow %d, parser '%s'", round, good, got.err.msg);
        assert_int_equal(got.out.n, want.n); /* also the records before the damage */
        if (want.n > 0) assert_memory_equal(got.out.p, want.p, want.n);
        *(good ? &accepted : &refused) += 1;
        if (!good) {
            assert_int_equal(got.status, EXM_EDATA);
            assert_int_equal(got.err.at, got.records);
            assert_memory_equal(got.err.msg, "reads.fq: record ", 17);
            assert_non_null(strstr(got.err.msg, ", line "));
        }
    }
    assert_true(accepted > 1500 && refused > 1500); /* both were tried */
    bytes_done(&text);
    bytes_done(&want);
    bytes_done(&got.out);
}

/* All values of one byte of the second record of 'text'. */
static void
every_value_of(bytes *text, size_t at, int quality, outcome *a, outcome *b)
{
    const uint8_t was = text->p[at];

    for (int c = 0; c < 256; c++) {
        char base = 0;
        const int good = quality ? c >= 33 && c <= 126 : slow_base((char) c, &base);

        /* CR before LF is part of the line's end: another length then */
        if (c == '\n' || c == '\r') continue;
        text->p[at] = (uint8_t) c;
        parse(text, text->n + 1, EXM_SIMD_SCALAR, 'C', a);
        parse(text, text->n + 1, EXM_SIMD_SSE4, 0, b);
        assert_same_outcome(a, b);
        assert_int_equal(a->status, good ? EXM_OK : EXM_EDATA);
        assert_int_equal(a->records, good ? 2 : 1);
    }
    text->p[at] = was;
}

/* Each byte value at each position of reads of many lengths, on both paths. */
static void
every_byte_is_judged_at_every_position(void **state)
{
    static const size_t lengths[] = {1, 2, 15, 16, 17, 31, 32, 33, 51, 64, 65, 150};
    bytes text = {0};
    outcome a = {.records = 0}, b = {.records = 0};

    (void) state;
    for (size_t k = 0; k < LEN(lengths); k++) {
        const size_t n = lengths[k];

        text.n = 0;
        add_text(&text, "@first\n");
        add_same(&text, 'C', n); /* so that the length is predicted */
        add_text(&text, "\n+\n");
        add_same(&text, 'F', n);
        add_text(&text, "\n@r\n");
        add_same(&text, 'A', n);
        add_text(&text, "\n+\n");
        add_same(&text, 'I', n);
        add_text(&text, "\n");
        for (size_t i = 0; i < n; i += n < 40 ? 1 : 7) {
            every_value_of(&text, text.n - 1 - n - 3 - n + i, 0, &a, &b);
            every_value_of(&text, text.n - 1 - n + i, 1, &a, &b);
        }
    }
    bytes_done(&text);
    bytes_done(&a.out);
    bytes_done(&b.out);
}

static void
says(const char *text, size_t n, const char *word, uint64_t records)
{
    bytes b = {0};
    outcome got = {.records = 0};

    add(&b, text, n);
    parse_all_ways(&b, &got);
    assert_int_equal(got.status, EXM_EDATA);
    if (!strstr(got.err.msg, word)) fail_msg("'%s' lacks '%s'", got.err.msg, word);
    assert_int_equal(got.records, records);
    bytes_done(&b);
    bytes_done(&got.out);
}

#define SAYS(text, word, records) says((text), sizeof(text) - 1, (word), (records))

static void
messages_name_the_place_and_the_cause(void **state)
{
    (void) state;
    SAYS("@a\nAC\n+\nII\n@b\nAC\n+\nI", "record 2, line 8: truncated record", 1);
    SAYS("@a\nAC\n+\nII\n@b", "record 2, line 5: truncated record", 1);
    SAYS("@a\nAC\n+\nII\n@b\nAC\n+", "record 2, line 7: truncated record", 1);
    SAYS("@a\nACGT\n+\nIII\n", "line 4: 4 bases but 3 quality values", 0);
    SAYS("a\nACGT\n+\nIIII\n", "neither '@'", 0);
    SAYS("@a\nAC\n+\nII\nb\nAC\n+\nII\n", "record 2, line 5: no '@'", 1);
    SAYS("@a\nACGT\nIIII\nx\n", "line 3: no '+' line after", 0);
    SAYS("@a\nACGT\nACGT\n+\nIIII\nIIII\n", "multi-line", 0);
    SAYS("@a\nACGT\n@b\nACGT\n", "the next record begins here", 0);
    SAYS("@a\nACGT\n\n+\nIIII\n", "blank line instead", 0);
    SAYS("@a\nACGT\n+b\nIIII\n", "differs", 0);
    SAYS("@a\nAC\n+\nII\n\n@b\nAC\n+\nII\n", "record 2, line 5: blank line", 1);
    SAYS("\n@b\nAC\n+\nII\n", "record 1, line 1: blank line", 0);
    SAYS("@a\0b\nAC\n+\nII\n", "NUL byte in the read's name", 0);
    SAYS("@a\nA\0C\n+\nIII\n", "NUL byte at position 2", 0);
    SAYS("@a\nA C\n+\nIII\n", "blank at position 2", 0);
    SAYS("@a\nA.C\n+\nIII\n", "'.' at position 2", 0);
    SAYS("@a\nA\xc3\xa4\n+\nIII\n", "byte 0xc3 at position 2", 0);
    SAYS("@a\nACG\n+\nI I\n", "byte 0x20 at position 2 of the quality", 0);
    SAYS("@a\rACGT\r+\rIIII\r@b\r", "bare CR", 0);
    SAYS("@a\nAC\rGT\n+\nIIIII\n", "bare CR", 0);
    SAYS("\xef\xbb\xbf@a\nAC\n+\nII\n", "byte-order mark", 0);
    SAYS("\xff\xfe@\0a\0\n\0", "UTF-16", 0);
    SAYS("@\0a\0\n\0A\0C\0\n\0", "UTF-16", 0);
    SAYS("\xfe\xff\0@\0a\0\n", "UTF-16", 0);
    SAYS("\x1f\x8b\x08\0\0\0\0\0", "packed twice", 0);
    SAYS("BAM\1\0\0\0\0", "BAM or CRAM", 0);
    SAYS("CRAM\3\0\0\0\0", "BAM or CRAM", 0);
    SAYS("@a\rb\0c\nAC\n+\nII\n", "bare CR", 0);
    SAYS("@a\0b\rc\nAC\n+\nII\n", "NUL byte in the read's name", 0);
    SAYS("<!DOCTYPE html><html>", "HTML", 0);
    SAYS("<HTML>\n404\n", "HTML", 0);
    SAYS("<h", "neither '@'", 0);
    SAYS("\x01\x02\x03\xff", "binary", 0);
    SAYS("feature\tcount\n", "neither '@'", 0);
    /* FASTA */
    SAYS(">a\nACGT\n>b", "record 2, line 3: truncated record", 1);
    SAYS(">a\nACGT\n>b\n", "record 2, line 3: truncated record", 1);
    SAYS(">a\n>b\nACGT\n", "a name without a sequence line", 0);
    SAYS(">a\nAC\n\nGT\n", "line 3: blank line inside", 0);
    SAYS(">a\nAC\nG!\n>b\nA\n", "line 3: '!' at position 2", 0);
    SAYS(">a\nAC\n@b\nAC\n+\nII\n", "'@' at position 1", 0);
    SAYS(">s_0_x3\nACGT\n>s_1\nACGT\n", "'s_1': no count at its end", 1);
    SAYS(">s_0_x3\nACGT\n>s_1_x0\nACGT\n", "'s_1_x0': a read counted 0 times", 1);
    SAYS(">s_0_x0\nACGT\n", "counted 0 times", 0);
    SAYS(">s_0_x99999999999999999999\nACGT\n", "count is too large", 0);
    SAYS(">s_0_x9007199254740993\nACGT\n", "count is too large", 0);
    SAYS(">s_0_x1\nAC\n>s\tend\x01x\nACGT\n", "'s?end?x'", 1);
    SAYS(">s_0_x1\nAC\n>\xc3\x7f\nACGT\n",
         "'?"
         "?'",
         1);
    SAYS(">s_0_x1\nAC\n>7\nACGT\n", "'7': no count", 1);
    SAYS(">s_0_x1\nAC\n>a:7\nACGT\n", "'a:7': no count", 1);
    SAYS(">a\0b\nACGT\n", "NUL byte in the read's name", 0);
    SAYS(">a\nAC\n\n\nGT\n", "line 3: blank line inside", 0);
}

static void
accepts(const char *text, size_t n, exm_reads_format format, const char *want)
{
    bytes b = {0}, seen = {0};
    outcome got = {.records = 0};

    add(&b, text, n);
    parse_all_ways(&b, &got);
    assert_string_equal(got.err.msg, "");
    assert_int_equal(got.format, format);
    for (size_t i = 0; i < got.out.n; i++) { /* counts as one digit */
        if (i + 4 <= got.out.n && got.out.p[i] < 10 && got.out.p[i + 1] == 0) {
            add_same(&seen, '0' + got.out.p[i], 1);
            add_text(&seen, ";");
            i += 3;
        } else {
            add(&seen, got.out.p + i, 1);
        }
    }
    add_same(&seen, 0, 1);
    assert_string_equal((const char *) seen.p, want);
    bytes_done(&b);
    bytes_done(&seen);
    bytes_done(&got.out);
}

#define ACCEPTS(text, format, want) accepts((text), sizeof(text) - 1, (format), (want))

static void
legal_variants_are_normalised(void **state)
{
    const exm_reads_format q = EXM_READS_FASTQ, a = EXM_READS_FASTA,
                           c = EXM_READS_COLLAPSED;

    (void) state;
    ACCEPTS("", EXM_READS_UNKNOWN, "");
    ACCEPTS("\n\r\n", EXM_READS_UNKNOWN, "");
    ACCEPTS("@a b\nACGTN\n+\n!~III\n", q, "a b|ACGTN|!~III|1;");
    ACCEPTS("@a\r\nACGT\n+\r\nIIII\r\n@b\nA\r\n+\nI\r\n", q, "a|ACGT|IIII|1;b|A|I|1;");
    ACCEPTS("@a\nACGT\n+\nIIII", q, "a|ACGT|IIII|1;");
    ACCEPTS("@a\r\nACGT\r\n+\r\nIIII\r", q, "a|ACGT|IIII|1;");
    ACCEPTS("@a\nACGT\n+a\nIIII\n", q, "a|ACGT|IIII|1;");
    ACCEPTS("@a\nacguRYn\n+\nIIIIIII\n@b\nAu\n+\nII\n", q,
            "a|ACGTNNN|IIIIIII|1;b|AT|II|1;");
    ACCEPTS("@z\n\n+\n\n@y\nA\n+\n@\n", q, "z|||1;y|A|@|1;");
    ACCEPTS("@z\n\n+\n", q, "z|||1;");
    ACCEPTS("@a\nA\n+\nI\n\n\r\n\n", q, "a|A|I|1;");
    ACCEPTS("@\nA\n+\nI\n", q, "|A|I|1;");
    ACCEPTS("@a\nA\n+\n+\n@b\nC\n+\n@\n", q, "a|A|+|1;b|C|@|1;");
    ACCEPTS(">a x\nACgu\nRR\n>b\nA\n", a, "a x|ACGTNN||1;b|A||1;");
    ACCEPTS(">a\r\nAC\r\nGT\r\n>b\r\n\r\n", a, "a|ACGT||1;b|||1;");
    ACCEPTS(">a\nAC\n\n>b\nG", a, "a|AC||1;b|G||1;");
    ACCEPTS(">a_x\nAC\n>b_x2\nG\n", a, "a_x|AC||1;b_x2|G||1;");
    ACCEPTS(">x2\nAC\n", a, "x2|AC||1;");
    ACCEPTS(">12:34\nacgu\n>b\nR\n", a, "12:34|ACGT||1;b|N||1;");
    ACCEPTS(">s_x3\nAC\n>_x7\nG\nT\n", c, "s_x3|AC||3;_x7|GT||7;");
}

/* Records longer than any block, and the bound on them. */
static void
long_lines_need_no_special_case(void **state)
{
    bytes text = {0};
    outcome got = {.records = 0};
    exm_fastq *p = NULL;
    exm_read r[2];
    size_t n = 0, used = 0;
    exm_error err;
    char *big;

    (void) state;
    add_text(&text, "@");
    add_same(&text, 'n', 300000);
    add_text(&text, "\nACGT\n+\nIIII\n@b\n");
    add_same(&text, 'A', 150000);
    add_same(&text, 'u', 150000);
    add_text(&text, "\n+\n");
    add_same(&text, 'I', 300000);
    add_text(&text, "\n@c\nA\n+\nI\n");
    parse(&text, 10000, EXM_SIMD_AUTO, 0, &got);
    assert_int_equal(got.status, EXM_OK);
    assert_int_equal(got.records, 3);
    bytes_done(&got.out);
    bytes_done(&text);

    big = calloc(1, (256u << 20) + 2 + EXM_SEQ_PAD); /* a name without end */
    assert_non_null(big);
    memset(big, '@', (256u << 20) + 2);
    assert_int_equal(exm_fastq_new("big", EXM_SIMD_AUTO, &p, &err), EXM_OK);
    assert_int_equal(exm_fastq_parse(p, big, 256u << 20, 0, r, 2, &n, &used, &err), EXM_OK);
    assert_int_equal(n, 0);
    assert_int_equal(exm_fastq_parse(p, big, (256u << 20) + 1, 0, r, 2, &n, &used, &err),
                     EXM_EDATA);
    assert_non_null(strstr(err.msg, "more than 256 MiB"));
    exm_fastq_free(p);
    exm_fastq_free(NULL);
    memcpy(big, "@b\nC\n+\nI\n", 9); /* after a usual record, a name that ends late */
    memcpy(big + (65u << 20), "\nA\n+\nI\n", 7);
    for (int way = 0; way < 2; way++) {
        assert_int_equal(
            exm_fastq_new("big", way ? EXM_SIMD_SCALAR : EXM_SIMD_SSE4, &p, &err), EXM_OK);
        assert_int_equal(exm_fastq_parse(p, big, (65u << 20) + 7, 1, r, 2, &n, &used, &err),
                         EXM_OK);
        assert_int_equal(n, 2);
        assert_int_equal(r[0].seq[0], 'C');
        assert_int_equal(r[1].name_len, (65u << 20) - 10);
        exm_fastq_free(p);
    }
    free(big);
}

static void
wrong_calls_and_failed_allocations(void **state)
{
    static const char text[] = "@a\nacgt\n+\nIIII\n";
    char block[sizeof text + EXM_SEQ_PAD] = {0};
    exm_fastq *p = NULL;
    exm_read r[2];
    size_t n = 7, used = 7;
    exm_error err;

    (void) state;
    memcpy(block, text, sizeof text);
    assert_int_equal(exm_fastq_new(NULL, EXM_SIMD_AUTO, &p, &err), EXM_EINVAL);
    assert_int_equal(exm_fastq_new("x", EXM_SIMD_AUTO, NULL, &err), EXM_EINVAL);
    for (int fasta = 0; fasta < 2;
         fasta++) { /* nobody wants the report, or memory is out */
        char other[16 + EXM_SEQ_PAD] = ">a\nacgt\n";

        assert_int_equal(exm_fastq_new("x", EXM_SIMD_AUTO, &p, &err), EXM_OK);
        oom_arm(0);
        assert_int_equal(exm_fastq_parse(p, fasta ? other : block,
                                         fasta ? 8 : sizeof text - 1, 1, r, 2, &n, &used,
                                         fasta ? NULL : &err),
                         EXM_ENOMEM);
        oom_arm(-1);
        exm_fastq_free(p);
        p = NULL;
    }
    for (int k = 0;; k++) {
        exm_status s;

        oom_arm(k);
        s = exm_fastq_new("x", EXM_SIMD_AUTO, &p, &err);
        if (s == EXM_OK)
            s = exm_fastq_parse(p, block, sizeof text - 1, 1, r, 2, &n, &used, &err);
        if (!oom_fired()) {
            assert_int_equal(k, 3); /* object, name, normalised bases */
            assert_int_equal(s, EXM_OK);
            assert_int_equal(n, 1);
            break;
        }
        assert_int_equal(s, EXM_ENOMEM);
        assert_true(n == 7 && used == 7);
        exm_fastq_free(p);
        p = NULL;
    }
    oom_arm(-1);
    assert_int_equal(exm_fastq_parse(p, NULL, 1, 1, r, 2, &n, &used, &err), EXM_EINVAL);
    assert_int_equal(exm_fastq_parse(p, block, 1, 1, r, 0, &n, &used, &err), EXM_EINVAL);
    assert_int_equal(exm_fastq_parse(p, block, 1, 1, NULL, 2, &n, &used, NULL), EXM_EINVAL);
    assert_int_equal(exm_fastq_parse(p, block, 1, 1, r, 2, NULL, &used, NULL), EXM_EINVAL);
    assert_int_equal(exm_fastq_parse(p, block, 1, 1, r, 2, &n, NULL, NULL), EXM_EINVAL);
    assert_int_equal(exm_fastq_parse(NULL, block, 1, 1, r, 2, &n, &used, NULL), EXM_EINVAL);
    assert_int_equal(exm_fastq_parse(p, NULL, 0, 1, r, 2, &n, &used, &err), EXM_OK);
    assert_true(n == 0 && used == 0);
    exm_fastq_free(p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(legal_variants_are_normalised),
        cmocka_unit_test(messages_name_the_place_and_the_cause),
        cmocka_unit_test(equals_a_slow_parser_on_damaged_files),
        cmocka_unit_test(every_byte_is_judged_at_every_position),
        cmocka_unit_test(long_lines_need_no_special_case),
        cmocka_unit_test(wrong_calls_and_failed_allocations),
    };
    return cmocka_run_group_tests_name("fastq", tests, NULL, NULL);
}
