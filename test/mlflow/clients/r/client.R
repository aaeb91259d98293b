# The calls that MLflow's R client makes, with the same two packages (httr, jsonlite) and in the form in which it sends
# them: every number as a text, also 1e+05 and 1.73245e+12, and `run_uuid` beside `run_id`.
# That client itself is not tried: it is on CRAN only, which not every machine reaches, and Debian does not package it.
library(httr)
library(jsonlite)

host <- Sys.getenv("MLFLOW_TRACKING_URI")

rest <- function(path, verb = "GET", query = NULL, data = NULL) {
  url <- file.path(host, "api/2.0/mlflow", path)
  body <- if (is.null(data)) NULL else rapply(data, as.character, how = "replace")
  answer <- switch(verb,
    GET = GET(url, query = query, timeout(60), add_headers(`User-Agent` = "mlflow-r-client/3.17.2")),
    POST = POST(url, body = body, encode = "json", timeout(60)),
    PATCH = PATCH(url, body = body, encode = "json", timeout(60)),
    DELETE = DELETE(url, body = body, encode = "json", timeout(60))
  )
  parsed <- fromJSON(content(answer, "text", encoding = "UTF-8"), simplifyVector = FALSE)
  if (status_code(answer) != 200) stop(paste(status_code(answer), parsed$error_code, parsed$message))
  parsed
}
post <- function(path, ...) rest(path, "POST", data = list(...))
refused <- function(text, call) {
  said <- tryCatch({ call; "taken" }, error = conditionMessage)
  if (!grepl(text, said, fixed = TRUE)) stop(paste("expected", text, "saw", said))
}
pairs <- function(list, key) Filter(function(pair) pair$key == key, list)[[1]]$value

# experiments
experiment <- post("experiments/create", name = "r", artifact_location = NULL, tags = list(list(key = "team", value = "größer")))$experiment_id
stopifnot(rest("experiments/get", query = list(experiment_id = experiment))$experiment$name == "r")
stopifnot(pairs(rest("experiments/get-by-name", query = list(experiment_name = "r"))$experiment$tags, "team") == "größer")
post("experiments/set-experiment-tag", experiment_id = experiment, key = "note", value = "x")
post("experiments/update", experiment_id = experiment, new_name = "r-2")
post("experiments/delete", experiment_id = experiment)
post("experiments/restore", experiment_id = experiment)
found <- post("experiments/search", filter = "name LIKE 'r%'", max_results = 1000)$experiments
stopifnot(length(found) == 1)

# a run
run <- post("runs/create", experiment_id = experiment, user_id = "ada", start_time = 1732450000000, tags = list(list(key = "mlflow.user", value = "ada")))$run
id <- run$info$run_uuid
stopifnot(identical(id, run$info$run_id), run$info$start_time == 1732450000000)
post("runs/log-parameter", run_uuid = id, run_id = id, key = "depth", value = 3)
for (step in c(0, 1, 100000)) post("runs/log-metric", run_uuid = id, run_id = id, key = "loss", value = 1 / (step + 1), timestamp = 1732450000000 + step, step = step)
post("runs/log-metric", run_uuid = id, run_id = id, key = "odd", value = "NaN", timestamp = 1732450000123, step = 0)
post("runs/log-metric", run_uuid = id, run_id = id, key = "up", value = "Infinity", timestamp = 1732450000123, step = 0)
post("runs/set-tag", run_uuid = id, run_id = id, key = "kind", value = "base")
post("runs/set-tag", run_uuid = id, run_id = id, key = "gone", value = "1")
post("runs/delete-tag", run_id = id, key = "gone")
post("runs/log-batch",
  run_id = id,
  metrics = data.frame(key = c("a", "b"), value = c(0.5, 1e-300), step = c(1, 2e5), timestamp = c(1, 1732450000000)),
  params = data.frame(key = c("rate", "layers"), value = c("0.1", "4")),
  tags = data.frame(key = "note", value = "größer")
)
post("runs/update", run_uuid = id, run_id = id, status = "FINISHED", end_time = 1732450009000)
got <- rest("runs/get", query = list(run_uuid = id, run_id = id))$run
stopifnot(
  got$info$status == "FINISHED", got$info$end_time == 1732450009000,
  pairs(got$data$params, "depth") == "3", pairs(got$data$params, "layers") == "4",
  pairs(got$data$metrics, "odd") == "NaN", pairs(got$data$metrics, "up") == .Machine$double.xmax,
  pairs(got$data$metrics, "a") == 0.5, pairs(got$data$metrics, "b") == 1e-300,
  pairs(got$data$tags, "note") == "größer", !"gone" %in% sapply(got$data$tags, `[[`, "key")
)
history <- rest("metrics/get-history", query = list(run_uuid = id, run_id = id, metric_key = "loss"))$metrics
stopifnot(identical(sapply(history, function(point) as.numeric(point$step)), c(0, 1, 100000)))
refused("400 INVALID_PARAMETER_VALUE", post("runs/log-parameter", run_id = id, key = "depth", value = 4))
refused("404 RESOURCE_DOES_NOT_EXIST", rest("runs/get", query = list(run_id = strrep("0", 32))))

