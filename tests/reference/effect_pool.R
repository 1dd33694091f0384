# Rubin's rules by mice::pool.scalar for few and many imputations, small and large complete-data df.
# Run from this folder: Rscript effect_pool.R  (writes effect_pool.csv)
suppressMessages(library(mice))
rows <- list()
set.seed(20240)
for (m in c(2, 5, 20)) for (dfcom in c(2.6, 5, 60, 1e5)) for (spread in c(0.02, 0.4, 3)) {
  q <- round(1.3 + spread * rnorm(m), 6); u <- round(0.2 + 0.3 * runif(m), 6)
  p <- pool.scalar(q, u, n = dfcom + 1, k = 1)          # dfcom = n - k
  rows[[length(rows) + 1]] <- data.frame(m = m, df_complete = dfcom, estimates = paste(q, collapse = ";"), variances = paste(u, collapse = ";"),
    estimate = p$qbar, within = p$ubar, between = p$b, total = p$t, riv = p$r, df = p$df, fmi = p$fmi)
}
out <- do.call(rbind, rows)
for (column in names(out)[5:11]) out[[column]] <- format(out[[column]], digits = 15, trim = TRUE, scientific = FALSE)
write.csv(out, "effect_pool.csv", row.names = FALSE, quote = FALSE)
