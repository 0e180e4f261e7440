/* cmd_count.c - exomir count: reads to sample records, tables and a report. */
#include "commands.h"
#include "count.h"
#include "kit_opt.h"

#include "exomir/annotate.h"

#include <stdlib.h>
#include <string.h>

#define AT(field) offsetof(exm_count_args, field)

static const exm_opt options[] = {
    {.name = "ref",
     .letter = 'r',
     .metavar = "FILE",
     .kind = EXM_OPT_FILE,
     .at = AT(ref),
     .group = "Input",
     .help = "reference bundle made by 'exomir ref build'",
     .required = 1},
    {.name = "sheet",
     .metavar = "CSV",
     .kind = EXM_OPT_FILE,
     .at = AT(sheet),
     .help =
         "sample sheet (CSV or TSV) with the columns sample,fastq_1 and what is known of "
         "the samples; rows of one sample are its lanes"},
    {.name = "sample",
     .metavar = "NAME",
     .kind = EXM_OPT_TEXT,
     .at = AT(sample),
     .help = "all FASTQ files are lanes of this one sample"},
    {.name = "params",
     .metavar = "FILE",
     .kind = EXM_OPT_PARAMS,
     .at = AT(params),
     .help = "read options from lines 'min-length=16'; the command line wins"},
    {.name = "kit",
     .metavar = "NAME",
     .kind = EXM_OPT_CHOICE,
     .at = AT(kit),
     .group = "Kit",
     .help = "kit preset, or auto: inferred from the first reads, with the evidence, and "
             "refused when unclear; a kit named in the sheet wins for its sample",
     .shown = "auto",
     .choice = exm_kit_choice_or_auto},
    {.name = "layout",
     .metavar = "STR",
     .kind = EXM_OPT_TEXT,
     .at = AT(layout),
     .help = "layout of the read instead of a preset, such as "
             "N4,insert,N4,TGGAATTCTCGGGTGCCAAGG"},
    {.name = "no-adapter",
     .kind = EXM_OPT_FLAG,
     .at = AT(no_adapter),
     .help = "reads are already trimmed"},
    {.name = "min-length",
     .metavar = "NT",
     .kind = EXM_OPT_U32,
     .at = AT(options.trim.min_len),
     .group = "Trimming and filters",
     .help = "shortest insert kept; a kit may ask for its own",
     .low = 10,
     .high = 1000},
    {.name = "max-length",
     .metavar = "NT",
     .kind = EXM_OPT_U32,
     .at = AT(options.trim.max_len),
     .help = "longest insert kept",
     .low = 1,
     .high = 1000000},
    {.name = "overlap",
     .metavar = "NT",
     .kind = EXM_OPT_U32,
     .at = AT(options.trim.min_overlap),
     .help = "least overlap of read and adapter",
     .low = 1,
     .high = 64},
    {.name = "error-rate",
     .metavar = "X",
     .kind = EXM_OPT_DOUBLE,
     .at = AT(options.trim.max_error_rate),
     .help = "errors allowed per nt of adapter",
     .low = 0,
     .high = 0.25},
    {.name = "adapter-indels",
     .kind = EXM_OPT_FLAG,
     .at = AT(options.trim.indels),
     .help = "find adapters with a base too many or too few as well; an error like a "
             "substitution"},
    {.name = "quality-trim",
     .metavar = "Q",
     .kind = EXM_OPT_INT,
     .at = AT(options.trim.quality_cutoff),
     .help = "cut low-quality 3' ends before the adapter is sought; 0 is off",
     .low = 0,
     .high = 60},
    {.name = "max-ee",
     .metavar = "X",
     .kind = EXM_OPT_DOUBLE,
     .at = AT(options.trim.max_ee),
     .help = "expected errors allowed in an insert; -1 is off",
     .low = -1,
     .high = 1000},
    {.name = "low-complexity",
     .metavar = "X",
     .kind = EXM_OPT_DOUBLE,
     .at = AT(options.trim.max_one_base),
     .help = "drop inserts of which one base or dinucleotide makes up this share or more; "
             "above 1 is off",
     .low = 0.3,
     .high = 2},
    {.name = "min-umi",
     .metavar = "NT",
     .kind = EXM_OPT_U32,
     .at = AT(options.trim.min_umi),
     .group = "UMIs, in kits that have them",
     .help = "shortest UMI kept",
     .low = 1,
     .high = 32},
    {.name = "umi-dedup",
     .metavar = "HOW",
     .kind = EXM_OPT_CHOICE,
     .at = AT(umi_dedup),
     .help = "molecules: every distinct pair of insert and UMI (exact), or without those "
             "that look like one wrong base, in UMI or insert, of another (directional)",
     .shown = "directional",
     .choice = exm_umi_dedup_name},
    {.name = "umi-correct",
     .kind = EXM_OPT_FLAG,
     .at = AT(options.umi.correct),
     .help = "add the molecules of an insert that chance is expected to have merged; it "
             "matters above 10,000 of one insert"},
    {.name = "editing",
     .kind = EXM_OPT_FLAG,
     .at = AT(options.editing),
     .group = "Substitutions in miRNAs",
     .help = "test them against the errors that qualities tell: a_to_i.tsv, variants.tsv"},
    {.name = "vcf",
     .metavar = "FILE",
     .kind = EXM_OPT_FILE,
     .at = AT(vcf),
     .help = "known variants, reported as such and not as editing; on the assembly of the "
             "reference's GFF3; implies --editing"},
    {.name = "fluid",
     .metavar = "NAME",
     .kind = EXM_OPT_CHOICE,
     .at = AT(fluid),
     .group = "Quality control",
     .help =
         "where the samples are from, which chooses the limits of their checks; a fluid "
         "named in the sheet wins for its sample",
     .shown = "unknown",
     .choice = exm_limits_fluid},
    {.name = "limits",
     .metavar = "FILE",
     .kind = EXM_OPT_FILE,
     .at = AT(limits),
     .help = "own limits on top of the fluid's: a table like those in share/exomir/limits"},
    {.name = "max-memory",
     .metavar = "SIZE",
     .kind = EXM_OPT_SIZE,
     .at = AT(options.max_table_bytes),
     .help =
         "memory for the tables of unique inserts of the samples counted at a time, such "
         "as 500M or 4G; what is more is sorted in temporary files in the output folder, "
         "and the results are the same"},
    {.name = "fail-on-qc",
     .kind = EXM_OPT_FLAG,
     .at = AT(fail_on_qc),
     .help = "exit with 3 when a sample fails quality control"},
    {.name = "allow-empty",
     .kind = EXM_OPT_FLAG,
     .at = AT(options.allow_empty),
     .group = "Refusals that can be lifted",
     .help = "a file without reads is no error"},
    {.name = "allow-no-adapter",
     .kind = EXM_OPT_FLAG,
     .at = AT(options.allow_no_adapter),
     .help = "go on when the kit's adapter is absent, or the reads are of another kit"},
    {.name = "allow-low-mirna",
     .kind = EXM_OPT_FLAG,
     .at = AT(options.allow_low_mirna),
     .help = "go on when fewer than 1 % of the inserts are miRNA, or more are another "
             "species'"},
    {.name = "keep-going",
     .kind = EXM_OPT_FLAG,
     .at = AT(keep_going),
     .help = "publish the good samples when others fail; the exit code is 1 all the same"},
    {.name = "out",
     .letter = 'o',
     .metavar = "DIR",
     .kind = EXM_OPT_DIR,
     .at = AT(out),
     .group = "Output",
     .help = "folder of the results; it is complete when provenance.json is there",
     .required = 1},
    {.name = "skip",
     .metavar = "LIST",
     .kind = EXM_OPT_TEXT,
     .at = AT(skip),
     .help = "outputs to leave out: report,gff,isomirs,multiqc"},
    {.name = "bam",
     .kind = EXM_OPT_FLAG,
     .at = AT(bam),
     .help = "also write bam/SAMPLE.bam and its index: every distinct insert against the "
             "template that explains it best"},
};

