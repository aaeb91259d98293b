import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'web/src/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
    // real servers and a real browser on a busy machine: a test that fails once and then holds is printed as such
    retry: process.env.CI ? 1 : 0,
  },
})
