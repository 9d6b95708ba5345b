import { AppError } from '@clearwater/platform';
import type { HostTable } from '@clearwater/sip';
import type { SharedConfig } from '@clearwater/vellum';

const KEY = '/hosts';

/** Writes down where the core's names are, as the original's dns.json did: routes carry names, shared config resolves them. */
export async function publishHosts(
  sharedConfig: SharedConfig,
  domain: string,
  address: string,
): Promise<HostTable> {
  const table = Object.fromEntries(
    ['bono', 'icscf', 'scscf'].map((role) => [`${role}.${domain}`, [address]] as const),
  );
  const read = await sharedConfig.read(KEY);
  const version = read.tag === 'found' ? read.value.version : 0;
  const write = await sharedConfig.compareAndSet(KEY, version, JSON.stringify(table));
  if (write.tag === 'stored') return table;
  throw new AppError('lab.hosts-unavailable', { origin: 'upstream', retry: 'same-peer', detail: { write } });
}
