import { lstat, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { KedgeError } from '../errors.ts'
import type { PipelineSpec, StepSpec } from './pipeline-spec.ts'

const largest = 32 * 2 ** 20
const skipped = new Set(['node_modules', '__pycache__', '.git', '.venv', 'venv', 'kedge-data'])

const inside = (path: string, declared: string) => {
  const folder = declared.replace(/^\.\//, '').replace(/\/+$/, '')
  return folder === '.' || folder === '' || path === folder || path.startsWith(`${folder}/`)
}

/** Words of the command that may be names of files: `train.py` in `python train.py --fast`. */
const words = (command: string) =>
  command
    .split(/[\s'"=;&|<>()]+/)
    .map((word) => word.replace(/^\.\//, ''))
    .filter((word) => word !== '' && !word.startsWith('-'))

/** Of the pipeline's files, those that a step's code consists of. */
export function codeOf(step: StepSpec, paths: readonly string[]): string[] {
  const declared = step.code
  const own = declared
    ? paths.filter((path) => declared.some((one) => inside(path, one)))
    : paths.filter((path) => words(step.run).includes(path))
  return own.sort()
}

/** Paths of the project that a pipeline cannot do without and that are not among `paths`. */
export function missingFiles(
  spec: Pick<PipelineSpec, 'steps'>,
  paths: readonly string[],
): { where: string; what: string }[] {
  return Object.entries(spec.steps).flatMap(([name, step]) => [
    ...(step.code ?? []).flatMap((declared, index) =>
      paths.some((path) => inside(path, declared))
        ? []
        : [
            {
              where: `steps.${name}.code.${index}`,
              what: `${declared} did not come with it: it does not exist, or is an empty folder`,
            },
          ],
    ),
    ...(step.environment && !paths.includes(step.environment.python)
      ? [
          {
            where: `steps.${name}.environment.python`,
            what: `the lock file ${step.environment.python} did not come with it: it does not exist`,
          },
        ]
      : []),
  ])
}

/**
 * Reads from a project's folder what a pipeline's steps name: code and lock files. For clients that declare a pipeline;
 * links are not followed; what is not there is left out, and missed where the pipeline is declared. Errors: `too_large`.
 */
export async function readPipelineFiles(
  folder: string,
  spec: Pick<PipelineSpec, 'steps'>,
): Promise<Record<string, Buffer>> {
  const files: Record<string, Buffer> = {}
  let bytes = 0
  const add = async (path: string, needed: boolean) => {
    const clean = path.replace(/^\.\//, '').replace(/\/+$/, '') || '.'
    const info = await lstat(join(folder, clean)).catch(() => undefined)
    if (info?.isFile()) {
      bytes += info.size
      if (bytes > largest)
        throw new KedgeError('too_large', { what: "The pipeline's code", limit: `${largest / 2 ** 20} MiB` })
      files[clean] = await readFile(join(folder, clean))
    } else if (info?.isDirectory() && needed) {
      for (const name of await readdir(join(folder, clean)))
        if (!skipped.has(name)) await add(clean === '.' ? name : `${clean}/${name}`, true)
    }
  }
  for (const step of Object.values(spec.steps)) {
    for (const path of step.code ?? []) await add(path, true)
    if (step.environment) await add(step.environment.python, true)
    if (!step.code)
      for (const word of words(step.run))
        if (!word.startsWith('/') && !word.split('/').includes('..')) await add(word, false)
  }
  return files
}
