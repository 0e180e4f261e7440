/*
 * test_outdir_shared.c - tests of exomir/outdir.h where a run is not alone in its folder:
 * another run at the same time, what an older one left, somebody who sweeps.
 */
#include "exomir/outdir.h"
#include "oom.h"
#include "tmpfile.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char base[TMP_PATH], run[TMP_PATH + 8];

static int
set_up(void **state)
{
    (void) state;
    tmp_folder(base);
    (void) snprintf(run, sizeof run, "%s/run", base);
    return 0;
}

static int
tear_down(void **state)
{
    char cmd[TMP_PATH + 32];

    (void) state;
    (void) snprintf(cmd, sizeof cmd, "rm -rf '%s'", base);
    return system(cmd);
}

static int
is_there(const char *name)
{
    char path[2 * TMP_PATH];

    (void) snprintf(path, sizeof path, "%s/%s", run, name);
    return access(path, F_OK) == 0;
}

static exm_status
put(exm_outdir *d, const char *name, exm_error *err)
{
    exm_buf b = {0};
    exm_status st;

    exm_buf_puts(&b, name);
    st = exm_outdir_put(d, name, &b, err);
    exm_buf_done(&b);
    return st;
}

/* A whole run that puts 'name', and drops 'drop' (or NULL). */
static void
whole_run(const char *name, const char *drop)
{
    exm_outdir *d = NULL;
    exm_buf provenance = {0};

    exm_buf_puts(&provenance, "{}");
    assert_int_equal(exm_outdir_new(run, &d, NULL), EXM_OK);
    assert_int_equal(put(d, name, NULL), EXM_OK);
    if (drop) assert_int_equal(exm_outdir_drop(d, drop, NULL), EXM_OK);
    assert_int_equal(exm_outdir_commit(d, &provenance, NULL), EXM_OK);
    exm_outdir_free(d);
    exm_buf_done(&provenance);
}

/* ---- two at once ---- */

static void
a_folder_belongs_to_one_run_at_a_time(void **state)
{
    exm_outdir *first = NULL, *second = NULL;
    exm_error err = {0};

    (void) state;
    assert_int_equal(exm_outdir_new(run, &first, NULL), EXM_OK);
    assert_int_equal(put(first, "records/a.exr", NULL), EXM_OK);
    assert_int_equal(exm_outdir_new(run, &second, &err), EXM_EIO);
    assert_null(second);
    assert_non_null(strstr(err.msg, "another run is writing into this folder"));
    assert_non_null(strstr(err.msg, run));
    assert_non_null(exm_outdir_staged_path(first, "records/a.exr"));
    assert_int_equal(access(exm_outdir_staged_path(first, "records/a.exr"), F_OK), 0);
    exm_outdir_free(first);
    assert_int_equal(exm_outdir_new(run, &second, &err), EXM_OK);
    exm_outdir_free(second);
}

/* However a process ends, its lock ends with it. */
static void
a_killed_run_leaves_no_lock(void **state)
{
    exm_outdir *d = NULL;
    pid_t child;
    int status;

    (void) state;
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (exm_outdir_new(run, &d, NULL) == EXM_OK) abort();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(exm_outdir_new(run, &d, NULL), EXM_OK);
    exm_outdir_free(d);
}

/* The child holds 'run' as a file until it is killed. */
static void
a_file_belongs_to_one_process_at_a_time(void **state)
{
    exm_outfile *f = NULL;
    exm_error err = {0};
    char ready = 0;
    int fds[2], status;
    pid_t child;

    (void) state;
    assert_int_equal(pipe(fds), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (exm_outfile_new(run, &f, NULL) != EXM_OK ||
            exm_outfile_settle(f, NULL) != EXM_OK || write(fds[1], "r", 1) != 1)
            _exit(1);
        for (;;) (void) pause(); /* settled, and the lock still there */
    }
    assert_int_equal(read(fds[0], &ready, 1), 1);
    assert_int_equal(exm_outfile_new(run, &f, &err), EXM_EIO);
    assert_null(f);
    assert_non_null(strstr(err.msg, "another run is writing this file"));
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(exm_outfile_new(run, &f, &err), EXM_OK);
    assert_int_equal(exm_outfile_commit(f, NULL), EXM_OK);
    exm_outfile_free(f);
    (void) close(fds[0]);
    (void) close(fds[1]);
    assert_int_equal(access(run, F_OK), 0);
}

/* ---- older runs ---- */

static void
dropped_files_go_with_the_commit(void **state)
{
    exm_outdir *d = NULL;

    (void) state;
    whole_run("report.html", NULL);
    assert_int_equal(exm_outdir_new(run, &d, NULL), EXM_OK);
    assert_int_equal(exm_outdir_drop(d, "report.html", NULL), EXM_OK);
    exm_outdir_free(d); /* no commit, no change */
    assert_true(is_there("report.html") && is_there("provenance.json"));

    whole_run("a.tsv", "report.html");
    assert_false(is_there("report.html"));
    assert_true(is_there("a.tsv"));
    whole_run("a.tsv", "a.tsv"); /* what is put stays */
    assert_true(is_there("a.tsv"));
    whole_run("b.tsv", "no/such/file");
    assert_true(is_there("a.tsv") && is_there("b.tsv"));
}

