/* bam.h - the unique inserts of a sample as alignments to their templates. */
#ifndef EXM_BAM_H
#define EXM_BAM_H

#include "exomir/annotate.h"
#include "exomir/collapse.h"
#include "exomir/outdir.h"
#include "exomir/pool.h"
#include "exomir/record.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * exm_bam_write() - stage bam/SAMPLE.bam and bam/SAMPLE.bam.bai in 'dir'.
 *
 * One record per unique insert, so the counts XC add up to the kept reads: those that
 * something explains are aligned to the template of their best explanation, the one that
 * the record counts as 'best'; the others are unmapped and stand last.  5' additions and
 * tails are not templated, and are soft-clipped.  NH is the number of places that explain
 * the insert equally well; the others are listed in XA (at most EXM_BAM_PLACES).
 * docs/formats.md lists all tags.
 *
 * @SQ lists all templates of the bundle in its order, so files of one reference merge; names
 * that SAM does not allow, or that two templates share, are changed, and DS tells the class
 * and the true name.  Sorted by place, then length, then sequence.  The bytes depend neither
 * on threads nor on the order of the uniques, but on htslib's and libdeflate's versions.
 *
 * Each insert is annotated twice (once to know its place).  Memory: 24 bytes per unique
 * insert beside the table.  rec: sample, content, digests, umi_len.  May be called from
 * several threads for different samples.
 * Errors: EXM_ENOMEM, EXM_EIO, EXM_EDATA (a count above 2^32); the run cannot be published
 * then, since one of the two files may be staged without the other.
 */
EXM_MUST_USE exm_status exm_bam_write(const exm_annotator *annotator, const exm_ref *ref,
                                      const exm_collapse *uniques, const exm_record *rec,
                                      exm_pool *pool, exm_outdir *dir, exm_error *reterr);

enum { EXM_BAM_PLACES = 100 };

#ifdef __cplusplus
}
#endif
#endif
