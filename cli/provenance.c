/* provenance.c - the common parts of provenance.json. */
#include "provenance.h"

#include "exomir/digest.h"

#include <string.h>

void
exm_provenance_begin(exm_json *j, exm_buf *out, const exm_common *c)
{
    exm_json_init(j, out);
    exm_json_object(j);
    exm_json_kstr(j, "program", "exomir");
    exm_json_kstr(j, "version", EXM_VERSION);
    exm_json_kstr(j, "command", c->given.data);
}

exm_status
exm_provenance_input(exm_json *j, const char *key, const char *path, exm_error *reterr)
{
    char sha[EXM_SHA256_HEX];
    const char *slash = strrchr(path, '/');
    const exm_status s = exm_sha256_of_file(path, sha, reterr);

    if (s != EXM_OK) return s;
    exm_json_key(j, key);
    exm_json_object(j);
    exm_json_kstr(j, "file", slash ? slash + 1 : path);
    exm_json_kstr(j, "sha256", sha);
    exm_json_end(j);
    return EXM_OK;
}

exm_status
exm_provenance_end(exm_json *j, const exm_outdir *dir, exm_error *reterr)
{
    exm_json_key(j, "outputs");
    exm_json_array(j);
    for (size_t i = 0; i < exm_outdir_count(dir); i++) {
        exm_json_object(j);
        exm_json_kstr(j, "file", exm_outdir_name(dir, i));
        exm_json_ku64(j, "bytes", exm_outdir_bytes(dir, i));
        exm_json_kstr(j, "sha256", exm_outdir_sha256(dir, i));
        exm_json_end(j);
    }
    exm_json_end(j);
    exm_json_end(j);
    return exm_json_finish(j, reterr);
}
