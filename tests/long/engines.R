# Engines of `exomir diff` against the packages they equal, on random cohorts.
# Rscript tests/long/engines.R EXOMIR [COHORTS [SEED]]
#
# Each cohort: 2 to 5 groups, perhaps batches and a continuous covariate, 4 to 60 samples (one in
# five up to 200), library sizes that differ by up to 100, many zeros.  The same files go to
# exomir and to R (the covariate is centred: else the package's optimiser, to which it hands a
# few rows, stops far from the top, and their dispersions move the trend of all); printed are the largest relative difference and its 99th percentile per
# quantity.  At the end one count is changed by 1 for exomir only: that must be seen.
suppressMessages({ library(DESeq2); library(edgeR); library(limma) })
args <- commandArgs(TRUE)
exomir <- args[1]
cohorts <- if (length(args) > 1) as.integer(args[2]) else 50L
set.seed(if (length(args) > 2) as.integer(args[3]) else 1L)
work <- tempfile("engines"); dir.create(work)

make_cohort <- function() {
  groups <- sample(2:5, 1)
  n <- if (runif(1) < .2) sample(60:200, 1) else sample(max(4, 2 * groups):60, 1)
  genes <- sample(80:400, 1)
  group <- sample(rep_len(LETTERS[seq_len(groups)], n))
  coldata <- data.frame(group = group, batch = sample(rep_len(c("x", "y"), n)),
                        age = round(rnorm(n), 2))
  terms <- c(if (runif(1) < .5) "batch", if (runif(1) < .3) "age", "group")
  design <- as.formula(paste("~", paste(terms, collapse = "+")))
  coldata$group <- factor(coldata$group); coldata$batch <- factor(coldata$batch)
  x <- model.matrix(design, coldata)
  if (qr(x)$rank < ncol(x) || n - ncol(x) <= 3) return(NULL)
  mu <- exp(rnorm(genes, 3, 2.2)) %o% exp(runif(n, log(.1), log(10)))
  mu <- mu * exp(matrix(rnorm(genes * groups, 0, .6), genes)[, as.integer(coldata$group)])
  y <- matrix(rnbinom(genes * n, mu = mu, size = 1 / (.05 + rgamma(genes, 2, 5))), genes)
  dimnames(y) <- list(sprintf("miR-%04d", seq_len(genes)), sprintf("S%03d", seq_len(n)))
  if (any(colSums(y) == 0)) return(NULL)
  list(y = y, coldata = coldata, design = design, x = x, groups = groups)
}

write_cohort <- function(k, y) {
  write.table(data.frame(feature = rownames(y), y, check.names = FALSE), file.path(work, "y.tsv"),
              sep = "\t", quote = FALSE, row.names = FALSE)
  write.table(data.frame(sample = colnames(y), k$coldata), file.path(work, "c.tsv"), sep = "\t",
              quote = FALSE, row.names = FALSE)
}

run_exomir <- function(k, engine) {
  out <- file.path(work, engine)
  status <- system2(exomir, c("diff", "-q", "--engine", engine, "--no-filter", "--counts",
    file.path(work, "y.tsv"), "--coldata", file.path(work, "c.tsv"), "--design",
    shQuote(paste(deparse(k$design), collapse = "")), "--contrast", "B-A", "-o", out),
    stdout = FALSE)
  if (status != 0) stop("exomir failed")
  read.delim(file.path(out, "diff.tsv"), row.names = 1, check.names = FALSE)
}

by_deseq2 <- function(k) {
  d <- suppressMessages(DESeqDataSetFromMatrix(k$y, k$coldata, k$design))
  zeros <- all(rowSums(k$y == 0) > 0)
  d <- suppressMessages(DESeq(d, sfType = if (zeros) "poscounts" else "ratio", quiet = TRUE))
  if (attr(dispersionFunction(d), "fitType") != "parametric") return(NULL)
  r <- as.data.frame(results(d, contrast = c("group", "B", "A")))
  # Rows that the package hands to its optimiser: known to differ (differential-expression.md)
  nz <- !mcols(d)$allZero
  fit <- DESeq2:::fitNbinomGLMs(d[nz, ], useOptim = FALSE, warnNonposVar = FALSE)
  r$handed <- NA; r$handed[nz] <- !fit$betaConv
  r
}

