/* opt.h - one option table per command feeds parsing, --help, the man page and completion. */
#ifndef EXM_CLI_OPT_H
#define EXM_CLI_OPT_H

#include "exomir/buf.h"

#include <stdint.h>

/* What an option takes, and the type of the field it fills in the command's struct. */
typedef enum exm_opt_kind {
    EXM_OPT_FLAG,   /* int, set to 1 */
    EXM_OPT_TEXT,   /* const char * */
    EXM_OPT_FILE,   /* const char *, completed as a file */
    EXM_OPT_DIR,    /* const char *, completed as a folder */
    EXM_OPT_PARAMS, /* const char *, a file of further options, read before the others */
    EXM_OPT_CHOICE, /* const char *, one of choice(0), choice(1) ... NULL */
    EXM_OPT_U32,    /* uint32_t */
    EXM_OPT_U64,    /* uint64_t */
    EXM_OPT_INT,    /* int */
    EXM_OPT_DOUBLE, /* double */
    EXM_OPT_SIZE    /* uint64_t: bytes, or with K, M, G, T behind, of 1024 each */
} exm_opt_kind;

typedef struct exm_words {
    const char **v;
    size_t n, cap;
} exm_words;

typedef struct exm_opt {
    const char *name;    /* long name, without the dashes */
    char letter;         /* short name, or 0 */
    const char *metavar; /* NULL for flags */
    exm_opt_kind kind;
    size_t at;         /* offsetof() the field */
    const char *group; /* heading; an option without one continues the group above it */
    const char *help;  /* one to three sentences, ASCII, no final stop */
    const char *shown; /* default in words; NULL: the field's own value, "": none */
    int repeatable;    /* the field is an exm_words */
    int required;
    double low, high; /* allowed range of a number; both 0: any */
    const char *(*choice)(size_t i);
} exm_opt;

/* Which of the shared options a command has, besides --help, --json, -q and -v. */
enum { EXM_COMMON_THREADS = 1, EXM_COMMON_SEED = 2, EXM_COMMON_DRY_RUN = 4 };

/* First member of every command's struct. */
typedef struct exm_common {
    const char *command; /* "count": names the speaker in messages */
    int help, json, quiet, verbose, dry_run;
    uint32_t threads; /* 0 until exm_opt_parse() has put the number of cores */
    uint64_t seed;
    int simd;      /* exm_simd from EXM_CPU */
    char *params;  /* text of --params, which option values point into */
    exm_buf given; /* options that were given and can change a result, in words */
} exm_common;

typedef struct exm_cmd {
    const char *name;     /* "ref build" */
    const char *summary;  /* one line, lower case */
    const char *usage;    /* what follows the name in the synopsis */
    const char *about;    /* paragraphs, one blank line between them */
    const char *examples; /* lines; those that start with '#' explain the next */
    const exm_opt *options;
    size_t n_options;
    unsigned common;
    size_t args_size;
    void (*defaults)(void *args); /* fills a zeroed struct; may be NULL */
    int (*run)(void *args, const exm_words *operands); /* exit code */
    size_t min_operands, max_operands;
    const char *operand; /* "FASTQ": what the operands are, for messages */
    exm_opt_kind operand_kind;
} exm_cmd;

/* All commands in order of their help; NULL past the end. */
const exm_cmd *exm_cmd_get(size_t i);
const exm_cmd *exm_cmd_find(const char *name);  /* "ref build"; NULL when unknown */
const char *exm_cmd_closest(const char *typed); /* a name that was meant, or NULL */
/* 1 when 'word' is the first of two words of a command ("ref"). */
int exm_cmd_is_group(const char *word);

/* The i-th option of a command, its own first, then the common ones; NULL past the end. */
const exm_opt *exm_opt_get(const exm_cmd *cmd, size_t i);
/* Heading of that option: its own, or the one it continues. */
const char *exm_opt_group(const exm_cmd *cmd, size_t i);
/* Default in words, or "" when there is none worth a word.  'args' holds the defaults. */
void exm_opt_default(const exm_opt *o, const void *args, exm_buf *ret);

/* The command's struct with its defaults; NULL without memory. */
void *exm_opt_args_new(const exm_cmd *cmd);
void exm_opt_args_free(const exm_cmd *cmd, void *args);

/*
 * exm_opt_parse() - argv[0..argc) (the words after the command) into 'args' and operands.
 *
 * GNU rules: "--name=value", "--name value", "-xvalue", "-x value", clustered flags,
 * options and operands in any order, "--" ends options, "-" is an operand.  Long names
 * are never abbreviated: scripts that rely on an abbreviation break with the next option.
 * A file of EXM_OPT_PARAMS is applied first, so that the command line wins.  An option
 * with a value that is not repeatable may stand once in each of the two; flags as often as
 * one likes.
 * With --help nothing else is checked.
 *
 * Returns EXM_OK, EXM_EDATA (what the user typed is wrong: exit 2; ret_hint, 256 bytes,
 * gets one line of advice), EXM_EIO (the params file), EXM_ENOMEM.
 */
EXM_MUST_USE exm_status exm_opt_parse(const exm_cmd *cmd, int argc, char **argv, void *args,
                                      exm_words *operands, char ret_hint[256],
                                      exm_error *reterr);

EXM_MUST_USE exm_status exm_words_add(exm_words *w, const char *word, exm_error *reterr);
void exm_words_done(exm_words *w);

/* Texts made from the tables. */
void exm_help_put(const exm_cmd *cmd, int colour,
                  exm_buf *ret); /* NULL: the program's own */
void exm_help_put_group(const char *group, int colour, exm_buf *ret); /* "ref" */
void exm_man_put(const exm_cmd *cmd, exm_buf *ret);                   /* NULL: exomir(1) */
void exm_completion_put_bash(exm_buf *ret);

#endif
