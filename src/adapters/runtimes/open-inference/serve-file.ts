import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { TensorSpec } from '../../../contracts/model-runtime.ts'
import { KedgeError } from '../../../errors.ts'

const spec = z.strictObject({
  name: z.string().min(1),
  datatype: z.string().min(1),
  shape: z.array(z.number().int()),
})

/** `kedge-serve.json` of a model folder: who speaks the Open Inference Protocol for it. */
const serveFile = z
  .strictObject({
    /** an address that answers already, such as `http://triton:8000`; its host must be allowed */
    url: z.url({ protocol: /^https?$/ }).optional(),
    /** a command that Kedge starts in the model's folder and keeps running; it must listen on 127.0.0.1 at the port in `PORT` */
    command: z.array(z.string().min(1)).min(1).optional(),
    /** the model's name there */
    model: z.string().min(1).default('model'),
    version: z.string().min(1).optional(),
    /** seconds until it must be ready */
    start: z.number().positive().default(120),
    /** where its metadata say nothing of them */
    inputs: z.array(spec).optional(),
    outputs: z.array(spec).optional(),
  })
  .refine(({ url, command }) => (url === undefined) !== (command === undefined), 'say either url or command')

export type ServeFile = Omit<z.output<typeof serveFile>, 'inputs' | 'outputs'> & {
  inputs?: TensorSpec[] | undefined
  outputs?: TensorSpec[] | undefined
}

/** Errors: `model_unloadable`. */
export async function readServeFile(directory: string): Promise<ServeFile> {
  const text = await readFile(join(directory, 'kedge-serve.json'), 'utf8').catch((cause) => {
    throw new KedgeError('model_unloadable', { what: 'its folder holds no kedge-serve.json' }, { cause })
  })
  try {
    return serveFile.parse(JSON.parse(text)) as ServeFile
  } catch (cause) {
    const what =
      cause instanceof z.ZodError
        ? cause.issues.map((issue) => [issue.path.join('.'), issue.message].filter(Boolean).join(' ')).join('; ')
        : 'it is not JSON'
    throw new KedgeError('model_unloadable', { what: `its kedge-serve.json is not valid: ${what}` }, { cause })
  }
}
