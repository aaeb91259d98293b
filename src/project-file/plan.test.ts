import { describe, expect, it } from 'vitest'
import { applyProject } from './apply-project.ts'
import { fieldDifferences } from './field-differences.ts'
import type { ParsedProjectFile } from './parse-project-file.ts'
import { planProject } from './plan.ts'
import type { ProjectFile } from './project-file-spec.ts'
import type { ProjectPart } from './project-part.ts'

const file = (fields: Partial<ProjectFile>): ParsedProjectFile => ({
  given: fields as never,
  file: {
    project: 'p',
    sources: {},
    datasets: {},
    features: {},
    training_sets: {},
    pipelines: {},
    models: {},
    endpoints: {},
    monitors: {},
    automation: [],
    channels: {},
    ...fields,
  },
})

/** A part whose domain keeps what it is given, in memory. */
function part(kind: string, log: string[], stored: Record<string, unknown> = {}): ProjectPart {
  return {
    kind,
    list: async () => Object.entries(stored).map(([name, spec]) => ({ name, spec })),
    put: async (_context, _project, name, spec) => {
      stored[name] = spec
      log.push(`put ${kind} ${name}`)
    },
    remove: async (_context, _project, name) => {
      delete stored[name]
      log.push(`remove ${kind} ${name}`)
    },
  }
}

describe('planProject', () => {
  it('tells what is new, what differs in which field, what stays and what is not in the file', async () => {
    const parts = [
      part('source', [], { a: { kind: 'csv', path: 'x' }, old: { kind: 'csv' } }),
      part('model', [], { m: { gate: [1] } }),
    ]
    const wanted = file({
      sources: { a: { kind: 'csv', path: 'y', header: true }, b: { kind: 'csv' } },
      models: { m: { gate: [1] } as never },
    })
    const plan = await planProject(parts, wanted, {})
    expect(plan.map(({ kind, name, action }) => `${action} ${kind} ${name}`)).toEqual([
      'change source a',
      'create source b',
      'kept source old',
      'unchanged model m',
    ])
    expect(plan[0]?.differences).toEqual([
      { field: 'header', to: true },
      { field: 'path', from: 'x', to: 'y' },
    ])
  })
})

describe('applyProject', () => {
  it('puts in order of dependence, removes in the opposite order, and does nothing the second time', async () => {
    const log: string[] = []
    const parts = [part('source', log, { old: {} }), part('model', log, { old: {} })]
    const wanted = file({ sources: { a: { kind: 'csv' } }, models: { m: {} } })
    await applyProject(parts, { actor: 'test' }, wanted, {}, true)
    expect(log).toEqual(['put source a', 'put model m', 'remove model old', 'remove source old'])
    log.length = 0
    const again = await applyProject(parts, { actor: 'test' }, wanted, {}, true)
    expect(log).toEqual([])
    expect(again.every(({ action }) => action === 'unchanged')).toBe(true)
  })
})

describe('fieldDifferences', () => {
  it('sees through the order of keys and names lists by index', () => {
    expect(fieldDifferences({ a: 1, b: { c: [1, { d: 2 }] } }, { b: { c: [1, { d: 3 }] }, a: 1 })).toEqual([
      { field: 'b.c[1].d', from: 2, to: 3 },
    ])
    expect(fieldDifferences([1], [1, 2])).toEqual([{ field: '', from: [1], to: [1, 2] }])
  })
})
