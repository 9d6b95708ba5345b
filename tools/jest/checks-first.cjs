const Sequencer = require('@jest/test-sequencer').default;

/** The order Jest would take, but the long checks of the house come first: last, they would keep one worker waiting for the other. */
module.exports = class extends Sequencer {
  sort(tests) {
    const isCheck = (test) => test.path.endsWith('tools/house/checks.test.ts');
    const ordered = super.sort(tests);
    return [...ordered.filter(isCheck), ...ordered.filter((test) => !isCheck(test))];
  }
};
