import { spawnSync } from 'node:child_process';
import { expect } from '@jest/globals';
import { systemTest } from './system-test.ts';

systemTest('baresip', 'baresip is there for the tests with real phones', async (program) => {
  expect(spawnSync(program, ['-h'], { encoding: 'utf8' }).stderr).toContain('Usage: baresip');
});

systemTest('sipp', 'SIPp is there for the tests under load', async (program) => {
  expect(spawnSync(program, ['-v'], { encoding: 'utf8' }).stdout).toContain('SIPp v');
});
