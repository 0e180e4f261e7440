/* cmd_explain_sample.c - exomir explain sample: why a sample was judged as it was. */
#include "commands.h"
#include "msg.h"

#include "exomir/explain_sample.h"
#include "exomir/text.h"

struct explain_sample_args {
    exm_common common;
};

static int
run_explain_sample(void *args, const exm_words *operands)
{
    const struct explain_sample_args *a = args;
    exm_error err = {0};
    exm_buf out = {0};
    int code;

    if (!exm_text_is_file_safe(operands->v[1]))
        return exm_msg_error(&a->common, EXM_EXIT_USAGE, "DIR comes first, then the sample",
                             "'%s' is no sample name", operands->v[1]);
    code = exm_explain_sample(operands->v[0], operands->v[1], a->common.json, &out, &err) ==
                   EXM_OK
               ? exm_msg_print(&a->common, &out)
               : exm_msg_status(&a->common, &err, NULL);
    exm_buf_done(&out);
    return code;
}

const exm_cmd exm_cmd_explain_sample = {
    .name = "explain sample",
    .summary = "say what became of a sample, and why it was judged as it was",
    .usage = "DIR SAMPLE",
    .about =
        "Reads a folder that 'exomir count' made and tells of one sample: what became of "
        "its "
        "reads, which kit and why, every verdict with value, limit and what to do, "
        "commonest "
        "miRNAs, counts that rest on shared reads, and what else may stand behind the "
        "numbers. "
        "The folder must be complete and unchanged; no reads and no reference are needed.",
    .examples = "exomir explain sample run1 plasma1\n"
                "exomir explain sample run1 plasma1 --json",
    .common = EXM_COMMON_THREADS,
    .args_size = sizeof(struct explain_sample_args),
    .run = run_explain_sample,
    .min_operands = 2,
    .max_operands = 2,
    .operand = "DIR and SAMPLE",
    .operand_kind = EXM_OPT_DIR,
};
