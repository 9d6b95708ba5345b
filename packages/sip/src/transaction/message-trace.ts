import type { Trace } from '@clearwater/platform';
import { type SipMessage, SipRequest, type SipResponse } from '../message/mod.ts';
import { type Flow, formatAddress } from '../transport/flow.ts';

/**
 * Writes one rung of a call's ladder into its trail, the Call-ID: what the start line says, between which addresses. Never headers or
 * bodies, where secrets are. Costs a look at a flag while nobody watches.
 */
export function traceMessage(
  trace: Trace,
  direction: 'received' | 'sent',
  message: SipRequest | SipResponse,
  flow: Flow,
): void {
  if (!trace.isOn) return;
  trace.event(message.callId, `sip.${direction}`, {
    line: lineOf(message),
    cseq: message.header('CSeq'),
    transport: flow.transport,
    local: formatAddress(flow.local),
    remote: formatAddress(flow.remote),
  });
}

function lineOf(message: SipMessage): string {
  if (message instanceof SipRequest) return `${message.method} ${message.uri}`;
  const { status, reason } = message as SipResponse;
  return `${status} ${reason}`;
}
