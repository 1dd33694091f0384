# Linear mixed models by lme4 and lmerTest, the oracle of tests/test_effect_change.py.
# Run: Rscript change_mixed.R (writes change_mixed.json beside itself). Data: R packages lme4, nlme, geepack, HSAUR3.
suppressMessages({library(lme4); library(lmerTest); library(jsonlite)})
data(sleepstudy, InstEval, Dyestuff, Dyestuff2, Pastes, package = "lme4")
data(Orthodont, MathAchieve, BodyWeight, Oxboys, package = "nlme")
data(dietox, package = "geepack")
data(BtheB, package = "HSAUR3")

tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhobeg = 0.1, rhoend = 1e-11, maxfun = 1e5),
                     check.conv.singular = "ignore", calc.derivs = FALSE)

describe <- function(formula, data, reml = TRUE) {
  m <- suppressMessages(lmerTest::lmer(formula, data, REML = reml, control = tight))
  co <- coef(summary(m))
  vc <- as.data.frame(VarCorr(m))
  list(term = rownames(co), estimate = co[, "Estimate"], std_error = co[, "Std. Error"], df = co[, "df"],
       p_value = co[, "Pr(>|t|)"], vcov = vc$vcov, loglik = as.numeric(logLik(m)), n_obs = nobs(m),
       n = unname(summary(m)$ngrps[1]))
}

plain <- function(d) { d <- as.data.frame(d); for (v in names(d)) if (is.ordered(d[[v]])) d[[v]] <- factor(as.character(d[[v]])); d }
Orthodont <- plain(Orthodont); MathAchieve <- plain(MathAchieve); BodyWeight <- plain(BodyWeight); Oxboys <- plain(Oxboys)
Orthodont$wave <- factor(paste0("age", sprintf("%02d", Orthodont$age)))
BodyWeight$Diet <- factor(BodyWeight$Diet)
BodyWeight$wave <- factor(sprintf("day%02d", BodyWeight$Time))
sleepstudy$wave <- factor(paste0("day", sleepstudy$Days))
InstEval$service <- as.integer(as.character(InstEval$service))
InstEval$dept <- factor(as.integer(as.character(InstEval$dept)))
BtheB$subject <- factor(seq_len(nrow(BtheB)))
bdi <- reshape(BtheB, direction = "long", idvar = "subject", varying = grep("bdi.[0-9]", names(BtheB), value = TRUE),
               v.names = "bdi", timevar = "wave", times = c("m2", "m3", "m5", "m8"))
# missing at random holes, by rule, so that persons have one to ten measurements
holes <- sleepstudy[(sleepstudy$Days * 7 + as.integer(sleepstudy$Subject) * 5) %% 11 > as.integer(sleepstudy$Subject) %% 9, ]

out <- list(
  sleep_waves = describe(Reaction ~ wave + (1 | Subject), sleepstudy),
  sleep_holes = describe(Reaction ~ Days + (1 | Subject), holes),
  sleep_holes_slope = describe(Reaction ~ Days + (Days | Subject), holes),
  sleep_holes_ml = describe(Reaction ~ Days + (1 | Subject), holes, FALSE),
  orthodont_group = describe(distance ~ age * Sex + (1 | Subject), transform(Orthodont, Sex = relevel(factor(Sex), "Female"))),
  orthodont_slope = describe(distance ~ age * Sex + (age | Subject), transform(Orthodont, Sex = relevel(factor(Sex), "Female"))),
  orthodont_waves = describe(distance ~ wave * Sex + (1 | Subject), transform(Orthodont, Sex = relevel(factor(Sex), "Female"))),
  bodyweight_slope = describe(weight ~ Time * Diet + (Time | Rat), BodyWeight),
  bodyweight_waves = describe(weight ~ wave * Diet + (1 | Rat), BodyWeight),
  oxboys_slope_ml = describe(height ~ age + (age | Subject), Oxboys, FALSE),
  dietox_cu = describe(Weight ~ Time + Cu + Litter + (1 | Pig), transform(dietox, Cu = factor(Cu), Litter = factor(Litter))),
  btheb_waves = describe(bdi ~ wave * treatment + bdi.pre + drug + length + (1 | subject), bdi),
  mathachieve = describe(MathAch ~ SES + Sex + Minority + (1 | School), MathAchieve),
  dyestuff = describe(Yield ~ 1 + (1 | Batch), Dyestuff),
  dyestuff2_boundary = describe(Yield ~ 1 + (1 | Batch), Dyestuff2),
  dyestuff2_boundary_ml = describe(Yield ~ 1 + (1 | Batch), Dyestuff2, FALSE),
  dyestuff_singular = describe(Yield ~ t + (t | Batch), transform(Dyestuff, t = rep(1:5, 6))),
  dyestuff2_singular = describe(Yield ~ t + (t | Batch), transform(Dyestuff2, t = rep(1:5, 6))),
  insteval = describe(y ~ service + dept + (1 | s), InstEval)
)
writeLines(toJSON(c(out, list(versions = list(R = R.version.string, lme4 = as.character(packageVersion("lme4")),
           lmerTest = as.character(packageVersion("lmerTest"))))), digits = NA, auto_unbox = TRUE, pretty = TRUE), "change_mixed.json")
