import { type AorRecord, isActive, type KeyedBinding, latestStamp, tombstoneOf } from './aor-record.ts';
import { nextStamp, type Writer } from './element-stamp.ts';

/**
 * The record without one binding whose flow has failed (RFC 5626 §5.3, status 430), provided it is still the one that was used: a refresh
 * that came meanwhile stays, and the same record comes back.
 */
export function removeBinding(
  record: AorRecord,
  { key, stamp }: Pick<KeyedBinding, 'key' | 'stamp'>,
  writer: Writer,
): AorRecord {
  const binding = record.bindings.get(key);
  if (binding === undefined || binding.stamp !== stamp || !isActive(binding, writer.nowMs)) return record;
  const { callId, cseq, source } = binding;
  const tombstone = tombstoneOf(binding, {
    stamp: nextStamp(latestStamp(record), writer),
    callId,
    cseq,
    source,
  });
  return { ...record, bindings: new Map(record.bindings).set(key, tombstone) };
}
