/*
 * test_outdir.c - tests of exomir/outdir.h
 *
 * The system calls that outdir.c makes are defined here and stand before libc's: each in
 * turn fails, or kills the process.  Whatever happens, a file under its final name is
 * whole, and a folder with provenance.json is complete.
 */
#define _GNU_SOURCE 1 /* syscall(), dup3() */
#include "exomir/outdir.h"

#include "exomir/digest.h"
#include "oom.h"
#include "tmpfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cmocka.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

/* ---- system calls that fail when told to ---- */

enum { ANY = -1, OPEN, WRITE, FSYNC, CLOSE, RENAME, UNLINK, MKDIR };

static struct fault {
    int call;      /* which of them counts */
    int countdown; /* good calls before it fires; negative: never */
    int err;       /* its errno; 0: SIGKILL */
    int lasting;   /* every call from then on */
    int fired;     /* the call that it hit, + 1 */
    size_t most;   /* bytes of one write(), 0: all */
    int interrupt; /* every other write() is interrupted first */
} fault = {.countdown = -1};

static int
fails(int call)
{
    if (fault.countdown < 0 || (fault.call != ANY && fault.call != call)) return 0;
    if (fault.countdown > 0) {
        fault.countdown--;
        return 0;
    }
    if (!fault.lasting) fault.countdown = -1;
    if (fault.err == 0) (void) kill(getpid(), SIGKILL);
    fault.fired = call + 1;
    errno = fault.err;
    return 1;
}

