/*
 * sample.c - one sample from its files to its record.
 *
 * Workload: one pass over 10^6 to 4 x 10^8 reads.  The first reads are kept aside while
 * the kit is inferred (a pipe cannot be read twice), then every batch goes through
 * trimming and into the table of unique inserts; what is counted on the way costs a few
 * ns a read.  Everything expensive happens once per unique insert (tally.c).
 */
#include "exomir/sample.h"

#include "exomir/collapse.h"
#include "exomir/json.h"
#include "exomir/text.h"
#include "flow.h"
#include "tally.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    BATCH = 256,             /* reads a reader hands out at most */
    BATCHES_PER_REPORT = 64, /* between calls of the progress function */
    PLAUSIBLE_MIN = 15,      /* nt of an insert that a kit's adapter is expected behind */
    PLAUSIBLE_MAX = 40,
    NAME_MAX_LEN = 255 /* of the first read; a longer one is not looked for */
};

/* Below these shares a run stops and says why (design: zero counts are an error). */
static const double least_adapter_share = 0.02;
static const double least_mirna_share = 0.01;
static const uint64_t enough_reads = 1000; /* before a share means anything early on */

exm_sample_options
exm_sample_defaults(void)
{
    return (exm_sample_options){.infer_kit = 1,
                                .layout = exm_layout_none(),
                                .trim = exm_trim_defaults(),
                                .umi = {.dedup = EXM_UMI_DIRECTIONAL},
                                .max_table_bytes = (uint64_t) 4 << 30,
                                .reader = exm_reader_defaults()};
}

exm_status
exm_sample_params_json(const exm_sample_options *o, exm_buf *ret, exm_error *reterr)
{
    exm_json j;
    char layout[512] = "auto";

    if (!o || !ret) return exm_fail(reterr, EXM_EINVAL, 0, "options or ret is NULL");
    if (!o->infer_kit) exm_layout_format(&o->layout, layout, sizeof layout);
    exm_json_init_compact(&j, ret);
    exm_json_object(&j);
    exm_json_kstr(&j, "layout", layout);
    exm_json_ku64(&j, "min_length_nt", o->trim.min_len);
    exm_json_ku64(&j, "max_length_nt", o->trim.max_len);
    exm_json_ku64(&j, "min_overlap_nt", o->trim.min_overlap);
    exm_json_kdouble(&j, "max_error_rate", o->trim.max_error_rate);
    exm_json_kbool(&j, "adapter_indels", o->trim.indels);
    exm_json_ki64(&j, "quality_cutoff", o->trim.quality_cutoff);
    exm_json_kdouble(&j, "max_expected_errors", o->trim.max_ee);
    exm_json_kdouble(&j, "max_one_base_share", o->trim.max_one_base);
    exm_json_ku64(&j, "min_umi_nt", o->trim.min_umi);
    exm_json_kstr(&j, "umi_dedup", exm_umi_dedup_name(o->umi.dedup));
    exm_json_kbool(&j, "umi_correct", o->umi.correct);
    exm_json_kbool(&j, "editing", o->editing);
    exm_json_kstr(&j, "known_variants_sha256",
                  o->known ? exm_known_sha256(o->known) : NULL);
    exm_json_kbool(&j, "allow_empty", o->allow_empty);
    exm_json_kbool(&j, "allow_no_adapter", o->allow_no_adapter);
    exm_json_kbool(&j, "allow_low_mirna", o->allow_low_mirna);
    exm_json_end(&j);
    return exm_json_finish(&j, reterr);
}

void
exm_sample_inputs_done(exm_sample_inputs *in)
{
    if (!in) return;
    for (size_t i = 0; i < in->n; i++) free(in->paths[i]);
    free(in->paths);
    free(in->files);
    free(in->inference);
    *in = (exm_sample_inputs){0};
}

/* ---- the pass over the reads ---- */

/* The first read's name: where it comes again, the same reads are in there twice. */
struct first_name {
    char text[NAME_MAX_LEN];
    size_t len;
    uint64_t again;
};

