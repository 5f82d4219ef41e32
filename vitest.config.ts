import { defineConfig } from 'vitest/config';

/** Replaces modules, so nothing may have loaded them before. */
const MOCKING = ['test/security/password-guessing.test.ts'];

const limits = { testTimeout: 20_000, hookTimeout: 30_000 };

export default defineConfig({
  test: {
    reporters: ['default', './test/tally.ts'],
    passWithNoTests: false,
    // One more than the cores of the smallest supported machine: black-box tests wait for other processes.
    maxWorkers: 3,
    projects: [
      {
        test: {
          ...limits,
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: MOCKING,
          // Loading the server anew for each file takes longer than most of their tests.
          isolate: false,
        },
      },
      { test: { ...limits, name: 'alone', include: MOCKING } },
    ],
  },
});
