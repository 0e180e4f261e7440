/* cmd_simulate.c - exomir simulate reads: small-RNA reads with known truth. */
#include "commands.h"
#include "gzout.h"
#include "kit_opt.h"
#include "msg.h"

#include "exomir/json.h"
#include "exomir/simulate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct simulate_args {
    exm_common common;
    const char *ref, *out, *truth, *edits, *kit, *layout, *foreign, *background;
    int no_adapter, plain;
    exm_simulate_options o;
};

#define AT(field) offsetof(struct simulate_args, field)

static const exm_opt options[] = {
    {.name = "ref",
     .letter = 'r',
     .metavar = "FILE",
     .kind = EXM_OPT_FILE,
     .at = AT(ref),
     .group = "Input and output",
     .help = "reference bundle made by 'exomir ref build'",
     .required = 1},
    {.name = "out",
     .letter = 'o',
     .metavar = "PREFIX",
     .kind = EXM_OPT_FILE,
     .at = AT(out),
     .help =
         "PREFIX.fastq.gz and PREFIX.truth.tsv are written; '-' prints plain FASTQ, and "
         "--truth says where the truth goes",
     .required = 1},
    {.name = "truth",
     .metavar = "FILE",
     .kind = EXM_OPT_FILE,
     .at = AT(truth),
     .help = "the truth table, instead of PREFIX.truth.tsv; needed with '-o -'",
     .shown = "PREFIX.truth.tsv"},
    {.name = "plain",
     .kind = EXM_OPT_FLAG,
     .at = AT(plain),
     .help = "PREFIX.fastq instead of PREFIX.fastq.gz"},
    {.name = "reads",
     .letter = 'n',
     .metavar = "N",
     .kind = EXM_OPT_U64,
     .at = AT(o.reads),
     .group = "Library",
     .help = "number of reads",
     .low = 1,
     .high = 1e12},
    {.name = "kit",
     .metavar = "NAME",
     .kind = EXM_OPT_CHOICE,
     .at = AT(kit),
     .help = "kit preset",
     .shown = "truseq",
     .choice = exm_kit_choice},
    {.name = "layout",
     .metavar = "STR",
     .kind = EXM_OPT_TEXT,
     .at = AT(layout),
     .help = "layout of the read instead of a preset"},
    {.name = "no-adapter",
     .kind = EXM_OPT_FLAG,
     .at = AT(no_adapter),
     .help = "reads as they are after trimming"},
    {.name = "read-length",
     .metavar = "NT",
     .kind = EXM_OPT_U32,
     .at = AT(o.read_len),
     .help = "cycles of the machine",
     .low = 16,
     .high = 1000},
    {.name = "mirnas",
     .metavar = "N",
     .kind = EXM_OPT_U32,
     .at = AT(o.mirnas),
     .group = "Contents",
     .help = "miRNAs expressed; their amounts are log-normal",
     .low = 1,
     .high = 1e6},
    {.name = "isomir-rate",
     .metavar = "X",
     .kind = EXM_OPT_DOUBLE,
     .at = AT(o.isomir_rate),
     .help = "share of miRNA reads that are not the canonical mature",
     .low = 0,
     .high = 1},
    {.name = "tail-share",
     .metavar = "X",
     .kind = EXM_OPT_DOUBLE,
     .at = AT(o.tail_share),
     .help = "share of miRNA reads that get a tail of 1 to 3 nt besides",
     .low = 0,
     .high = 1},
    {.name = "degraded",
     .metavar = "NT",
     .kind = EXM_OPT_DOUBLE,
     .at = AT(o.lost_nt),
     .help = "nt that each end of a miRNA or cargo read has lost, on average",
     .low = 0,
     .high = EXM_SIM_LOST_MOST},
    {.name = "cargo-share",
     .metavar = "X",
     .kind = EXM_OPT_DOUBLE,
     .at = AT(o.share_cargo),
     .help = "share of reads from other classes of the bundle",
     .low = 0,
     .high = 1},
    {.name = "cargo",
     .metavar = "LIST",
     .kind = EXM_OPT_TEXT,
     .at = AT(o.cargo),
     .help = "shares by class instead, such as tRNA=0.06,rRNA=0.04"},
    {.name = "random-share",
     .metavar = "X",
     .kind = EXM_OPT_DOUBLE,
     .at = AT(o.share_random),
     .help = "share of reads with random inserts",
     .low = 0,
     .high = 1},
    {.name = "dimer-share",
     .metavar = "X",
     .kind = EXM_OPT_DOUBLE,
     .at = AT(o.share_dimer),
     .help = "share of adapter dimers",
     .low = 0,
     .high = 1},
    {.name = "foreign",
     .metavar = "FA",
     .kind = EXM_OPT_FILE,
     .at = AT(foreign),
     .help = "matures of other species that contaminate the library"},
    {.name = "foreign-share",
     .metavar = "X",
     .kind = EXM_OPT_DOUBLE,
     .at = AT(o.share_foreign),
     .help = "share of reads from them",
     .low = 0,
     .high = 1},
    {.name = "background",
     .metavar = "FA",
     .kind = EXM_OPT_FILE,
     .at = AT(background),
     .help = "a genome of which pieces are sequenced too"},
    {.name = "background-share",
     .metavar = "X",
     .kind = EXM_OPT_DOUBLE,
     .at = AT(o.share_background),
     .help = "share of reads from it",
     .low = 0,
     .high = 1},
    {.name = "edit-sites",
     .metavar = "N",
     .kind = EXM_OPT_U32,
     .at = AT(o.edit_sites),
     .help = "number of A in miRNAs that are edited to G",
     .low = 0,
     .high = 1e6},
    {.name = "edits",
     .metavar = "FILE",
     .kind = EXM_OPT_FILE,
     .at = AT(edits),
     .help = "where the edited sites are told",
     .shown = "PREFIX.edits.tsv"},
    {.name = "edit-rate",
     .metavar = "X",
     .kind = EXM_OPT_DOUBLE,
     .at = AT(o.edit_rate),
     .help = "share of molecules that have G there",
     .low = 0,
     .high = 1},
    {.name = "error-rate",
     .metavar = "X",
     .kind = EXM_OPT_DOUBLE,
     .at = AT(o.error_rate),
     .help = "substitutions per sequenced nt",
     .low = 0,
     .high = 0.5},
    {.name = "molecules-share",
     .metavar = "X",
     .kind = EXM_OPT_DOUBLE,
     .at = AT(o.molecules_share),
     .group = "Amplification, in kits with UMIs",
     .help = "molecules per read",
     .low = 0,
     .high = 1},
    {.name = "pcr-skew",
     .metavar = "N",
     .kind = EXM_OPT_U32,
     .at = AT(o.skew),
     .help = "1: all molecules are amplified alike; more: some are favoured",
     .low = 1,
     .high = 8},
    {.name = "pcr-cycles",
     .metavar = "N",
     .kind = EXM_OPT_U32,
     .at = AT(o.pcr_cycles),
     .help = "cycles in which errors of UMIs arise and are copied on",
     .low = 1,
     .high = 40},
    {.name = "umi-error-rate",
     .metavar = "X",
     .kind = EXM_OPT_DOUBLE,
     .at = AT(o.umi_error_rate),
     .help = "substitutions per nt of UMI that PCR makes; sequencing errors come on top",
     .low = 0,
     .high = 0.5},
    {.name = "quality-levels",
     .metavar = "N",
     .kind = EXM_OPT_INT,
     .at = AT(o.quality_levels),
     .group = "Qualities",
     .help = "4 (binned) or 40 quality values",
     .low = 4,
     .high = 40},
};

