/* test_pool.c - tests of exomir/pool.h */
#define _GNU_SOURCE 1 /* pthread_setattr_default_np */
#include "exomir/pool.h"
#include "oom.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

enum { MOST_TASKS = 20000, MOST_THREADS = 64 };

static const unsigned thread_counts[] = {1, 2, 3, 8, MOST_THREADS};

struct seen {
    unsigned threads;
    atomic_int runs[MOST_TASKS];
    atomic_int inside[MOST_THREADS]; /* tasks that a worker is in: 0 or 1 */
    atomic_int wrong;
    atomic_size_t order;
    size_t at[MOST_TASKS]; /* with one thread: the order of the tasks */
    size_t fail_from, fail_every;
};

static struct seen seen;

static exm_status
note(void *ctx, size_t i, unsigned worker, exm_error *reterr)
{
    struct seen *s = ctx;

    if (worker >= s->threads) {
        atomic_fetch_add(&s->wrong, 1);
        return EXM_OK;
    }
    if (atomic_fetch_add(&s->inside[worker], 1) != 0) atomic_fetch_add(&s->wrong, 1);
    atomic_fetch_add(&s->runs[i], 1);
    if (s->threads == 1) s->at[atomic_fetch_add(&s->order, 1)] = i;
    atomic_fetch_sub(&s->inside[worker], 1);
    if (s->fail_every && i >= s->fail_from && i % s->fail_every == 0)
        return exm_fail(reterr, EXM_EDATA, i, "task %zu", i);
    return EXM_OK;
}

static exm_status
run(exm_pool *p, size_t n, size_t fail_from, size_t fail_every, exm_error *err)
{
    memset(&seen, 0, sizeof seen);
    seen.threads = exm_pool_threads(p);
    seen.fail_from = fail_from;
    seen.fail_every = fail_every;
    return exm_pool_run(p, n, note, &seen, err);
}

static void
every_task_runs_once(void **state)
{
    static const size_t sizes[] = {0, 1, 2, 7, 1000, MOST_TASKS};

    (void) state;
    for (size_t t = 0; t < LEN(thread_counts); t++) {
        exm_pool *p = NULL;

        assert_int_equal(exm_pool_new(thread_counts[t], &p, NULL), EXM_OK);
        assert_int_equal(exm_pool_threads(p), thread_counts[t]);
        for (size_t k = 0; k < LEN(sizes); k++) { /* one pool, many runs */
            assert_int_equal(run(p, sizes[k], 0, 0, NULL), EXM_OK);
            assert_int_equal(atomic_load(&seen.wrong), 0);
            for (size_t i = 0; i < MOST_TASKS; i++)
                assert_int_equal(atomic_load(&seen.runs[i]), i < sizes[k]);
        }
        exm_pool_free(p);
    }
    exm_pool_free(NULL);
}

static void
one_thread_keeps_the_order(void **state)
{
    exm_pool *p = NULL;
    exm_error err = {0};

    (void) state;
    assert_int_equal(exm_pool_new(1, &p, NULL), EXM_OK);
    assert_int_equal(run(p, 500, 0, 0, NULL), EXM_OK);
    for (size_t i = 0; i < 500; i++) assert_int_equal(seen.at[i], i);
    /* After a failure no further task is started. */
    assert_int_equal(run(p, 500, 123, 1, &err), EXM_EDATA);
    assert_int_equal(err.at, 123);
    assert_string_equal(err.msg, "task 123");
    assert_int_equal(atomic_load(&seen.order), 124);
    exm_pool_free(p);
}

static void
a_failure_ends_the_run_and_not_the_pool(void **state)
{
    (void) state;
    for (size_t t = 0; t < LEN(thread_counts); t++) {
        exm_pool *p = NULL;

        assert_int_equal(exm_pool_new(thread_counts[t], &p, NULL), EXM_OK);
        for (int turn = 0; turn < 20; turn++) {
            exm_error err = {0};
            size_t started = 0;

            assert_int_equal(run(p, MOST_TASKS, 70, 7, &err), EXM_EDATA);
            assert_int_equal(err.at % 7, 0);
            assert_true(err.at >= 70);
            assert_int_equal(atomic_load(&seen.runs[err.at]), 1);
            /* Tasks are handed out in rising order, so all before the culprit were. */
            for (size_t i = 0; i < err.at; i++)
                assert_int_equal(atomic_load(&seen.runs[i]), 1);
            for (size_t i = 0; i < MOST_TASKS; i++) {
                const int n = atomic_load(&seen.runs[i]);

                assert_in_range(n, 0, 1);
                started += (size_t) n;
                if (n && i < err.at) assert_false(i >= 70 && i % 7 == 0); /* the least */
            }
            assert_true(started < MOST_TASKS);
            assert_int_equal(run(p, 100, 0, 0, &err), EXM_OK); /* nothing is left of it */
            assert_int_equal(atomic_load(&seen.runs[99]), 1);
        }
        assert_int_equal(run(p, 10, 0, 1, NULL), EXM_EDATA); /* nobody wants the report */
        exm_pool_free(p);
    }
}