struct pass {
    const char *id;
    const exm_sample_options *o;
    exm_layout layout;
    exm_trimmer *trimmer;
    exm_record *rec;
    exm_reader *reader;
    exm_flow *flow; /* [n_workers] */
    unsigned n_workers;
    pthread_mutex_t lock; /* of the table, and of the progress function */
    exm_collapse *table;
    exm_qualities *qualities; /* where substitutions are tested */
    unsigned long batches;
    struct first_name first;
};

/* Names of a run differ at their ends, so these are compared first. */
static uint64_t
count_name(const struct first_name *f, const exm_read *reads, size_t n)
{
    const size_t end = f->len < 8 ? f->len : 8, at = f->len - end;
    uint64_t again = 0;

    if (f->len == 0) return 0;
    for (size_t i = 0; i < n; i++)
        again += reads[i].name_len == f->len &&
                 memcmp(reads[i].name + at, f->text + at, end) == 0 &&
                 memcmp(reads[i].name, f->text, at) == 0;
    return again;
}

static void
report_progress(const struct pass *p, uint64_t reads)
{
    uint64_t done, total;

    if (!p->o->progress) return;
    exm_reader_progress(p->reader, &done, &total);
    p->o->progress(p->o->progress_ctx, done, total, reads);
}

static exm_status
too_many(const struct pass *p, exm_error *reterr)
{
    return exm_fail(reterr, EXM_EDATA, 0,
                    "%s: more than 9,007,199,254,740,992 reads: is a count _x<N> wrong?",
                    p->id);
}

/* Trimming and counting are the worker's own, the table is everybody's: it gets a batch in
 * a tenth of the time that the batch takes. */
static exm_status
take(struct pass *p, unsigned worker, const exm_read *reads, size_t n, exm_error *reterr)
{
    exm_trimmed trimmed[BATCH];
    exm_flow *f = p->flow + worker;
    exm_status st = EXM_OK;

    for (size_t at = 0; st == EXM_OK && at < n; at += BATCH) {
        const size_t m = n - at < BATCH ? n - at : BATCH;
        const uint64_t again = count_name(&p->first, reads + at, m);

        exm_trim_batch(p->trimmer, reads + at, m, trimmed);
        exm_flow_add(f, reads + at, trimmed, m, p->layout.n_3);
        if (f->reads_in > EXM_COPIES_MAX) return too_many(p, reterr);
        (void) pthread_mutex_lock(&p->lock);
        st = exm_collapse_add(p->table, reads + at, trimmed, m, reterr);
        if (st == EXM_OK && p->qualities)
            st = exm_qualities_add(p->qualities, reads + at, trimmed, m, reterr);
        p->first.again += again;
        if (++p->batches % BATCHES_PER_REPORT == 0)
            report_progress(p, p->batches * BATCH); /* within a batch of the truth */
        (void) pthread_mutex_unlock(&p->lock);
    }
    return st;
}

/* One thread's part: batches until there are no more. */
static exm_status
take_batches(void *ctx, size_t i, unsigned worker, exm_error *reterr)
{
    struct pass *p = ctx;
    exm_reader_batch *batch = NULL;
    exm_error err = {.code = EXM_OK};
    exm_status st = exm_reader_batch_new(&batch, &err);

    (void) i;
    while (st == EXM_OK) {
        const exm_read *reads;
        size_t n;

        st = exm_reader_take(p->reader, batch, &reads, &n, &err);
        if (st != EXM_OK || n == 0) break;
        st = take(p, worker, reads, n, &err);
    }
    if (st != EXM_OK) {
        exm_reader_stop(p->reader, &err); /* the others fail alike, wherever they wait */
        if (reterr) *reterr = err;
    }
    exm_reader_batch_free(batch);
    return st;
}

/* ---- the first reads, kept aside ---- */

struct stash {
    exm_read *reads; /* offsets into 'bytes' are kept in at[] until it stops growing */
    struct at {
        size_t seq, qual;
    } * at;
    size_t n, cap;
    exm_buf bytes;
};

