# Explicit list: one file per line.
list(APPEND EXM_SOURCES
  src/stats/padjust.c
  src/stats/accum.c
  src/stats/binomial.c
  src/stats/order.c
  src/stats/norm.c
  src/stats/lsq.c
  src/stats/lowess.c
  src/stats/ebayes.c
  src/stats/voom.c
  src/stats/nb_gamma.c
  src/stats/deseq_model.c
  src/stats/deseq_disp.c
  src/stats/deseq_glm.c
  src/stats/deseq_trend.c
  src/stats/deseq_cooks.c
  src/stats/deseq.c
  src/stats/pca.c
  src/stats/vmath.c
  src/stats/nbglm.c
  src/stats/ebayes_trend.c
  src/stats/edger_grid.c
  src/stats/edger_rows.c
  src/stats/edger.c
)