static void
defaults(void *args)
{
    ((exm_count_args *) args)->options = exm_sample_defaults();
}

static int
publish(const exm_count_args *a, const exm_count_plan *p, const exm_ref *ref,
        exm_outdir *dir)
{
    const size_t good = exm_count_good(p);
    exm_qc *qc = calloc(good ? good : 1, sizeof *qc);
    int code;

    if (!qc)
        return exm_msg_error(&a->common, EXM_EXIT_FAIL, NULL, "no memory for %zu verdicts",
                             good);
    code = exm_count_publish(a, p, ref, dir, qc);
    if (code == EXM_EXIT_OK) code = exm_count_print(a, p, qc);
    if (code == EXM_EXIT_OK && a->fail_on_qc) code = exm_count_judge(a, p, qc);
    free(qc);
    if (code != EXM_EXIT_FAIL && good < p->n) return EXM_EXIT_FAIL; /* reported already */
    return code;
}

static int
run_with_ref(exm_count_args *a, exm_count_plan *p, const exm_ref *ref)
{
    exm_outdir *dir = NULL;
    exm_error err = {0};
    int code;

    code = exm_count_plan_known(a, p, ref);
    if (code != EXM_EXIT_OK) return code;
    if (a->common.dry_run) return exm_count_plan_print(a, p, ref);
    code = exm_own_folder(&a->common, a->out);
    if (code != EXM_EXIT_OK) return code;
    exm_guard_folder(a->out);
    if (exm_outdir_new(a->out, &dir, &err) != EXM_OK)
        return exm_msg_status(&a->common, &err, NULL);
    exm_outdir_set_gate(dir, &exm_guard_gate);
    code = exm_count_samples(a, p, ref, dir);
    if (code == EXM_EXIT_OK) code = publish(a, p, ref, dir);
    exm_outdir_free(dir); /* without commit nothing of this run stays */
    return code;
}

