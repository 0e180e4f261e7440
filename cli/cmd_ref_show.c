/* cmd_ref_show.c - exomir ref show: what a reference bundle holds. */
#include "commands.h"
#include "msg.h"

#include "exomir/json.h"
#include "exomir/ref.h"

#include <string.h>

struct show_args {
    exm_common common;
    int names;
};

static const exm_opt show_options[] = {
    {.name = "names",
     .kind = EXM_OPT_FLAG,
     .at = offsetof(struct show_args, names),
     .group = "Output",
     .help = "list the miRNAs as TSV: name, sequence, places, aliases"},
};

static const char *
kind_name(exm_class_kind k)
{
    switch (k) {
    case EXM_KIND_MIRNA:
        return "miRNA";
    case EXM_KIND_SPIKE:
        return "spike-in";
    case EXM_KIND_ARTIFACT:
        return "artifact";
    case EXM_KIND_CARGO:
        break;
    }
    return "cargo";
}

/* "hsa-mir-1-1:45-66" of every place, 1-based as in GFF3. */
static void
put_places(const exm_ref *ref, const exm_ref_entity *e, exm_buf *out)
{
    const uint32_t *ids = exm_ref_entity_matures(ref);

    for (uint32_t i = 0; i < e->n_mature_refs; i++) {
        const exm_ref_mature *m = exm_ref_mature_get(ref, ids[e->first_mature_ref + i]);

        exm_buf_putf(out, "%s%s:%u-%u", i ? "," : "",
                     exm_ref_template_get(ref, m->template_id)->name, m->start + 1,
                     m->start + m->len);
    }
}

static void
put_names(const exm_ref *ref, exm_buf *out)
{
    exm_buf_puts(out, "mirna\tsequence\tplaces\taliases\n");
    for (uint32_t i = 0; i < exm_ref_n_entities(ref); i++) {
        const exm_ref_entity *e = exm_ref_entity_get(ref, i);

        exm_buf_putf(out, "%s\t%s\t", e->name, e->seq);
        put_places(ref, e, out);
        exm_buf_putf(out, "\t%s\n", e->aliases);
    }
}

static void
put_text(const exm_ref *ref, const char *path, exm_buf *out)
{
    exm_buf_putf(out, "%s\n  species       %s\n  database      %s\n", path,
                 exm_ref_species(ref)[0] ? exm_ref_species(ref) : "(all names kept)",
                 exm_ref_database(ref)[0] ? exm_ref_database(ref) : "(unknown)");
    exm_buf_putf(out, "  SHA-256       %s\n", exm_ref_sha256(ref));
    exm_buf_putf(out, "  miRNAs        %u (entities) at %u places\n",
                 exm_ref_n_entities(ref), exm_ref_n_matures(ref));
    exm_buf_putf(out, "  clade labels  %u\n\n  %-16s %-10s %10s %12s\n",
                 exm_ref_n_clades(ref), "class", "kind", "templates", "positions");
    for (uint32_t i = 0; i < exm_ref_n_classes(ref); i++) {
        const exm_ref_class *c = exm_ref_class_get(ref, i);

        exm_buf_putf(out, "  %-16s %-10s %10u %12llu%s%s\n", c->name, kind_name(c->kind),
                     c->n_templates, (unsigned long long) c->positions,
                     c->junction_nt ? "  junctions" : "",
                     c->antisense ? "  antisense" : "");
    }
    exm_buf_putf(out, "\n%s\n", exm_ref_provenance(ref));
}

static void
put_json_names(const exm_ref *ref, exm_json *j)
{
    exm_buf places = {0};

    exm_json_key(j, "mirnas");
    exm_json_array(j);
    for (uint32_t i = 0; i < exm_ref_n_entities(ref); i++) {
        const exm_ref_entity *e = exm_ref_entity_get(ref, i);

        exm_buf_clear(&places);
        put_places(ref, e, &places);
        exm_json_object(j);
        exm_json_kstr(j, "name", e->name);
        exm_json_kstr(j, "sequence", e->seq);
        exm_json_kstr(j, "places", places.data ? places.data : "");
        exm_json_kstr(j, "aliases", e->aliases);
        exm_json_end(j);
    }
    exm_json_end(j);
    if (places.failed) j->out->failed = 1;
    exm_buf_done(&places);
}

static void
put_json(const exm_ref *ref, const char *path, int names, exm_buf *out)
{
    exm_json j;

    exm_json_init(&j, out);
    exm_json_object(&j);
    exm_json_kstr(&j, "file", path);
    exm_json_kstr(&j, "species", exm_ref_species(ref));
    exm_json_kstr(&j, "database", exm_ref_database(ref));
    exm_json_kstr(&j, "sha256", exm_ref_sha256(ref));
    exm_json_ku64(&j, "entities", exm_ref_n_entities(ref));
    exm_json_ku64(&j, "matures", exm_ref_n_matures(ref));
    exm_json_ku64(&j, "templates", exm_ref_n_templates(ref));
    exm_json_key(&j, "classes");
    exm_json_array(&j);
    for (uint32_t i = 0; i < exm_ref_n_classes(ref); i++) {
        const exm_ref_class *c = exm_ref_class_get(ref, i);

        exm_json_object(&j);
        exm_json_kstr(&j, "name", c->name);
        exm_json_kstr(&j, "kind", kind_name(c->kind));
        exm_json_ku64(&j, "templates", c->n_templates);
        exm_json_ku64(&j, "positions", c->positions);
        exm_json_ku64(&j, "junction_nt", c->junction_nt);
        exm_json_kbool(&j, "antisense", c->antisense);
        exm_json_end(&j);
    }
    exm_json_end(&j);
    exm_json_key(&j, "clades");
    exm_json_array(&j);
    for (uint32_t i = 0; i < exm_ref_n_clades(ref); i++)
        exm_json_str(&j, exm_ref_clade_name(ref, i));
    exm_json_end(&j);
    exm_json_kstr(&j, "provenance", exm_ref_provenance(ref));
    if (names) put_json_names(ref, &j);
    exm_json_end(&j);
    if (exm_json_finish(&j, NULL) != EXM_OK) out->failed = 1;
}

static int
run_show(void *args, const exm_words *operands)
{
    struct show_args *a = args;
    exm_error err = {0};
    exm_ref *ref = NULL;
    exm_buf out = {0};
    int code;

    if (exm_ref_open(operands->v[0], &ref, &err) != EXM_OK)
        return exm_msg_status(&a->common, &err, NULL);
    if (a->common.json)
        put_json(ref, operands->v[0], a->names, &out);
    else if (a->names)
        put_names(ref, &out);
    else
        put_text(ref, operands->v[0], &out);
    code = exm_msg_print(&a->common, &out);
    exm_buf_done(&out);
    exm_ref_free(ref);
    return code;
}

const exm_cmd exm_cmd_ref_show = {
    .name = "ref show",
    .summary = "show what a reference bundle holds",
    .usage = "[OPTIONS] FILE",
    .about = "Checks the bundle and prints its classes, numbers and sources.",
    .examples = "exomir ref show human.exoref\n"
                "exomir ref show --names human.exoref > mirnas.tsv",
    .options = show_options,
    .n_options = sizeof show_options / sizeof show_options[0],
    .common = EXM_COMMON_THREADS,
    .args_size = sizeof(struct show_args),
    .run = run_show,
    .min_operands = 1,
    .max_operands = 1,
    .operand = "FILE, the reference bundle,",
    .operand_kind = EXM_OPT_FILE,
};
