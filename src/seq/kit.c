/* kit.c - the layouts of known kits.  Sources and limits of each: docs/kits.md. */
#include "exomir/layout.h"

#include "exomir/text.h"

#include <stddef.h>
#include <string.h>

/* A string in parentheses may not initialise an array. */
/* NOLINTBEGIN(bugprone-macro-parentheses) */
#define ADAPTER(s)  .adapter = s, .adapter_len = sizeof(s) - 1
#define ADAPTER2(s) .adapter2 = s, .adapter2_len = sizeof(s) - 1
/* NOLINTEND(bugprone-macro-parentheses) */

static const exm_layout kits[] = {
    {.name = "truseq", ADAPTER("TGGAATTCTCGGGTGCCAAGG"), .max_mismatches = -1},
    {.name = "illumina-v1", ADAPTER("ATCTCGTATGCCGTCTTCTGCTTG"), .max_mismatches = -1},
    {.name = "nebnext",
     ADAPTER("AGATCGGAAGAGCACACGTCTGAACTCCAGTCAC"),
     .max_mismatches = -1},
    {.name = "qiaseq",
     ADAPTER("AACTGTAGGCACCATCAAT"),
     .max_mismatches = 2,
     .umi_after_len = 12,
     ADAPTER2("AGATCGGAAGAGCACACGTCTGAACTCCAGTCA")},
    {.name = "nextflex-v3",
     .n_5 = 4,
     .n_3 = 4,
     ADAPTER("TGGAATTCTCGGGTGCCAAGG"),
     .max_mismatches = -1},
    {.name = "nextflex-v4",
     ADAPTER("TGGAATTCTCGGGTGCCAAGG"),
     .max_mismatches = -1,
     .min_insert = 16},
    {.name = "smarter", .n_5 = 3, .poly_a = 10, .max_mismatches = -1, .min_insert = 15},
    {.name = "cats", .n_5 = 3, .poly_a = 8, .max_mismatches = -1},
    {.name = "dplex",
     .n_5 = 16,
     .umi5_len = 12,
     .poly_a = 8,
     .max_mismatches = -1,
     ADAPTER2("AGATCGGAAGAGCACACGTCTG"),
     .min_insert = 15},
};

static const char *const descriptions[] = {
    "Illumina TruSeq Small RNA",
    "Illumina small RNA v1/v1.5 (old adapter)",
    "NEBNext Small RNA",
    "QIAseq miRNA / Illumina miRNA Prep: linker, then 12-nt UMI",
    "NEXTFLEX Small RNA v3: four random nt at both ends",
    "NEXTFLEX Small RNA v4: no random ends",
    "SMARTer smRNA-Seq: 3 nt, poly-A tail",
    "CATS: 3 nt, poly-A tail",
    "D-Plex: 12-nt UMI and 4 nt 5', poly-A tail",
};

enum { N_KITS = sizeof kits / sizeof kits[0] };

_Static_assert(sizeof descriptions / sizeof descriptions[0] == N_KITS, "one text per kit");

const exm_layout *
exm_kit_get(size_t i)
{
    return i < N_KITS ? kits + i : NULL;
}

const char *
exm_kit_description(size_t i)
{
    return i < N_KITS ? descriptions[i] : NULL;
}

exm_status
exm_kit_find(const char *name, const exm_layout **ret, exm_error *reterr)
{
    const char *names[N_KITS], *near;

    if (!name || !ret) return exm_fail(reterr, EXM_EINVAL, 0, "kit: an argument is NULL");
    for (size_t i = 0; i < N_KITS; i++) {
        names[i] = kits[i].name;
        if (strcmp(name, kits[i].name) == 0) {
            *ret = kits + i;
            return EXM_OK;
        }
    }
    near = exm_text_closest(name, names, N_KITS);
    return exm_fail(reterr, EXM_EDATA, 0, "no kit is named '%s'%s%s%s", name,
                    near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}
