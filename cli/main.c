/*
 * main.c - the program: find the command, parse its options, run it.
 *
 * The environment is read here and in msg.c, before any thread starts; the library
 * never reads it.
 */
#include "msg.h"

#include "exomir/simd.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * With standard output closed the next file that is opened would become descriptor 1 and
 * receive the results.  A descriptor opened the wrong way round fails on use instead.
 */
static void
hold_standard_descriptors(void)
{
    for (int fd = 0; fd <= 2; fd++) {
        if (fcntl(fd, F_GETFD) != -1) continue;
        if (open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd) abort();
    }
}

/* A mapped file was cut, or its disk failed: there is no way on, but words instead of a core. */
static void
say_lost_page(int sig)
{
    static const char text[] =
        "exomir: error: a file was cut short while it was in use, most likely the "
        "reference "
        "bundle: run again (and put a new bundle in place with mv)\n";

    (void) sig;
    (void) !write(STDERR_FILENO, text, sizeof text - 1);
    _exit(EXM_EXIT_FAIL);
}

static void
set_signals(void)
{
    (void) signal(SIGPIPE, SIG_IGN); /* a closed pipe is a write error with a message */
    (void) signal(SIGXFSZ, SIG_IGN); /* and so is a file larger than the shell allows */
    (void) signal(SIGBUS, say_lost_page);
}

static int
has_word(int argc, char **argv, const char *word)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], word) == 0) return 1;
    return 0;
}

static int
is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static int
print_text(const exm_common *c, void (*put)(const char *, int, exm_buf *), const char *what)
{
    exm_buf out = {0};
    int code;

    put(what, exm_msg_colour(STDOUT_FILENO), &out);
    code = exm_msg_print(c, &out);
    exm_buf_done(&out);
    return code;
}

static void
put_main_help(const char *unused, int colour, exm_buf *out)
{
    (void) unused;
    exm_help_put(NULL, colour, out);
}

static void
put_version(const char *unused, int colour, exm_buf *out)
{
    (void) unused, (void) colour;
    exm_buf_puts(out, "exomir " EXM_VERSION "\n");
}

static int
unknown_command(const exm_common *c, const char *typed, const char *group)
{
    const char *near = exm_cmd_closest(typed);
    char hint[128];

    if (near)
        (void) snprintf(hint, sizeof hint, "did you mean 'exomir %s'?", near);
    else
        (void) snprintf(hint, sizeof hint, "'exomir --help' lists the commands");
    return exm_msg_error(c, EXM_EXIT_USAGE, hint,
                         group ? "'%s' is no complete command" : "unknown command '%s'",
                         typed);
}

static int
run_command(const exm_cmd *cmd, const exm_common *early, int argc, char **argv)
{
    exm_words operands = {0};
    exm_error err = {0};
    char hint[256] = "";
    exm_common *common;
    exm_status s;
    int code;

    common = exm_opt_args_new(cmd);
    if (!common)
        return exm_msg_error(early, EXM_EXIT_FAIL, NULL, "no memory for the options");
    common->simd = early->simd;
    s = exm_opt_parse(cmd, argc, argv, common, &operands, hint, &err);
    if (s != EXM_OK) common->json = early->json;
    if (s == EXM_EDATA) {
        code = exm_msg_error(common, EXM_EXIT_USAGE, hint, "%s", err.msg);
    } else if (s != EXM_OK) {
        code = exm_msg_status(common, &err, hint);
    } else if (common->help) {
        exm_buf out = {0};

        exm_help_put(cmd, exm_msg_colour(STDOUT_FILENO), &out);
        code = exm_msg_print(common, &out);
        exm_buf_done(&out);
    } else {
        code = cmd->run(common, &operands);
    }
    exm_words_done(&operands);
    exm_opt_args_free(cmd, common);
    return code;
}

/* "ref build" from two words of argv, or one word. */
static int
dispatch(exm_common *early, int argc, char **argv)
{
    const exm_cmd *cmd;
    char name[64];

    if (argc < 2) {
        return exm_msg_error(early, EXM_EXIT_USAGE, "'exomir --help' lists the commands",
                             "no command given");
    }
    if (strcmp(argv[1], "--version") == 0) return print_text(early, put_version, NULL);
    if (is_help(argv[1])) return print_text(early, put_main_help, NULL);
    if (argv[1][0] == '-')
        return exm_msg_error(early, EXM_EXIT_USAGE,
                             "options follow the command: exomir "
                             "COMMAND [OPTIONS]",
                             "unknown option '%s'", argv[1]);
    if (exm_cmd_is_group(argv[1])) {
        if (argc < 3 || (argv[2][0] == '-' && !is_help(argv[2])))
            return unknown_command(early, argv[1], argv[1]);
        if (is_help(argv[2])) return print_text(early, exm_help_put_group, argv[1]);
        (void) snprintf(name, sizeof name, "%.30s %.30s", argv[1], argv[2]);
        cmd = exm_cmd_find(name);
        if (!cmd) return unknown_command(early, name, NULL);
        early->command = cmd->name;
        return run_command(cmd, early, argc - 3, argv + 3);
    }
    cmd = exm_cmd_find(argv[1]);
    if (!cmd) return unknown_command(early, argv[1], NULL);
    early->command = cmd->name;
    return run_command(cmd, early, argc - 2, argv + 2);
}

int
main(int argc, char **argv)
{
    const char *cpu = getenv("EXM_CPU"); /* NOLINT(concurrency-mt-unsafe): no threads yet */
    exm_common early = {.json = has_word(argc, argv, "--json")};
    exm_simd simd = EXM_SIMD_AUTO;
    int code;

    hold_standard_descriptors();
    set_signals();
    if (cpu && cpu[0] && exm_simd_parse(cpu, &simd, NULL) != EXM_OK)
        return exm_msg_error(&early, EXM_EXIT_USAGE, "use EXM_CPU=auto, scalar or sse4",
                             "EXM_CPU='%s' names no instruction set", cpu);
    early.simd = (int) simd;
    code = dispatch(&early, argc, argv);
    exm_guard_stop();
    return code;
}
