/*
 * pool.c - a fixed set of threads that runs numbered tasks, or a few large jobs.
 *
 * Workload: some hundred to some thousand tasks of ~0.1 to 10 ms, so one mutex around
 * the next number costs nothing that could be measured.  Jobs take seconds to hours, and
 * no two the same time: threads without one are guests in the pools of others, in the
 * middle of a run too, until that job ends.
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
    unsigned threads; /* that may work at once, the caller included */
    unsigned present; /* that do; guests get the next number as they come */
    unsigned started, guests;
    member *member; /* [threads]; member 0 is the caller, guests have none */
    pthread_mutex_t lock;
    pthread_cond_t work, idle;
    int quit;
    /* one run */
    unsigned long run; /* number of the run, so that a member joins each once */
    int running;
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

/* Every run after 'seen', until the pool ends.  Called and returns with the lock held. */
static void
serve(exm_pool *p, unsigned id, unsigned long seen)
{
    for (;;) {
        while (!p->quit && p->run == seen) (void) pthread_cond_wait(&p->work, &p->lock);
        if (p->quit) break;
        seen = p->run;
        work(p, id);
        if (--p->busy == 0) (void) pthread_cond_signal(&p->idle);
    }
}

static void *
member_main(void *arg)
{
    const member *m = arg;

    (void) pthread_mutex_lock(&m->pool->lock);
    serve(m->pool, m->id, 0);
    (void) pthread_mutex_unlock(&m->pool->lock);
    return NULL;
}

static exm_pool *
new_pool(unsigned threads)
{
    exm_pool *p = calloc(1, sizeof *p);

    if (!p) return NULL;
    p->threads = threads;
    p->started = p->present = 1;
    (void) pthread_mutex_init(&p->lock, NULL);
    (void) pthread_cond_init(&p->work, NULL);
    (void) pthread_cond_init(&p->idle, NULL);
    return p;
}

exm_status
exm_pool_new(unsigned threads, exm_pool **ret, exm_error *reterr)
{
    exm_pool *p;

    if (threads == 0 || !ret)
        return exm_fail(reterr, EXM_EINVAL, 0, "a pool of no threads");
    p = new_pool(threads);
    if (p) p->member = calloc(threads, sizeof *p->member);
    if (!p || !p->member) {
        exm_pool_free(p);
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for threads");
    }
    for (unsigned i = 1; i < threads; i++) {
        p->member[i] = (member){.pool = p, .id = i};
        if (pthread_create(&p->member[i].thread, NULL, member_main, &p->member[i]) != 0) {
            exm_pool_free(p);
            return exm_fail(reterr, EXM_ENOMEM, i, "thread %u cannot be started", i);
        }
        p->started++;
    }
    p->present = threads;
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
    while (p->guests > 0) (void) pthread_cond_wait(&p->idle, &p->lock);
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
    p->busy = p->present - 1;
    p->run++;
    p->running = 1;
    (void) pthread_cond_broadcast(&p->work);
    work(p, 0);
    while (p->busy > 0) (void) pthread_cond_wait(&p->idle, &p->lock);
    p->running = 0;
    st = p->status;
    if (st != EXM_OK && reterr) *reterr = p->error;
    (void) pthread_mutex_unlock(&p->lock);
    return st;
}

/* ---- jobs ---- */

enum { JOB_THREADS = 8 }; /* each costs a job a few MB: more only where jobs are few */

struct crew {
    unsigned slots; /* threads of one job's pool */
    size_t n, open; /* jobs, and those of them that have not ended */
    exm_pool_job job;
    void *ctx;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a pool has come, or a job has ended */
    struct place {
        exm_pool *pool; /* NULL: no job runs here */
    } * place;          /* [threads] */
    unsigned threads;
};

/* A place in the pool with the fewest threads, NULL when all are full.  Whoever has a place
 * keeps the pool alive. */
