import type { ChangeContext } from '../journal/journal.ts'
import type { DatasetsPart, DatasetVersionPart } from './neighbours.ts'
import type { StepInput, StepOutput } from './pipeline-run.ts'
import type { StepSpec } from './pipeline-spec.ts'

export interface ResolveOptions {
  project: string
  context: ChangeContext
  /** what windows are relative to, milliseconds */
  asOf: number
  /** outputs of the steps that have ended, by step */
  outputs: ReadonlyMap<string, StepOutput[]>
  signal: AbortSignal
  say(text: string): void
}

export interface ResolvedInput {
  input: StepInput
  version?: DatasetVersionPart
}

/** The dataset versions and outputs that a step's inputs stand for; a version that is asked for by window is made. */
export async function resolveInputs(
  spec: StepSpec,
  datasets: DatasetsPart,
  options: ResolveOptions,
): Promise<ResolvedInput[]> {
  const resolved: ResolvedInput[] = []
  for (const [name, source] of Object.entries(spec.inputs)) {
    if ('step' in source) {
      const output = options.outputs.get(source.step)!.find((one) => one.name === source.output)!
      resolved.push({
        input: {
          name,
          digest: output.digest,
          bytes: output.bytes,
          kind: output.kind,
          step: source.step,
          output: source.output,
        },
      })
      continue
    }
    const { project, context, asOf, signal } = options
    let version: DatasetVersionPart
    if (source.window) {
      const from = asOf + source.window.from
      const to = asOf + source.window.to
      options.say(
        `[kedge] input ${name}: ${source.dataset} from ${new Date(from).toISOString()} to ${new Date(to).toISOString()}\n`,
      )
      version = await datasets.materialiseNow(
        context,
        { project, dataset: source.dataset, from, to },
        { signal, progress() {} },
      )
    } else version = await datasets.version(project, source.dataset, source.version ?? 'latest')
    options.say(`[kedge] input ${name}: ${version.dataset}@${version.version}, ${version.bytes} bytes\n`)
    resolved.push({
      input: {
        name,
        digest: version.digest,
        bytes: version.bytes,
        kind: 'file',
        dataset: version.dataset,
        version: version.version,
      },
      version,
    })
  }
  return resolved
}