static void
stash_done(struct stash *s)
{
    free(s->reads);
    free(s->at);
    exm_buf_done(&s->bytes);
}

static exm_status
stash_add(struct stash *s, const exm_read *reads, size_t n, exm_error *reterr)
{
    if (s->cap - s->n < n) {
        const size_t cap = s->cap * 2 + n + BATCH;
        exm_read *r = realloc(s->reads, cap * sizeof *r);
        struct at *at = r ? realloc(s->at, cap * sizeof *at) : NULL;

        if (r) s->reads = r;
        if (!at) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the first reads");
        s->at = at;
        s->cap = cap;
    }
    for (size_t i = 0; i < n; i++, s->n++) {
        s->reads[s->n] = reads[i];
        s->at[s->n].seq = s->bytes.len;
        exm_buf_put(&s->bytes, reads[i].seq, reads[i].len);
        s->at[s->n].qual = s->bytes.len;
        if (reads[i].qual) exm_buf_put(&s->bytes, reads[i].qual, reads[i].len);
    }
    return exm_buf_check(&s->bytes, reterr);
}

/* Pointers into the finished buffer; the pad makes wide loads at its end legal. */
static exm_status
stash_seal(struct stash *s, exm_error *reterr)
{
    char *pad = exm_buf_reserve(&s->bytes, EXM_SEQ_PAD);

    if (!pad) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the first reads");
    memset(pad, 0, EXM_SEQ_PAD);
    for (size_t i = 0; i < s->n; i++) {
        s->reads[i].seq = s->bytes.data + s->at[i].seq;
        s->reads[i].qual = s->reads[i].qual ? s->bytes.data + s->at[i].qual : NULL;
        s->reads[i].name = "";
        s->reads[i].name_len = 0;
    }
    return EXM_OK;
}

/* Qualities that start at 64 instead of 33, as Illumina 1.3 to 1.7 wrote them: none of them
 * is below 59, and some are above what Phred+33 calls one error in 10^5. */
static int
looks_like_phred64(const struct stash *s)
{
    unsigned char low = 255, high = 0;

    for (size_t i = 0; i < s->n; i++) {
        for (uint32_t k = 0; s->reads[i].qual && k < s->reads[i].len; k++) {
            const unsigned char q = (unsigned char) s->reads[i].qual[k];

            if (q < low) low = q;
            if (q > high) high = q;
        }
    }
    return low >= 59 && high > 33 + 50;
}

/* Reads until the kit is known or the file ends. */
static exm_status
look_at_first_reads(exm_reader *reader, struct stash *s, struct first_name *first,
                    exm_inference *ret, exm_error *reterr)
{
    exm_inferrer *f = NULL;
    exm_status st = exm_inferrer_new(&f, reterr);
    int more = 1;

    while (st == EXM_OK && more) {
        const exm_read *reads;
        size_t n;

        st = exm_reader_next(reader, &reads, &n, reterr);
        if (st != EXM_OK || n == 0) break;
        if (s->n == 0 && reads[0].name_len <= NAME_MAX_LEN) {
            first->len = reads[0].name_len;
            memcpy(first->text, reads[0].name, first->len);
        }
        first->again += count_name(first, reads, n);
        more = exm_inferrer_add(f, reads, n);
        st = stash_add(s, reads, n, reterr);
    }
    if (st == EXM_OK) st = stash_seal(s, reterr);
    if (st == EXM_OK) st = exm_inferrer_finish(f, ret, reterr);
    exm_inferrer_free(f);
    return st;
}

/* ---- decisions ---- */

