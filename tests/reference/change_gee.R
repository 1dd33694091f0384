# Marginal models by geepack, the oracle of tests/test_effect_gee.py. Run: Rscript change_gee.R (writes change_gee.json).
# geepack has no Mancl-DeRouen covariance: it is written out here from the fitted geeglm object, without approximation.
suppressMessages({library(geepack); library(jsonlite); library(ordinal)})
data(ohio, dietox, respiratory, sitka89, seizure, package = "geepack")
data(epilepsy, BtheB, package = "HSAUR3")
data(wine, package = "ordinal")

mancl_derouen <- function(m, id) {
  X <- model.matrix(m); y <- m$y; mu <- fitted(m); fam <- m$family; eta <- m$linear.predictors
  alpha <- if (m$corstr == "exchangeable") unname(m$geese$alpha) else 0
  rows <- split(seq_along(y), factor(id, unique(id)))
  parts <- lapply(rows, function(i) {
    D <- X[i, , drop = FALSE] * fam$mu.eta(eta[i])
    s <- sqrt(fam$variance(mu[i]))
    R <- matrix(alpha, length(i), length(i)); diag(R) <- 1
    list(D = D, W = solve(outer(s, s) * R), r = y[i] - mu[i])
  })
  bread <- solve(Reduce(`+`, lapply(parts, function(p) t(p$D) %*% p$W %*% p$D)))
  meat <- function(fix) Reduce(`+`, lapply(parts, function(p) {
    r <- if (fix) solve(diag(length(p$r)) - p$D %*% bread %*% t(p$D) %*% p$W, p$r) else p$r
    u <- t(p$D) %*% p$W %*% r; u %*% t(u) }))
  list(robust = sqrt(diag(bread %*% meat(FALSE) %*% bread)), bias_reduced = sqrt(diag(bread %*% meat(TRUE) %*% bread)))
}

describe <- function(m, id) {
  co <- coef(summary(m)); own <- mancl_derouen(m, id)
  stopifnot(max(abs(own$robust / co[, "Std.err"] - 1)) < 1e-3)
  list(term = rownames(co), estimate = co[, "Estimate"], std_error = co[, "Std.err"], bias_reduced = unname(own$bias_reduced),
       alpha = if (m$corstr == "exchangeable") unname(m$geese$alpha) else 0, scale = unname(m$geese$gamma),
       n_obs = length(m$y), clusters = length(m$geese$clusz))
}
tight <- geese.control(epsilon = 1e-12, maxit = 200)
fit <- function(formula, data, id, family, corstr) {
  data$.id <- id
  describe(geeglm(formula, data = data, id = .id, family = family, corstr = corstr, control = tight), id)
}

BtheB$subject <- seq_len(nrow(BtheB))
bdi <- reshape(BtheB, direction = "long", idvar = "subject", varying = grep("bdi.[0-9]", names(BtheB), value = TRUE),
               v.names = "bdi", timevar = "time", times = c(2, 3, 5, 8))
bdi <- bdi[order(bdi$subject, bdi$time), ]; bdi <- bdi[!is.na(bdi$bdi), ]
respiratory <- respiratory[order(respiratory$center, respiratory$id, respiratory$visit), ]
patient <- with(respiratory, as.integer(factor(paste(center, id), unique(paste(center, id)))))
epilepsy$treatment <- relevel(factor(epilepsy$treatment), "placebo")
few <- ohio[ohio$id %% 20 == 0, ]

wide <- clm(rating ~ temp + contact, data = wine)
beta <- coef(wide); theta <- beta[1:4]; b <- beta[5:6]
# scores of the cumulative logit model per judge by numerical differentiation of the log likelihood, for the sandwich
loglik <- function(par) { th <- c(-Inf, par[1:4], Inf); eta <- as.vector(model.matrix(~ temp + contact, wine)[, -1] %*% par[5:6])
  k <- as.integer(wine$rating); log(plogis(th[k + 1] - eta) - plogis(th[k] - eta)) }
gradient <- sapply(seq_along(beta), function(j) { h <- 1e-5; e <- replace(numeric(6), j, h)
  (8 * (loglik(beta + e) - loglik(beta - e)) - (loglik(beta + 2 * e) - loglik(beta - 2 * e))) / (12 * h) })
by_judge <- rowsum(gradient, wine$judge)
# expected (Fisher) information, as in estimating equations; clm's own vcov has the observed one
information <- Reduce(`+`, lapply(seq_len(nrow(wine)), function(i) {
  x <- model.matrix(~ temp + contact, wine)[i, -1]; p <- plogis(theta - sum(x * b))
  D <- p * (1 - p) * cbind(diag(4), matrix(-x, 4, 2, byrow = TRUE))
  t(D) %*% solve(outer(p, p, pmin) - outer(p, p)) %*% D }))
sandwich <- solve(information) %*% crossprod(by_judge) %*% solve(information)

out <- list(
  ohio_independence = fit(resp ~ age * smoke, ohio, ohio$id, binomial, "independence"),
  ohio_exchangeable = fit(resp ~ age * smoke, ohio, ohio$id, binomial, "exchangeable"),
  ohio_few = fit(resp ~ age, few, few$id, binomial, "exchangeable"),
  respiratory = fit(outcome ~ treat + baseline + age, respiratory, patient, binomial, "exchangeable"),
  epilepsy = fit(seizure.rate ~ base + age + treatment + offset(log(per)), transform(epilepsy, per = 2), epilepsy$subject, poisson, "exchangeable"),
  epilepsy_independence = fit(seizure.rate ~ base + age + treatment + offset(log(per)), transform(epilepsy, per = 2), epilepsy$subject, poisson, "independence"),
  btheb = fit(bdi ~ bdi.pre + time + treatment + drug + length, bdi, bdi$subject, gaussian, "exchangeable"),
  sitka = fit(size ~ time + treat, sitka89, sitka89$tree, gaussian, "exchangeable"),
  wine = list(term = names(beta), estimate = unname(beta), std_error = sqrt(diag(sandwich)), n_obs = nrow(wine), clusters = nlevels(wine$judge))
)
writeLines(toJSON(c(out, list(versions = list(R = R.version.string, geepack = as.character(packageVersion("geepack")),
           ordinal = as.character(packageVersion("ordinal"))))), digits = NA, auto_unbox = TRUE, pretty = TRUE), "change_gee.json")
