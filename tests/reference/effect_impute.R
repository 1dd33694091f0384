# Chained equations by mice, pooled, for comparison within Monte Carlo error. Run here: Rscript effect_impute.R (writes effect_impute.csv)
suppressMessages(library(mice))
rows <- list()
add <- function(case, fits, m) {
  found <- summary(pool(fits)); raw <- pool(fits)$pooled
  rows[[length(rows) + 1]] <<- data.frame(case = case, term = as.character(raw$term), estimate = raw$estimate, std_error = sqrt(raw$t),
                                          between = raw$b, fmi = raw$fmi, m = m)
}
for (method in c("pmm", "norm")) {
  imp <- mice(airquality, m = 200, maxit = 10, method = method, printFlag = FALSE, seed = 1)
  add(paste0("airquality_", method), with(imp, lm(Ozone ~ Solar.R + Wind + Temp)), 200)
}
survey <- MASS::survey[c("Sex", "Wr.Hnd", "Age", "Height", "Pulse", "M.I", "Exer")]
survey <- survey[!is.na(survey$Sex) & !is.na(survey$Wr.Hnd), ]
survey$Exer <- factor(survey$Exer, levels = c("None", "Some", "Freq"), ordered = TRUE)
survey$Exer[seq_len(nrow(survey)) %% 4 == 0] <- NA
imp <- mice(survey, m = 100, maxit = 10, printFlag = FALSE, seed = 2,
            method = c(Sex = "", Wr.Hnd = "", Age = "", Height = "pmm", Pulse = "pmm", M.I = "logreg", Exer = "polr"))
add("survey_height", with(imp, lm(Height ~ Wr.Hnd + Age + I(M.I == "Metric"))), 100)
add("survey_metric", with(imp, lm(I(M.I == "Metric") ~ 1)), 100)
add("survey_exercise", with(imp, lm(as.integer(Exer) ~ Sex)), 100)
out <- do.call(rbind, rows)
write.csv(out, "effect_impute.csv", row.names = FALSE)
