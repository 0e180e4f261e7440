/* cmd_ref.c - exomir ref build: the reference bundle from FASTA and GFF3. */
#include "commands.h"
#include "msg.h"

#include "exomir/json.h"
#include "exomir/outdir.h"
#include "exomir/ref.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct build_args {
    exm_common common;
    const char *mature, *hairpin, *gff, *species, *database, *artifact, *clade, *amounts,
        *out;
    exm_words classes, spikes, aliases, antisense;
    uint32_t junction_nt;
};

#define AT(field) offsetof(struct build_args, field)

static const exm_opt build_options[] = {
    {.name = "mature",
     .metavar = "FA",
     .kind = EXM_OPT_FILE,
     .at = AT(mature),
     .group = "miRNA",
     .help = "mature miRNAs, FASTA (miRBase, MirGeneDB, miRCarta)",
     .required = 1},
    {.name = "hairpin",
     .metavar = "FA",
     .kind = EXM_OPT_FILE,
     .at = AT(hairpin),
     .help = "their hairpins, FASTA",
     .required = 1},
    {.name = "gff",
     .metavar = "GFF3",
     .kind = EXM_OPT_FILE,
     .at = AT(gff),
     .help = "places of matures on hairpins; without it they are searched for"},
    {.name = "species",
     .metavar = "CODE",
     .kind = EXM_OPT_TEXT,
     .at = AT(species),
     .help = "keep only names with this prefix, such as hsa"},
    {.name = "database",
     .metavar = "NAME",
     .kind = EXM_OPT_TEXT,
     .at = AT(database),
     .help = "database and version the miRNAs are from, such as 'miRBase v22', which "
             "mirna.gff3 will name",
     .shown = "as the GFF3's head or the file names say"},
    {.name = "alias",
     .metavar = "FA",
     .kind = EXM_OPT_FILE,
     .at = AT(aliases),
     .help = "further mature FASTA (older version, other database) whose names become "
             "aliases",
     .repeatable = 1},
    {.name = "class",
     .metavar = "NAME=FA",
     .kind = EXM_OPT_FILE,
     .at = AT(classes),
     .group = "Other RNA",
     .help = "a class of other RNA of any size, such as tRNA=trna.fa or lncRNA=lnc.fa.gz; "
             "tRNA gets CCA where it is missing, circRNA are back-splice junctions behind "
             "the base that 'junction=K' in their header tells, or else in the middle",
     .repeatable = 1},
    {.name = "antisense",
     .metavar = "CLASS",
     .kind = EXM_OPT_TEXT,
     .at = AT(antisense),
     .help = "count what nothing explains, but whose reverse complement one of this class "
             "does, as CLASS_antisense",
     .repeatable = 1},
    {.name = "junction-nt",
     .metavar = "NT",
     .kind = EXM_OPT_U32,
     .at = AT(junction_nt),
     .help = "what a read has to match on both sides of a junction of class circRNA",
     .low = 4,
     .high = EXM_REF_JUNCTION_NT_MAX},
    {.name = "spike",
     .metavar = "NAME=FA",
     .kind = EXM_OPT_FILE,
     .at = AT(spikes),
     .help = "spike-ins as a class of their own",
     .repeatable = 1},
    {.name = "spike-amounts",
     .metavar = "TSV",
     .kind = EXM_OPT_FILE,
     .at = AT(amounts),
     .help =
         "amounts of the spike-ins: table with the columns spikeID and amount, in any one "
         "unit; a column 'amount' of --spike, or 'amount=N' in its headers, serves as "
         "well"},
    {.name = "artifact",
     .metavar = "FA",
     .kind = EXM_OPT_FILE,
     .at = AT(artifact),
     .help = "sequences of the kit itself (adapters, primers, markers)"},
    {.name = "clade",
     .metavar = "FA",
     .kind = EXM_OPT_FILE,
     .at = AT(clade),
     .help = "matures of all species, to trace reads that only another clade has"},
    {.name = "out",
     .letter = 'o',
     .metavar = "FILE",
     .kind = EXM_OPT_FILE,
     .at = AT(out),
     .group = "Output",
     .help = "the bundle to write, such as human.exoref",
     .required = 1},
};

/* "NAME=FA" split in place of a copy; names point into 'copies'. */
struct sources {
    exm_ref_source *v;
    char **copies;
    size_t n;
};

static void
sources_done(struct sources *s)
{
    for (size_t i = 0; i < s->n && s->copies; i++) free(s->copies[i]);
    free(s->copies);
    free(s->v);
}

