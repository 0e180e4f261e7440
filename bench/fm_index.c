/*
 * fm_index.c - libbwa's FM-index on a large class, beside which the own index was chosen.
 *
 * usage: fm_index build CLASS.fa PREFIX
 *        fm_index search PREFIX SUBS < SEQUENCES        (one a line, of 14 to 63 nt)
 *
 * Searches each sequence on both strands (the index holds both) with up to SUBS (0, 1)
 * substitutions, by backward search that branches at each base, and locates the places of
 * the fewest substitutions, 100 at most.  No tails, no additions, no second substitution:
 * less than exm_annotate() does.
 *
 *     gcc -O2 bench/fm_index.c -o fm_index -lbwa -lz -lm -lpthread     (Debian: libbwa-dev)
 */
#include <bwa/bwa.h>
#include <bwa/bwt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { PLACES = 100, LEAST = 14, MOST = 63 };

struct search {
    const bwt_t *bwt;
    const unsigned char *seq;
    unsigned long found, places;
};

static double
now(void)
{
    struct timespec t;

    (void) clock_gettime(CLOCK_MONOTONIC, &t);
    return (double) t.tv_sec + 1e-9 * (double) t.tv_nsec;
}

/* Rows k..l match seq[i + 1 ..]; all rows with exactly 'subs' more differences. */
static void
go_on(struct search *s, int i, bwtint_t k, bwtint_t l, int subs)
{
    bwtint_t before[4], to[4];

    if (i < 0) {
        for (bwtint_t row = k; subs == 0 && row <= l && s->places < PLACES;
             row++, s->places++)
            s->found += bwt_sa(s->bwt, row) != (bwtint_t) -1;
        return;
    }
    bwt_2occ4(s->bwt, k - 1, l, before, to);
    for (int c = 0; c < 4; c++) {
        const int differs = c != s->seq[i];

        if (differs > subs || before[c] == to[c]) continue;
        go_on(s, i - 1, s->bwt->L2[c] + before[c] + 1, s->bwt->L2[c] + to[c],
              subs - differs);
    }
}

static int
search(const char *prefix, int most)
{
    bwaidx_t *x = bwa_idx_load(prefix, BWA_IDX_BWT);
    char line[256];
    unsigned long n = 0, hit = 0;
    struct rusage use;
    double start;

    if (!x) return 1;
    start = now();
    while (fgets(line, sizeof line, stdin)) {
        const int len = (int) strcspn(line, "\n");
        unsigned char seq[MOST];
        struct search s = {.bwt = x->bwt, .seq = seq};

        if (len < LEAST || len > MOST) continue;
        for (int i = 0; i < len; i++)
            seq[i] = (unsigned char) (strchr("ACGT", line[i]) - "ACGT");
        for (int subs = 0; subs <= most && s.places == 0; subs++)
            go_on(&s, len - 1, 0, x->bwt->seq_len, subs);
        n++;
        hit += s.found > 0;
    }
    start = now() - start;
    (void) getrusage(RUSAGE_SELF, &use);
    printf("%lu sequences, %lu found, %.2f s, %.2f us each, %ld kB\n", n, hit, start,
           1e6 * start / (double) n, use.ru_maxrss);
    bwa_idx_destroy(x);
    return 0;
}

int
main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "build") == 0)
        return bwa_idx_build(argv[2], argv[3], BWTALGO_AUTO, 10000000);
    if (argc == 4 && strcmp(argv[1], "search") == 0) return search(argv[2], atoi(argv[3]));
    fprintf(stderr,
            "usage: fm_index build CLASS.fa PREFIX | search PREFIX SUBS < SEQUENCES\n");
    return 2;
}
