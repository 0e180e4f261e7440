/* report.c - the report of `exomir count` as one HTML file. */
#include "exomir/report.h"

#include "page.h"
#include "report_assets.h"
#include "report_data.h"

exm_status
exm_report_count(const exm_record *const *records, const exm_qc *qc, size_t n,
                 const exm_report_info *info, exm_buf *ret, exm_error *reterr)
{
    exm_status s;

    if ((n > 0 && (!records || !qc)) || !info || !ret)
        return exm_fail(reterr, EXM_EINVAL, 0, "report: an argument is NULL");
    exm_page_begin(info->title,
                   "The numbers are in mirna.counts.tsv, classes.counts.tsv and qc.json "
                   "beside it.",
                   ret);
    s = exm_report_put_data(records, qc, n, info, ret, reterr);
    if (s != EXM_OK) return s;
    exm_page_end(exm_asset_count_js, ret);
    return exm_buf_check(ret, reterr);
}