static void
defaults(void *args)
{
    struct simulate_args *a = args;

    a->o = exm_simulate_defaults();
    a->common.seed = a->o.seed;
}

/* Reads without a truth are of no use, and nothing else may go between reads. */
static int
check_truth(const struct simulate_args *a)
{
    if (strcmp(a->out, "-") == 0 && !a->truth)
        return exm_msg_error(&a->common, EXM_EXIT_USAGE,
                             "for example --truth sim.truth.tsv",
                             "'-o -' needs --truth FILE: it has no PREFIX to name the "
                             "truth table by");
    if (strcmp(a->out, "-") == 0 && a->o.edit_sites > 0 && !a->edits)
        return exm_msg_error(
            &a->common, EXM_EXIT_USAGE, "for example --edits sim.edits.tsv",
            "'-o -' with --edit-sites needs --edits FILE: it has no PREFIX "
            "to name the table of sites by");
    if (a->edits && strcmp(a->edits, "-") == 0)
        return exm_msg_error(&a->common, EXM_EXIT_USAGE, NULL,
                             "option '--edits': a file is needed, not standard output");
    if (a->truth && strcmp(a->truth, "-") == 0)
        return exm_msg_error(&a->common, EXM_EXIT_USAGE, NULL,
                             "option '--truth': a file is needed, not standard output");
    return EXM_EXIT_OK;
}