static int
split_sources(const exm_common *c, const exm_words *words, const char *option,
              struct sources *ret)
{
    if (words->n == 0) return EXM_EXIT_OK;
    ret->v = calloc(words->n, sizeof *ret->v);
    ret->copies = calloc(words->n, sizeof *ret->copies);
    if (!ret->v || !ret->copies)
        return exm_msg_error(c, EXM_EXIT_FAIL, NULL, "no memory for %zu classes", words->n);
    for (size_t i = 0; i < words->n; i++) {
        const char *word = words->v[i], *eq = strchr(word, '=');
        const size_t n = strlen(word) + 1;

        if (!eq || eq == word || !eq[1])
            return exm_msg_error(c, EXM_EXIT_USAGE, "for example --class tRNA=trna.fa",
                                 "option '--%s': '%s' is not NAME=FASTA", option, word);
        ret->copies[i] = malloc(n);
        if (!ret->copies[i])
            return exm_msg_error(c, EXM_EXIT_FAIL, NULL, "no memory for class names");
        memcpy(ret->copies[i], word, n);
        ret->n = i + 1;
        ret->copies[i][eq - word] = '\0';
        ret->v[i] = (exm_ref_source){.name = ret->copies[i],
                                     .path = ret->copies[i] + (eq - word) + 1};
    }
    return EXM_EXIT_OK;
}

static void
put_summary(const struct build_args *a, const exm_ref_build_log *log, const char *sha256,
            size_t bytes, exm_buf *out)
{
    exm_json j;

    if (!a->common.json) {
        exm_buf_putf(out, "%s: %u miRNAs (entities) of %u matures on %u hairpins\n", a->out,
                     log->entities, log->matures_read, log->hairpins);
        if (log->matures_unplaced)
            exm_buf_putf(out, "  %u matures are on no hairpin and stand alone\n",
                         log->matures_unplaced);
        if (log->merged_templates)
            exm_buf_putf(out, "  %u identical sequences merged\n", log->merged_templates);
        if (log->clade_kmers)
            exm_buf_putf(out, "  %u 20-mers of other clades (%u dropped: also here)\n",
                         log->clade_kmers, log->clade_kmers_dropped);
        exm_buf_putf(out, "  %zu bytes, SHA-256 of contents %s\n", bytes, sha256);
        return;
    }
    exm_json_init(&j, out);
    exm_json_object(&j);
    exm_json_kstr(&j, "out", a->out);
    exm_json_ku64(&j, "bytes", bytes);
    exm_json_kstr(&j, "sha256", sha256);
    exm_json_ku64(&j, "matures_read", log->matures_read);
    exm_json_ku64(&j, "matures_placed", log->matures_placed);
    exm_json_ku64(&j, "matures_unplaced", log->matures_unplaced);
    exm_json_ku64(&j, "entities", log->entities);
    exm_json_ku64(&j, "hairpins", log->hairpins);
    exm_json_ku64(&j, "merged_templates", log->merged_templates);
    exm_json_ku64(&j, "clade_kmers", log->clade_kmers);
    exm_json_ku64(&j, "clade_kmers_dropped", log->clade_kmers_dropped);
    exm_json_kstr(&j, "notes", log->notes.len ? log->notes.data : "");
    exm_json_end(&j);
    if (exm_json_finish(&j, NULL) != EXM_OK) out->failed = 1;
}

static void
tell_notes(const exm_common *c, const exm_buf *notes)
{
    size_t lines = 0;

    for (const char *s = notes->len ? notes->data : ""; *s;) {
        const size_t n = strcspn(s, "\n");

        exm_msg_detail(c, "%.*s", (int) n, s);
        lines++;
        s += n + (s[n] == '\n');
    }
    if (lines && !c->verbose)
        exm_msg_note(c, "%zu remark%s on the input; -v shows them", lines,
                     lines == 1 ? "" : "s");
}

/* The file is opened again before it is announced: what was written can be used. */
static int
write_bundle(const struct build_args *a, const exm_buf *bundle,
             const exm_ref_build_log *log)
{
    exm_error err = {0};
    exm_ref *ref = NULL;
    exm_buf out = {0};
    exm_status s;
    int code;

    s = exm_ref_open_memory(bundle->data, bundle->len, a->out, &ref, &err);
    exm_guard_hold();
    if (s == EXM_OK) s = exm_outfile_put(a->out, bundle, &err);
    exm_guard_release();
    if (s != EXM_OK) {
        code = exm_msg_status(&a->common, &err, NULL);
    } else if (strcmp(a->out, "-") == 0) {
        code = EXM_EXIT_OK; /* the bundle itself went to standard output */
    } else {
        put_summary(a, log, exm_ref_sha256(ref), bundle->len, &out);
        code = exm_msg_print(&a->common, &out);
    }
    tell_notes(&a->common, &log->notes);
    exm_buf_done(&out);
    exm_ref_free(ref);
    return code;
}