# search, life cycle, artifacts
search <- function(filter = NULL, view = "ACTIVE_ONLY", order = list()) {
  post("runs/search", experiment_ids = list(experiment), filter = filter, run_view_type = view, order_by = order)$runs
}
stopifnot(search("metrics.a > 0.4 and params.rate = '0.1'", order = list("metrics.a DESC"))[[1]]$info$run_id == id)
post("runs/delete", run_id = id)
stopifnot(length(search()) == 0, length(search(view = "DELETED_ONLY")) == 1)
post("runs/restore", run_id = id)
proxy <- sub("mlflow-artifacts:", paste0(host, "/api/2.0/mlflow-artifacts/artifacts"), got$info$artifact_uri, fixed = TRUE)
writeBin(as.raw(0:255), "up.bin")
stop_for_status(PUT(paste0(proxy, "/folder/up.bin"), body = upload_file("up.bin")))
listed <- rest("artifacts/list", query = list(run_uuid = id, run_id = id, path = "folder"))$files
stopifnot(listed[[1]]$path == "folder/up.bin", listed[[1]]$file_size == 256)
stopifnot(identical(content(GET(paste0(proxy, "/folder/up.bin")), "raw"), as.raw(0:255)))

# the registry
post("registered-models/create", name = "r-model", tags = list(list(key = "k", value = "v")), description = "first")
rest("registered-models/update", "PATCH", data = list(name = "r-model", description = "second"))
version <- post("model-versions/create", name = "r-model", source = paste0("runs:/", id, "/folder"), run_id = id)$model_version
stopifnot(version$version == "1", version$status == "READY")
rest("model-versions/update", "PATCH", data = list(name = "r-model", version = 1, description = "d"))
post("model-versions/transition-stage", name = "r-model", version = 1, stage = "Staging", archive_existing_versions = FALSE)
latest <- rest("registered-models/get-latest-versions", query = list(name = "r-model", stages = "Staging"))$model_versions
stopifnot(length(latest) == 1, latest[[1]]$description == "d", latest[[1]]$current_stage == "Staging")
post("registered-models/alias", name = "r-model", alias = "champion", version = 1)
stopifnot(rest("registered-models/alias", query = list(name = "r-model", alias = "champion"))$model_version$version == "1")
found <- rest("registered-models/search", query = list(filter = "name = 'r-model'", max_results = 100))$registered_models
stopifnot(length(found) == 1, found[[1]]$description == "second")
post("registered-models/rename", name = "r-model", new_name = "r-renamed")
rest("model-versions/delete", "DELETE", data = list(name = "r-renamed", version = 1))
rest("registered-models/delete", "DELETE", data = list(name = "r-renamed"))
refused("404 RESOURCE_DOES_NOT_EXIST", rest("registered-models/get", query = list(name = "r-renamed")))
cat("seen\n")
