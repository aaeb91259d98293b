import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { pythonEnvironment, runPython } from '../servers/python-env.ts'

const folder = new URL('./oracles/', import.meta.url)
const seed = Number(process.env.ORACLE_SEED ?? Math.floor(Date.now() / 86_400_000))

/**
 * Compares with what the Python packages say: on the committed cases of `oracles/<name>.json`, and on `cases` fresh ones
 * that `oracles/<name>.py` draws (another seed every day, printed with a failure; ORACLE_SEED repeats one,
 * ORACLE_CASES asks for more).
 */
export function compareWithOracle<C>(name: string, cases: number, compare: (one: C) => void): void {
  const count = Number(process.env.ORACLE_CASES ?? cases)
  const all = (text: string) => {
    const drawn = JSON.parse(text) as C[]
    drawn.forEach((one, i) => {
      try {
        compare(one)
      } catch (error) {
        throw new Error(`${name}, seed ${seed}, case ${i}: ${JSON.stringify(one).slice(0, 3000)}`, { cause: error })
      }
    })
    return drawn.length
  }
  describe(`${name} agrees with the Python packages`, () => {
    test('on the committed cases', () => {
      expect(all(readFileSync(new URL(`${name}.json`, folder), 'utf8'))).toBeGreaterThan(0)
    })

    test('on cases drawn now', { timeout: 300_000 }, async () => {
      const python = await pythonEnvironment(fileURLToPath(new URL('requirements.lock', folder)))
      const script = readFileSync(new URL(`${name.replaceAll('-', '_')}.py`, folder), 'utf8')
      const drawn = await runPython(python, script, {
        PYTHONPATH: fileURLToPath(folder),
        PYTHONDONTWRITEBYTECODE: '1',
        ORACLE_SEED: String(seed),
        ORACLE_CASES: String(count),
      })
      expect(all(drawn)).toBe(count)
    })
  })
}

/** Equal to 1e-9 of the wanted value, or of `scale` where that is larger. */
export function expectNear(found: number, wanted: number | null, what: string, tolerance = 1e-9, scale = 1): void {
  if (wanted === null) {
    expect(Number.isFinite(found), `${what}: ${found} where no finite number is`).toBe(false)
    return
  }
  const most = tolerance * Math.max(scale, Math.abs(wanted))
  if (!(Math.abs(found - wanted) <= most)) throw new Error(`${what}: ${found}, wanted ${wanted}`)
}