static exm_status
choose_layout(struct pass *p, const exm_inference *inf, exm_error *reterr)
{
    if (!p->o->infer_kit) {
        p->layout = p->o->layout;
        if (!p->o->allow_no_adapter && exm_inference_contradicts(inf, p->layout.name))
            return exm_fail(
                reterr, EXM_EDATA, 0,
                "%s: the reads are not %s%s, but of %s. Let --kit auto decide, or "
                "insist with --allow-no-adapter",
                p->id, exm_layout_has_adapter(&p->layout) ? "of kit " : "trimmed already",
                exm_layout_has_adapter(&p->layout) ? p->layout.name : "", inf->evidence);
        /* A preset has versions of its adapter: the reads' one. */
        if (inf->call == EXM_KIT_PRESET && strcmp(inf->layout.name, p->layout.name) == 0)
            p->layout = inf->layout;
        return EXM_OK;
    }
    if (inf->call == EXM_KIT_PRESET || inf->call == EXM_KIT_TRIMMED) {
        p->layout = inf->layout;
        return EXM_OK;
    }
    if (inf->reads == 0) {
        p->layout = exm_layout_none();
        return EXM_OK;
    }
    return exm_fail(
        reterr, EXM_EDATA, 0,
        "%s: the kit is unclear: %s. Name it with --kit, --layout or --no-adapter", p->id,
        inf->evidence);
}

static exm_status
check_adapter(const struct pass *p, const exm_inference *inf, exm_error *reterr)
{
    const exm_flow *f = p->flow;

    if (p->o->allow_no_adapter || !exm_layout_has_adapter(&p->layout) || f->reads_in == 0 ||
        (double) f->solid_adapter >= least_adapter_share * (double) f->reads_in)
        return EXM_OK;
    return exm_fail(
        reterr, EXM_EDATA, 0,
        "%s: the adapter of %s is in only %llu of %llu reads. %s. Wrong kit, or "
        "reads already trimmed (--no-adapter)? --allow-no-adapter goes on anyway",
        p->id, p->layout.name, (unsigned long long) f->solid_adapter,
        (unsigned long long) f->reads_in, inf->evidence);
}

static exm_status
check_mirna(const struct pass *p, exm_error *reterr)
{
    const exm_record *r = p->rec;
    const double kept = (double) r->fate[EXM_FATE_KEPT];
    const double mirna = (double) r->classes[0].em[0];

    if (p->o->allow_low_mirna || r->reads_in == 0) return EXM_OK;
    if (kept == 0.0)
        return exm_fail(reterr, EXM_EDATA, 0,
                        "%s: none of %llu reads holds an insert that passes the filters "
                        "(adapter dimers %llu, too short %llu, low quality %llu): failed "
                        "library, or wrong kit?",
                        p->id, (unsigned long long) r->reads_in,
                        (unsigned long long) r->fate[EXM_FATE_DIMER],
                        (unsigned long long) r->fate[EXM_FATE_SHORT],
                        (unsigned long long) r->fate[EXM_FATE_LOW_QUALITY]);
    if ((double) r->foreign > mirna && (double) r->foreign >= least_mirna_share * kept)
        return exm_fail(
            reterr, EXM_EDATA, 0,
            "%s: %llu of %.0f inserts are miRNA of this reference, but %llu carry "
            "miRNAs of %s: wrong species, or a mixed-up sample? "
            "--allow-low-mirna goes on anyway",
            p->id, (unsigned long long) r->classes[0].em[0], kept,
            (unsigned long long) r->foreign, r->clades[0].name);
    if (mirna >= least_mirna_share * kept) return EXM_OK;
    return exm_fail(
        reterr, EXM_EDATA, 0,
        "%s: only %llu of %.0f inserts are miRNA, %llu match nothing in the "
        "reference: wrong species, wrong kit (adapter in %llu of %llu reads), or "
        "not a small-RNA library? --allow-low-mirna goes on anyway",
        p->id, (unsigned long long) r->classes[0].em[0], kept,
        (unsigned long long) r->unannotated, (unsigned long long) r->adapter_found,
        (unsigned long long) r->reads_in);
}

/* ---- putting it together ---- */

/* The sum of all workers' counts, into the record. */
static void
sum_flows(struct pass *p)
{
    for (unsigned w = 1; w < p->n_workers; w++) exm_flow_merge(p->flow, p->flow + w);
    exm_flow_put(p->flow, p->rec);
}

