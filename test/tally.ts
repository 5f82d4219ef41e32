import type { Reporter, TestModule } from 'vitest/node';

/** Closes a run with its result as one line that scripts can find: `120 passed, 0 failed`. */
export default class Tally implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    let passed = 0;
    // A file that cannot be loaded, or an error outside of any test, is a failure too.
    let failed = errors.length + modules.filter((module) => module.errors().length > 0).length;
    for (const test of modules.flatMap((module) => [...module.children.allTests()])) {
      const { state } = test.result();
      if (state === 'passed') passed += 1;
      if (state === 'failed') failed += 1;
    }
    process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
  }
}
