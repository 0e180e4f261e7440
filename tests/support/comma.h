/* comma.h - a locale with a decimal comma for the whole process, made on the spot. */
#ifndef EXM_TEST_COMMA_H
#define EXM_TEST_COMMA_H

#include "tmpfile.h"

#include <locale.h>

/* 1 when numbers now have a comma; 0 where the system has no sources of locales. */
static inline int
comma_on(void)
{
    char dir[TMP_PATH], cmd[2 * TMP_PATH];
    int made;

    tmp_folder(dir);
    (void) snprintf(cmd, sizeof cmd,
                    "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 2> /dev/null", dir);
    made = system(cmd) == 0 && setenv("LOCPATH", dir, 1) == 0 &&
           setlocale(LC_ALL, "de_DE.UTF-8") &&
           strcmp(localeconv()->decimal_point, ",") == 0;
    (void) snprintf(cmd, sizeof cmd, "rm -rf %s", dir);
    if (system(cmd) != 0) abort();
    return made;
}

static inline void
comma_off(void)
{
    (void) unsetenv("LOCPATH");
    if (!setlocale(LC_ALL, "C")) abort();
}

#endif
