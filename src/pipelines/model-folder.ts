import { buffer } from 'node:stream/consumers'
import type { BlobStore } from '../contracts/blob-store.ts'
import { type ModelKind, modelKindOf } from '../contracts/model-kind.ts'
import { KedgeError } from '../errors.ts'
import { readFolder } from '../storage/blobs/folder.ts'

export interface ModelFolder {
  kind: ModelKind
  /** what `kedge-model.json` says, if there is one */
  signature?: unknown
}

/** What kind of model an output folder holds. Errors: `invalid_input` when none. */
export async function readModelFolder(digest: string, output: string, blobs: BlobStore): Promise<ModelFolder> {
  const { files } = await readFolder(blobs, digest)
  const kind = modelKindOf(files)
  if (!kind)
    throw new KedgeError(
      'invalid_input',
      { what: `The output ${output} holds no model: neither model.onnx nor MLmodel nor kedge-serve.json` },
      { todo: 'Export the model as model.onnx, or save it with MLflow, into that folder itself.' },
    )
  const card = files['kedge-model.json']
  if (!card) return { kind }
  try {
    return { kind, signature: JSON.parse((await buffer(await blobs.get(card.digest))).toString('utf8')) }
  } catch (cause) {
    if (cause instanceof SyntaxError)
      throw new KedgeError(
        'invalid_input',
        { what: `kedge-model.json of the output ${output} is not JSON: ${cause.message}` },
        { cause },
      )
    throw cause
  }
}