/* ---- all tasks fail at the same time ---- */

enum { TOGETHER = 4 };

static exm_status
meet_then_fail(void *ctx, size_t i, unsigned worker, exm_error *reterr)
{
    (void) worker;
    (void) pthread_barrier_wait(ctx); /* passes only when TOGETHER tasks run at once */
    return exm_fail(reterr, EXM_EIO, i, "task %zu", i);
}

static void
of_several_failures_the_first_task_is_told(void **state)
{
    pthread_barrier_t all;
    exm_pool *p = NULL;

    (void) state;
    assert_int_equal(pthread_barrier_init(&all, NULL, TOGETHER), 0);
    assert_int_equal(exm_pool_new(TOGETHER, &p, NULL), EXM_OK);
    for (int turn = 0; turn < 200; turn++) {
        exm_error err = {0};

        assert_int_equal(exm_pool_run(p, 1000, meet_then_fail, &all, &err), EXM_EIO);
        assert_int_equal(err.at, 0);
        assert_string_equal(err.msg, "task 0");
    }
    exm_pool_free(p);
    (void) pthread_barrier_destroy(&all);
}

/* ---- jobs ---- */

enum { MOST_JOBS = 40 };

struct jobs {
    atomic_int runs[MOST_JOBS], tasks[MOST_JOBS], wrong, now;
    unsigned threads;
    size_t fail_from;
};

struct in_job {
    struct jobs *jobs;
    size_t job;
    unsigned slots;
    atomic_int inside[MOST_THREADS];
};

static exm_status
note_in_job(void *ctx, size_t i, unsigned worker, exm_error *reterr)
{
    struct in_job *j = ctx;

    (void) i;
    (void) reterr;
    if (worker >= j->slots || atomic_fetch_add(&j->inside[worker], 1) != 0)
        atomic_fetch_add(&j->jobs->wrong, 1);
    atomic_fetch_add(&j->jobs->tasks[j->job], 1);
    if (worker < j->slots) atomic_fetch_sub(&j->inside[worker], 1);
    return EXM_OK;
}

/* Runs of very different length, so that threads come and go. */
static exm_status
do_job(void *ctx, size_t i, exm_pool *pool, exm_error *reterr)
{
    struct jobs *s = ctx;
    struct in_job j = {.jobs = s, .job = i, .slots = exm_pool_threads(pool)};
    exm_status st = EXM_OK;

    atomic_fetch_add(&s->runs[i], 1);
    if (atomic_fetch_add(&s->now, 1) >= (int) s->threads) atomic_fetch_add(&s->wrong, 1);
    for (size_t n = 1; n <= 10 + 100 * (i % 5) && st == EXM_OK; n += 7)
        st = exm_pool_run(pool, n, note_in_job, &j, reterr);
    atomic_fetch_sub(&s->now, 1);
    if (st == EXM_OK && i >= s->fail_from)
        return exm_fail(reterr, EXM_EDATA, i, "job %zu", i);
    return st;
}

static void
every_job_runs_once_with_all_its_tasks(void **state)
{
    static struct jobs s;

    (void) state;
    for (size_t t = 0; t < LEN(thread_counts); t++)
        for (size_t n = 0; n <= MOST_JOBS; n = 2 * n + 1) {
            memset(&s, 0, sizeof s);
            s.threads = thread_counts[t];
            s.fail_from = SIZE_MAX;
            assert_int_equal(exm_pool_jobs(thread_counts[t], n, do_job, &s, NULL), EXM_OK);
            assert_int_equal(atomic_load(&s.wrong), 0);
            for (size_t i = 0; i < MOST_JOBS; i++) {
                int want = 0;

                for (int k = 1; k <= 10 + 100 * (int) (i % 5); k += 7) want += k;
                assert_int_equal(atomic_load(&s.runs[i]), i < n);
                assert_int_equal(atomic_load(&s.tasks[i]), i < n ? want : 0);
            }
        }
}

static void
of_several_failed_jobs_the_first_is_told(void **state)
{
    static struct jobs s;

    (void) state;
    for (size_t t = 0; t < LEN(thread_counts); t++)
        for (int turn = 0; turn < 20; turn++) {
            exm_error err = {0};

            memset(&s, 0, sizeof s);
            s.threads = thread_counts[t];
            s.fail_from = 9;
            assert_int_equal(exm_pool_jobs(thread_counts[t], MOST_JOBS, do_job, &s, &err),
                             EXM_EDATA);
            assert_string_equal(err.msg, "job 9");
        }
    assert_int_equal(exm_pool_jobs(3, MOST_JOBS, do_job, &s, NULL), EXM_EDATA);
}

