/** What to run to see a first trace in a project of this server. */
export const pythonSnippet = (origin: string, project: string) => `import mlflow

mlflow.set_tracking_uri("${origin}/mlflow/${project}")
mlflow.set_experiment("assistant")

@mlflow.trace
def answer(question):
    return question.upper()

answer("does it work?")`
