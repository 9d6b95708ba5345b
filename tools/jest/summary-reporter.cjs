const { writeSync } = require('node:fs');

/** Names what was skipped, and makes `N passed, N failed` the last line of every run. */
module.exports = class {
  onRunComplete(_contexts, results) {
    const skipped = results.testResults
      .flatMap((file) => file.testResults)
      .filter((result) => result.status === 'pending' && result.title.includes('(needs '));
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites; // a file that does not load is a failure
    const lines = [
      ...skipped.map((result) => `skipped: ${result.fullName}`),
      `${results.numPassedTests} passed, ${failed} failed`,
    ];
    // Jest prints its own summary after every reporter, so ours waits for the exit.
    process.once('exit', () => writeSync(1, `${lines.join('\n')}\n`));
  }
};
