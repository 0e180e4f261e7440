/* msg.c - errors, notes and progress on standard error; results on standard output. */
#include "msg.h"

#include "exomir/json.h"
#include "exomir/outdir.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The environment is read before any thread starts, hence the two exceptions below. */
int
exm_msg_colour(int fd)
{
    const char *no_color = getenv("NO_COLOR"); /* NOLINT(concurrency-mt-unsafe) */
    const char *term = getenv("TERM");         /* NOLINT(concurrency-mt-unsafe) */

    if (no_color && no_color[0]) return 0; /* no-color.org: set and not empty */
    return isatty(fd) && term && term[0] && strcmp(term, "dumb") != 0;
}

/* Paths and words of the user may hold control bytes; a terminal would obey them. */
static void
put_printable(const char *text, FILE *to)
{
    for (; *text; text++)
        (void) fputc((unsigned char) *text < 0x20 || *text == 0x7f ? '?' : *text, to);
}

static void
put_line(const char *label, const char *colour, const exm_common *c, const char *text)
{
    const int on = exm_msg_colour(STDERR_FILENO);

    (void) fprintf(stderr, "exomir%s%s: %s%s%s", c->command ? " " : "",
                   c->command ? c->command : "", on ? colour : "", label,
                   on ? "\033[0m" : "");
    put_printable(text, stderr);
    (void) fputc('\n', stderr);
}

static const char *
kind_of(int code)
{
    switch (code) {
    case EXM_EXIT_USAGE:
        return "usage";
    case EXM_EXIT_QC:
        return "qc";
    default:
        return "failure";
    }
}

static int
report(const exm_common *c, int code, const char *hint, const char *text)
{
    put_line("error: ", "\033[1;31m", c, text);
    if (hint && hint[0]) (void) fprintf(stderr, "  hint: %s\n", hint);
    if (c->json) {
        exm_buf out = {0};
        exm_json j;

        exm_json_init(&j, &out);
        exm_json_object(&j);
        exm_json_key(&j, "error");
        exm_json_object(&j);
        exm_json_kstr(&j, "kind", kind_of(code));
        exm_json_ki64(&j, "exit", code);
        if (c->command) exm_json_kstr(&j, "command", c->command);
        exm_json_kstr(&j, "message", text);
        if (hint && hint[0]) exm_json_kstr(&j, "hint", hint);
        exm_json_end(&j);
        exm_json_end(&j);
        /* An output that is closed too leaves nobody to tell. */
        if (exm_json_finish(&j, NULL) == EXM_OK) (void) !exm_outfile_put("-", &out, NULL);
        exm_buf_done(&out);
    }
    return code;
}

int
exm_msg_error(const exm_common *c, int code, const char *hint, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    (void) vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return report(c, code, hint, text);
}

int
exm_msg_status(const exm_common *c, const exm_error *err, const char *hint)
{
    if (!hint && err->code == EXM_EINVAL)
        hint = "this is a mistake in exomir itself: please report it";
    if (!hint && err->code == EXM_ENOMEM) hint = "fewer threads need less memory (-t 1)";
    if (!hint && err->code == EXM_EIO)
        hint = "check that the path exists, may be used by you, and that the disk has room";
    return report(c, EXM_EXIT_FAIL, hint, err->msg);
}

void
exm_msg_note(const exm_common *c, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    if (c->quiet) return;
    va_start(ap, fmt);
    (void) vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    put_line("note: ", "\033[1m", c, text);
}

void
exm_msg_detail(const exm_common *c, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    if (!c->verbose || c->quiet) return;
    va_start(ap, fmt);
    (void) vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    put_line("", "", c, text);
}

int
exm_msg_print(const exm_common *c, exm_buf *out)
{
    exm_common quiet = *c;
    exm_error err = {0};

    if (exm_buf_check(out, &err) == EXM_OK && exm_outfile_put("-", out, &err) == EXM_OK)
        return EXM_EXIT_OK;
    quiet.json = 0; /* standard output is what failed */
    return exm_msg_status(&quiet, &err, "is standard output closed, or its disk full?");
}

/* ---- progress ---- */

struct part {
    uint64_t done, total, reads;
};

struct exm_progress {
    pthread_mutex_t lock;
    struct timespec start, last;
    size_t n;
    struct part *part;
};

static double
seconds(const struct timespec *a, const struct timespec *b)
{
    return (double) (b->tv_sec - a->tv_sec) + 1e-9 * (double) (b->tv_nsec - a->tv_nsec);
}

exm_progress *
exm_progress_new(const exm_common *c, size_t n_samples)
{
    exm_progress *p;

    /* NO_COLOR forbids colour, not progress; a dumb terminal cannot redraw a line. */
    const char *term = getenv("TERM"); /* NOLINT(concurrency-mt-unsafe): no threads yet */

    if (c->quiet || n_samples == 0 || !isatty(STDERR_FILENO)) return NULL;
    if (!term || strcmp(term, "dumb") == 0) return NULL;
    p = calloc(1, sizeof *p);
    if (!p) return NULL;
    p->part = calloc(n_samples, sizeof *p->part);
    p->n = n_samples;
    if (!p->part || pthread_mutex_init(&p->lock, NULL) != 0) {
        free(p->part);
        free(p);
        return NULL;
    }
    (void) clock_gettime(CLOCK_MONOTONIC, &p->start);
    p->last = p->start;
    return p;
}

/* Samples that have not started count as large as the mean of those that have. */
static void
draw(const exm_progress *p, double elapsed)
{
    double done = 0.0, total = 0.0, reads = 0.0;
    size_t known = 0, begun = 0;

    for (size_t i = 0; i < p->n; i++) {
        reads += (double) p->part[i].reads;
        begun += p->part[i].done > 0;
        if (p->part[i].total == 0) continue;
        done += (double) p->part[i].done;
        total += (double) p->part[i].total;
        known++;
    }
    if (known > 0 && known == begun) {
        const double share = done / (total / (double) known * (double) p->n);

        (void) fprintf(stderr, "\r\033[K%3.0f %%  ", 100.0 * (share > 1.0 ? 1.0 : share));
    } else {
        (void) fputs("\r\033[K", stderr);
    }
    (void) fprintf(stderr, "%.1f M reads, %.2f M reads/s", reads / 1e6,
                   elapsed > 0.0 ? reads / 1e6 / elapsed : 0.0);
    if (p->n > 1) (void) fprintf(stderr, ", %zu of %zu samples begun", begun, p->n);
    (void) fflush(stderr);
}

void
exm_progress_update(exm_progress *p, size_t sample, uint64_t done, uint64_t total,
                    uint64_t reads)
{
    struct timespec now;

    (void) pthread_mutex_lock(&p->lock);
    p->part[sample] = (struct part){.done = done, .total = total, .reads = reads};
    (void) clock_gettime(CLOCK_MONOTONIC, &now);
    if (seconds(&p->last, &now) >= 0.1) {
        p->last = now;
        draw(p, seconds(&p->start, &now));
    }
    (void) pthread_mutex_unlock(&p->lock);
}

void
exm_progress_free(exm_progress *p)
{
    if (!p) return;
    (void) fputs("\r\033[K", stderr);
    (void) pthread_mutex_destroy(&p->lock);
    free(p->part);
    free(p);
}
