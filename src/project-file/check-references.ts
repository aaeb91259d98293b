import { ruleName } from '../automation/rule-spec.ts'
import { danglingReferences } from '../pipelines/step-references.ts'
import { didYouMean } from './did-you-mean.ts'

/** Something wrong at a place of the document. */
export interface Finding {
  path: PropertyKey[]
  what: string
  /** whether the key is at fault, or its value */
  at: 'key' | 'value'
}

const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}

/** Whether every name that one part of the file uses is declared in another. Looks at the raw document, so it works beside other errors. */
export function checkReferences(document: unknown): Finding[] {
  const file = record(document)
  const findings: Finding[] = []
  const names = (section: string) => Object.keys(record(file[section]))
  const need = (section: string, one: string, name: unknown, path: PropertyKey[]) => {
    const declared = names(section)
    if (typeof name !== 'string' || declared.includes(name)) return
    const hint = didYouMean(name, declared)
    const known = declared.length > 0 ? `; declared are ${declared.slice(0, 10).join(', ')}` : ''
    findings.push({ path, at: 'value', what: `there is no ${one} ${name}${hint ? `; did you mean ${hint}?` : known}` })
  }

  for (const [name, dataset] of Object.entries(record(file.datasets)))
    need('sources', 'source', record(dataset).from, ['datasets', name, 'from'])
  for (const [name, view] of Object.entries(record(file.features)))
    need('datasets', 'dataset', record(view).from, ['features', name, 'from'])
  for (const [name, set] of Object.entries(record(file.training_sets))) {
    const { labels, features } = record(set)
    need('datasets', 'dataset', labels, ['training_sets', name, 'labels'])
    for (const [i, one] of (Array.isArray(features) ? features : []).entries())
      if (typeof one === 'string')
        need('features', 'feature view', one.split('.')[0], ['training_sets', name, 'features', i])
  }
  // a training set is made like a dataset
  const made = names('training_sets')
  for (const [name, pipeline] of Object.entries(record(file.pipelines)))
    for (const [step, spec] of Object.entries(record(record(pipeline).steps)))
      for (const [input, from] of Object.entries(record(record(spec).inputs)))
        if (!made.includes(String(record(from).dataset)))
          need('datasets', 'dataset', record(from).dataset, [
            'pipelines',
            name,
            'steps',
            step,
            'inputs',
            input,
            'dataset',
          ])
  for (const [name, pipeline] of Object.entries(record(file.pipelines)))
    for (const { path, what, name: wrong, known } of danglingReferences(pipeline)) {
      const hint = didYouMean(wrong, known)
      findings.push({
        path: ['pipelines', name, ...path],
        at: 'value',
        what: hint ? `${what}; did you mean ${hint}?` : what,
      })
    }
  for (const name of names('monitors')) {
    const hint = didYouMean(name, names('endpoints'))
    if (!names('endpoints').includes(name))
      findings.push({
        path: ['monitors', name],
        at: 'key',
        what: `there is no endpoint ${name}${hint ? `; did you mean ${hint}?` : ''}`,
      })
  }
  const rules = Array.isArray(file.automation) ? file.automation : []
  const ruleNames = rules.map((rule) => ruleName(record(rule) as never))
  rules.forEach((rule, index) => {
    const first = ruleNames.indexOf(ruleNames[index]!)
    if (first < index)
      findings.push({
        path: ['automation', index, ...(record(rule).name === undefined ? [] : ['name'])],
        at: 'value',
        what: `has the same name as automation[${first}] (${ruleNames[index]}); give it another with name:`,
      })
    const { endpoint, dataset, do: action } = record(rule)
    need('endpoints', 'endpoint', endpoint, ['automation', index, 'endpoint'])
    need('datasets', 'dataset', dataset, ['automation', index, 'dataset'])
    const pipeline = typeof action === 'string' ? /^run ([a-z][a-z0-9_-]*)$/.exec(action)?.[1] : undefined
    if (pipeline !== undefined) need('pipelines', 'pipeline', pipeline, ['automation', index, 'do'])
  })
  return findings
}
