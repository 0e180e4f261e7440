/*
 * small_ref.h - a reference bundle out of texts that a test has in memory.
 *
 * The texts are FASTA (spike-ins too); the bundle is built and opened by the library.  A
 * failure here is no test result, so it aborts.
 */
#ifndef EXM_TEST_SMALL_REF_H
#define EXM_TEST_SMALL_REF_H

#include "exomir/ref.h"
#include "tmpfile.h"

#include <stdio.h>
#include <stdlib.h>

enum { SMALL_CLASSES = 5, SMALL_SPIKES = 1 };

struct small_texts {
    const char *hairpin, *mature;
    const char *class_name[SMALL_CLASSES], *class_text[SMALL_CLASSES]; /* NULL: none */
    const char *antisense;                      /* a class, or NULL */
    const char *spike, *artifact, *clade, *gff; /* or NULL */
    const char *species;                        /* the prefix to keep, or NULL */
};

struct small_ref {
    exm_buf bytes;
    exm_ref *ref;
};

static inline void
small_ref_done(struct small_ref *r)
{
    exm_ref_free(r->ref);
    exm_buf_done(&r->bytes);
}

static inline void
small_ref_build(const struct small_texts *t, struct small_ref *ret)
{
    enum { CLASS = 6, FILES = CLASS + SMALL_CLASSES };
    static const char *const names[FILES] = {"h.fa",  "m.fa",   "s.fa",  "a.fa",
                                             "f.fa",  "g.gff3", "c0.fa", "c1.fa",
                                             "c2.fa", "c3.fa",  "c4.fa"};
    const char *text[FILES] = {t->hairpin,  t->mature, t->spike,
                               t->artifact, t->clade,  t->gff};
    char folder[TMP_PATH], path[FILES][TMP_PATH];
    exm_ref_source classes[SMALL_CLASSES], spikes[SMALL_SPIKES];
    exm_ref_build_options o = {.classes = classes, .spikes = spikes};
    exm_ref_build_log log = {0};
    exm_error err = {0};

    *ret = (struct small_ref){0};
    tmp_folder(folder);
    for (int i = 0; i < SMALL_CLASSES; i++) text[CLASS + i] = t->class_text[i];
    for (int i = 0; i < FILES; i++)
        if (text[i]) (void) tmp_write(path[i], folder, names[i], text[i], strlen(text[i]));
    o.species = t->species;
    o.hairpin = path[0];
    o.mature = path[1];
    for (int i = 0; i < SMALL_CLASSES; i++)
        if (text[CLASS + i])
            classes[o.n_classes++] = (exm_ref_source){t->class_name[i], path[CLASS + i]};
    if (t->spike) spikes[o.n_spikes++] = (exm_ref_source){"spike", path[2]};
    if (t->artifact) o.artifact = path[3];
    if (t->clade) o.clade = path[4];
    if (t->antisense) {
        o.antisense = &t->antisense;
        o.n_antisense = 1;
    }
    if (t->gff) o.gff = path[5];
    if (exm_ref_build(&o, &ret->bytes, &log, &err) != EXM_OK ||
        exm_ref_open_memory(ret->bytes.data, ret->bytes.len, "small", &ret->ref, &err) !=
            EXM_OK) {
        (void) fprintf(stderr, "small_ref: %s\n", err.msg);
        abort();
    }
    exm_buf_done(&log.notes);
    tmp_remove(folder, names, FILES);
}

#endif
