export default {
  testMatch: [
    '<rootDir>/packages/*/src/**/*.test.ts',
    '<rootDir>/tools/**/*.test.ts',
    '<rootDir>/test/**/*.test.ts',
  ],
  modulePathIgnorePatterns: ['/dist/', '<rootDir>/tools/toolchain/', '<rootDir>/.lab/'],
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['@clearwater/source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2024' },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  injectGlobals: false, // tests import from @jest/globals
  maxWorkers: 2, // more would take the processor from tests that watch a clock
  globalSetup: '<rootDir>/tools/system/setup.ts',
  reporters: ['default', '<rootDir>/tools/jest/summary-reporter.cjs'],
  testSequencer: '<rootDir>/tools/jest/checks-first.cjs',
};