static exm_status
read_all(struct pass *p, exm_pool *pool, const exm_inference *inf, struct stash *first,
         exm_error *reterr)
{
    exm_status st = take(p, 0, first->reads, first->n, reterr);

    if (st == EXM_OK && p->flow->reads_in >= enough_reads)
        st = check_adapter(p, inf, reterr);
    if (st == EXM_OK) st = exm_pool_run(pool, p->n_workers, take_batches, p, reterr);
    if (st != EXM_OK) return st;
    sum_flows(p);
    if (p->flow->reads_in > EXM_COPIES_MAX) return too_many(p, reterr);
    st = check_adapter(p, inf, reterr);
    if (st == EXM_OK) report_progress(p, p->flow->reads_in);
    return st;
}

/*
 * Unique inserts to make room for, from the reads in the bytes so far.  Measured: 0.16,
 * 0.83, 3.2, 6.5, 13.6, 25.3 million in 1, 8, 41, 91, 205, 400 million reads, which
 * 2.5 reads^0.8 follows within 25 %.  Too small a guess only costs a rehash.
 */
static uint64_t
expected_uniques(exm_reader *reader, uint64_t reads)
{
    uint64_t done, total;
    double all;

    exm_reader_progress(reader, &done, &total);
    if (done == 0 || total < done) return 0;
    all = (double) reads * ((double) total / (double) done);
    return (uint64_t) (2.5 * pow(all, 0.8));
}

static exm_status
describe(struct pass *p, exm_error *reterr)
{
    exm_record *r = p->rec;
    exm_buf params = {0};
    exm_status st;

    memcpy(r->kit, p->layout.name, sizeof r->kit);
    exm_layout_format(&p->layout, r->layout, sizeof r->layout);
    r->umi_len = exm_layout_umi_len(&p->layout);
    r->sample = exm_text_dup(p->id);
    memcpy(r->version, EXM_VERSION, sizeof EXM_VERSION);
    st = exm_sample_params_json(p->o, &params, reterr);
    if (st == EXM_OK) st = exm_sha256_of(params.data, params.len, r->params_sha256, reterr);
    if (st != EXM_OK) {
        exm_buf_done(&params);
        return st;
    }
    r->params_json = params.data;
    if (!r->sample)
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the record's texts");
    return EXM_OK;
}

static exm_status
describe_ref(exm_record *r, const exm_ref *ref, exm_error *reterr)
{
    memcpy(r->ref_sha256, exm_ref_sha256(ref), EXM_SHA256_HEX);
    r->database = exm_text_dup(exm_ref_database(ref));
    if (!r->database)
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the record's texts");
    return EXM_OK;
}

/*
 * Why this kit, in words that do not depend on the order of the reads (the kit itself was
 * inferred from the first ones; what was seen there is in the provenance).
 */
static exm_status
put_evidence(struct pass *p, exm_error *reterr)
{
    exm_record *r = p->rec;
    const double in = r->reads_in ? (double) r->reads_in : 1.0;
    uint64_t plausible = 0;
    size_t first = 0, last = EXM_LEN_BINS - 1;
    exm_buf words = {0};
    exm_status st;

    for (size_t k = PLAUSIBLE_MIN; k <= PLAUSIBLE_MAX; k++)
        plausible += r->len_kept[k] + r->len_short[k];
    while (first < last && r->len_raw[first] == 0) first++;
    while (last > first && r->len_raw[last] == 0) last--;
    if (!p->o->infer_kit) {
        exm_buf_puts(&words, "");
    } else if (exm_layout_has_adapter(&p->layout)) {
        exm_buf_puts(&words, "inferred from the reads: the adapter is in ");
        exm_buf_put_fixed(&words, 100.0 * (double) r->adapter_found / in, 1);
        exm_buf_putf(&words, " %% of %llu, and the insert before it is of %d-%d nt in ",
                     (unsigned long long) r->reads_in, PLAUSIBLE_MIN, PLAUSIBLE_MAX);
        exm_buf_put_fixed(&words, 100.0 * (double) plausible / in, 1);
        exm_buf_puts(&words, " %");
    } else {
        exm_buf_putf(&words,
                     "already trimmed: no known adapter stands out in %llu reads of %zu to "
                     "%zu nt",
                     (unsigned long long) r->reads_in, first, last);
    }
    exm_buf_putc(&words, '\0');
    st = exm_buf_check(&words, reterr);
    if (st != EXM_OK) {
        exm_buf_done(&words);
        return st;
    }
    r->kit_evidence = words.data;
    return EXM_OK;
}