static int
build(const struct build_args *a, const struct sources *classes,
      const struct sources *spikes)
{
    const exm_ref_build_options o = {.mature = a->mature,
                                     .hairpin = a->hairpin,
                                     .gff = a->gff,
                                     .species = a->species,
                                     .database = a->database,
                                     .classes = classes->v,
                                     .n_classes = classes->n,
                                     .spikes = spikes->v,
                                     .n_spikes = spikes->n,
                                     .spike_amounts = a->amounts,
                                     .antisense = a->antisense.v,
                                     .n_antisense = a->antisense.n,
                                     .junction_nt = a->junction_nt,
                                     .aliases = a->aliases.v,
                                     .n_aliases = a->aliases.n,
                                     .artifact = a->artifact,
                                     .clade = a->clade};
    exm_ref_build_log log = {0};
    exm_error err = {0};
    exm_buf bundle = {0};
    int code;

    if (exm_ref_build(&o, &bundle, &log, &err) == EXM_OK)
        code = write_bundle(a, &bundle, &log);
    else
        code = exm_msg_status(&a->common, &err, NULL);
    exm_buf_done(&bundle);
    exm_buf_done(&log.notes);
    return code;
}

/* 1 when both names are of one file that is there. */
static int
is_same_file(const char *a, const char *b)
{
    struct stat x, y;

    return a && b && stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
           x.st_ino == y.st_ino;
}

/* The bundle would take the place of one of its sources. */
static int
check_out(const struct build_args *a, const struct sources *classes,
          const struct sources *spikes)
{
    const char *const single[] = {a->mature,   a->hairpin, a->gff,
                                  a->artifact, a->clade,   a->amounts};
    int same = 0;

    for (size_t i = 0; i < sizeof single / sizeof single[0]; i++)
        same |= is_same_file(a->out, single[i]);
    for (size_t i = 0; i < a->aliases.n; i++) same |= is_same_file(a->out, a->aliases.v[i]);
    for (size_t i = 0; i < classes->n; i++)
        same |= is_same_file(a->out, classes->v[i].path);
    for (size_t i = 0; i < spikes->n; i++) same |= is_same_file(a->out, spikes->v[i].path);
    if (!same) return EXM_EXIT_OK;
    return exm_msg_error(&a->common, EXM_EXIT_USAGE, "name another file with -o",
                         "'%s' is one of the files to read: it would be overwritten",
                         a->out);
}

static void
build_defaults(void *args)
{
    ((struct build_args *) args)->junction_nt = EXM_REF_JUNCTION_NT;
}

static int
run_build(void *args, const exm_words *operands)
{
    struct build_args *a = args;
    struct sources classes = {0}, spikes = {0};
    int code;

    (void) operands;
    exm_guard_file(a->out);
    code = split_sources(&a->common, &a->classes, "class", &classes);
    if (code == EXM_EXIT_OK) code = split_sources(&a->common, &a->spikes, "spike", &spikes);
    if (code == EXM_EXIT_OK) code = check_out(a, &classes, &spikes);
    if (code == EXM_EXIT_OK) code = build(a, &classes, &spikes);
    sources_done(&classes);
    sources_done(&spikes);
    return code;
}

const exm_cmd exm_cmd_ref_build = {
    .name = "ref build",
    .summary = "make a reference bundle from FASTA and GFF3 files",
    .usage = "--mature FA --hairpin FA [--gff GFF3] [OPTIONS] -o FILE",
    .about =
        "Makes one checksummed file that holds every sequence a read may come from: "
        "hairpins with their matures, and any further classes of RNA, spike-ins and "
        "artifacts. All classes compete for each read: reads of a class that is left out "
        "stay unexplained, or go to a miRNA that resembles them. Give all you have.\n\n"
        "The same input files give the same bytes. Input may be plain, gz, bgz or zst.",
    .examples =
        "exomir ref build --mature mature.fa --hairpin hairpin.fa --gff hsa.gff3 \\\n"
        "    --species hsa --class tRNA=trna.fa --clade matures.fa.gz \\\n"
        "    -o human.exoref",
    .options = build_options,
    .n_options = sizeof build_options / sizeof build_options[0],
    .common = EXM_COMMON_THREADS,
    .args_size = sizeof(struct build_args),
    .defaults = build_defaults,
    .run = run_build,
};
