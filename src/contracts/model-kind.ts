export const modelKinds = ['onnx', 'mlflow', 'open-inference'] as const

/** Which runtime runs a model folder. */
export type ModelKind = (typeof modelKinds)[number]

/** What the names of a folder's files say: who runs it elsewhere says so with kedge-serve.json. */
export const modelKindOf = (files: Record<string, unknown>): ModelKind | undefined =>
  files['kedge-serve.json'] ? 'open-inference' : files['model.onnx'] ? 'onnx' : files.MLmodel ? 'mlflow' : undefined
