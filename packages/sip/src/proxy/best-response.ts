/** Preferred among 4xx when several branches failed: they tell the caller how to do better (RFC 3261 §16.7-6). */
const HELPFUL = new Set([401, 407, 415, 420, 484]);

/**
 * How good a final failure is as the answer upstream; lower is better (RFC 3261 §16.7-6): 6xx first, then the lowest class, within 4xx
 * the helpful ones, 408 (nobody answered) last, and 503 last of the 5xx.
 */
export function rankOf(status: number): number {
  if (status >= 600) return 0;
  const rank = Math.floor(status / 100) * 1_000 + (status % 100);
  if (HELPFUL.has(status)) return rank - 200;
  if (status === 408) return 4_900;
  if (status === 503) return 5_900;
  return rank;
}

/** What goes upstream for `status` (RFC 3261 §16.7-6): a 503 is about our next hop, not about us, so it becomes a 500. */
export function upstreamStatus(status: number): number {
  return status === 503 ? 500 : status;
}
