/** The directions of imports that ARCHITECTURE.md describes. */
const domains = ['data', 'tracking', 'registry', 'pipelines', 'serving', 'monitoring', 'automation']
const mayImport = {
  data: [],
  tracking: ['data'],
  registry: ['data', 'tracking'],
  pipelines: ['data', 'tracking', 'registry'],
  serving: ['registry'],
  monitoring: ['registry', 'serving'],
  automation: ['data', 'tracking', 'registry', 'pipelines', 'serving', 'monitoring'],
}
const below = ['errors', 'log', 'environment']
/** Rooms that stand on the domains, and the one that decides at the door who may do what. */
const above = [
  'governance',
  'backup',
  'garbage',
  'comparison',
  'reports',
  'project-file',
  'protocols',
  'cli',
  'adapters',
]
const composition = '^src/(main|add-routes|compose-domains|open-stores)\\.ts$'
const outside = (rooms) => `^src/(${rooms.join('|')})/`

export default {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'statistics-is-pure',
      severity: 'error',
      from: { path: '^src/statistics/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/', pathNot: '^src/(statistics/|errors\\.ts)' },
    },
    {
      name: 'statistics-does-no-io',
      severity: 'error',
      from: { path: '^src/statistics/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'mainframe-is-pure',
      severity: 'error',
      from: { path: '^src/mainframe/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/', pathNot: '^src/(mainframe/|errors\\.ts)' },
    },
    {
      name: 'contracts-know-no-domain',
      severity: 'error',
      from: { path: '^src/contracts/' },
      to: { path: '^src/', pathNot: '^src/(contracts|statistics)/|^src/errors\\.ts' },
    },
    {
      name: 'adapters-implement-contracts',
      severity: 'error',
      from: { path: '^src/adapters/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/', pathNot: `^src/(adapters|contracts|statistics|mainframe)/|^src/(${below.join('|')})\\.ts` },
    },
    {
      name: 'foundation-knows-no-domain',
      severity: 'error',
      from: { path: '^src/(storage|journal|jobs)/' },
      to: { path: outside([...domains, ...above]) },
    },
    {
      name: 'storage-stands-lowest',
      severity: 'error',
      from: { path: '^src/storage/' },
      to: { path: outside(['journal', 'jobs']) },
    },
    {
      name: 'journal-knows-no-queue',
      severity: 'error',
      from: { path: '^src/journal/' },
      to: { path: outside(['jobs']) },
    },
    ...domains.map((domain) => ({
      name: `${domain}-imports-only-what-stands-before-it`,
      severity: 'error',
      // the entry of a process of its own is the composition root of that process
      from: { path: `^src/${domain}/`, pathNot: '-(process|thread)\\.ts$' },
      to: {
        path: outside([...domains.filter((other) => other !== domain && !mayImport[domain].includes(other)), ...above]),
      },
    })),
    {
      // permissions are checked at the door, by protocols: domains know nothing of them, nor governance of domains
      name: 'governance-stands-beside-the-domains',
      severity: 'error',
      from: { path: '^src/governance/' },
      to: { path: outside([...domains, ...above.filter((room) => room !== 'governance')]) },
    },
    {
      // a restored server marks what monitoring must compute again
      name: 'backup-knows-stores-and-monitoring',
      severity: 'error',
      from: { path: '^src/backup/' },
      to: {
        path: outside([
          ...domains.filter((domain) => domain !== 'monitoring'),
          ...above.filter((room) => room !== 'backup'),
        ]),
      },
    },
    {
      name: 'garbage-knows-what-domains-store',
      severity: 'error',
      from: { path: '^src/garbage/', pathNot: '\\.test\\.ts$' },
      to: { path: outside(above.filter((room) => room !== 'garbage')) },
    },
    {
      // files are compared by the statistics, windows and monitors that watch endpoints, without a server
      name: 'comparison-knows-monitors-and-the-engine',
      severity: 'error',
      from: { path: '^src/comparison/', pathNot: '-process\\.ts$|\\.test\\.ts$' },
      to: {
        path: outside([
          ...domains.filter((domain) => domain !== 'monitoring'),
          ...above.filter((room) => room !== 'comparison'),
          'journal',
          'jobs',
        ]),
      },
    },
    {
      name: 'reports-show-comparisons',
      severity: 'error',
      from: { path: '^src/reports/', pathNot: '\\.test\\.ts$' },
      to: {
        path: '^src/',
        pathNot: '^src/(reports|comparison|contracts|statistics|monitoring)/|^src/(errors|version)\\.ts',
      },
    },
    {
      name: 'project-file-stands-on-the-domains',
      severity: 'error',
      from: { path: '^src/project-file/', pathNot: '\\.test\\.ts$' },
      to: { path: outside(['backup', 'protocols', 'cli', 'adapters', 'storage', 'jobs']) },
    },
    {
      name: 'protocols-are-thin',
      severity: 'error',
      from: { path: '^src/protocols/', pathNot: '\\.test\\.ts$' },
      to: { path: outside(['cli', 'adapters', 'statistics']) },
    },
    {
      // what the server answers it asks over REST; of the rest only what reads files of this machine or judges numbers
      name: 'cli-talks-rest',
      severity: 'error',
      from: { path: '^src/cli/', pathNot: '\\.test\\.ts$' },
      to: {
        path: '^src/',
        pathNot:
          '^src/(cli|statistics|mainframe|comparison|reports|protocols/kedge/schemas|project-file|backup)/|^src/pipelines/(find-python|pipeline-files|pipeline-spec)\\.ts|^src/(errors|config|log|version|main|storage/make-directory)\\.ts',
      },
    },
    {
      name: 'only-the-command-line-starts-a-server',
      severity: 'error',
      from: { path: '^src/', pathNot: `${composition}|^src/cli/|\\.test\\.ts$` },
      to: { path: composition },
    },
    {
      name: 'only-main-knows-adapters',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: '^src/(adapters/|(main|open-stores|compose-domains)\\.ts)|(process|thread)\\.ts$|\\.test\\.ts$',
      },
      to: { path: '^src/adapters/' },
    },
    {
      name: 'tests-stay-out',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(test|bench|examples|web)/|\\.test\\.ts$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // TypeScript 7 has no JavaScript API for it yet
    parser: 'swc',
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.mjs'] },
  },
}