int
open(const char *path, int flags, ...)
{
    mode_t mode = 0;

    if (flags & O_CREAT) {
        va_list ap;

        va_start(ap, flags);
        mode = va_arg(ap, mode_t);
        va_end(ap);
    }
    return fails(OPEN) ? -1 : (int) syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

ssize_t
write(int fd, const void *p, size_t n)
{
    static int odd;

    if (fails(WRITE)) return -1;
    if (fault.interrupt && (odd = !odd)) {
        errno = EINTR;
        return -1;
    }
    return syscall(SYS_write, fd, p, fault.most && n > fault.most ? fault.most : n);
}

int
fsync(int fd)
{
    return fails(FSYNC) ? -1 : (int) syscall(SYS_fsync, fd);
}

int
close(int fd)
{
    const int failed = fails(CLOSE), e = errno;
    const int rc = (int) syscall(SYS_close, fd); /* closed in any case, as on Linux */

    if (failed) errno = e;
    return failed ? -1 : rc;
}

int
rename(const char *from, const char *to)
{
    return fails(RENAME) ? -1 : renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int
unlink(const char *path)
{
    return fails(UNLINK) ? -1 : unlinkat(AT_FDCWD, path, 0);
}

int
mkdir(const char *path, mode_t mode)
{
    return fails(MKDIR) ? -1 : mkdirat(AT_FDCWD, path, mode);
}

static void
arm(int call, int countdown, int err)
{
    fault = (struct fault){.call = call, .countdown = countdown, .err = err};
}

static void
disarm(void)
{
    arm(ANY, -1, 0);
}

/* ---- a private folder for each test ---- */

static char base[TMP_PATH];

static int
enter(void **state)
{
    (void) state;
    disarm();
    tmp_folder(base);
    return 0;
}

static int
leave(void **state)
{
    char cmd[TMP_PATH + 16];

    (void) state;
    disarm();
    oom_arm(-1);
    (void) snprintf(cmd, sizeof cmd, "rm -rf %s", base);
    return system(cmd);
}

/* A ring of buffers, so that several paths can be in use. */
static const char *
at(const char *name)
{
    static char ring[8][TMP_PATH];
    static int turn;

    return tmp_path(ring[turn++ % 8], base, name);
}

static int
exists(const char *path)
{
    struct stat s;

    return lstat(path, &s) == 0;
}

/* 1 when the file holds exactly this; 0 when it is absent; fails on anything else. */
static int
holds(const char *path, const char *want)
{
    char got[256] = "";
    FILE *f = fopen(path, "rb");
    size_t n;

    if (!f) {
        assert_int_equal(errno, ENOENT);
        return 0;
    }
    n = fread(got, 1, sizeof got - 1, f);
    (void) fclose(f);
    if (n != strlen(want) || memcmp(got, want, n) != 0)
        fail_msg("%s holds '%s', not '%s'", path, got, want);
    return 1;
}

/* Entries below a folder whose name holds 'part'. */
static size_t
count_named(const char *dir, const char *part)
{
    DIR *d = opendir(dir);
    size_t n = 0;

    for (const struct dirent *e; d && (e = readdir(d)) != NULL;) {
        char path[2 * TMP_PATH];
        struct stat s;

        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
        n += strstr(e->d_name, part) != NULL;
        (void) snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        if (lstat(path, &s) == 0 && S_ISDIR(s.st_mode)) n += count_named(path, part);
    }
    if (d) (void) closedir(d);
    return n;
}

static exm_buf
text(const char *s)
{
    exm_buf b = {0};

    exm_buf_puts(&b, s);
    return b;
}

static exm_status
put(exm_outdir *d, const char *name, const char *s, exm_error *err)
{
    exm_buf b = text(s);
    const exm_status st = exm_outdir_put(d, name, &b, err);

    exm_buf_done(&b);
    return st;
}

static exm_status
put_file(const char *path, const char *s, exm_error *err)
{
    exm_buf b = text(s);
    const exm_status st = exm_outfile_put(path, &b, err);

    exm_buf_done(&b);
    return st;
}

/* ---- one file ---- */

static void
a_file_appears_when_it_is_whole(void **state)
{
    exm_outfile *f = NULL;
    char want[EXM_SHA256_HEX];
    exm_error err = {0};

    (void) state;
    assert_int_equal(put_file(at("x"), "old", &err), EXM_OK);
    assert_int_equal(exm_outfile_new(at("x"), &f, &err), EXM_OK);
    assert_int_equal(exm_outfile_write(f, "new ", 4, &err), EXM_OK);
    assert_int_equal(exm_outfile_write(f, NULL, 0, &err), EXM_OK);
    assert_int_equal(exm_outfile_write(f, "text", 4, &err), EXM_OK);
    assert_true(holds(at("x"), "old"));
    assert_int_equal(count_named(base, ".tmp."), 1);
    assert_int_equal(exm_outfile_commit(f, &err), EXM_OK);
    assert_true(holds(at("x"), "new text"));
    assert_int_equal(count_named(base, ".tmp."), 0);
    assert_int_equal(exm_sha256_of("new text", 8, want, NULL), EXM_OK);
    assert_string_equal(exm_outfile_sha256(f), want);
    exm_outfile_free(f);
    assert_true(holds(at("x"), "new text"));

    assert_int_equal(exm_outfile_new(at("x"), &f, &err), EXM_OK);
    assert_int_equal(exm_outfile_write(f, "half", 4, &err), EXM_OK);
    exm_outfile_free(f); /* without commit */
    assert_true(holds(at("x"), "new text"));
    assert_int_equal(count_named(base, ".tmp."), 0);
    exm_outfile_free(NULL);

    assert_int_equal(put_file(at("empty"), "", &err), EXM_OK);
    assert_true(holds(at("empty"), ""));
}

static void
two_writers_of_one_name_do_not_mix(void **state)
{
    exm_outfile *f = NULL, *g = NULL;

    (void) state;
    assert_int_equal(exm_outfile_new(at("x"), &f, NULL), EXM_OK);
    assert_int_equal(exm_outfile_new(at("x"), &g, NULL), EXM_OK);
    assert_int_equal(count_named(base, ".tmp."), 2); /* neither was swept by the other */
    assert_int_equal(exm_outfile_write(f, "first", 5, NULL), EXM_OK);
    assert_int_equal(exm_outfile_write(g, "second", 6, NULL), EXM_OK);
    assert_int_equal(exm_outfile_commit(g, NULL), EXM_OK);
    assert_int_equal(exm_outfile_commit(f, NULL), EXM_OK);
    assert_true(holds(at("x"), "first"));
    exm_outfile_free(f);
    exm_outfile_free(g);
}

static void
short_and_interrupted_writes_go_on(void **state)
{
    (void) state;
    fault.most = 1;
    fault.interrupt = 1;
    assert_int_equal(put_file(at("x"), "byte by byte", NULL), EXM_OK);
    disarm();
    assert_true(holds(at("x"), "byte by byte"));
}

static void
paths_of_one_part_and_of_the_root(void **state)
{
    char was[TMP_PATH];
    exm_outfile *f = NULL;
    exm_outdir *d = NULL;
    exm_error err = {0};

    (void) state;
    assert_non_null(getcwd(was, sizeof was));
    assert_int_equal(chdir(base), 0);
    assert_int_equal(put_file("alone", "x", &err), EXM_OK);
    assert_int_equal(exm_outdir_new("run/", &d, &err), EXM_OK); /* a slash is no part */
    assert_int_equal(put(d, "a", "y", &err), EXM_OK);
    assert_string_equal(exm_outdir_name(d, 0), "a");
    exm_outdir_free(d);
    assert_int_equal(chdir(was), 0);
    assert_true(holds(at("alone"), "x"));
    assert_false(exists(at("run"))); /* it was made here, and is empty */
    arm(OPEN, 0, EACCES);
    assert_int_equal(exm_outfile_new("/x", &f, &err), EXM_EIO);
    assert_int_equal(fault.fired, OPEN + 1);
    assert_non_null(strstr(err.msg, "/x: cannot write"));
    assert_int_equal(exm_outfile_new("", &f, NULL), EXM_EINVAL);
    assert_int_equal(exm_outfile_new(NULL, &f, NULL), EXM_EINVAL);
    assert_int_equal(exm_outfile_new("x", NULL, NULL), EXM_EINVAL);
    assert_null(f);
}

static void
failures_stick_and_name_their_cause(void **state)
{
    exm_outfile *f = NULL;
    exm_error err = {0};

    (void) state;
    assert_int_equal(exm_outfile_new(at("x"), &f, &err), EXM_OK);
    assert_int_equal(exm_outfile_write(f, "abc", 3, &err), EXM_OK);
    arm(WRITE, 0, ENOSPC);
    assert_int_equal(exm_outfile_write(f, "def", 3, &err), EXM_EIO);
    assert_non_null(strstr(err.msg, "(is the disk full?)"));
    assert_non_null(strstr(err.msg, at("x")));
    assert_int_equal(err.at, 3); /* bytes that were written */
    assert_int_equal(exm_outfile_write(f, "def", 3, &err), EXM_EIO);
    assert_int_equal(exm_outfile_commit(f, &err), EXM_EIO);
    assert_non_null(strstr(err.msg, "disk full"));
    exm_outfile_free(f);
    assert_int_equal(count_named(base, "x"), 0);

    assert_int_equal(exm_outfile_new(at("no/x"), &f, &err), EXM_EIO);
    assert_non_null(strstr(err.msg, "No such file"));
    arm(OPEN, 0, EEXIST); /* every name is taken */
    fault.lasting = 1;
    assert_int_equal(exm_outfile_new(at("x"), &f, &err), EXM_EIO);
    disarm();

    /* A file system that refuses to sync a folder is no failure; one that fails to is. */
    arm(FSYNC, 1, EINVAL);
    assert_int_equal(put_file(at("x"), "x", &err), EXM_OK);
    assert_int_equal(fault.fired, FSYNC + 1);
    arm(FSYNC, 1, EIO);
    assert_int_equal(put_file(at("x"), "x", &err), EXM_EIO);
    assert_non_null(strstr(err.msg, base));
}

/* Another library opens the path, writes there and closes it. */
static void
a_lent_file_is_read_back(void **state)
{
    static const char text[] = "written elsewhere";
    char want[EXM_SHA256_HEX];
    exm_outfile *f = NULL;
    exm_outdir *d = NULL;
    exm_error err = {0};

    (void) state;
    assert_int_equal(exm_sha256_of(text, sizeof text, want, NULL), EXM_OK);
    for (int failing = 0; failing < 2; failing++) {
        int fd;

        assert_int_equal(exm_outdir_new(at("run"), &d, &err), EXM_OK);
        assert_int_equal(exm_outdir_open(d, "bam/x", &f, &err), EXM_OK);
        fd = open(exm_outfile_lend(f), O_WRONLY | O_TRUNC | O_CREAT, 0666);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, sizeof text), sizeof text);
        assert_int_equal(close(fd), 0);
        if (failing) arm(FSYNC, 0, ENOSPC);
        assert_int_equal(exm_outdir_close(d, f, &err), failing ? EXM_EIO : EXM_OK);
        disarm();
        assert_int_equal(exm_outdir_count(d), failing ? 0 : 1);
        if (!failing) {
            assert_string_equal(exm_outdir_sha256(d, 0), want);
            assert_int_equal(exm_outdir_bytes(d, 0), sizeof text);
        }
        exm_outdir_free(d);
    }
    assert_int_equal(exm_outfile_new("-", &f, &err), EXM_OK);
    assert_null(exm_outfile_lend(f));
    exm_outfile_free(f);
}

