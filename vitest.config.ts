import { defineConfig } from 'vitest/config';

/** Replaces modules, so nothing may have loaded them before. */
const MOCKING = ['test/security/password-guessing.test.ts'];

/** What takes minutes: several processes with a store and a balancer between them, a browser, a flood. */
const SYSTEM = ['test/e2e/**/*.test.ts', 'test/replicas/**/*.test.ts', 'test/soak/**/*.test.ts'];

/** What a team's own tools import is what the sources have, built or not. */
const resolve = {
  alias: {
    'fairlead/tool': `${import.meta.dirname}/src/tool.ts`,
    'fairlead/testing': `${import.meta.dirname}/src/testing.ts`,
  },
};

const limits = { testTimeout: 20_000, hookTimeout: 30_000 };

export default defineConfig({
  test: {
    reporters: ['default', './test/tally.ts'],
    passWithNoTests: false,
    // One more than the cores of the smallest supported machine: black-box tests wait for other processes.
    maxWorkers: 3,
    projects: [
      {
        resolve,
        test: {
          ...limits,
          name: 'together',
          include: ['test/**/*.test.ts', 'examples/**/*.test.ts'],
          exclude: [...MOCKING, ...SYSTEM],
          // Loading the server anew for each file takes longer than most of their tests.
          isolate: false,
        },
      },
      { resolve, test: { ...limits, name: 'system', include: SYSTEM, isolate: false } },
      { resolve, test: { ...limits, name: 'alone', include: MOCKING } },
    ],
  },
});
