import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { codePage, encodeText } from '../../src/mainframe/code-page.ts'

const run = promisify(execFile)

/** GnuCOBOL's compiler; undefined when it is not installed (Debian: apt-get install gnucobol3). */
export const cobolCompiler = (process.env.PATH ?? '')
  .split(':')
  .map((folder) => join(folder, 'cobc'))
  .find((path) => existsSync(path))

/** Printable ASCII and the same characters in a code page: tables for INSPECT … CONVERTING. */
function tables(page: string) {
  const ascii = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join('')
  const ebcdic = Buffer.from(encodeText(ascii, codePage(page))!)
    .toString('hex')
    .toUpperCase()
  const half = (hex: string, from: number) => hex.slice(from * 2, (from + 48) * 2)
  const asciiHex = Buffer.from(ascii).toString('hex').toUpperCase()
  const table = (name: string, hex: string) =>
    `01 ${name}.\n  05 PIC X(48) VALUE X"${half(hex, 0)}".\n  05 PIC X(47) VALUE X"${half(hex, 48)}".`
  return `${table('ASCII-TABLE', asciiHex)}\n${table('EBCDIC-TABLE', ebcdic)}`
}

export interface CobolField {
  name: string
  clause: string
  /** the bytes are characters, so they are of the code page in the file */
  characters?: number
}

/** Fields as entries of level 05; those of characters are redefined as text, so that they can be converted. */
export const entries = (fields: readonly CobolField[]): string =>
  fields
    .flatMap(({ name, clause, characters }) => [
      `           05  ${name} ${clause}.`,
      ...(characters ? [`           05  ${name}-T REDEFINES ${name} PIC X(${characters}).`] : []),
    ])
    .join('\n')

export const convert = (fields: readonly CobolField[], from: 'ASCII' | 'EBCDIC') =>
  fields
    .filter(({ characters }) => characters)
    .map(({ name }) => `  INSPECT ${name}-T CONVERTING ${from}-TABLE TO ${from === 'ASCII' ? 'EBCDIC' : 'ASCII'}-TABLE`)
    .join('\n')

/** Compiles and runs a program with files in a folder of its own; `inspect` sees the folder before it is removed. */
export async function runCobol<T>(
  parts: { select: string; file: string; storage: string; procedure: string },
  files: Record<string, string | Buffer>,
  inspect: (folder: string, output: string) => T,
  page = '037',
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'kedge-cobol-'))
  try {
    const program = `IDENTIFICATION DIVISION.
PROGRAM-ID. KEDGETEST.
ENVIRONMENT DIVISION.
INPUT-OUTPUT SECTION.
FILE-CONTROL.
  ${parts.select}
DATA DIVISION.
FILE SECTION.
${parts.file}
WORKING-STORAGE SECTION.
${tables(page)}
${parts.storage}
PROCEDURE DIVISION.
${parts.procedure}
  STOP RUN.
`
    writeFileSync(join(folder, 'program.cob'), program)
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
    const flags = ['-x', '-free', '-fsign=EBCDIC', '-fbinary-size=2-4-8', '-fbinary-byteorder=big-endian']
    await run(cobolCompiler!, [...flags, '-o', 'program', 'program.cob'], { cwd: folder })
    const { stdout } = await run(join(folder, 'program'), [], { cwd: folder })
    return inspect(folder, stdout)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
