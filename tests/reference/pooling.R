# Random-effects summaries by metafor and partial pooling by numerical integration, the oracle of
# tests/test_effect_pooling.py. Run: Rscript pooling.R (writes pooling.json beside itself).
suppressMessages({library(metafor); library(jsonlite)})
bcg <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = metadat::dat.bcg)
schools <- data.frame(yi = c(28, 8, -3, 7, -1, 1, 18, 12), vi = c(15, 10, 16, 11, 9, 11, 10, 18)^2)  # Rubin 1981
six <- data.frame(yi = c(2.1, -0.4, 1.3, 0.9, 3.6, 0.2), vi = c(0.5, 0.7, 0.4, 1.1, 0.9, 1.6)^2)
alike <- data.frame(yi = c(1.0, 1.1, 0.9, 1.05, 0.95, 1.0), vi = c(0.5, 0.7, 0.4, 1.1, 0.9, 1.6)^2)
pair <- data.frame(yi = c(0.2, 0.5), vi = c(0.04, 0.09))
three <- data.frame(yi = c(0.2, 0.5, 0.9), vi = c(0.04, 0.09, 0.02))
three_alike <- data.frame(yi = c(0.20, 0.25, 0.22), vi = c(0.04, 0.09, 0.02))  # tau2 = 0 by every estimator

summarise <- function(d, tau2, test) {
  m <- rma(yi, vi, data = d, method = tau2, test = test, control = list(threshold = 1e-12, maxiter = 10000, tol = 1e-12))
  p <- predict(m)
  list(estimate = as.numeric(m$beta), std_error = m$se, lower = m$ci.lb, upper = m$ci.ub, p_value = m$pval, tau2 = m$tau2,
       i2 = m$I2 / 100, q = m$QE, q_p = m$QEp, predict_lower = p$pi.lb, predict_upper = p$pi.ub)
}
sets <- list(bcg = bcg, schools = schools, six = six, alike = alike, pair = pair, three = three, three_alike = three_alike)
grid <- expand.grid(set = names(sets), estimator = c("REML", "PM", "DL", "ML"), test = c("knha", "z"), stringsAsFactors = FALSE)
found <- lapply(seq_len(nrow(grid)), function(i) c(as.list(grid[i, ]), summarise(sets[[grid$set[i]]], grid$estimator[i], grid$test[i])))

# posterior of theta_j: integrate over tau, given a flat prior of the mean; adaptive quadrature, no grid
shrink <- function(d, log_prior) {
  y <- d$yi; v <- d$vi
  at <- function(tau) { w <- 1 / (v + tau^2); list(mean = sum(w * y) / sum(w), var = 1 / sum(w), w = w) }
  log_post <- Vectorize(function(tau) { a <- at(tau)
    0.5 * log(a$var) + 0.5 * sum(log(a$w)) - 0.5 * sum(a$w * (y - a$mean)^2) + log_prior(tau) })
  top <- max(log_post(seq(0, 10 * sd(y), length.out = 2000)))
  density <- function(tau) exp(log_post(tau) - top)
  over <- function(f) integrate(function(t) f(t) * density(t), 0, 10, rel.tol = 1e-11, subdivisions = 5000)$value +
    integrate(function(t) f(t) * density(t), 10, Inf, rel.tol = 1e-11, subdivisions = 5000)$value
  total <- over(function(t) 1)
  unit <- function(j) { # j = 0: the mean
    centre <- Vectorize(function(tau) { a <- at(tau); if (j == 0) a$mean else { b <- v[j] * a$w[j]; (1 - b) * y[j] + b * a$mean } })
    spread <- Vectorize(function(tau) { a <- at(tau); if (j == 0) a$var else { b <- v[j] * a$w[j]; (1 - b) * v[j] + b^2 * a$var } })
    m <- over(centre) / total
    cdf <- function(x) over(function(t) pnorm((x - centre(t)) / sqrt(spread(t)))) / total
    quantile <- function(p) uniroot(function(x) cdf(x) - p, m + c(-60, 60), tol = 1e-10)$root
    c(estimate = m, std_error = sqrt(over(function(t) spread(t) + (centre(t) - m)^2) / total), lower = quantile(0.025), upper = quantile(0.975))
  }
  as.data.frame(t(sapply(0:length(y), unit)))
}
pooled <- list(schools_uniform = shrink(schools, function(tau) 0),
               schools_half_cauchy = shrink(schools, function(tau) -log1p((tau / 5)^2)),
               six_half_normal = shrink(six, function(tau) -0.5 * tau^2))
writeLines(toJSON(list(data = lapply(sets, function(d) list(estimate = as.numeric(d$yi), std_error = sqrt(as.numeric(d$vi)))),
  random_effects = found, partial_pooling = pooled,
  versions = list(R = R.version.string, metafor = as.character(packageVersion("metafor")))), digits = NA, auto_unbox = TRUE, pretty = TRUE), "pooling.json")
