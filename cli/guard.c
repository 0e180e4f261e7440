/*
 * guard.c - leave no temporary files when the user presses Ctrl-C.
 *
 * A signal handler may hardly call anything, so a thread waits for the signals instead;
 * all other threads are started later and inherit the blocked mask.  Files are known by
 * their documented name "<name>.tmp.<pid>.<n>": no state is shared with the writers.
 */
#include "msg.h"

#include "exomir/outdir.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { GUARD_PATH = 4096, GUARD_FOLDERS = 2 };

/* Held while a folder is added, a file created or renamed, and for good once a signal came. */
static pthread_mutex_t busy = PTHREAD_MUTEX_INITIALIZER;
static char guarded[GUARD_FOLDERS][GUARD_PATH];
static size_t n_guarded;
static sigset_t awaited;
static pthread_t waiter; /* while n_waiters is 1 */
static int n_waiters, stopping;

enum { STOP = SIGUSR1 }; /* ends the wait; from elsewhere it is a signal like the others */

static void *
wait_for_signal(void *unused)
{
    sigset_t one;
    int sig = SIGTERM;

    (void) unused;
    (void) sigwait(&awaited, &sig);
    (void) pthread_mutex_lock(&busy);
    if (stopping) {
        (void) pthread_mutex_unlock(&busy);
        return NULL;
    }
    for (size_t i = 0; i < n_guarded; i++) exm_outdir_sweep(guarded[i], (long) getpid());
    (void) signal(sig, SIG_DFL);
    (void) sigemptyset(&one);
    (void) sigaddset(&one, sig);
    (void) pthread_sigmask(SIG_UNBLOCK, &one, NULL);
    (void) raise(sig);
    return NULL;
}

static void
start_waiting(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

    (void) sigemptyset(&awaited);
    (void) sigaddset(&awaited, STOP);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        struct sigaction was;

        /* nohup and background shells set signals to be ignored: keep that. */
        if (sigaction(signals[i], NULL, &was) == 0 && was.sa_handler != SIG_IGN)
            (void) sigaddset(&awaited, signals[i]);
    }
    if (pthread_sigmask(SIG_BLOCK, &awaited, NULL) != 0) return;
    if (pthread_create(&waiter, NULL, wait_for_signal, NULL) == 0)
        n_waiters = 1;
    else
        (void) pthread_sigmask(SIG_UNBLOCK, &awaited, NULL);
}

void
exm_guard_stop(void)
{
    if (n_waiters == 0) return;
    (void) pthread_mutex_lock(&busy);
    stopping = 1;
    (void) pthread_mutex_unlock(&busy);
    (void) pthread_kill(waiter, STOP); /* cancelling it would need memory */
    (void) pthread_join(waiter, NULL);
    n_waiters = 0;
}

void
exm_guard_folder(const char *dir)
{
    if (n_guarded == GUARD_FOLDERS || strlen(dir) >= GUARD_PATH) return;
    (void) pthread_mutex_lock(&busy);
    (void) snprintf(guarded[n_guarded], GUARD_PATH, "%s", dir);
    n_guarded++;
    (void) pthread_mutex_unlock(&busy);
    if (n_guarded == 1) start_waiting();
}

const exm_outgate exm_guard_gate = {.enter = exm_guard_hold, .leave = exm_guard_release};

void
exm_guard_hold(void)
{
    (void) pthread_mutex_lock(&busy);
}

void
exm_guard_release(void)
{
    (void) pthread_mutex_unlock(&busy);
}

void
exm_guard_file(const char *path)
{
    const char *slash = strrchr(path, '/');
    const size_t n = slash ? (size_t) (slash - path) + 1 : 0;
    char folder[GUARD_PATH] = ".";

    if (strcmp(path, "-") == 0 || n >= sizeof folder) return;
    if (n > 0) {
        memcpy(folder, path, n);
        folder[n] = '\0';
    }
    exm_guard_folder(folder);
}