static exm_status
copy_inputs(const exm_reader *reader, exm_sample_inputs *ret, exm_error *reterr)
{
    const size_t n = exm_reader_files(reader);

    ret->files = calloc(n ? n : 1, sizeof *ret->files);
    ret->paths = calloc(n ? n : 1, sizeof *ret->paths);
    if (!ret->files || !ret->paths)
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the input list");
    for (size_t i = 0; i < n; i++) {
        ret->files[i] = *exm_reader_file_get(reader, i);
        ret->paths[i] = exm_text_dup(ret->files[i].path);
        ret->files[i].path = ret->paths[i];
        if (!ret->paths[i])
            return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the input list");
        ret->n++;
    }
    return EXM_OK;
}

/* Two lanes of the same bytes are one lane that was named, or copied, twice. */
static exm_status
check_lanes(const char *id, const exm_sample_inputs *in, exm_error *reterr)
{
    for (size_t i = 1; i < in->n; i++)
        for (size_t k = 0; k < i; k++)
            if (in->files[i].reads > 0 &&
                strcmp(in->files[i].sha256, in->files[k].sha256) == 0)
                return exm_fail(reterr, EXM_EDATA, i,
                                "%s: %.150s and %.150s are the same, so their reads would "
                                "be counted twice",
                                id, in->files[k].path, in->files[i].path);
    return EXM_OK;
}

/* Trimmer and table need the layout, the layout needs the first reads. */
static exm_status
start_pass(struct pass *p, const exm_inference *inf, exm_error *reterr)
{
    exm_status st = choose_layout(p, inf, reterr);

    if (st == EXM_OK) st = describe(p, reterr);
    if (st == EXM_OK) st = exm_trimmer_new(&p->layout, &p->o->trim, &p->trimmer, reterr);
    if (st == EXM_OK)
        st = exm_collapse_new(
            &(exm_collapse_options){.umi = p->rec->umi_len > 0,
                                    .how = p->o->umi,
                                    .expect = expected_uniques(p->reader, inf->reads),
                                    .max_bytes = p->o->max_table_bytes,
                                    .folder = p->o->temp_folder},
            &p->table, reterr);
    if (st == EXM_OK && p->o->editing)
        st = exm_qualities_new(p->rec->umi_len > 0, &p->qualities, reterr);
    return st;
}

/* Molecules by reads, for the record. */
static exm_status
put_umis(struct pass *p, exm_error *reterr)
{
    const exm_umi_summary s = exm_collapse_umis(p->table);
    exm_record *r = p->rec;

    if (r->umi_len == 0) return EXM_OK;
    r->umi = p->o->umi;
    r->umi_pairs = s.pairs;
    r->copies = calloc(s.n_copies + 1, sizeof *r->copies);
    if (!r->copies) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory to count molecules");
    for (size_t i = 0; i < s.n_copies; i++) r->copies[i] = s.copies[i];
    r->n_copies = s.n_copies;
    return EXM_OK;
}

