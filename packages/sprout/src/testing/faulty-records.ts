import type {
  RecordRead,
  Records,
  RecordTable,
  RecordTableDefinition,
  RecordWrite,
} from '@clearwater/vellum';

/** What becomes of one operation; undefined = it goes through. */
export type RecordFault = 'unavailable' | 'answer-lost' | 'request-lost' | undefined;

const UNAVAILABLE = { tag: 'unavailable', reason: 'test' } as const;
const UNKNOWN = { tag: 'unknown', reason: 'test' } as const;

/** A record store before which a test may put faults, or something that happens just before a write. */
export class FaultyRecords implements Records {
  readonly #records: Records;
  fault: (operation: 'get' | 'write') => RecordFault = () => undefined;
  /** Awaited before each write reaches the store: the place for another node's write. */
  beforeWrite: () => Promise<unknown> = () => Promise.resolve();
  writes = 0;

  constructor(records: Records) {
    this.#records = records;
  }

  table(definition: RecordTableDefinition): RecordTable {
    const table = this.#records.table(definition);
    const write = async (through: () => Promise<RecordWrite>): Promise<RecordWrite> => {
      await this.beforeWrite();
      this.writes += 1;
      const fault = this.fault('write');
      if (fault === 'unavailable') return UNAVAILABLE;
      if (fault === 'request-lost') return UNKNOWN;
      const outcome = await through();
      return fault === 'answer-lost' ? UNKNOWN : outcome;
    };
    return {
      get: (key): Promise<RecordRead> =>
        this.fault('get') === undefined ? table.get(key) : Promise.resolve(UNAVAILABLE),
      compareAndSet: (...change) => write(() => table.compareAndSet(...change)),
      remove: (...change) => write(() => table.remove(...change)),
    };
  }
}
