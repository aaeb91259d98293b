import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { OpenedData } from '../data/open-data.ts'
import { pythonEnvironment, runPython } from '../servers/python-env.ts'
import { asCsv, knownRows } from './known-rows.ts'
import type { SourceUnderTest } from './source-kinds.ts'
import { zip } from './zip.ts'

const escaped = (text: string) => text.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`)
const asXml = () => {
  const records = knownRows.map((row) => {
    const elements = Object.entries(row).filter(([, value]) => value !== null)
    return `<row>${elements.map(([name, value]) => `<${name}>${escaped(String(value))}</${name}>`).join('')}</row>`
  })
  return `<?xml version="1.0"?><known>${records.join('\n')}</known>`
}

const workbook = `import json, sys, datetime as d, openpyxl
b = openpyxl.Workbook(); s = b.active
rows = json.loads(sys.argv[2])
s.append(list(rows[0]))
for r in rows:
    r["day"] = r["day"] and d.date.fromisoformat(r["day"])
    r["at"] = d.datetime.fromisoformat(r["at"].rstrip("Z"))
    s.append(list(r.values()))
b.save(sys.argv[1])`

/** Kinds of files that the conformance suite runs on; lines of fixed width cannot hold the line end among the known values. */
export const fileKinds: { kind: string; open(data: OpenedData): Promise<SourceUnderTest> }[] = [
  {
    kind: 'xml by path',
    async open(data) {
      const path = join(data.folder, 'known.xml')
      writeFileSync(path, asXml())
      return { config: { kind: 'xml', path, record: '/known/row' } }
    },
  },
  {
    kind: 'excel by path',
    async open(data) {
      const path = join(data.folder, 'known.xlsx')
      const python = await pythonEnvironment(join(import.meta.dirname, 'requirements.lock'))
      const given = JSON.stringify(['workbook', path, JSON.stringify(knownRows)])
      await runPython(python, `import sys; sys.argv = ${given}\n${workbook}`)
      return { config: { kind: 'excel', path } }
    },
  },
  {
    kind: 'csv in a ZIP file',
    async open(data) {
      const path = join(data.folder, 'known.zip')
      writeFileSync(path, zip({ 'known.csv': asCsv(knownRows), 'read.me': readFileSync(import.meta.filename) }))
      return { config: { kind: 'csv', path, member: 'known.csv' } }
    },
  },
]
