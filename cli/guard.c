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

enum { GUARD_PATH = 4096 };

static char guarded[GUARD_PATH]; /* written once, before the thread starts */
static sigset_t awaited;

static void *
wait_for_signal(void *unused)
{
    sigset_t one;
    int sig = SIGTERM;

    (void) unused;
    (void) sigwait(&awaited, &sig);
    exm_outdir_sweep(guarded, (long) getpid());
    (void) signal(sig, SIG_DFL);
    (void) sigemptyset(&one);
    (void) sigaddset(&one, sig);
    (void) pthread_sigmask(SIG_UNBLOCK, &one, NULL);
    (void) raise(sig);
    return NULL;
}

void
exm_guard_folder(const char *dir)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    pthread_t thread;

    if (guarded[0] || strlen(dir) >= sizeof guarded) return;
    (void) snprintf(guarded, sizeof guarded, "%s", dir);
    (void) sigemptyset(&awaited);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        struct sigaction was;

        /* nohup and background shells set signals to be ignored: keep that. */
        if (sigaction(signals[i], NULL, &was) == 0 && was.sa_handler != SIG_IGN)
            (void) sigaddset(&awaited, signals[i]);
    }
    if (pthread_sigmask(SIG_BLOCK, &awaited, NULL) != 0) return;
    if (pthread_create(&thread, NULL, wait_for_signal, NULL) != 0) {
        (void) pthread_sigmask(SIG_UNBLOCK, &awaited, NULL);
        return;
    }
    (void) pthread_detach(thread);
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
