// `npm test`: installs what is missing, then runs every test. Arguments go to vitest.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { buildPages, installPackages, node, root, run } from './install.mjs'

const found = (paths) =>
  paths.some((path) => existsSync(path)) ||
  paths.some((path) => !path.includes('/') && spawnSync('which', [path]).status === 0)
const system = [
  { package: 'postgresql', for: 'the distributed SQL store', paths: ['/usr/lib/postgresql', 'initdb'] },
  { package: 'chromium', for: 'the pages in a real browser', paths: ['/usr/bin/chromium'] },
  { package: 'bubblewrap', for: 'the sandbox of pipeline steps', paths: ['bwrap'] },
  {
    package: 'python3-venv',
    for: 'the Python steps and clients',
    probe: ['python3', ['-c', 'import venv, ensurepip']],
  },
  { package: 'curl', for: 'the plain calls of MLflow’s API', paths: ['curl'] },
  // without these their clients are skipped, and say so
  {
    package: 'default-jdk-headless maven',
    for: 'MLflow’s Java client, a real Kafka',
    probe: ['sh', ['-c', 'command -v javac && command -v mvn']],
    optional: true,
  },
  { package: 'mosquitto', for: 'streams from a real MQTT broker', paths: ['/usr/sbin/mosquitto'], optional: true },
  {
    package: 'mariadb-server-core mariadb-client-core',
    for: 'a real MariaDB as a source',
    paths: ['/usr/sbin/mariadbd'],
    optional: true,
  },
  {
    package: 'gnucobol3',
    for: 'mainframe files that a COBOL program writes and reads',
    paths: ['cobc'],
    optional: true,
  },
  {
    package: 'r-base-core r-cran-httr r-cran-jsonlite',
    for: 'the calls of MLflow’s R client',
    probe: ['Rscript', ['-e', 'library(httr); library(jsonlite)']],
    optional: true,
  },
]

installPackages()
const missing = system.filter((need) => (need.probe ? spawnSync(...need.probe).status !== 0 : !found(need.paths)))
if (missing.length > 0) {
  const needed = missing.filter((need) => !need.optional)
  const namesOf = (needs) => needs.flatMap((need) => need.package.split(' '))
  const may = process.getuid?.() === 0 && spawnSync('which', ['apt-get']).status === 0
  if (may) {
    process.stderr.write(`Installing ${namesOf(missing).join(', ')} …\n`)
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    run('apt-get', ['update', '-qq'], { env, stdio: 'ignore' })
    // apart, because apt installs all or nothing, and a distribution may lack one that can be done without
    for (const names of [needed, ...missing.filter((need) => need.optional).map((need) => [need])].map(namesOf))
      if (names.length > 0)
        run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], {
          env,
          stdio: ['ignore', 'ignore', 2],
        })
  } else {
    process.stderr.write(
      `The tests ${needed.length > 0 ? 'need' : 'would also use'} ${missing.map((need) => `${need.package} (${need.for})`).join(', ')}.\nInstall with: sudo apt-get install ${namesOf(missing).join(' ')}\n`,
    )
    if (needed.length > 0) process.exit(1)
  }
}
buildPages()

const results = mkdtempSync(join(tmpdir(), 'kedge-test-'))
const report = join(results, 'report.json')
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
const started = spawnSync(
  node,
  [vitest, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...process.argv.slice(2)],
  {
    cwd: root,
    stdio: 'inherit',
  },
)
const totals = existsSync(report)
  ? JSON.parse(readFileSync(report, 'utf8'))
  : { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0 }
rmSync(results, { recursive: true, force: true })
process.stdout.write(
  `\n${totals.numPassedTests} passed, ${totals.numFailedTests} failed, ${totals.numPendingTests} skipped\n`,
)
process.exit(started.status === 0 && totals.numPassedTests > 0 ? 0 : started.status || 1)
