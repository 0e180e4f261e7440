/* pool.h - a fixed set of threads that runs numbered tasks, or a few large jobs. */
#ifndef EXM_POOL_H
#define EXM_POOL_H

#include "exomir/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct exm_pool exm_pool;

/* 'threads' >= 1 counts the caller: 1 starts none and runs tasks inline. */
EXM_MUST_USE exm_status exm_pool_new(unsigned threads, exm_pool **ret, exm_error *reterr);
void exm_pool_free(exm_pool *p);
unsigned exm_pool_threads(const exm_pool *p);

/*
 * exm_pool_run() - run task(ctx, i, worker, err) for i in [0, n) and wait.
 * Tasks are handed out in rising order; worker is in [0, threads).  After a task
 * fails no further task is started; the failure of the smallest i among those that
 * ran is returned, so the report does not depend on timing when all tasks are
 * started in order.  Not reentrant: one run at a time per pool.
 */
typedef exm_status (*exm_pool_task)(void *ctx, size_t i, unsigned worker,
                                    exm_error *reterr);
EXM_MUST_USE exm_status exm_pool_run(exm_pool *p, size_t n, exm_pool_task task, void *ctx,
                                     exm_error *reterr);

/*
 * exm_pool_jobs() - run job(ctx, i, pool, err) for i in [0, n), on 'threads' threads in
 * all, and wait.  Each job has one thread and a pool of its own, which threads that find no
 * job left join, the least crowded first: a late or large job does not end on one thread
 * while others idle.  exm_pool_threads() of such a pool says how many may work at once: a
 * fair share, but at least 8 where there are so many.
 * Jobs are started in rising order; failures as in exm_pool_run().
 */
typedef exm_status (*exm_pool_job)(void *ctx, size_t i, exm_pool *pool, exm_error *reterr);
EXM_MUST_USE exm_status exm_pool_jobs(unsigned threads, size_t n, exm_pool_job job,
                                      void *ctx, exm_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
