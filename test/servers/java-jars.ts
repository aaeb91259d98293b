import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * The folder of the jars that a pom.xml names, with what they need, fetched by Maven once a machine. Throws with Maven's
 * words when it cannot have them.
 */
export async function javaJars(pom: string): Promise<string> {
  const root = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'kedge-tests')
  const name = createHash('sha256').update(readFileSync(pom)).digest('hex').slice(0, 16)
  const directory = join(root, `jars-${name}`)
  if (existsSync(directory)) return directory
  mkdirSync(root, { recursive: true })
  const building = `${directory}.${process.pid}`
  for (let attempt = 1; ; attempt++)
    try {
      await run('mvn', ['-B', '-q', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${building}`], {
        timeout: 120_000,
      })
      break
    } catch (error) {
      rmSync(building, { recursive: true, force: true })
      if (attempt === 3) throw error
    }
  try {
    renameSync(building, directory)
  } catch (error) {
    // another process was faster
    if (!existsSync(directory)) throw error
    rmSync(building, { recursive: true, force: true })
  }
  return directory
}
