import { isUtf8 } from 'node:buffer'
import { readFile, stat } from 'node:fs/promises'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { KedgeError } from '../../errors.ts'
import { readPipelineFiles } from '../../pipelines/pipeline-files.ts'
import { wholeSteps } from '../../pipelines/pipeline-spec.ts'
import type { PlannedChange } from '../../project-file/plan.ts'
import type { ApiClient } from '../api-client.ts'
import { type Act, projectOf } from '../context.ts'
import { readCodeState } from '../read-code-state.ts'
import type { Colour, Terminal } from '../terminal.ts'

interface Options {
  file: string
  dryRun?: boolean
  prune?: boolean
}

export function addApply(program: Command, act: Act): void {
  const command = program
    .command('apply')
    .description('Bring the server to what a kedge.yaml declares; shows what differs')
    .option('-f, --file <path>', 'the file', 'kedge.yaml')
    .option('--dry-run', 'only show what would change')
    .option('--prune', 'remove what is on the server but not in the file')
    .addHelpText('after', '\nExamples:\n  $ kedge apply --dry-run\n  $ kedge apply -f examples/flights/kedge.yaml')
  act<Options>(command, async ({ api, terminal, world }, options) => {
    const path = await projectFileAt(resolve(world.cwd, options.file))
    const text = decode(
      options.file,
      await readFile(path).catch((cause) => {
        throw unreadable(options.file, path, cause)
      }),
    )
    const flags = { dryRun: options.dryRun === true, prune: options.prune === true }
    const plan = await sendProjectFile(api, { text, path, ...flags })
    terminal.answer({ project: projectOf(text), ...flags, changes: plan }, () => planText(terminal, plan, flags.dryRun))
  })
}

/** A folder means the kedge.yaml in it. */
const projectFileAt = async (path: string): Promise<string> =>
  (await stat(path).catch(() => undefined))?.isDirectory() ? join(path, 'kedge.yaml') : path

function unreadable(given: string, path: string, cause: NodeJS.ErrnoException): KedgeError {
  if (cause.code !== 'ENOENT' && cause.code !== 'ENOTDIR')
    return new KedgeError('invalid_input', { what: `The file ${path} cannot be read: ${cause.message}` }, { cause })
  const folder = path !== given && path.endsWith('/kedge.yaml') && !given.endsWith('kedge.yaml')
  return new KedgeError(
    'not_found',
    { kind: 'The file', name: folder ? join(given, 'kedge.yaml') : given },
    { cause, todo: folder ? 'Name the project file in that folder with -f.' : 'Name the project file with -f.' },
  )
}

/** Errors: `invalid_input` at the line that is not UTF-8. */
function decode(file: string, bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    const lines = bytes
      .toString('latin1')
      .split('\n')
      .map((line) => Buffer.from(line, 'latin1'))
    const bad = lines.findIndex((line) => !isUtf8(line))
    throw new KedgeError(
      'project_file_invalid',
      { file, count: 'one mistake' },
      { places: [{ where: `${bad + 1}:1`, what: 'this line is not UTF-8' }] },
    )
  }
}

/** Sends a project file with the code that its pipelines name. Errors: `project_file_invalid` with every mistake. */
export async function sendProjectFile(
  api: ApiClient,
  input: { text: string; path: string; dryRun?: boolean; prune?: boolean },
): Promise<PlannedChange[]> {
  const folder = dirname(isAbsolute(input.path) ? input.path : resolve(input.path))
  const files = await filesOf(folder, input.text)
  const project = projectOf(input.text) ?? 'default'
  const { changes } = await api.send<{ changes: PlannedChange[] }>('POST', `/api/v1/projects/${project}/apply`, {
    text: input.text,
    file: input.path.split('/').at(-1),
    folder,
    files,
    code: await readCodeState(folder),
    dryRun: input.dryRun ?? false,
    prune: input.prune ?? false,
  })
  return changes
}

/** Code and lock files of the pipelines that can be read; what is wrong with the others the server says. */
async function filesOf(folder: string, text: string): Promise<Record<string, string>> {
  const { parse } = await import('yaml')
  let document: unknown
  try {
    document = parse(text, { logLevel: 'silent' })
  } catch {
    return {}
  }
  const pipelines = (document as { pipelines?: Record<string, unknown> } | null)?.pipelines
  const files: Record<string, string> = {}
  if (typeof pipelines !== 'object' || pipelines === null) return files
  for (const pipeline of Object.values(pipelines)) {
    const steps = wholeSteps(pipeline)
    for (const [path, contents] of Object.entries(await readPipelineFiles(folder, { steps })))
      files[path] = contents.toString('base64')
  }
  return files
}

const signs: Record<PlannedChange['action'], [string, Colour]> = {
  create: ['+', 'green'],
  change: ['~', 'yellow'],
  remove: ['-', 'red'],
  unchanged: [' ', 'dim'],
  kept: ['?', 'dim'],
}

function planText(terminal: Terminal, plan: PlannedChange[], dryRun: boolean): string {
  const lines = plan
    .filter(({ action }) => action !== 'unchanged')
    .flatMap(({ kind, name, action, differences, breaks }) => {
      const [sign, colour] = signs[action]
      const note = action === 'kept' ? '  not in the file; --prune removes it' : ''
      return [
        terminal.colour(colour, `${sign} ${kind} ${name}${note}`),
        ...differences.map(({ field, from, to }) => `    ${field}: ${shown(from)} → ${shown(to)}`),
        ...(breaks?.what ?? []).map((what) => terminal.colour('red', `    breaks: ${what}`)),
        ...(breaks && breaks.affects.length > 0
          ? [terminal.colour('red', `    for: ${breaks.affects.join(', ')}`)]
          : []),
      ]
    })
  const count = (action: PlannedChange['action']) => plan.filter((change) => change.action === action).length
  const parts = [
    `${count('create')} ${dryRun ? 'to create' : 'created'}`,
    `${count('change')} ${dryRun ? 'to change' : 'changed'}`,
    `${count('remove')} ${dryRun ? 'to remove' : 'removed'}`,
    `${count('unchanged')} unchanged`,
  ]
  return [...lines, parts.join(', ')].join('\n')
}

function shown(value: unknown): string {
  if (value === undefined) return '(nothing)'
  const text = JSON.stringify(value)
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}
