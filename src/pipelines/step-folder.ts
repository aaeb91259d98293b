import { constants } from 'node:fs'
import { copyFile, lstat, mkdir, rm, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { BlobStore } from '../contracts/blob-store.ts'
import { KedgeError } from '../errors.ts'
import { getFolder, putFolder } from '../storage/blobs/folder.ts'
import type { StoredFiles } from './declared-pipelines.ts'
import type { StepInput, StepOutput } from './pipeline-run.ts'
import type { StepSpec } from './pipeline-spec.ts'

/** `rows-2001` → `ROWS_2001`, as in `KEDGE_INPUT_ROWS_2001`. */
export const variableName = (name: string): string => name.toUpperCase().replaceAll('-', '_')

export interface PreparedFolder {
  /** `KEDGE_INPUT_…` and `KEDGE_OUTPUT_…` */
  env: Record<string, string>
  /** absolute paths of inputs that stay where they are */
  readable: string[]
}

/**
 * Makes a fresh work folder with the step's code, its inputs and room for its outputs. Files that the executor protects
 * are linked to, others are copied, so that a step can never change what is stored.
 */
export async function prepareFolder(
  folder: string,
  step: { spec: StepSpec; code: StoredFiles; inputs: { input: StepInput; file?: string }[]; linkInputs: boolean },
  blobs: BlobStore,
): Promise<PreparedFolder> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(join(folder, '.tmp'), { recursive: true })
  for (const [path, { digest }] of Object.entries(step.code)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await copyFile(await blobs.localPath(digest), join(folder, path))
  }
  const env: Record<string, string> = {}
  const readable: string[] = []
  await mkdir(join(folder, 'inputs'), { recursive: true })
  for (const { input, file } of step.inputs) {
    let target = join(folder, 'inputs', input.name)
    if (input.kind === 'folder') await getFolder(blobs, input.digest, target)
    else {
      const stored = file ?? (await blobs.localPath(input.digest))
      // readers tell the format by the ending
      if (input.dataset !== undefined) target = `${target}.parquet`
      if (step.linkInputs) {
        await symlink(stored, target)
        readable.push(stored)
      } else await copyFile(stored, target, constants.COPYFILE_FICLONE)
    }
    env[`KEDGE_INPUT_${variableName(input.name)}`] = target
  }
  for (const [name, path] of Object.entries(step.spec.outputs)) {
    const target = join(folder, path)
    await mkdir(path.endsWith('/') ? target : dirname(target), { recursive: true })
    env[`KEDGE_OUTPUT_${variableName(name)}`] = target.replace(/\/$/, '')
  }
  return { env, readable }
}

/** Stores what the step has written. Errors: `step_output_missing`, `path_unsafe` for links and the like. */
export async function storeOutputs(
  folder: string,
  stepName: string,
  spec: StepSpec,
  blobs: BlobStore,
): Promise<StepOutput[]> {
  const outputs: StepOutput[] = []
  for (const [name, path] of Object.entries(spec.outputs)) {
    const target = join(folder, path)
    const missing = () =>
      new KedgeError('step_output_missing', {
        step: stepName,
        output: name,
        path,
        variable: `KEDGE_OUTPUT_${variableName(name)}`,
      })
    const info = await lstat(target.replace(/\/$/, '')).catch(() => undefined)
    if (path.endsWith('/')) {
      if (!info?.isDirectory()) throw missing()
      const stored = await putFolder(blobs, target)
      const files = Object.values(stored.files)
      if (files.length === 0) throw missing()
      outputs.push({
        name,
        digest: stored.digest,
        bytes: files.reduce((sum, file) => sum + file.bytes, 0),
        kind: 'folder',
      })
    } else {
      if (!info) throw missing()
      if (!info.isFile()) throw new KedgeError('path_unsafe', { path })
      const stored = await blobs.putFile(target)
      outputs.push({ name, digest: stored.digest, bytes: stored.bytes, kind: 'file' })
    }
  }
  return outputs
}
