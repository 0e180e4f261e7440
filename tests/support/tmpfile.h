/* tmpfile.h - a private folder for a test's files, and files made from bytes. */
#ifndef EXM_TEST_TMPFILE_H
#define EXM_TEST_TMPFILE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TMP_PATH = 256 };

/* Makes the folder of *path, a template of mkdtemp(); abort() when it cannot. */
static inline void
tmp_folder(char path[TMP_PATH])
{
    const char *base = getenv("TMPDIR");

    (void) snprintf(path, TMP_PATH, "%s/exm_test_XXXXXX", base && *base ? base : "/tmp");
    if (!mkdtemp(path)) abort();
}

static inline const char *
tmp_path(char out[TMP_PATH], const char *folder, const char *name)
{
    if (snprintf(out, TMP_PATH, "%s/%s", folder, name) >= TMP_PATH) abort();
    return out;
}

static inline const char *
tmp_write(char out[TMP_PATH], const char *folder, const char *name, const void *p, size_t n)
{
    FILE *f = fopen(tmp_path(out, folder, name), "wb");

    if (!f || (n > 0 && fwrite(p, 1, n, f) != n) || fclose(f) != 0) abort();
    return out;
}

/* Removes folder/name for each name, then the folder. */
static inline void
tmp_remove(const char *folder, const char *const *names, size_t n)
{
    char path[TMP_PATH];

    for (size_t i = 0; i < n; i++) (void) unlink(tmp_path(path, folder, names[i]));
    (void) rmdir(folder);
}

#endif
