/*
 * pool.c - a fixed set of threads that runs numbered tasks.
 *
 * Workload: some hundred to some thousand tasks of ~0.1 to 10 ms, so one mutex around
 * the next number costs nothing that could be measured.
 */
#include "exomir/pool.h"

#include <pthread.h>
#include <stdlib.h>

typedef struct member {
    struct exm_pool *pool;
    unsigned id;
    pthread_t thread;
} member;

struct exm_pool {
    unsigned threads, started;
    member *member; /* [threads]; member 0 is the caller */
    pthread_mutex_t lock;
    pthread_cond_t work, idle;
    int quit;
    /* one run */
    unsigned long run; /* number of the run, so that a member joins each once */
    unsigned busy;
    size_t n, next, failed_at;
    exm_pool_task task;
    void *ctx;
    exm_status status;
    exm_error error;
};

/* Takes tasks until none is left or one has failed.  Called and returns with the lock held. */
static void
work(exm_pool *p, unsigned id)
{
    while (p->next < p->n && p->status == EXM_OK) {
        const size_t i = p->next++;
        exm_error err = {.code = EXM_OK};
        exm_status st;

        (void) pthread_mutex_unlock(&p->lock);
        st = p->task(p->ctx, i, id, &err);
        (void) pthread_mutex_lock(&p->lock);
        if (st != EXM_OK && (p->status == EXM_OK || i < p->failed_at)) {
            p->status = st;
            p->error = err;
            p->failed_at = i;
        }
    }
}

static void *
member_main(void *arg)
{
    const member *m = arg;
    exm_pool *p = m->pool;
    unsigned long seen = 0;

    (void) pthread_mutex_lock(&p->lock);
    for (;;) {
        while (!p->quit && p->run == seen) (void) pthread_cond_wait(&p->work, &p->lock);
        if (p->quit) break;
        seen = p->run;
        work(p, m->id);
        if (--p->busy == 0) (void) pthread_cond_signal(&p->idle);
    }
    (void) pthread_mutex_unlock(&p->lock);
    return NULL;
}

exm_status
exm_pool_new(unsigned threads, exm_pool **ret, exm_error *reterr)
{
    exm_pool *p;

    if (threads == 0 || !ret)
        return exm_fail(reterr, EXM_EINVAL, 0, "a pool of no threads");
    p = calloc(1, sizeof *p);
    if (!p) return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for threads");
    p->member = calloc(threads, sizeof *p->member);
    if (!p->member) {
        free(p);
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for threads");
    }
    p->threads = threads;
    p->started = 1;
    (void) pthread_mutex_init(&p->lock, NULL);
    (void) pthread_cond_init(&p->work, NULL);
    (void) pthread_cond_init(&p->idle, NULL);
    for (unsigned i = 1; i < threads; i++) {
        p->member[i] = (member){.pool = p, .id = i};
        if (pthread_create(&p->member[i].thread, NULL, member_main, &p->member[i]) != 0) {
            exm_pool_free(p);
            return exm_fail(reterr, EXM_ENOMEM, i, "thread %u cannot be started", i);
        }
        p->started++;
    }
    *ret = p;
    return EXM_OK;
}

void
exm_pool_free(exm_pool *p)
{
    if (!p) return;
    (void) pthread_mutex_lock(&p->lock);
    p->quit = 1;
    (void) pthread_cond_broadcast(&p->work);
    (void) pthread_mutex_unlock(&p->lock);
    for (unsigned i = 1; i < p->started; i++)
        (void) pthread_join(p->member[i].thread, NULL);
    (void) pthread_cond_destroy(&p->work);
    (void) pthread_cond_destroy(&p->idle);
    (void) pthread_mutex_destroy(&p->lock);
    free(p->member);
    free(p);
}

unsigned
exm_pool_threads(const exm_pool *p)
{
    return p->threads;
}

exm_status
exm_pool_run(exm_pool *p, size_t n, exm_pool_task task, void *ctx, exm_error *reterr)
{
    exm_status st;

    if (!p || !task) return exm_fail(reterr, EXM_EINVAL, 0, "pool: an argument is NULL");
    (void) pthread_mutex_lock(&p->lock);
    p->n = n;
    p->next = 0;
    p->task = task;
    p->ctx = ctx;
    p->status = EXM_OK;
    p->busy = p->threads - 1;
    p->run++;
    (void) pthread_cond_broadcast(&p->work);
    work(p, 0);
    while (p->busy > 0) (void) pthread_cond_wait(&p->idle, &p->lock);
    st = p->status;
    if (st != EXM_OK && reterr) *reterr = p->error;
    (void) pthread_mutex_unlock(&p->lock);
    return st;
}
