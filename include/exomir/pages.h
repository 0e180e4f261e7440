/* pages.h - large zeroed memory on huge pages where the system has them. */
#ifndef EXM_PAGES_H
#define EXM_PAGES_H

#include "exomir/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * exm_pages_new() - n > 0 zeroed bytes, aligned to 2 MiB when n is at least that.
 * First touch of a table in 4 KiB pages costs more than filling it, hence the
 * request for huge pages; it is a hint, and nothing depends on it.
 * NULL when there is no memory.  exm_pages_free() needs the same n.
 */
void *exm_pages_new(size_t n);
/* Gives the memory of the first n bytes back, as far as it consists of whole pages; they are
 * zero then. */
void exm_pages_drop(void *p, size_t n);
void exm_pages_free(void *p, size_t n); /* free(NULL, n) is legal */

#ifdef __cplusplus
}
#endif
#endif