static exm_pool *
enter(struct crew *c, unsigned *ret_id, unsigned long *ret_seen)
{
    exm_pool *best = NULL;
    unsigned least = c->slots;

    for (unsigned i = 0; i < c->threads; i++) {
        exm_pool *p = c->place[i].pool;
        unsigned present;

        if (!p) continue;
        (void) pthread_mutex_lock(&p->lock);
        present = p->present;
        (void) pthread_mutex_unlock(&p->lock);
        if (present >= least) continue;
        least = present;
        best = p;
    }
    if (!best) return NULL;
    (void) pthread_mutex_lock(&best->lock);
    *ret_id = best->present++;
    best->guests++;
    best->busy += best->running ? 1 : 0;
    *ret_seen = best->running ? best->run - 1 : best->run; /* what runs is joined */
    (void) pthread_mutex_unlock(&best->lock);
    return best;
}

/* Every job has a thread by now. */
static void
help(struct crew *c)
{
    (void) pthread_mutex_lock(&c->lock);
    while (c->open > 0) {
        unsigned id;
        unsigned long seen;
        exm_pool *p = enter(c, &id, &seen);

        if (!p) {
            (void) pthread_cond_wait(&c->changed, &c->lock);
            continue;
        }
        (void) pthread_mutex_unlock(&c->lock);
        (void) pthread_mutex_lock(&p->lock);
        serve(p, id, seen);
        if (--p->guests == 0) (void) pthread_cond_signal(&p->idle);
        (void) pthread_mutex_unlock(&p->lock);
        (void) pthread_mutex_lock(&c->lock);
    }
    (void) pthread_mutex_unlock(&c->lock);
}

static void
show(struct crew *c, unsigned worker, exm_pool *p)
{
    (void) pthread_mutex_lock(&c->lock);
    c->place[worker].pool = p;
    (void) pthread_cond_broadcast(&c->changed);
    (void) pthread_mutex_unlock(&c->lock);
}

static exm_status
do_or_help(void *ctx, size_t i, unsigned worker, exm_error *reterr)
{
    struct crew *c = ctx;
    exm_status s = EXM_OK;
    exm_pool *p;

    if (i >= c->n) {
        help(c);
        return EXM_OK;
    }
    p = new_pool(c->slots);
    if (p) {
        show(c, worker, p);
        s = c->job(c->ctx, i, p, reterr);
        show(c, worker, NULL);
        exm_pool_free(p); /* sends the guests on */
    } else {
        s = exm_fail(reterr, EXM_ENOMEM, 0, "no memory for threads");
    }
    (void) pthread_mutex_lock(&c->lock);
    c->open--;
    (void) pthread_cond_broadcast(&c->changed);
    (void) pthread_mutex_unlock(&c->lock);
    return s;
}

exm_status
exm_pool_jobs(unsigned threads, size_t n, exm_pool_job job, void *ctx, exm_error *reterr)
{
    struct crew c = {.n = n, .open = n, .job = job, .ctx = ctx, .threads = threads};
    exm_pool *p = NULL;
    exm_status s;

    if (!job) return exm_fail(reterr, EXM_EINVAL, 0, "pool: an argument is NULL");
    s = exm_pool_new(threads, &p, reterr);
    if (s != EXM_OK) return s;
    c.slots = n > 0 && n < threads ? (unsigned) ((threads + n - 1) / n) : 1;
    if (c.slots < JOB_THREADS) c.slots = threads < JOB_THREADS ? threads : JOB_THREADS;
    c.place = calloc(threads, sizeof *c.place);
    if (!c.place) {
        exm_pool_free(p);
        return exm_fail(reterr, EXM_ENOMEM, 0, "no memory for threads");
    }
    (void) pthread_mutex_init(&c.lock, NULL);
    (void) pthread_cond_init(&c.changed, NULL);
    s = exm_pool_run(p, n + threads - 1, do_or_help, &c, reterr);
    exm_pool_free(p);
    (void) pthread_cond_destroy(&c.changed);
    (void) pthread_mutex_destroy(&c.lock);
    free(c.place);
    return s;
}
