import { breakingChanges } from '../data/contract/breaking-changes.ts'
import { type DatasetSpec, datasetsOf } from '../data/dataset-spec.ts'
import type { ParsedProjectFile } from './parse-project-file.ts'
import type { PlannedChange } from './plan.ts'
import type { ProjectExtensions, ProjectFile } from './project-file-spec.ts'
import type { ProjectServices } from './project-parts.ts'

/** Adds to the planned changes of datasets what they break for whom. */
export async function addBreaks(
  { data }: Pick<ProjectServices, 'data'>,
  extensions: ProjectExtensions,
  { file }: ParsedProjectFile,
  changes: PlannedChange[],
): Promise<PlannedChange[]> {
  return Promise.all(
    changes.map(async (change) => {
      if (change.kind !== 'dataset' || (change.action !== 'change' && change.action !== 'remove')) return change
      const { project } = file
      const [stored, latest] = await Promise.all([
        data.datasets.get(project, change.name),
        data.datasets.latest(project, change.name),
      ])
      const owner = stored.spec.contract?.owner ?? null
      const affects = readersOf(change.name, file, extensions)
      if (change.action === 'remove')
        return affects.length === 0 ? change : { ...change, breaks: { owner, what: ['the dataset goes'], affects } }
      const spec = file.datasets[change.name]!
      const after = await data.datasets.columnsOf(project, change.name, spec, file.sources[spec.from])
      const before = { spec: filled(stored.spec), columns: latest?.schema }
      const what = breakingChanges(before, { spec, columns: after })
      return what.length === 0 ? change : { ...change, breaks: { owner, what, affects } }
    }),
  )
}

const filled = (spec: DatasetSpec): DatasetSpec => ({ ...spec, curate: spec.curate ?? [], expect: spec.expect ?? [] })

/** Everything in the file that reads a dataset, directly or through what it makes. */
function readersOf(name: string, file: ProjectFile, extensions: ProjectExtensions): string[] {
  const datasets = new Set([name])
  for (let grown = true; grown; ) {
    grown = false
    for (const [other, spec] of Object.entries(file.datasets))
      if (!datasets.has(other) && datasetsOf(spec, extensions).some((one) => datasets.has(one))) {
        datasets.add(other)
        grown = true
      }
  }
  const found = [...datasets].filter((one) => one !== name).map((one) => `dataset ${one}`)
  const models = new Set<string>()
  for (const [pipeline, { steps }] of Object.entries(file.pipelines)) {
    const reads = Object.values(steps).some((step) =>
      Object.values(step.inputs ?? {}).some((input) => 'dataset' in input && datasets.has(input.dataset)),
    )
    if (!reads) continue
    found.push(`pipeline ${pipeline}`)
    for (const { register } of Object.values(steps)) if (register) models.add(register.model)
  }
  found.push(...[...models].map((model) => `model ${model}`))
  for (const [endpoint, spec] of Object.entries(file.endpoints))
    if ('model' in spec && models.has(String(spec.model))) found.push(`endpoint ${endpoint}`)
  return found
}
