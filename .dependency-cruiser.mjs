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
      name: 'contracts-know-no-domain',
      severity: 'error',
      from: { path: '^src/contracts/' },
      to: { path: `^src/(${[...domains, 'governance', 'protocols', 'cli', 'adapters'].join('|')})/` },
    },
    {
      name: 'adapters-implement-contracts',
      severity: 'error',
      from: { path: '^src/adapters/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/', pathNot: `^src/(adapters|contracts|statistics)/|^src/(${below.join('|')})\\.ts` },
    },
    {
      name: 'foundation-knows-no-domain',
      severity: 'error',
      from: { path: '^src/(storage|journal|jobs)/' },
      to: { path: `^src/(${[...domains, 'governance', 'protocols', 'cli', 'adapters', 'project-file'].join('|')})/` },
    },
    ...domains.map((domain) => ({
      name: `${domain}-imports-only-what-stands-before-it`,
      severity: 'error',
      // the entry of a process of its own is the composition root of that process
      from: { path: `^src/${domain}/`, pathNot: '-process\\.ts$' },
      to: {
        path: `^src/(${[...domains.filter((other) => other !== domain && !mayImport[domain].includes(other)), 'protocols', 'cli', 'adapters', 'project-file'].join('|')})/`,
      },
    })),
    {
      name: 'only-main-knows-adapters',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: '^src/(adapters/|(main|open-stores|compose-domains)\\.ts)|process\\.ts$|\\.test\\.ts$',
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