/* The last job has TOGETHER tasks that must run at once. */
static exm_status
need_all(void *ctx, size_t i, exm_pool *pool, exm_error *reterr)
{
    exm_error err = {0};

    if (i != 0) return EXM_OK;
    assert_true(exm_pool_threads(pool) >= TOGETHER);
    if (exm_pool_run(pool, TOGETHER, meet_then_fail, ctx, &err) != EXM_EIO || err.at != 0)
        return exm_fail(reterr, EXM_EINVAL, 0, "they did not meet");
    return EXM_OK;
}

static void
threads_without_a_job_help(void **state)
{
    pthread_barrier_t all;

    (void) state;
    assert_int_equal(pthread_barrier_init(&all, NULL, TOGETHER), 0);
    for (size_t n = 1; n < 10; n++)
        for (int turn = 0; turn < 50; turn++)
            assert_int_equal(exm_pool_jobs(TOGETHER, n, need_all, &all, NULL), EXM_OK);
    (void) pthread_barrier_destroy(&all);
}

static void
jobs_that_cannot_start_leave_nothing(void **state)
{
    static struct jobs s;
    exm_error err = {0};
    int k = 0;

    (void) state;
    s.threads = 1;
    s.fail_from = SIZE_MAX;
    for (;; k++) { /* one thread: the counter of oom.c is not for two */
        exm_status st;

        oom_arm(k);
        st = exm_pool_jobs(1, 2, do_job, &s, &err);
        if (!oom_fired()) {
            assert_int_equal(st, EXM_OK);
            break;
        }
        assert_int_equal(st, EXM_ENOMEM);
    }
    oom_arm(-1);
    assert_true(k >= 4);
    assert_int_equal(exm_pool_jobs(0, 2, do_job, &s, &err), EXM_EINVAL);
    assert_int_equal(exm_pool_jobs(1, 2, NULL, &s, &err), EXM_EINVAL);
}

/* ---- starting ---- */

static void
arguments_are_checked(void **state)
{
    exm_pool *p = NULL;

    (void) state;
    assert_int_equal(exm_pool_new(0, &p, NULL), EXM_EINVAL);
    assert_int_equal(exm_pool_new(1, NULL, NULL), EXM_EINVAL);
    assert_int_equal(exm_pool_run(NULL, 1, note, NULL, NULL), EXM_EINVAL);
    assert_null(p);
    assert_int_equal(exm_pool_new(2, &p, NULL), EXM_OK);
    assert_int_equal(exm_pool_run(p, 1, NULL, NULL, NULL), EXM_EINVAL);
    exm_pool_free(p);
}

static void
a_pool_that_cannot_start_leaves_nothing(void **state)
{
    exm_pool *p = NULL;
    exm_error err = {0};
    pthread_attr_t usual, huge;

    (void) state;
    for (int k = 0; k < 2; k++) {
        oom_arm(k);
        assert_int_equal(exm_pool_new(3, &p, &err), EXM_ENOMEM);
        assert_true(oom_fired());
        oom_arm(-1);
        assert_null(p);
    }
    /* Stacks larger than the address space: no thread can be started. */
    assert_int_equal(pthread_getattr_default_np(&usual), 0);
    assert_int_equal(pthread_attr_init(&huge), 0);
    assert_int_equal(pthread_attr_setstacksize(&huge, (size_t) 1 << 56), 0);
    assert_int_equal(pthread_setattr_default_np(&huge), 0);
    assert_int_equal(exm_pool_new(3, &p, &err), EXM_ENOMEM);
    assert_string_equal(err.msg, "thread 1 cannot be started");
    assert_null(p);
    assert_int_equal(exm_pool_new(1, &p, &err), EXM_OK); /* needs none */
    exm_pool_free(p);
    assert_int_equal(pthread_setattr_default_np(&usual), 0);
    (void) pthread_attr_destroy(&huge);
    (void) pthread_attr_destroy(&usual);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_task_runs_once),
        cmocka_unit_test(one_thread_keeps_the_order),
        cmocka_unit_test(a_failure_ends_the_run_and_not_the_pool),
        cmocka_unit_test(of_several_failures_the_first_task_is_told),
        cmocka_unit_test(every_job_runs_once_with_all_its_tasks),
        cmocka_unit_test(of_several_failed_jobs_the_first_is_told),
        cmocka_unit_test(threads_without_a_job_help),
        cmocka_unit_test(jobs_that_cannot_start_leave_nothing),
        cmocka_unit_test(arguments_are_checked),
        cmocka_unit_test(a_pool_that_cannot_start_leaves_nothing),
    };
    return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
