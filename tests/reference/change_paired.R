# Paired differences, standardised change, Wilson limits, weighted moments and standardised differences in R, the oracle
# of tests/test_effect_paired.py and tests/test_effect_describe.py. Run: Rscript change_paired.R (writes .json beside it).
suppressMessages({library(MASS); library(metafor); library(jsonlite)})
noncentral <- function(d, n) { t <- d * sqrt(n)
  limit <- function(p) uniroot(function(ncp) pt(t, n - 1, ncp) - p, c(-37, 37), tol = 1e-12)$root / sqrt(n)
  c(limit(0.975), limit(0.025)) }
describe <- function(before, after) {
  d <- after - before; n <- length(d); t <- t.test(d)
  w <- suppressWarnings(wilcox.test(d))
  smcc <- escalc("SMCC", m1i = mean(after), m2i = mean(before), sd1i = sd(after), sd2i = sd(before), ri = cor(before, after), ni = n)
  list(n = n, estimate = mean(d), std_error = t$stderr, df = unname(t$parameter), p_value = t$p.value, lower = t$conf.int[1],
       upper = t$conf.int[2], p_wilcoxon = w$p.value, srm = mean(d) / sd(d), srm_limits = noncentral(mean(d) / sd(d), n),
       hedges = as.numeric(smcc$yi), dav = mean(d) / ((sd(before) + sd(after)) / 2),
       improved = prop.test(sum(d >= 2), n, correct = FALSE)$conf.int[1:2], worse = prop.test(sum(d <= -2), n, correct = FALSE)$conf.int[1:2],
       counts = c(sum(d >= 2), sum(abs(d) < 2), sum(d <= -2)))
}
arms <- split(anorexia, anorexia$Treat)
paired <- c(lapply(arms, function(a) describe(a$Prewt, a$Postwt)),
            list(sleep = describe(sleep$extra[sleep$group == 2], sleep$extra[sleep$group == 1])))

bw <- transform(birthwt, race = factor(race)); w <- 1 + bw$ptl + bw$lwt / 100
one <- bw$smoke == 1
smd_number <- function(x, w) { m <- function(s) cov.wt(cbind(x[s]), wt = w[s] / sum(w[s]), method = "unbiased")
  a <- m(one); b <- m(!one); c(a$center - b$center) / sqrt((a$cov + b$cov) / 2) }
smd_levels <- function(x, w) { p <- function(s) tapply(w[s], x[s], sum)[-1] / sum(w[s])
  a <- p(one); b <- p(!one); v <- function(q) diag(q, length(q)) - q %*% t(q)
  sqrt(drop(t(a - b) %*% solve((v(a) + v(b)) / 2) %*% (a - b))) }
flat <- rep(1, nrow(bw))
table <- list(mean = weighted.mean(bw$age[one], w[one]), sd = sqrt(cov.wt(cbind(bw$age[one]), wt = w[one] / sum(w[one]), method = "unbiased")$cov[1]),
  plain = as.list(c(mean = mean(bw$age[one]), sd = sd(bw$age[one]), setNames(quantile(bw$age[one], c(.25, .5, .75)), c("q1", "median", "q3")))),
  percent = 100 * as.numeric(tapply(w[one], bw$race[one], sum) / sum(w[one])), count = as.numeric(table(bw$race[one])),
  age = smd_number(bw$age, flat), race = smd_levels(bw$race, flat), ht = { p <- tapply(bw$ht, one, mean); unname((p[2] - p[1]) / sqrt(mean(p * (1 - p)))) },
  age_weighted = smd_number(bw$age, w), race_weighted = smd_levels(bw$race, w))
writeLines(toJSON(list(paired = paired, table = table, versions = list(R = R.version.string)), digits = NA, auto_unbox = TRUE, pretty = TRUE), "change_paired.json")
