import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { assert, type Clock, type Platform, type ServicePart, type Timer } from '@clearwater/platform';
import type { Membership } from '../ports/membership.ts';
import type { Records } from '../ports/records.ts';
import type { SharedConfig } from '../ports/shared-config.ts';
import type { AccountTable } from '../ports/tables/account-table.ts';
import type { NumberTable } from '../ports/tables/number-table.ts';
import type { SessionTable } from '../ports/tables/session-table.ts';
import type { SubscriberTable } from '../ports/tables/subscriber-table.ts';
import type { Timers } from '../ports/timers.ts';
import { IN_MEMORY, openDatabase } from '../sqlite/database.ts';
import { GROUP_COMMIT_DEFAULTS, GroupCommit, type GroupCommitOptions } from '../sqlite/group-commit.ts';
import { ChronosTimers } from '../timers/chronos-timers.ts';
import { SqliteTimerLog } from '../timers/sqlite-timer-log.ts';
import { EmbeddedAccounts } from './embedded-accounts.ts';
import { EmbeddedNumbers } from './embedded-numbers.ts';
import { EmbeddedRecords } from './embedded-records.ts';
import { EmbeddedSessions } from './embedded-sessions.ts';
import { EmbeddedSharedConfig } from './embedded-shared-config.ts';
import { EmbeddedStore } from './embedded-store.ts';
import { EmbeddedSubscribers } from './embedded-subscribers.ts';
import { LocalMembership } from './local-membership.ts';
import { VELLUM_MIGRATIONS } from './schema.ts';

const SWEEP_INTERVAL_MS = 1000;
const COMMIT_INTERVAL_MAX_MS = 50;

export interface EmbeddedVellumOptions {
  /** Holds `vellum.db` and `timers.db`; made if need be. `':memory:'`: nothing is kept, for tests. */
  readonly directory: string;
  /**
   * Least time between two commits of a file, 0 … 50 ms, 0 by default. A commit costs 70 µs of CPU however little is in it, so a few
   * milliseconds pay at hundreds of writes a second; an idle store commits at once all the same.
   */
  readonly commitIntervalMs?: number;
  readonly platform: Pick<Platform, 'clock' | 'random' | 'log' | 'metrics'>;
}

export interface EmbeddedVellum {
  readonly records: Records;
  readonly timers: Timers;
  readonly sharedConfig: SharedConfig;
  readonly membership: Membership;
  readonly subscribers: SubscriberTable;
  readonly accounts: AccountTable;
  readonly numbers: NumberTable;
  readonly sessions: SessionTable;
  /** The stores answer as soon as they are open; `start` lets timers pop and sweeps what expired, `stop` closes the files. */
  readonly part: ServicePart;
}

/**
 * All of Vellum for a lab on one machine, on SQLite in this process. Rejects with AppError `vellum.data-in-use` when another process
 * has the directory, `vellum.data-too-new` or `vellum.data-unusable`.
 */
export async function openEmbeddedVellum(options: EmbeddedVellumOptions): Promise<EmbeddedVellum> {
  const { directory, platform } = options;
  const pathOf = (file: string): string => (directory === IN_MEMORY ? IN_MEMORY : join(directory, file));

  const database = openDatabase({ path: pathOf('vellum.db'), migrations: VELLUM_MIGRATIONS });
  const timerLog = openTimerLog(pathOf('timers.db'), groupCommitOptions(options), database);
  const timers = new ChronosTimers({ ...platform, timerLog });
  const commits = new GroupCommit(database, groupCommitOptions(options));
  const store = new EmbeddedStore({ database, commits, clock: platform.clock, random: platform.random });
  const records = new EmbeddedRecords(store);
  const sessions = new EmbeddedSessions(store);
  const probe = database.prepare('UPDATE store SET epoch = epoch');
  const sweep = async (): Promise<void> => {
    await Promise.all([records.sweep(), sessions.sweep()]);
    // Whoever looks at the health of a store that nobody writes to learns from this when there is room again.
    if (commits.trouble !== undefined) await store.write(() => void probe.run());
  };

  return {
    records,
    timers,
    sharedConfig: new EmbeddedSharedConfig(store),
    membership: new LocalMembership(),
    subscribers: new EmbeddedSubscribers(store),
    accounts: new EmbeddedAccounts(store),
    numbers: new EmbeddedNumbers(store),
    sessions,
    part: createPart({ clock: platform.clock, database, commits, timerLog, timers, sweep }),
  };
}

interface Parts {
  readonly clock: Clock;
  readonly database: DatabaseSync;
  readonly commits: GroupCommit;
  readonly timerLog: SqliteTimerLog;
  readonly timers: ChronosTimers;
  readonly sweep: () => Promise<void>;
}

function createPart({ clock, database, commits, timerLog, timers, sweep }: Parts): ServicePart {
  let sweepTimer: Timer | undefined;
  const sweepAndWait = async (): Promise<void> => {
    await sweep();
    sweepTimer &&= clock.startTimer(SWEEP_INTERVAL_MS, () => void sweepAndWait());
  };
  return {
    name: 'vellum',
    start: async () => {
      sweepTimer = clock.startTimer(SWEEP_INTERVAL_MS, () => void sweepAndWait());
      timers.start();
    },
    drain: (deadlineMs) => timers.drain(deadlineMs),
    stop: async () => {
      sweepTimer?.cancel();
      sweepTimer = undefined;
      timers.stop();
      timerLog.close();
      commits.close();
      database.close();
    },
    unhealthy: () => commits.trouble ?? timerLog.refusal,
  };
}

function openTimerLog(path: string, options: GroupCommitOptions, database: DatabaseSync): SqliteTimerLog {
  try {
    return new SqliteTimerLog(path, options);
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * On a file a commit waits until the turn of the event loop is over, to take along all it brought. In memory there is no fsync to
 * share, and a simulated deployment must come to rest without the event loop turning.
 */
function groupCommitOptions(options: EmbeddedVellumOptions): GroupCommitOptions {
  const { directory, commitIntervalMs = 0 } = options;
  const { metrics, log, clock } = options.platform;
  assert(
    commitIntervalMs >= 0 && commitIntervalMs <= COMMIT_INTERVAL_MAX_MS,
    'a commit interval is 0 … 50 ms',
  );
  const commitCounter = metrics.counter({ name: 'vellum_commits_total', help: 'Durable transactions.' });
  const changeCounter = metrics.counter({
    name: 'vellum_changes_total',
    help: 'Changes in durable transactions.',
  });
  const failureCounter = metrics.counter({
    name: 'vellum_commit_failures_total',
    help: 'Transactions that failed.',
  });
  return {
    ...GROUP_COMMIT_DEFAULTS,
    schedule: directory === IN_MEMORY ? queueMicrotask : spaced(clock, commitIntervalMs),
    onCommit: (changeCount) => {
      commitCounter.add();
      changeCounter.add(changeCount);
    },
    onFailure: (reason) => {
      failureCounter.add();
      log.error('vellum.commit-failed', { reason });
    },
  };
}

function spaced(clock: Clock, intervalMs: number): GroupCommitOptions['schedule'] {
  let notBeforeMs = 0;
  return (flush) => {
    const run = (): void => {
      notBeforeMs = clock.monotonic() + intervalMs;
      flush();
    };
    const waitMs = notBeforeMs - clock.monotonic();
    // Not the clock's timers: their 10 ms ticks are too coarse for this.
    if (intervalMs > 0 && waitMs > 0) setTimeout(run, waitMs);
    else setImmediate(run);
  };
}
