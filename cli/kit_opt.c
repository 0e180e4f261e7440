/* kit_opt.c - the options that say how reads are built, for count and simulate. */
#include "kit_opt.h"

#include <string.h>

const char *
exm_kit_choice(size_t i)
{
    const exm_layout *l = exm_kit_get(i);

    return l ? l->name : NULL;
}

const char *
exm_kit_choice_or_auto(size_t i)
{
    return i == 0 ? "auto" : exm_kit_choice(i - 1);
}

int
exm_kit_options(const exm_common *c, const char *kit, const char *layout, int no_adapter,
                exm_layout *ret, int *ret_given)
{
    const exm_layout *preset = NULL;
    exm_error err = {0};

    if ((kit != NULL) + (layout != NULL) + no_adapter > 1)
        return exm_msg_error(c, EXM_EXIT_USAGE, "give only one of them",
                             "--kit, --layout and --no-adapter exclude each other");
    *ret_given = no_adapter || layout || (kit && strcmp(kit, "auto") != 0);
    if (!*ret_given) return EXM_EXIT_OK;
    if (no_adapter) {
        *ret = exm_layout_none();
    } else if (layout) {
        if (exm_layout_parse(layout, ret, &err) != EXM_OK)
            return exm_msg_error(c, EXM_EXIT_USAGE,
                                 "for example --layout insert,TGGAATTCTCGGGTGCCAAGG",
                                 "option '--layout': %s", err.msg);
    } else {
        if (exm_kit_find(kit, &preset, &err) != EXM_OK)
            return exm_msg_error(c, EXM_EXIT_USAGE, NULL, "option '--kit': %s", err.msg);
        *ret = *preset;
    }
    return EXM_EXIT_OK;
}
