/*
 * fuzz_build.c - any texts as the files of a reference: what is built can be opened.
 *
 * The bytes hold up to six files, a NUL between: hairpins, matures, GFF3, other names, a
 * class of tRNA, spike-ins; empty ones are left out (hairpins and matures are needed).
 * The same files give the same bytes.
 */
#include "exomir/ref.h"

#include "../tests/support/tmpfile.h"

#include <stdint.h>

enum { FILES = 6 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(int ok)
{
    if (!ok) abort();
}

static void
check(const exm_ref *r, const exm_ref_build_log *log)
{
    must(exm_ref_n_entities(r) == log->entities && log->entities > 0);
    must(log->matures_placed + log->matures_unplaced == log->matures_read);
    for (uint32_t i = 0; i < exm_ref_n_entities(r); i++) {
        const exm_ref_entity *e = exm_ref_entity_get(r, i);

        must(exm_ref_find_entity(r, e->name) == i && e->n_mature_refs > 0);
    }
}

static void
build(const exm_ref_build_options *o)
{
    exm_ref_build_log log = {0};
    exm_buf a = {0}, b = {0};
    exm_error err = {.code = EXM_OK};
    exm_ref *r = NULL;
    const exm_status st = exm_ref_build(o, &a, &log, &err);

    if (st != EXM_OK) {
        must(st == EXM_EDATA && a.data == NULL && err.msg[0]);
        return;
    }
    must(exm_ref_open_memory(a.data, a.len, "built", &r, &err) == EXM_OK);
    check(r, &log);
    must(exm_ref_build(o, &b, NULL, NULL) == EXM_OK);
    must(a.len == b.len && memcmp(a.data, b.data, a.len) == 0);
    exm_ref_free(r);
    exm_buf_done(&a);
    exm_buf_done(&b);
    exm_buf_done(&log.notes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char folder[TMP_PATH], path[FILES][TMP_PATH];
    static const char *const name[FILES] = {"h.fa", "m.fa", "g.gff3",
                                            "a.fa", "t.fa", "s.fa"};
    size_t n[FILES] = {0};
    exm_ref_source class = {.name = "tRNA", .path = path[4]};
    exm_ref_source spike = {.name = "spike", .path = path[5]};
    const char *alias = path[3];
    exm_ref_build_options o = {.mature = path[1],
                               .hairpin = path[0],
                               .species = "hsa",
                               .classes = &class,
                               .spikes = &spike,
                               .aliases = &alias};

    tmp_folder(folder);
    for (int i = 0; i < FILES; i++) {
        const uint8_t *nul = size > 0 ? memchr(data, 0, size) : NULL;

        n[i] = nul ? (size_t) (nul - data) : size;
        (void) tmp_write(path[i], folder, name[i], data, n[i]);
        data += nul ? n[i] + 1 : n[i];
        size -= nul ? n[i] + 1 : n[i];
    }
    if (n[2] > 0) o.gff = path[2];
    o.n_aliases = n[3] > 0;
    o.n_classes = n[4] > 0;
    o.n_spikes = n[5] > 0;
    build(&o);
    tmp_remove(folder, name, FILES);
    return 0;
}