static int
announce(const struct simulate_args *a, const char *fastq, const char *truth)
{
    exm_buf out = {0};
    exm_json j;
    int code;

    if (a->common.json) {
        exm_json_init(&j, &out);
        exm_json_object(&j);
        exm_json_kstr(&j, "fastq", fastq);
        exm_json_kstr(&j, "truth", truth);
        exm_json_ku64(&j, "reads", a->o.reads);
        exm_json_ku64(&j, "seed", a->o.seed);
        exm_json_kstr(&j, "kit", a->o.layout.name);
        exm_json_end(&j);
        if (exm_json_finish(&j, NULL) != EXM_OK) out.failed = 1;
    } else {
        exm_buf_putf(&out, "reads: %s\ntruth: %s\n", fastq, truth);
    }
    code = exm_msg_print(&a->common, &out);
    exm_buf_done(&out);
    return code;
}

/*
 * The truth comes last, as provenance.json does elsewhere: where it stands the reads are whole
 * and its own, and while it is being written no other run writes this PREFIX.
 */
static exm_status
publish(exm_gzout *file, const char *fastq, exm_outfile *sites, const char *edits,
        exm_outfile *told, const char *truth, exm_error *reterr)
{
    exm_status s = file ? exm_gzout_settle(file, reterr) : EXM_OK;

    if (s == EXM_OK && sites) s = exm_outfile_settle(sites, reterr);
    if (s == EXM_OK) s = exm_outfile_settle(told, reterr);
    if (s == EXM_OK && unlink(truth) != 0 && errno != ENOENT)
        s = exm_fail_errno(reterr, errno, 0, "%s: cannot replace", truth);
    if (s != EXM_OK) return s;
    if (file) s = exm_gzout_commit(file, reterr);
    if (s == EXM_OK && sites) s = exm_outfile_commit(sites, reterr);
    if (s == EXM_OK) s = exm_outfile_commit(told, reterr);
    if (s != EXM_OK) {
        if (file) (void) unlink(fastq);
        if (sites) (void) unlink(edits);
        (void) unlink(truth);
    }
    return s;
}

/* All files or none, but for what went to standard output already. */
static int
simulate(const struct simulate_args *a, const exm_ref *ref, const char *fastq,
         const char *truth, const char *edits)
{
    const int to_stdout = strcmp(a->out, "-") == 0;
    exm_simulate_options o = a->o;
    exm_outfile *told = NULL, *sites = NULL;
    exm_gzout *file = NULL;
    exm_buf table = {0}, edited = {0};
    exm_error err = {0};
    exm_status s;

    exm_guard_hold();
    o.edits = &edited;
    s = exm_outfile_new(truth, &told, &err);
    if (s == EXM_OK && o.edit_sites > 0) s = exm_outfile_new(edits, &sites, &err);
    if (s == EXM_OK) s = exm_gzout_new(fastq, !a->plain && !to_stdout, &file, &err);
    exm_guard_release();
    if (s == EXM_OK) s = exm_simulate_reads(ref, &o, exm_gzout_write, file, &table, &err);
    if (s == EXM_OK) s = exm_outfile_write(told, table.data, table.len, &err);
    if (s == EXM_OK && sites) s = exm_outfile_write(sites, edited.data, edited.len, &err);
    if (s == EXM_OK) s = exm_ref_validate(ref, &err);
    if (s == EXM_OK && to_stdout) s = exm_gzout_commit(file, &err); /* may block */
    exm_guard_hold();
    if (s == EXM_OK)
        s = publish(to_stdout ? NULL : file, fastq, sites, edits, told, truth, &err);
    exm_guard_release();
    exm_outfile_free(told);
    exm_outfile_free(sites);
    exm_gzout_free(file);
    exm_buf_done(&table);
    exm_buf_done(&edited);
    if (s != EXM_OK) return exm_msg_status(&a->common, &err, NULL);
    return to_stdout ? EXM_EXIT_OK : announce(a, fastq, truth);
}