static void
a_limit_of_the_system_is_met(void **state)
{
    int status = 0;
    const pid_t pid = fork();

    (void) state;
    if (pid == 0) {
        const struct rlimit most = {.rlim_cur = 4096, .rlim_max = 4096};
        static char big[10000];
        exm_outfile *f = NULL;
        exm_error err = {0};
        int good;

        (void) signal(SIGXFSZ, SIG_IGN);
        good = setrlimit(RLIMIT_FSIZE, &most) == 0;
        good = good && exm_outfile_new(at("x"), &f, &err) == EXM_OK;
        good = good && exm_outfile_write(f, big, sizeof big, &err) == EXM_EIO;
        good = good && err.at == 4096 && strstr(err.msg, "File too large");
        exm_outfile_free(f);
        _exit(good ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(count_named(base, "x"), 0);
}

/* ---- standard output ---- */

static int
child_with_stdout(int fd, int (*run)(void))
{
    int status = -1;
    const pid_t pid = fork();

    if (pid == 0) {
        if (dup2(fd, STDOUT_FILENO) < 0) _exit(9);
        _exit(run());
    }
    return waitpid(pid, &status, 0) == pid ? status : -1;
}

static int
write_much(void)
{
    exm_outfile *f = NULL;
    int good = exm_outfile_new("-", &f, NULL) == EXM_OK;

    for (int i = 0; good && i < 50000; i++)
        good = exm_outfile_write(f, "0123456789", 10, NULL) == EXM_OK;
    good = good && exm_outfile_commit(f, NULL) == EXM_OK &&
           strlen(exm_outfile_sha256(f)) == EXM_SHA256_HEX - 1;
    exm_outfile_free(f);
    return good && fcntl(STDOUT_FILENO, F_GETFD) != -1 ? 0 : 1; /* it stays open */
}

static int
write_to_full(void)
{
    exm_outfile *f = NULL;
    exm_error err = {0};
    int good = exm_outfile_new("-", &f, NULL) == EXM_OK;

    good = good && exm_outfile_write(f, "x", 1, &err) == EXM_EIO;
    good = good && strstr(err.msg, "standard output: cannot write (is the disk full?)");
    good = good && exm_outfile_commit(f, &err) == EXM_EIO;
    exm_outfile_free(f);
    return good ? 0 : 1;
}

static void *
drain(void *arg)
{
    const int fd = *(int *) arg;
    static char got[1 << 12];
    static size_t sum;

    sum = 0;
    for (ssize_t n; (n = read(fd, got, sizeof got)) > 0;) sum += (size_t) n;
    return &sum;
}

static void
standard_output_takes_all_or_tells(void **state)
{
    const int full = (int) syscall(SYS_openat, AT_FDCWD, "/dev/full", O_WRONLY, 0);

    (void) state;
    for (int blocking = 0; blocking < 2; blocking++) {
        int fd[2];
        pthread_t reader;
        void *sum = NULL;

        assert_int_equal(pipe(fd), 0);
        if (!blocking) assert_int_equal(fcntl(fd[1], F_SETFL, O_NONBLOCK), 0);
        assert_int_equal(pthread_create(&reader, NULL, drain, &fd[0]), 0);
        assert_int_equal(child_with_stdout(fd[1], write_much), 0);
        (void) close(fd[1]);
        assert_int_equal(pthread_join(reader, &sum), 0);
        assert_int_equal(*(size_t *) sum, 500000);
        (void) close(fd[0]);
    }
    assert_true(full >= 0);
    assert_int_equal(child_with_stdout(full, write_to_full), 0);
    (void) close(full);
    assert_int_equal(count_named(base, ""), 0);
}

/* ---- what dead processes left ---- */

static pid_t
dead_process(void)
{
    const pid_t pid = fork();

    if (pid == 0) _exit(0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    return pid;
}

static void
temporaries_of_the_dead_are_swept(void **state)
{
    static const char *const kept[] = {
        "a.tmp",      "a.tmp.",    "a.tmp.12",           "a.tmp.x.1",
        "a.tmp.0.1",  "a.tmp.1.0", "a.tmp.5000000000.0", "a.tmp.99999999999999999999.0",
        "a.tmp.12.x", "notes",     "records/a.tmp.x",    "deep/a.tmp.DEAD.0"};
    static const char *const swept[] = {"a.tmp.DEAD.0",         "b c.tmp.DEAD.17",
                                        "records/r.tmp.DEAD.0", "bam/x.bam.tmp.DEAD.3",
                                        "multiqc/m.tmp.DEAD.0", "twice.tmp.1.0.tmp.DEAD.0"};
    const long dead = (long) dead_process();
    char name[TMP_PATH], path[TMP_PATH];
    exm_outdir *d = NULL;

    (void) state;
    for (size_t i = 0; i < 4; i++) {
        static const char *const folders[] = {"records", "bam", "multiqc", "deep"};

        assert_int_equal(mkdir(at(folders[i]), 0777), 0);
    }
    for (int turn = 0; turn < 2; turn++) {
        const size_t n = turn ? LEN(swept) : LEN(kept);

        for (size_t i = 0; i < n; i++) {
            const char *s = turn ? swept[i] : kept[i], *mark = strstr(s, "DEAD");

            if (mark)
                (void) snprintf(name, sizeof name, "%.*s%ld%s", (int) (mark - s), s, dead,
                                mark + 4);
            else
                (void) snprintf(name, sizeof name, "%s", s);
            tmp_write(path, base, name, "x", 1);
        }
    }
    (void) snprintf(name, sizeof name, "a.tmp.%ld.7", (long) getpid());
    tmp_write(path, base, name, "x", 1);
    assert_int_equal(exm_outdir_new(base, &d, NULL), EXM_OK);
    exm_outdir_free(d);
    assert_int_equal(count_named(base, ""), 4 + LEN(kept) + 1);

    exm_outdir_sweep(base, (long) getpid()); /* those of one process, alive or not */
    assert_int_equal(count_named(base, ""), 4 + LEN(kept));
    exm_outdir_sweep("/no/such/folder", 0);
    exm_outdir_sweep(base, 1);
    assert_int_equal(count_named(base, ""), 4 + LEN(kept) - 1);
}

static void
a_file_sweeps_its_own_temporaries_only(void **state)
{
    const long dead = (long) dead_process();
    char name[TMP_PATH], path[TMP_PATH];

    (void) state;
    for (int i = 0; i < 3; i++) {
        (void) snprintf(name, sizeof name, "%s.tmp.%ld.%d", i == 2 ? "y.x" : "x", dead, i);
        tmp_write(path, base, name, "x", 1);
    }
    assert_int_equal(put_file(at("x"), "whole", NULL), EXM_OK);
    assert_int_equal(count_named(base, ""), 2);
    assert_int_equal(count_named(base, "y.x"), 1); /* another file's */
}

/* ---- a run's folder ---- */

/* One run that makes everything outdir.c can make; 'mark' tells runs apart. */
static exm_status
run(const char *dir, const char *mark, exm_error *err)
{
    exm_outdir *d = NULL;
    exm_outfile *f = NULL;
    exm_buf provenance = text(mark);
    exm_status st = exm_outdir_new(dir, &d, err);

    if (st == EXM_OK) st = put(d, "b.tsv", mark, err);
    if (st == EXM_OK) st = put(d, "records/S1.exr", mark, err);
    if (st == EXM_OK) st = exm_outdir_open(d, "a.tsv", &f, err);
    if (st == EXM_OK) {
        st = exm_outfile_write(f, mark, strlen(mark), err);
        if (st == EXM_OK)
            st = exm_outdir_close(d, f, err);
        else
            exm_outfile_free(f);
    }
    if (st == EXM_OK) st = exm_outdir_commit(d, &provenance, err);
    exm_outdir_free(d);
    exm_buf_done(&provenance);
    return st;
}

static const char *const outputs[] = {"a.tsv", "b.tsv", "records/S1.exr"};

/* Every file is of the old or of the new run; with provenance, all are of its run. */
static void
check_folder(const char *dir, const char *old, const char *new)
{
    char path[2 * TMP_PATH], got[16] = "";
    const char *of = NULL;
    FILE *f;

    (void) snprintf(path, sizeof path, "%s/provenance.json", dir);
    f = fopen(path, "rb");
    if (f) {
        got[fread(got, 1, sizeof got - 1, f)] = '\0';
        (void) fclose(f);
        of = strcmp(got, old) == 0 ? old : new;
        assert_string_equal(got, of);
    }
    for (size_t i = 0; i < LEN(outputs); i++) {
        (void) snprintf(path, sizeof path, "%s/%s", dir, outputs[i]);
        f = fopen(path, "rb");
        if (!f) {
            assert_null(of);
            continue;
        }
        got[fread(got, 1, sizeof got - 1, f)] = '\0';
        (void) fclose(f);
        if (of)
            assert_string_equal(got, of);
        else
            assert_true(strcmp(got, old) == 0 || strcmp(got, new) == 0);
    }
}

static void
a_run_is_there_when_it_is_committed(void **state)
{
    exm_outdir *d = NULL;
    exm_outfile *f = NULL;
    exm_error err = {0};
    exm_buf provenance = text("{}");
    char want[EXM_SHA256_HEX];

    (void) state;
    assert_int_equal(exm_outdir_new(at("run"), &d, &err), EXM_OK);
    assert_int_equal(put(d, "z", "last", &err), EXM_OK);
    assert_int_equal(put(d, "deep/er/file", "inner", &err), EXM_OK);
    assert_int_equal(put(d, "a", "first", &err), EXM_OK);
    assert_int_equal(put(d, "a", "again", &err), EXM_OK); /* replaces */
    assert_int_equal(exm_outdir_open(d, "m", &f, &err), EXM_OK);
    assert_null(exm_outdir_staged_path(d, "m")); /* not yet closed */
    assert_int_equal(exm_outfile_write(f, "middle", 6, &err), EXM_OK);
    assert_int_equal(exm_outdir_close(d, f, &err), EXM_OK);

    assert_int_equal(exm_outdir_count(d), 4);
    assert_string_equal(exm_outdir_name(d, 0), "a");
    assert_string_equal(exm_outdir_name(d, 1), "deep/er/file");
    assert_string_equal(exm_outdir_name(d, 2), "m");
    assert_string_equal(exm_outdir_name(d, 3), "z");
    assert_int_equal(exm_outdir_bytes(d, 2), 6);
    assert_int_equal(exm_sha256_of("again", 5, want, NULL), EXM_OK);
    assert_string_equal(exm_outdir_sha256(d, 0), want);
    assert_true(holds(exm_outdir_staged_path(d, "m"), "middle")); /* can be read back */
    assert_null(exm_outdir_staged_path(d, "none"));
    for (size_t i = 0; i < 4; i++) {
        char path[TMP_PATH];

        (void) snprintf(path, sizeof path, "run/%s", exm_outdir_name(d, i));
        assert_false(exists(at(path)));
    }
    assert_int_equal(exm_outdir_commit(d, &provenance, &err), EXM_OK);
    assert_true(holds(at("run/a"), "again"));
    assert_true(holds(at("run/deep/er/file"), "inner"));
    assert_true(holds(at("run/m"), "middle"));
    assert_true(holds(at("run/z"), "last"));
    assert_true(holds(at("run/provenance.json"), "{}"));
    assert_int_equal(count_named(base, ".tmp."), 0);
    exm_outdir_free(d);
    exm_outdir_free(NULL);
    exm_buf_done(&provenance);
    assert_true(holds(at("run/z"), "last"));
}

static void
without_commit_an_old_run_stays_whole(void **state)
{
    exm_outdir *d = NULL;

    (void) state;
    assert_int_equal(run(at("run"), "old", NULL), EXM_OK);
    assert_int_equal(exm_outdir_new(at("run"), &d, NULL), EXM_OK);
    assert_int_equal(put(d, "a.tsv", "new", NULL), EXM_OK);
    assert_int_equal(put(d, "other", "new", NULL), EXM_OK);
    exm_outdir_free(d);
    assert_true(holds(at("run/provenance.json"), "old"));
    check_folder(at("run"), "old", "old");
    assert_int_equal(count_named(base, ".tmp."), 0);
    assert_false(exists(at("run/other")));
}

static void
folders_that_cannot_be_are_told(void **state)
{
    exm_outdir *d = NULL;
    exm_error err = {0};
    char path[TMP_PATH];

    (void) state;
    tmp_write(path, base, "file", "x", 1);
    assert_int_equal(exm_outdir_new(path, &d, &err), EXM_EIO);
    assert_non_null(strstr(err.msg, "file: is a file, not a folder"));
    assert_int_equal(exm_outdir_new(at("file/run"), &d, &err), EXM_EIO);
    assert_int_equal(exm_outdir_new(at("no/run"), &d, &err), EXM_EIO);
    assert_non_null(strstr(err.msg, "no/run: cannot make the folder: No such file"));
    arm(MKDIR, 0, EROFS);
    assert_int_equal(exm_outdir_new(at("run"), &d, &err), EXM_EIO);
    assert_non_null(strstr(err.msg, "Read-only"));
    assert_int_equal(symlink("nowhere", at("dangling")), 0);
    assert_int_equal(exm_outdir_new(at("dangling"), &d, &err), EXM_EIO);
    assert_int_equal(exm_outdir_new("", &d, NULL), EXM_EINVAL);
    assert_int_equal(exm_outdir_new(NULL, &d, NULL), EXM_EINVAL);
    assert_int_equal(exm_outdir_new("x", NULL, NULL), EXM_EINVAL);
    assert_null(d);
}

static void
names_stay_inside_the_folder(void **state)
{
    static const char *const bad[] = {"",     "/x", "..", "../x", "a/../x", "a/..",
                                      "a//x", "a/", ".",  "./x",  "a/./x",  "/"};
    static const char *const good[] = {"..a", "a..", "...", "a/...", ".a", "b/..c/d"};
    exm_outdir *d = NULL;
    exm_error err;

    (void) state;
    assert_int_equal(exm_outdir_new(at("run"), &d, NULL), EXM_OK);
    for (size_t i = 0; i < LEN(bad); i++) {
        if (put(d, bad[i], "x", &err) != EXM_EINVAL) fail_msg("'%s' was taken", bad[i]);
        assert_non_null(strstr(err.msg, "is no name inside the output folder"));
    }
    assert_int_equal(put(d, NULL, "x", NULL), EXM_EINVAL);
    assert_int_equal(exm_outdir_count(d), 0);
    for (size_t i = 0; i < LEN(good); i++)
        if (put(d, good[i], "x", &err) != EXM_OK) fail_msg("'%s': %s", good[i], err.msg);
    tmp_write((char[TMP_PATH]){0}, base, "run/file", "x", 1);
    assert_int_equal(put(d, "file/x", "x", &err), EXM_EIO);
    assert_non_null(strstr(err.msg, "is a file, not a folder"));
    exm_outdir_free(d);
}

static void
a_buffer_that_ran_out_of_memory_is_not_written(void **state)
{
    exm_outdir *d = NULL;
    exm_buf bad = {.failed = 1};

    (void) state;
    assert_int_equal(exm_outfile_put(at("x"), &bad, NULL), EXM_ENOMEM);
    assert_int_equal(exm_outdir_new(at("run"), &d, NULL), EXM_OK);
    assert_int_equal(exm_outdir_put(d, "x", &bad, NULL), EXM_ENOMEM);
    assert_int_equal(exm_outdir_commit(d, &bad, NULL), EXM_ENOMEM);
    exm_outdir_free(d);
    assert_int_equal(count_named(base, ""), 0);
}

/* ---- each system call fails, or is the last ---- */

static void
each_system_call_can_fail(void **state)
{
    static const int errors[] = {EIO, ENOSPC, EACCES};
    int k, told = 0;

    (void) state;
    for (size_t e = 0; e < LEN(errors); e++) {
        assert_int_equal(run(at("run"), "old", NULL), EXM_OK);
        for (k = 0;; k++) {
            exm_error err = {0};
            exm_status st;
            int fired;

            arm(ANY, k, errors[e]);
            st = run(at("run"), "new", &err);
            fired = fault.fired;
            disarm();
            check_folder(at("run"), "old", "new");
            if (!fired) {
                assert_int_equal(st, EXM_OK);
                break;
            }
            if (st == EXM_OK) {
                /* Closing a folder and tidying up may fail; nothing else. */
                assert_true(fired == CLOSE + 1 || fired == UNLINK + 1);
                assert_true(holds(at("run/provenance.json"), "new"));
            } else {
                assert_int_equal(st, EXM_EIO);
                assert_true(err.msg[0]);
                told++;
            }
            assert_int_equal(count_named(base, ".tmp."), 0);
            assert_int_equal(run(at("run"), "old", NULL), EXM_OK); /* and it goes on */
        }
        assert_true(k > 25);
    }
    assert_true(told > 60);
}

static void
each_system_call_can_be_the_last(void **state)
{
    int k, left = 0, incomplete = 0;

    (void) state;
    assert_int_equal(run(at("run"), "old", NULL), EXM_OK);
    for (k = 0;; k++) {
        int status = 0;
        const pid_t pid = fork();

        if (pid == 0) {
            arm(ANY, k, 0);
            _exit(run(at("run"), "new", NULL) == EXM_OK ? 0 : 1);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        check_folder(at("run"), "old", "new");
        if (WIFEXITED(status)) {
            assert_int_equal(WEXITSTATUS(status), 0);
            break;
        }
        assert_int_equal(WTERMSIG(status), SIGKILL);
        left += count_named(base, ".tmp.") > 0;
        incomplete += !exists(at("run/provenance.json"));
        assert_int_equal(run(at("run"), "old", NULL), EXM_OK);
        check_folder(at("run"), "old", "old");
        assert_int_equal(count_named(base, ".tmp."), 0); /* swept */
    }
    assert_true(k > 25);
    assert_true(left > 10 && incomplete > 3); /* the kills were in the middle of it */
}

static void
each_allocation_can_fail(void **state)
{
    int k;

    (void) state;
    assert_int_equal(run(at("run"), "old", NULL), EXM_OK);
    for (k = 0;; k++) {
        exm_error err = {0};
        exm_status st;

        oom_arm(k);
        st = run(at("run"), "new", &err);
        if (!oom_fired()) {
            oom_arm(-1);
            assert_int_equal(st, EXM_OK);
            break;
        }
        oom_arm(-1);
        check_folder(at("run"), "old", "new");
        assert_int_equal(count_named(base, ".tmp."), 0);
        /* A sweep that lacks memory is left out; nothing else goes on. */
        if (st == EXM_OK) assert_int_equal(run(at("run"), "old", NULL), EXM_OK);
        if (st != EXM_OK) assert_int_equal(st, EXM_ENOMEM);
    }
    assert_true(k > 25);
    for (k = 0;; k++) {
        exm_status st;

        oom_arm(k);
        st = put_file(at("x"), "new", NULL);
        if (!oom_fired()) break;
        oom_arm(-1);
        assert_true(st == EXM_ENOMEM || (st == EXM_OK && holds(at("x"), "new")));
        assert_int_equal(count_named(base, ".tmp."), 0);
    }
    assert_true(k >= 6);
}

/* ---- threads ---- */

enum { THREADS = 8, EACH = 40 };

struct putting {
    exm_outdir *d;
    int id, failed;
    pthread_t thread;
};

static void *
put_many(void *arg)
{
    struct putting *p = arg;

    for (int i = 0; i < EACH && !p->failed; i++) {
        char name[64];

        (void) snprintf(name, sizeof name, "records/in/S%d-%02d", p->id, i);
        p->failed = put(p->d, name, name, NULL) != EXM_OK;
        /* All threads put this one. */
        if (!p->failed) p->failed = put(p->d, "records/same", "same", NULL) != EXM_OK;
    }
    return NULL;
}

static void
threads_may_put_at_once(void **state)
{
    struct putting p[THREADS];
    exm_outdir *d = NULL;
    exm_buf provenance = text("{}");

    (void) state;
    assert_int_equal(exm_outdir_new(at("run"), &d, NULL), EXM_OK);
    for (int i = 0; i < THREADS; i++) {
        p[i] = (struct putting){.d = d, .id = i};
        assert_int_equal(pthread_create(&p[i].thread, NULL, put_many, &p[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(p[i].thread, NULL), 0);
        assert_int_equal(p[i].failed, 0);
    }
    assert_int_equal(exm_outdir_count(d), THREADS * EACH + 1);
    for (size_t i = 1; i < exm_outdir_count(d); i++)
        assert_true(strcmp(exm_outdir_name(d, i - 1), exm_outdir_name(d, i)) < 0);
    assert_int_equal(exm_outdir_commit(d, &provenance, NULL), EXM_OK);
    exm_outdir_free(d);
    exm_buf_done(&provenance);
    assert_int_equal(count_named(base, ".tmp."), 0);
    assert_int_equal(count_named(base, "S"), THREADS * EACH);
    assert_true(holds(at("run/records/in/S3-07"), "records/in/S3-07"));
    assert_true(holds(at("run/records/same"), "same"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, enter, leave)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_appears_when_it_is_whole),
        TEST(two_writers_of_one_name_do_not_mix),
        TEST(short_and_interrupted_writes_go_on),
        TEST(paths_of_one_part_and_of_the_root),
        TEST(failures_stick_and_name_their_cause),
        TEST(a_lent_file_is_read_back),
        TEST(a_limit_of_the_system_is_met),
        TEST(standard_output_takes_all_or_tells),
        TEST(temporaries_of_the_dead_are_swept),
        TEST(a_file_sweeps_its_own_temporaries_only),
        TEST(a_run_is_there_when_it_is_committed),
        TEST(without_commit_an_old_run_stays_whole),
        TEST(folders_that_cannot_be_are_told),
        TEST(names_stay_inside_the_folder),
        TEST(a_buffer_that_ran_out_of_memory_is_not_written),
        TEST(each_system_call_can_fail),
        TEST(each_system_call_can_be_the_last),
        TEST(each_allocation_can_fail),
        TEST(threads_may_put_at_once),
    };
    return cmocka_run_group_tests_name("outdir", tests, NULL, NULL);
}
