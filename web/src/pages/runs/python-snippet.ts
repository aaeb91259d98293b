/** What to run to log a first run into a project of this server. */
export const pythonSnippet = (origin: string, project: string) => `import mlflow

mlflow.set_tracking_uri("${origin}/mlflow/${project}")
mlflow.set_experiment("first")
with mlflow.start_run():
    mlflow.log_param("depth", 4)
    for step in range(100):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)`
