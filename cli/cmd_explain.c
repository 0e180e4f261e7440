/* cmd_explain.c - exomir explain read: every candidate of one insert, and why one won. */
#include "commands.h"
#include "msg.h"

#include "exomir/annotate.h"
#include "exomir/explain.h"

struct explain_args {
    exm_common common;
    const char *ref;
};

static const exm_opt options[] = {
    {.name = "ref",
     .letter = 'r',
     .metavar = "FILE",
     .kind = EXM_OPT_FILE,
     .at = offsetof(struct explain_args, ref),
     .group = "Input",
     .help = "reference bundle made by 'exomir ref build'",
     .required = 1},
};

static int
run_explain(void *args, const exm_words *operands)
{
    const struct explain_args *a = args;
    exm_annotator *annotator = NULL;
    exm_error err = {0};
    exm_ref *ref = NULL;
    exm_buf out = {0};
    exm_status s = exm_ref_open(a->ref, &ref, &err);
    int code;

    if (s == EXM_OK) s = exm_annotator_new(ref, &annotator, &err);
    if (s == EXM_OK)
        s = exm_explain_read(ref, annotator, operands->v[0], a->common.json, &out, &err);
    code = s == EXM_OK ? exm_msg_print(&a->common, &out)
                       : exm_msg_status(&a->common, &err, NULL);
    exm_buf_done(&out);
    exm_annotator_free(annotator);
    exm_ref_free(ref);
    return code;
}

const exm_cmd exm_cmd_explain = {
    .name = "explain read",
    .summary = "say what a read is, and why: every candidate with its score",
    .usage = "-r REF SEQ",
    .about =
        "Takes an insert (a read without adapter), lists every explanation the reference "
        "offers with its score, and says why the best one won, or which ones tie. "
        "docs/methods/counting.md states the score.",
    .examples = "exomir explain read -r human.exoref TGAGGTAGTAGGTTGTATAGTT",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .common = EXM_COMMON_THREADS,
    .args_size = sizeof(struct explain_args),
    .run = run_explain,
    .min_operands = 1,
    .max_operands = 1,
    .operand = "SEQ, the insert's sequence,",
    .operand_kind = EXM_OPT_TEXT,
};