static exm_status
run_pass(struct pass *p, exm_pool *pool, exm_sample_inputs *inputs, exm_error *reterr)
{
    struct stash first = {0};
    exm_inference inf;
    exm_status st = look_at_first_reads(p->reader, &first, &p->first, &inf, reterr);

    if (st == EXM_OK) inputs->phred64 = looks_like_phred64(&first);
    if (st == EXM_OK) st = start_pass(p, &inf, reterr);
    if (st == EXM_OK) st = read_all(p, pool, &inf, &first, reterr);
    if (st == EXM_OK) st = exm_collapse_finish(p->table, reterr);
    if (st == EXM_OK) st = put_umis(p, reterr);
    if (st == EXM_OK && p->qualities) st = exm_qualities_finish(p->qualities, reterr);
    if (st == EXM_OK) st = put_evidence(p, reterr);
    if (st == EXM_OK && p->o->infer_kit) {
        inputs->inference = exm_text_dup(inf.evidence);
        if (!inputs->inference)
            st = exm_fail(reterr, EXM_ENOMEM, 0, "no memory for the kit's evidence");
    }
    stash_done(&first);
    return st;
}

static exm_status
pass_init(struct pass *p, exm_error *reterr)
{
    p->rec = calloc(1, sizeof *p->rec);
    p->flow = calloc(p->n_workers, sizeof *p->flow);
    if (!p->rec || !p->flow)
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for a record");
    return EXM_OK;
}

static void
pass_done(struct pass *p)
{
    exm_reader_close(p->reader);
    exm_trimmer_free(p->trimmer);
    exm_collapse_free(p->table);
    exm_qualities_free(p->qualities);
    free(p->flow);
    (void) pthread_mutex_destroy(&p->lock);
}

static exm_status
tally(struct pass *p, const exm_annotator *annotator, const exm_ref *ref, exm_pool *pool,
      exm_error *reterr)
{
    const exm_tally_editing e = {.qualities = p->qualities, .known = p->o->known};

    return exm_tally_run(annotator, ref, p->table, p->qualities ? &e : NULL, pool, p->rec,
                         reterr);
}

exm_status
exm_sample_count(const char *id, const char *const *paths, size_t n_paths,
                 const exm_annotator *annotator, const exm_ref *ref,
                 const exm_sample_options *o, exm_pool *pool, exm_record **ret,
                 exm_sample_inputs *ret_inputs, exm_error *reterr)
{
    struct pass p = {.id = id, .o = o, .lock = PTHREAD_MUTEX_INITIALIZER};
    exm_reader_options ro;
    exm_sample_inputs inputs = {0};
    exm_multihash content;
    exm_status st;

    if (!id || !annotator || !ref || !o || !pool || !ret)
        return exm_fail(reterr, EXM_EINVAL, 0, "sample: an argument is NULL");
    ro = o->reader;
    ro.allow_empty = o->allow_empty;
    ro.takers = p.n_workers = exm_pool_threads(pool);
    st = pass_init(&p, reterr);
    if (st == EXM_OK) st = exm_reader_open(paths, n_paths, &ro, &p.reader, reterr);
    if (st == EXM_OK) st = run_pass(&p, pool, &inputs, reterr);
    if (st == EXM_OK) st = copy_inputs(p.reader, &inputs, reterr);
    if (st == EXM_OK && o->reader.hash_input) st = check_lanes(id, &inputs, reterr);
    inputs.first_name_again = p.first.again > 0 ? p.first.again - 1 : 0;
    if (st == EXM_OK) {
        content = exm_reader_content(p.reader);
        exm_multihash_hex(&content, p.rec->content);
        st = describe_ref(p.rec, ref, reterr);
        exm_reader_close(p.reader); /* its buffers are not needed any more */
        p.reader = NULL;
    }
    if (st == EXM_OK) st = tally(&p, annotator, ref, pool, reterr);
    if (st == EXM_OK) st = check_mirna(&p, reterr);
    if (st == EXM_OK && o->uniques)
        st = o->uniques(o->uniques_ctx, p.table, p.rec, pool, reterr);
    pass_done(&p);
    if (st != EXM_OK) {
        exm_record_free(p.rec);
        exm_sample_inputs_done(&inputs);
        return st;
    }
    *ret = p.rec;
    if (ret_inputs)
        *ret_inputs = inputs;
    else
        exm_sample_inputs_done(&inputs);
    return EXM_OK;
}
