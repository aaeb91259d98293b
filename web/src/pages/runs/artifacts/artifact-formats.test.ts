import fc from 'fast-check'
import { expect, it } from 'vitest'
import { artifactKind } from './artifact-kind.ts'
import { lineDiff } from './line-diff.ts'
import { tableOfCsv, tableOfJson } from './read-table.ts'

it('tells by the name how a file is shown', () => {
  expect(
    ['a/plot.PNG', 'model/MLmodel', 't.json', 'x.tsv', 'r.md', 'conda.yaml', 'requirements.txt', 'model.pkl'].map(
      artifactKind,
    ),
  ).toEqual(['image', 'model', 'json', 'csv', 'markdown', 'text', 'text', 'binary'])
})

it("reads MLflow's tables, and lists of objects", () => {
  expect(tableOfJson({ columns: ['a', 'b'], data: [[1, 'x']] })).toEqual({
    columns: ['a', 'b'],
    rows: [[1, 'x']],
    total: 1,
  })
  expect(tableOfJson([{ a: 1 }, { b: 2 }])).toEqual({
    columns: ['a', 'b'],
    rows: [
      [1, undefined],
      [undefined, 2],
    ],
    total: 2,
  })
  expect(tableOfJson({ columns: 3 })).toBeUndefined()
})

it('reads quoted cells', () => {
  expect(tableOfCsv('a,b\r\n"x,""y""",2\n"two\nlines",3')).toEqual({
    columns: ['a', 'b'],
    rows: [
      ['x,"y"', '2'],
      ['two\nlines', '3'],
    ],
  })
})

it('gives both texts back from their difference', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 }).map((lines) => lines.join('\n'))
  fc.assert(
    fc.property(text, text, (before, after) => {
      const diff = lineDiff(before, after)!
      const of = (kind: 'removed' | 'added') =>
        diff
          .filter((line) => line.kind === 'same' || line.kind === kind)
          .map((line) => line.text)
          .join('\n')
      expect(of('removed')).toBe(before)
      expect(of('added')).toBe(after)
    }),
  )
})
