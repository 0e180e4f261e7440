/*
 * ref_database.c - which annotation database the miRNAs are from, by name and version.
 *
 * Outputs name it (mirna.gff3, column 2), since miRNA names mean little without it.  It is
 * what the user says; else what the GFF3 says of itself ("# microRNAs: miRBase v22"); else
 * what the names of the miRNA files tell ("hsa_matures_miRBase_v22.fa").
 */
#include "ref_draft.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char gff_key[] = "microRNAs:";

/* Databases that files are called after, as they write themselves. */
static const char *const known[] = {"miRBase", "MirGeneDB", "miRCarta"};

static int
is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '.' || c == '_' || c == '-' || c == '+' || c == ' ';
}

/* Takes n bytes as the name, blanks at the ends left out; 0 when they are none. */
static int
take(exm_draft *d, const char *s, size_t n)
{
    while (n > 0 && s[0] == ' ') s++, n--;
    while (n > 0 && s[n - 1] == ' ') n--;
    if (n == 0 || n >= sizeof d->database) return 0;
    for (size_t i = 0; i < n; i++)
        if (!is_name_char(s[i])) return 0;
    memcpy(d->database, s, n);
    d->database[n] = '\0';
    return 1;
}

exm_status
exm_draft_set_database(exm_draft *d, const char *name, exm_error *reterr)
{
    if (!name || take(d, name, strlen(name))) return EXM_OK;
    return exm_fail(reterr, EXM_EDATA, 0,
                    "database '%.80s' is no name and version such as 'miRBase v22': use up "
                    "to %zu letters, digits, blanks, '.', '_', '-' and '+'",
                    name, sizeof d->database - 1);
}

/* Only comments in front of the first row speak of the whole file. */
void
exm_draft_database_of_gff(exm_draft *d, const char *text, size_t n)
{
    const char *end = text + n;

    while (d->database[0] == '\0' && text < end && (*text == '#' || *text == '\n')) {
        const char *line_end = memchr(text, '\n', (size_t) (end - text));
        const char *stop = line_end ? line_end : end, *at = text;

        while (at < stop && (*at == '#' || *at == ' ')) at++;
        if ((size_t) (stop - at) >= sizeof gff_key - 1 &&
            memcmp(at, gff_key, sizeof gff_key - 1) == 0) {
            at += sizeof gff_key - 1;
            if (stop > at && stop[-1] == '\r') stop--;
            (void) take(d, at, (size_t) (stop - at));
        }
        text = line_end ? line_end + 1 : end;
    }
}

/* Where the word stands in s, in any case; NULL if nowhere. */
static const char *
find_word(const char *s, const char *word)
{
    for (; *s; s++) {
        size_t n = 0;

        while (word[n] && tolower((unsigned char) s[n]) == tolower((unsigned char) word[n]))
            n++;
        if (!word[n]) return s;
    }
    return NULL;
}

/* "hsa_matures_miRBase_v22.fa" is of "miRBase v22": the name, and a version behind it. */
static int
take_from_file_name(exm_draft *d, const char *file)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const char *at = find_word(file, known[i]);
        size_t digits;
        char name[sizeof d->database];

        if (!at) continue;
        at += strlen(known[i]);
        at += strspn(at, "_-. ");
        at += *at == 'v' || *at == 'V';
        digits = strspn(at, "0123456789.");
        while (digits > 0 && at[digits - 1] == '.') digits--;
        if (digits == 0 || digits > 10) return take(d, known[i], strlen(known[i]));
        (void) snprintf(name, sizeof name, "%s v%.*s", known[i], (int) digits, at);
        return take(d, name, strlen(name));
    }
    return 0;
}

void
exm_draft_find_database(exm_draft *d)
{
    static const char *const roles[] = {"gff", "hairpin", "mature"};

    for (size_t k = 0; k < sizeof roles / sizeof roles[0]; k++)
        for (size_t i = 0; i < d->n_sources && d->database[0] == '\0'; i++)
            if (strcmp(d->source[i].role, roles[k]) == 0)
                (void) take_from_file_name(d, d->source[i].file);
    if (d->database[0] == '\0')
        exm_buf_puts(&d->log.notes, "the annotation database is unknown: --database "
                                    "'miRBase v22' would name it in mirna.gff3\n");
}
