/* ref_name.c - what names of miRNAs say: species, arm, stem, accession. */
#include "exomir/text.h"
#include "ref_draft.h"

#include <stdlib.h>
#include <string.h>

static int
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int
is_letter(char c)
{
    return exm_text_lower(c) >= 'a' && exm_text_lower(c) <= 'z';
}

uint32_t
exm_name_arm(const char *name)
{
    size_t n = strlen(name);

    while (n > 0 && name[n - 1] == '*') n--;
    if (n < 3 || exm_text_lower(name[n - 1]) != 'p' || !strchr("-_", name[n - 3])) return 0;
    return name[n - 2] == '5' ? 5 : name[n - 2] == '3' ? 3 : 0;
}

static int
ends_with(const char *s, size_t n, const char *end)
{
    const size_t k = strlen(end);

    if (n <= k) return 0;
    for (size_t i = 0; i < k; i++)
        if (exm_text_lower(s[n - k + i]) != end[i]) return 0;
    return 1;
}

size_t
exm_name_stem_len(const char *name)
{
    static const char *const ends[] = {"*", "-5p", "-3p", "_5p", "_3p", "_pre", "_pri"};
    size_t n = strlen(name), before;

    do {
        before = n;
        for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
            if (ends_with(name, n, ends[i])) n -= strlen(ends[i]);
    } while (n < before);
    return n;
}

void
exm_name_stem(const char *name, char ret[EXM_STEM_MAX])
{
    size_t n = exm_name_stem_len(name);

    if (n >= EXM_STEM_MAX) n = EXM_STEM_MAX - 1;
    for (size_t i = 0; i < n; i++) ret[i] = exm_text_lower(name[i]);
    ret[n] = '\0';
}

size_t
exm_name_code_len(const char *name)
{
    static const char *const no_code[] = {"mir", "let", "lin", "pre"};
    const size_t n = strcspn(name, "-");

    if (name[n] != '-' || n < 3 || n > 8 || !is_letter(name[0])) return 0;
    for (size_t i = 0; i < n; i++)
        if (!is_letter(name[i]) && !is_digit(name[i])) return 0;
    for (size_t k = 0; n == 3 && k < sizeof no_code / sizeof no_code[0]; k++) {
        size_t i = 0;

        while (i < 3 && exm_text_lower(name[i]) == no_code[k][i]) i++;
        if (i == 3) return 0;
    }
    return n;
}

int
exm_draft_is_wanted(const exm_draft *d, const char *name)
{
    const size_t n = exm_name_code_len(name);
    size_t i = 0;

    if (d->species[0] == '\0' || n == 0) return 1;
    while (i < n && exm_text_lower(name[i]) == d->species[i]) i++;
    return i == n && d->species[n] == '\0';
}

size_t
exm_name_accession_len(const char *s)
{
    size_t n = strncmp(s, "MIMAT", 5) == 0 ? 5 : strncmp(s, "MI", 2) == 0 ? 2 : 0;
    const size_t head = n;

    if (n == 0) return 0;
    while (is_digit(s[n])) n++;
    return n >= head + 5 ? n : 0;
}

/* ---- sorted keys ---- */

static int
by_key(const void *a, const void *b)
{
    const exm_key *x = a, *y = b;
    const int c = strcmp(x->key, y->key);

    return c ? c : (x->value > y->value) - (x->value < y->value);
}

void
exm_keys_sort(exm_key *v, size_t n)
{
    if (n > 1) qsort(v, n, sizeof *v, by_key);
}

size_t
exm_keys_find(const exm_key *v, size_t n, const char *key)
{
    size_t lo = 0, hi = n;

    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;

        if (strcmp(v[mid].key, key) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < n && strcmp(v[lo].key, key) == 0 ? lo : n;
}
