/* kit_opt.h - the options that say how reads are built: --kit, --layout, --no-adapter. */
#ifndef EXM_CLI_KIT_OPT_H
#define EXM_CLI_KIT_OPT_H

#include "msg.h"

#include "exomir/layout.h"

/* Choices of --kit: the presets; with "auto" in front of them. */
const char *exm_kit_choice(size_t i);
const char *exm_kit_choice_or_auto(size_t i);

/*
 * At most one of the three is given (NULL or 0: not).  Returns an exit code, and has said
 * what is wrong when it is not 0.  *ret_given is 0 when none is, or --kit auto: then *ret
 * is left as it was.
 */
int exm_kit_options(const exm_common *c, const char *kit, const char *layout,
                    int no_adapter, exm_layout *ret, int *ret_given);

#endif
