/* report_assets.h - private to report: files of assets/, embedded by cmake/embed.cmake. */
#ifndef EXM_REPORT_ASSETS_H
#define EXM_REPORT_ASSETS_H

extern const unsigned char exm_asset_page_css[]; /* NUL-terminated */
extern const unsigned char exm_asset_page_js[];
extern const unsigned char exm_asset_count_js[];
extern const unsigned char exm_asset_diff_js[];

#endif