/* A FASTA named by an option, or nothing. */
static int
read_fasta(const struct simulate_args *a, const char *path, exm_fasta **ret)
{
    exm_error err = {0};

    if (!path || exm_fasta_read(path, ret, &err) == EXM_OK) return EXM_EXIT_OK;
    return exm_msg_status(&a->common, &err, NULL);
}

static char *
with_ending(const char *prefix, const char *ending)
{
    const size_t n = strlen(prefix) + strlen(ending) + 1;
    char *s = malloc(n);

    if (s) (void) snprintf(s, n, "%s%s", prefix, ending);
    return s;
}

static int
run_simulate(void *args, const exm_words *operands)
{
    struct simulate_args *a = args;
    const int to_stdout = strcmp(a->out, "-") == 0;
    exm_error err = {0};
    exm_fasta *foreign = NULL, *background = NULL;
    exm_ref *ref = NULL;
    char *fastq, *truth, *edits;
    int code, given;

    (void) operands;
    a->o.seed = a->common.seed;
    code =
        exm_kit_options(&a->common, a->kit, a->layout, a->no_adapter, &a->o.layout, &given);
    if (code == EXM_EXIT_OK && a->o.quality_levels != 4 && a->o.quality_levels != 40)
        code = exm_msg_error(&a->common, EXM_EXIT_USAGE, NULL,
                             "option '--quality-levels' is 4 or 40, not %d",
                             a->o.quality_levels);
    if (code == EXM_EXIT_OK) code = check_truth(a);
    if (code == EXM_EXIT_OK) code = read_fasta(a, a->foreign, &foreign);
    if (code == EXM_EXIT_OK) code = read_fasta(a, a->background, &background);
    if (code != EXM_EXIT_OK) {
        exm_fasta_free(foreign);
        return code;
    }
    a->o.foreign = foreign;
    a->o.background = background;
    fastq = with_ending(a->out, to_stdout ? "" : a->plain ? ".fastq" : ".fastq.gz");
    truth = a->truth ? with_ending(a->truth, "") : with_ending(a->out, ".truth.tsv");
    edits = a->edits ? with_ending(a->edits, "") : with_ending(a->out, ".edits.tsv");
    if (!fastq || !truth || !edits) {
        code = exm_msg_error(&a->common, EXM_EXIT_FAIL, NULL, "no memory for file names");
    } else if (exm_ref_open(a->ref, &ref, &err) != EXM_OK) {
        code = exm_msg_status(&a->common, &err,
                              "-r takes a bundle made by 'exomir ref build'");
    } else {
        exm_guard_file(a->out);
        if (a->truth) exm_guard_file(a->truth);
        if (a->edits) exm_guard_file(a->edits);
        code = simulate(a, ref, fastq, truth, edits);
    }
    exm_ref_free(ref);
    exm_fasta_free(foreign);
    exm_fasta_free(background);
    free(fastq);
    free(truth);
    free(edits);
    return code;
}

const exm_cmd exm_cmd_simulate_reads = {
    .name = "simulate reads",
    .summary = "simulate small-RNA reads with known truth",
    .usage = "-r REF -o PREFIX [OPTIONS]",
    .about =
        "Writes reads of miRNAs with isomiRs, of the bundle's other classes, and of random "
        "inserts, laid out as a kit makes them, with sequencing errors and qualities. "
        "Each read's name tells where it came from ('sim7:hsa-let-7a-5p:NA'), and "
        "the truth table has the columns feature, reads, molecules.",
    .examples =
        "exomir simulate reads -r human.exoref --kit qiaseq --seed 7 -o sim\n"
        "exomir simulate reads -r human.exoref -n 1000 --truth sim.tsv -o - > sim.fq",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .common = EXM_COMMON_SEED | EXM_COMMON_THREADS,
    .args_size = sizeof(struct simulate_args),
    .defaults = defaults,
    .run = run_simulate,
};
