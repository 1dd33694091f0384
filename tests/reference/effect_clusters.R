# Cluster-robust and heteroscedastic standard errors by clubSandwich and sandwich on data that ship with R packages.
# Run from this folder: Rscript effect_clusters.R  (writes effect_clusters.csv)
suppressMessages({library(clubSandwich); library(sandwich)})
options(digits = 16)
data("Grunfeld", package = "plm"); data("PetersenCL", package = "sandwich")
Grunfeld$late <- as.integer(Grunfeld$year >= 1943)
Grunfeld$treated <- as.integer(Grunfeld$firm %in% c(2, 5, 9))
odd <- Grunfeld[(seq_len(nrow(Grunfeld)) %% 7) != 0 & Grunfeld$year <= 1940 + Grunfeld$firm, ]   # unequal clusters
models <- list(
  grunfeld = list(lm(inv ~ value + capital, Grunfeld), Grunfeld$firm),
  unequal = list(lm(inv ~ value + capital + treated, odd), odd$firm),
  interaction = list(lm(inv ~ treated * late + value, odd), odd$firm),
  fixed = list(lm(inv ~ value + factor(firm) + factor(year), Grunfeld), Grunfeld$firm),
  weighted = list(lm(inv ~ value + capital, odd, weights = capital), odd$firm),
  weighted_fixed = list(lm(inv ~ value + factor(firm), odd, weights = value), odd$firm),
  mean = list(lm(inv ~ 1, odd), odd$firm))
rows <- list()
for (name in names(models)) {
  fit <- models[[name]][[1]]; cluster <- models[[name]][[2]]
  keep <- !grepl("factor", names(coef(fit)))
  # where leaving out a cluster loses a term clubSandwich cannot invert for CR3
  for (kind in c("CR0", "CR1", "CR1S", "CR2", if (!grepl("fixed|interaction", name)) "CR3")) {
    test <- if (kind == "CR2") "Satterthwaite" else "naive-t"
    found <- coef_test(fit, vcov = vcovCR(fit, cluster = cluster, type = kind), cluster = cluster, test = test)
    df <- if (kind == "CR2") found$df_Satt else rep(length(unique(cluster)) - 1, nrow(found))
    rows[[length(rows) + 1]] <- data.frame(model = name, kind = kind, term = names(coef(fit))[keep], estimate = coef(fit)[keep],
                                           std_error = found$SE[keep], df = df[keep])
  }
  for (kind in c("HC0", "HC1", "HC2", "HC3")) {
    se <- sqrt(diag(vcovHC(fit, type = kind)))
    rows[[length(rows) + 1]] <- data.frame(model = name, kind = kind, term = names(coef(fit))[keep], estimate = coef(fit)[keep],
                                           std_error = se[keep], df = fit$df.residual)
  }
}
two <- lm(inv ~ value + capital, Grunfeld)
for (multi0 in c(FALSE, TRUE)) {
  se <- sqrt(diag(vcovCL(two, cluster = Grunfeld[c("firm", "year")], type = "HC1", multi0 = multi0)))
  rows[[length(rows) + 1]] <- data.frame(model = paste0("twoway_", if (multi0) "plain" else "own"), kind = "CR1S",
                                         term = names(coef(two)), estimate = coef(two), std_error = se, df = 9)
}
# clubSandwich has one way only: V1 + V2 - V12 of its one-way matrices (Cameron, Gelbach & Miller 2011)
for (name in c("grunfeld", "weighted")) {
  fit <- models[[name]][[1]]; used <- if (name == "grunfeld") Grunfeld else odd
  one <- function(cluster) diag(as.matrix(vcovCR(fit, cluster = cluster, type = "CR2")))
  se <- sqrt(one(used$firm) + one(used$year) - one(interaction(used$firm, used$year, drop = TRUE)))
  rows[[length(rows) + 1]] <- data.frame(model = paste0("twoway_", name), kind = "CR2", term = names(coef(fit)), estimate = coef(fit),
                                         std_error = se, df = min(length(unique(used$firm)), length(unique(used$year))) - 1)
}
left <- sapply(unique(Grunfeld$firm), function(g) coef(update(two, data = Grunfeld[Grunfeld$firm != g, ])) - coef(two))
jack <- sqrt(9 / 10 * rowSums(left^2))   # by brute force, MacKinnon, Nielsen & Webb 2023
rows[[length(rows) + 1]] <- data.frame(model = "jackknife", kind = "CR3", term = names(coef(two)), estimate = coef(two), std_error = jack, df = 9)
out <- do.call(rbind, rows)
for (column in c("estimate", "std_error", "df")) out[[column]] <- format(out[[column]], digits = 15, trim = TRUE)
write.csv(out, "effect_clusters.csv", row.names = FALSE, quote = FALSE)
