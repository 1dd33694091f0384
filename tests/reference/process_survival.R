# Oracle of tests/test_process_times.py: `Rscript process_survival.R > process_survival.csv` (R 4.2, survival 3.5).
library(survival)
out <- function(case, measure, at, estimate, std_error = NA, lower = NA, upper = NA)
  cat(sprintf("%s,%s,%s,%.12g,%.12g,%.12g,%.12g\n", case, measure, at, estimate, std_error, lower, upper), sep = "")
cat("case,measure,at,estimate,std_error,lower,upper\n")

for (sex in 1:2) {
  fit <- survfit(Surv(time, status) ~ 1, data = lung[lung$sex == sex, ])
  found <- quantile(fit, c(.25, .5, .75))
  out(paste0("lung_sex", sex), c("q25", "median", "q75"), NA, found$quantile, NA, found$lower, found$upper)
  at <- summary(fit, times = c(91, 183, 365))
  out(paste0("lung_sex", sex), "waiting", at$time, at$surv, at$std.err, at$lower, at$upper)
}
four <- lung[!is.na(lung$ph.ecog), ]
out("lung_ecog", "log-rank", NA, survdiff(Surv(time, status) ~ ph.ecog, data = four)$chisq)

mgus <- transform(mgus2, etime = ifelse(pstat == 0, futime, ptime),
                  event = factor(ifelse(pstat == 0, 2 * death, 1), 0:2, c("open", "pcm", "death")))
at <- summary(survfit(Surv(etime, event) ~ 1, data = mgus), times = c(60, 120, 240))
for (state in 1:3)
  out("mgus2", c("waiting", "reached", "competing")[state], at$time, at$pstate[, state], at$std.err[, state])

for (open in list(c(1, 1, 1, 1), c(1, 1, 0, 1)))
  out(paste0("four_", sum(open)), "median", NA, quantile(survfit(Surv(c(1, 2, 5, 9), open) ~ 1), .5)$quantile)