static int
run_count(void *args, const exm_words *operands)
{
    exm_count_args *a = args;
    exm_count_plan plan = {0};
    exm_error err = {0};
    exm_ref *ref = NULL;
    int code;

    code = exm_count_plan_make(a, operands, &plan);
    if (code == EXM_EXIT_OK) {
        if (exm_ref_open(a->ref, &ref, &err) == EXM_OK) {
            code = run_with_ref(a, &plan, ref);
        } else {
            code = exm_msg_status(&a->common, &err,
                                  "-r takes a bundle made by 'exomir ref build'");
        }
    }
    exm_ref_free(ref);
    exm_count_plan_done(&plan);
    return code;
}

const exm_cmd exm_cmd_count = {
    .name = "count",
    .summary = "count miRNAs (and all else) in reads; tables, isomiRs, report",
    .usage = "-r REF -o DIR [OPTIONS] (--sheet CSV | FASTQ...)",
    .about =
        "Counts small RNAs in FASTQ or FASTA files, plain, gz, bgz or zst, whatever their "
        "name says; '-' is standard input. Each file is a sample, called by its name "
        "without .fastq, .fq, .fasta or .fa and .gz, .bgz or .zst; lanes are joined by a "
        "sample sheet or by --sample.\n\n"
        "The folder gets records/SAMPLE.exr, mirna.counts.tsv (with mirna.unique.tsv and "
        "mirna.best.tsv beside it), isomir.counts.tsv, classes.counts.tsv, coldata.tsv, "
        "mirna.gff3, qc.json, report.html, multiqc/, with --bam bam/SAMPLE.bam and, last, "
        "provenance.json.\n\n"
        "Damaged input, an absent adapter, an unclear kit and a library without miRNA stop "
        "the run with the likely cause, and nothing is published.",
    .examples =
        "# kit found from the reads\n"
        "exomir count -r human.exoref -o run1 plasma1.fastq.gz plasma2.fastq.gz\n"
        "# lanes, kits and clinical columns from a sheet\n"
        "exomir count -r human.exoref -o run1 --sheet samples.csv\n"
        "# four lanes of one sample, UMIs\n"
        "exomir count -r human.exoref -o run1 --kit qiaseq --sample P7 L00?.fastq.gz",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .common = EXM_COMMON_THREADS | EXM_COMMON_DRY_RUN,
    .args_size = sizeof(exm_count_args),
    .defaults = defaults,
    .run = run_count,
    .max_operands = SIZE_MAX,
    .operand = "FASTQ",
    .operand_kind = EXM_OPT_FILE,
};
