import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { channels } from '../adapters/channels/index.generated.ts'
import { expectations } from '../adapters/expectations/index.generated.ts'
import { operations } from '../adapters/operations/index.generated.ts'
import { sources } from '../adapters/sources/index.generated.ts'
import { KedgeError } from '../errors.ts'
import { parseProjectFile } from './parse-project-file.ts'
import { projectFileSpec } from './project-file-spec.ts'

const schema = projectFileSpec({ channels, expectations, operations, sources } as never)
const mistakes = (text: string) => {
  try {
    parseProjectFile(schema, text)
  } catch (error) {
    if (error instanceof KedgeError) return error.places.map(({ where, what }) => `${where} ${what}`)
    throw error
  }
  return []
}

describe('parseProjectFile', () => {
  it('reads the flights example', () => {
    const text = readFileSync(join(import.meta.dirname, '../../examples/flights/kedge.yaml'), 'utf8')
    const { file } = parseProjectFile(schema, text)
    expect(file.project).toBe('flights')
    expect(Object.keys(file.datasets)).toEqual(['flights', 'flights_replay'])
    expect(file.pipelines.train?.steps.fit?.resources.memory).toBe(3 * 2 ** 30)
  })

  it('names mistakes inside expressions, at the expression', () => {
    const found = mistakes(`project: flights
sources: { history: { kind: parquet, path: x.parquet } }
datasets:
  flights:
    from: history
    curate:
      - filter: delay >
      - derive: { hour: hours(date), late: delay > 15 }
    expect:
      - holds: { that: 'distance > 0 and' }
`)
    expect(found).toHaveLength(3)
    expect(found[0]).toMatch(/^7:17 .*ends too early/)
    expect(found[1]).toMatch(/^8:25 .*there is no function hours; did you mean hour\?/)
    expect(found[2]).toMatch(/^10:24 .*ends too early/)
  })

  it('names every mistake at once, with line and column, in the order of the file', () => {
    expect(
      mistakes(`project: Flights
sources:
  history:
    kind: parket
    path: x.parquet
datasets:
  flights:
    from: histori
    tme: date
    curate:
      - dedupe: all
pipelines:
  train:
    steps:
      fit:
        run: python train.py
        resources: { memory: lots, cpu: 2 }
        inputs: { rows: { dataset: flighs } }
endpoints:
  delay: {}
automation:
  - { on: drift.detectd, do: run trian }
`),
    ).toMatchInlineSnapshot(`
      [
        "1:10 project: small letters, digits, - and _; at most 63 of them",
        "4:11 sources.history.kind: "parket" is not possible here; did you mean parquet?",
        "8:11 datasets.flights.from: there is no source histori; did you mean history?",
        "9:5 datasets.flights.tme: the key tme is not known; did you mean time?",
        "11:9 datasets.flights.curate[0].dedupe: the key dedupe is not known; did you mean deduplicate?",
        "11:9 datasets.flights.curate[0]: A step has exactly one of: balance, cast, check, deduplicate, derive, drop, encode, fill, filter, join, normalise, outliers, pseudonymise, rename, reweigh, run, sample, select, split, trim, union",
        "17:30 pipelines.train.steps.fit.resources.memory: is not a size such as 512MiB or 2GiB",
        "17:36 pipelines.train.steps.fit.resources.cpu: the key cpu is not known; did you mean cpus?",
        "18:36 pipelines.train.steps.fit.inputs.rows.dataset: there is no dataset flighs; did you mean flights?",
        "20:3 endpoints.delay.model: model is missing",
        "22:11 automation[0].on: "drift.detectd" is not possible here; did you mean drift.detected?",
        "22:30 automation[0].do: there is no pipeline trian; did you mean train?",
      ]
    `)
  })

  it('goes on after a syntax error, and finds keys that are there twice', () => {
    expect(mistakes('project: a\nproject: b\nsource: {}\n')).toMatchInlineSnapshot(`
      [
        "2:1 Map keys must be unique",
        "3:1 source: the key source is not known; did you mean sources?",
      ]
    `)
  })

  it('names everything that is used and not declared, with what was meant', () => {
    expect(
      mistakes(`project: a
pipelines:
  train:
    steps:
      prepare: { run: x, outputs: { rows: rows.csv } }
      fit:
        run: y
        needs: [prepar]
        inputs: { rows: { step: prepare, output: row } }
        outputs: { model: model/ }
        register: { model: m, output: modell, holdout: rowz }
        resources: { memory: lots }
automation:
  - { name: nightly, on: schedule, cron: '0 3 * * *', timezone: Europe/Berlim, do: run train }
  - { name: nightly, on: schedule, cron: '0 4 * * *', do: run train }
channels:
  ops: { kind: log, on: [alert.opend] }
`),
    ).toEqual([
      '8:17 pipelines.train.steps.fit.needs[0]: there is no step prepar; did you mean prepare?',
      '9:50 pipelines.train.steps.fit.inputs.rows.output: the step prepare has no output row; did you mean rows?',
      '11:39 pipelines.train.steps.fit.register.output: modell is not an output folder of this step (its path ends in /); did you mean model?',
      '11:56 pipelines.train.steps.fit.register.holdout: rowz is not a dataset input of this step',
      '12:30 pipelines.train.steps.fit.resources.memory: is not a size such as 512MiB or 2GiB',
      '14:65 automation[0].timezone: is no time zone such as Europe/Berlin',
      '15:13 automation[1].name: has the same name as automation[0] (nightly); give it another with name:',
      '17:26 channels.ops.on[0]: channels are told of no event alert.opend; did you mean alert.opened?',
    ])
  })

  it('names an alias that stands for nothing, once, and goes on', () => {
    expect(
      mistakes(`project: a
sources: { h: &history { kind: csv, path: x.csv }, other: *histori }
datasets: { f: { from: hh } }
`),
    ).toEqual([
      '2:59 *histori stands for nothing: there is no &histori before it; did you mean *history?',
      '3:24 datasets.f.from: there is no source hh; did you mean h?',
    ])
  })

  it.each([
    ['', 'the file is empty'],
    ['- a\n', 'the file must be a mapping'],
    ['[', ''],
    ['project: "a', ''],
  ])('refuses %j', (text, what) => {
    expect(mistakes(text).join('\n')).toContain(what)
    expect(mistakes(text).length).toBeGreaterThan(0)
  })

  it('does not expand a bomb of aliases', () => {
    const bomb = [
      'a: &a [1,1,1,1,1,1,1,1,1]',
      ...Array.from(
        { length: 8 },
        (_, i) => `${'bcdefghi'[i]}: &${'bcdefghi'[i]} [${Array(9).fill(`*${'abcdefgh'[i]}`).join(',')}]`,
      ),
    ].join('\n')
    expect(mistakes(bomb).length).toBeGreaterThan(0)
  })
})
