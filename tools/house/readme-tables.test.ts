import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bonoConfig } from '@clearwater/bono';
import { labConfig } from '@clearwater/cw';
import { dimeConfig } from '@clearwater/dime';
import { ellisConfig } from '@clearwater/ellis';
import { renderConfigTable } from '@clearwater/platform';
import { sproutConfig } from '@clearwater/sprout';
import { expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '../..');
const tables = [
  ['bono', renderConfigTable(bonoConfig)],
  ['cw', renderConfigTable(labConfig)],
  ['dime', renderConfigTable(dimeConfig)],
  ['ellis', renderConfigTable(ellisConfig)],
  ['sprout', renderConfigTable(sproutConfig)],
] as const;

test.each(tables)(
  'the settings in the README of %s are those of its schema (UPDATE_README=true writes them)',
  (name, table) => {
    const file = join(root, 'packages', name, 'README.md');
    const readme = readFileSync(file, 'utf8');
    const wanted = readme.replace(
      /(<!-- table: \w+ -->\n)[\s\S]*?(<!-- \/table -->)/,
      (_all, start: string, end: string) => `${start}${table}${end}`,
    );
    expect(wanted).toContain(table);
    if (process.env['UPDATE_README'] === 'true') writeFileSync(file, wanted);
    else expect(readme).toBe(wanted);
  },
);