static void
names_to_drop_stay_inside_the_folder(void **state)
{
    exm_outdir *d = NULL;
    exm_error err;

    (void) state;
    assert_int_equal(exm_outdir_new(run, &d, NULL), EXM_OK);
    assert_int_equal(exm_outdir_drop(d, "../x", &err), EXM_EINVAL);
    assert_int_equal(exm_outdir_drop(d, "/x", &err), EXM_EINVAL);
    assert_int_equal(exm_outdir_drop(d, "", &err), EXM_EINVAL);
    exm_outdir_free(d);
}

static void
what_cannot_be_dropped_is_told(void **state)
{
    exm_outdir *d = NULL;
    exm_buf provenance = {0};
    exm_error err = {0};

    (void) state;
    exm_buf_puts(&provenance, "{}");
    whole_run("a/b", NULL);
    assert_int_equal(exm_outdir_new(run, &d, NULL), EXM_OK);
    assert_int_equal(exm_outdir_drop(d, "a", &err),
                     EXM_OK); /* a folder that is not empty */
    assert_int_equal(exm_outdir_commit(d, &provenance, &err), EXM_EIO);
    assert_non_null(strstr(err.msg, "/a: cannot remove"));
    assert_false(is_there("provenance.json")); /* the folder is not complete any more */
    exm_outdir_free(d);
    exm_buf_done(&provenance);
}

static void
empty_folders_go_if_they_were_made_here(void **state)
{
    exm_outdir *d = NULL;
    char path[2 * TMP_PATH];

    (void) state;
    assert_int_equal(exm_outdir_new(run, &d, NULL), EXM_OK);
    assert_int_equal(put(d, "records/a.exr", NULL), EXM_OK);
    exm_outdir_free(d);
    assert_int_not_equal(access(run, F_OK), 0);

    assert_int_equal(mkdir(run, 0777), 0);
    (void) snprintf(path, sizeof path, "%s/records", run);
    assert_int_equal(mkdir(path, 0777), 0);
    assert_int_equal(exm_outdir_new(run, &d, NULL), EXM_OK);
    assert_int_equal(put(d, "records/a.exr", NULL), EXM_OK);
    assert_int_equal(put(d, "bam/a.bam", NULL), EXM_OK);
    exm_outdir_free(d);
    assert_true(is_there("records") && !is_there("bam"));
}

/* ---- a folder that is swept while it is written ---- */

static int inside, entered;

static void
enter(void)
{
    assert_int_equal(inside++, 0);
    entered++;
}

static void
leave(void)
{
    assert_int_equal(--inside, 0);
}

static void
files_are_created_and_renamed_behind_the_gate(void **state)
{
    static const exm_outgate gate = {enter, leave};
    exm_outdir *d = NULL;
    exm_buf provenance = {0};

    (void) state;
    exm_buf_puts(&provenance, "{}");
    inside = entered = 0;
    assert_int_equal(exm_outdir_new(run, &d, NULL), EXM_OK);
    exm_outdir_set_gate(d, &gate);
    assert_int_equal(put(d, "a", NULL), EXM_OK);
    assert_int_equal(put(d, "b/c", NULL), EXM_OK);
    assert_int_equal(entered, 2);
    assert_int_equal(exm_outdir_commit(d, &provenance, NULL), EXM_OK);
    assert_int_equal(entered, 4); /* provenance.json, and the renames */
    assert_int_equal(inside, 0);
    exm_outdir_free(d);

    /* A commit that fails leaves the gate as well. */
    assert_int_equal(exm_outdir_new(run, &d, NULL), EXM_OK);
    exm_outdir_set_gate(d, &gate);
    assert_int_equal(exm_outdir_drop(d, "b", NULL), EXM_OK);
    assert_int_equal(exm_outdir_commit(d, &provenance, NULL), EXM_EIO);
    assert_int_equal(inside, 0);
    exm_outdir_free(d);
    exm_buf_done(&provenance);
}

static void
each_failed_allocation_of_a_drop_is_reported(void **state)
{
    exm_outdir *d = NULL;
    int k;

    (void) state;
    assert_int_equal(exm_outdir_new(run, &d, NULL), EXM_OK);
    for (k = 0; k < 10; k++) {
        exm_status st;

        oom_arm(k);
        st = exm_outdir_drop(d, "x", NULL);
        oom_arm(-1);
        if (st == EXM_OK) break;
        assert_int_equal(st, EXM_ENOMEM);
    }
    assert_in_range(k, 2, 9);
    exm_outdir_free(d);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_folder_belongs_to_one_run_at_a_time),
        TEST(a_killed_run_leaves_no_lock),
        TEST(a_file_belongs_to_one_process_at_a_time),
        TEST(dropped_files_go_with_the_commit),
        TEST(names_to_drop_stay_inside_the_folder),
        TEST(what_cannot_be_dropped_is_told),
        TEST(empty_folders_go_if_they_were_made_here),
        TEST(files_are_created_and_renamed_behind_the_gate),
        TEST(each_failed_allocation_of_a_drop_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