by_edger <- function(k) {
  y <- k$y[rowSums(k$y) > 0, ]
  d <- estimateDisp(calcNormFactors(DGEList(y)), k$x)
  data.frame(topTags(glmQLFTest(glmQLFit(d, k$x), coef = "groupB"), n = Inf, sort.by = "none"))
}

by_voom <- function(k) {
  y <- k$y[rowSums(k$y) > 0, ]
  d <- calcNormFactors(DGEList(y))
  fit <- eBayes(lmFit(voom(d, k$x), k$x))
  data.frame(topTable(fit, coef = "groupB", number = Inf, sort.by = "none"))
}

differences <- list()
# atol: 1e-12 of the largest value; 1e-7 for log2FC of deseq2, whose fits stop at 1e-8 of the deviance
note <- function(what, got, want, rtol, atol = 1e-12 * max(abs(want), 0, na.rm = TRUE)) {
  both <- !is.na(got) & !is.na(want)
  rel <- abs(got - want)[both] / pmax(abs(want[both]), 1e-300)
  rel <- ifelse(abs(got - want)[both] <= atol, 0, rel)
  bad <- sum(rel > rtol) + sum(is.na(got) != is.na(want))
  o <- differences[[what]]
  differences[[what]] <<- list(rel = c(o$rel, rel), bad = sum(o$bad, bad), rtol = rtol)
  bad
}

compare <- function(k, changed = FALSE) {
  y <- k$y; if (changed) y[order(-rowSums(y))[2], 1] <- y[order(-rowSums(y))[2], 1] + 1L
  write_cohort(k, y)
  bad <- 0
  r <- by_deseq2(k)
  if (!is.null(r)) {
    mine <- run_exomir(k, "deseq2")
    r <- r[rownames(mine), ]
    settled <- !r$handed
    bad <- bad + note("deseq2 log2FC", mine$log2fc[settled], r$log2FoldChange[settled], 1e-5, 1e-7) +
      note("deseq2 P", mine$p[settled], r$pvalue[settled], 1e-4) +
      note("deseq2 FDR", mine$fdr[settled], r$padj[settled], 1e-4)
    note("deseq2 log2FC, handed over", mine$log2fc[!settled], r$log2FoldChange[!settled], Inf)
  }
  e <- by_edger(k); mine <- run_exomir(k, "edger")[rownames(e), ]
  bad <- bad + note("edger log2FC", mine$log2fc, e$logFC, 1e-5) + note("edger F", mine$stat, e$F, 1e-6) +
    note("edger P", mine$p, e$PValue, 1e-7) + note("edger FDR", mine$fdr, e$FDR, 1e-7)
  v <- by_voom(k); mine <- run_exomir(k, "voom")[rownames(v), ]
  bad + note("voom log2FC", mine$log2fc, v$logFC, 1e-9) + note("voom t", mine$stat, v$t, 1e-7) +
    note("voom P", mine$p, v$P.Value, 1e-7) + note("voom FDR", mine$fdr, v$adj.P.Val, 1e-7)
}

done <- 0; skipped <- 0
while (done < cohorts) {
  k <- make_cohort()
  if (is.null(k)) next
  bad <- compare(k)
  if (bad > 0) cat(sprintf("cohort %d: %d x %d, %s: %d values differ\n", done + 1, nrow(k$y),
                           ncol(k$y), paste(deparse(k$design), collapse = ""), bad))
  done <- done + 1
}
cat(sprintf("%-28s %8s %10s %10s %10s %6s\n", "quantity", "n", "max", "99 %", "allowed", "beyond"))
failed <- 0
for (what in names(differences)) {
  d <- differences[[what]]
  cat(sprintf("%-28s %8d %10.2e %10.2e %10.0e %6d\n", what, length(d$rel), max(d$rel, 0),
              quantile(d$rel, .99, names = FALSE), d$rtol, d$bad))
  failed <- failed + d$bad
}
differences <- list()
if (compare(k, changed = TRUE) == 0) { cat("a changed count went unseen\n"); failed <- failed + 1 }
unlink(work, recursive = TRUE)
quit(status = as.integer(failed > 0))
