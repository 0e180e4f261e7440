/* cmd_doctor.c - exomir doctor: does this installation work? */
#include "commands.h"
#include "doctor.h"

#include "exomir/json.h"
#include "exomir/ref.h"
#include "exomir/simd.h"

#include <htslib/hts.h>
#include <isa-l.h>
#include <jansson.h>
#include <libdeflate.h>
#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include <zstd.h>

struct doctor_args {
    exm_common common;
    const char *ref;
};

static const exm_opt options[] = {
    {.name = "ref",
     .letter = 'r',
     .metavar = "FILE",
     .kind = EXM_OPT_FILE,
     .at = offsetof(struct doctor_args, ref),
     .group = "Input",
     .help = "also open this reference bundle and verify its checksum"},
};

void
exm_doctor_add(exm_doctor *d, const char *name, int ok, const char *fmt, ...)
{
    exm_check *c;
    va_list ap;

    if (d->n == EXM_DOCTOR_MAX) return;
    c = &d->check[d->n++];
    c->name = name;
    c->ok = ok;
    va_start(ap, fmt);
    (void) vsnprintf(c->detail, sizeof c->detail, fmt, ap);
    va_end(ap);
}

/* "1.16", or "1.16+ds-3", as HTS_VERSION has it; 0 when it is no version. */
static unsigned long
htslib_number(const char *version)
{
    char *dot;
    const unsigned long major = strtoul(version, &dot, 10);

    return *dot == '.' ? major * 100000 + strtoul(dot + 1, NULL, 10) * 100 : 0;
}

/* A library that is older at run time than at build time may lack what was compiled in. */
static void
check_libraries(exm_doctor *d)
{
    const unsigned zstd = ZSTD_versionNumber(), xxh = XXH_versionNumber();

    exm_doctor_add(d, "zstd", zstd >= ZSTD_VERSION_NUMBER, "built with %s, runs with %s",
                   ZSTD_VERSION_STRING, ZSTD_versionString());
    exm_doctor_add(d, "xxHash", xxh >= XXH_VERSION_NUMBER, "built with %d, runs with %u",
                   XXH_VERSION_NUMBER, xxh);
    exm_doctor_add(d, "OpenSSL", OpenSSL_version_num() >= OPENSSL_VERSION_NUMBER,
                   "built with %s, runs with %s", OPENSSL_VERSION_TEXT,
                   OpenSSL_version(OPENSSL_VERSION));
    exm_doctor_add(d, "htslib", htslib_number(hts_version()) >= HTS_VERSION / 100 * 100,
                   "built with %d.%d, runs with %s", HTS_VERSION / 100000,
                   HTS_VERSION / 100 % 1000, hts_version());
    exm_doctor_add(d, "Jansson",
                   jansson_version_cmp(JANSSON_MAJOR_VERSION, JANSSON_MINOR_VERSION, 0) >=
                       0,
                   "built with %s, runs with %s", JANSSON_VERSION, jansson_version_str());
    exm_doctor_add(d, "ISA-L", 1, "built with %d.%d.%d", ISAL_MAJOR_VERSION,
                   ISAL_MINOR_VERSION, ISAL_PATCH_VERSION);
    exm_doctor_add(d, "libdeflate", 1, "built with %s", LIBDEFLATE_VERSION_STRING);
}

static void
check_bundle(exm_doctor *d, const char *path)
{
    exm_error err = {0};
    exm_ref *ref = NULL;

    if (exm_ref_open(path, &ref, &err) != EXM_OK) {
        exm_doctor_add(d, "reference bundle", 0, "%.390s", err.msg);
        return;
    }
    exm_doctor_add(d, "reference bundle", 1, "%.200s: %u miRNAs, SHA-256 %.16s...", path,
                   exm_ref_n_entities(ref), exm_ref_sha256(ref));
    exm_ref_free(ref);
}

static void
put_json(const exm_doctor *d, int ok, exm_buf *out)
{
    exm_json j;

    exm_json_init(&j, out);
    exm_json_object(&j);
    exm_json_kstr(&j, "version", EXM_VERSION);
    exm_json_kbool(&j, "ok", ok);
    exm_json_key(&j, "checks");
    exm_json_array(&j);
    for (size_t i = 0; i < d->n; i++) {
        exm_json_object(&j);
        exm_json_kstr(&j, "name", d->check[i].name);
        exm_json_kbool(&j, "ok", d->check[i].ok);
        exm_json_kstr(&j, "detail", d->check[i].detail);
        exm_json_end(&j);
    }
    exm_json_end(&j);
    exm_json_end(&j);
    if (exm_json_finish(&j, NULL) != EXM_OK) out->failed = 1;
}

static int
run_doctor(void *args, const exm_words *operands)
{
    /* The environment is read before any thread starts. */
    const char *tmp = getenv("TMPDIR"); /* NOLINT(concurrency-mt-unsafe) */
    const struct doctor_args *a = args;
    exm_doctor d = {0};
    exm_buf out = {0};
    int ok = 1, code;

    (void) operands;
    exm_doctor_add(&d, "exomir", 1, "%s", EXM_VERSION);
    exm_doctor_add(&d, "instruction set", 1, "%s",
                   exm_simd_name(exm_simd_resolve((exm_simd) a->common.simd)));
    exm_doctor_add(&d, "threads", 1, "%u", a->common.threads);
    check_libraries(&d);
    exm_doctor_self_tests(&d, tmp && tmp[0] ? tmp : "/tmp");
    if (a->ref) check_bundle(&d, a->ref);

    for (size_t i = 0; i < d.n; i++) ok &= d.check[i].ok;
    if (a->common.json) {
        put_json(&d, ok, &out);
    } else {
        for (size_t i = 0; i < d.n; i++)
            exm_buf_putf(&out, "%-4s  %-20s  %s\n", d.check[i].ok ? "ok" : "FAIL",
                         d.check[i].name, d.check[i].detail);
    }
    code = exm_msg_print(&a->common, &out);
    exm_buf_done(&out);
    if (code == EXM_EXIT_OK && !ok) {
        exm_common c = a->common;

        c.json = 0; /* the findings are the document */
        code = exm_msg_error(&c, EXM_EXIT_FAIL, "the lines marked FAIL say what", "%s",
                             "this installation does not work as it should");
    }
    return code;
}

const exm_cmd exm_cmd_doctor = {
    .name = "doctor",
    .summary = "check that this installation works",
    .usage = "[-r REF]",
    .about =
        "Checks the libraries, the folder for temporary files (TMPDIR) and, by "
        "computations with known answers, digests, trimming and annotation. Exits with "
        "1 when a check fails.",
    .examples = "exomir doctor\n"
                "EXM_CPU=scalar exomir doctor -r human.exoref --json",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .common = EXM_COMMON_THREADS,
    .args_size = sizeof(struct doctor_args),
    .run = run_doctor,
};
