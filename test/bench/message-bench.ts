import { parseMessage, type SipRequest } from '@clearwater/sip';

const SDP =
  'v=0\r\no=- 3890 3890 IN IP4 192.0.2.17\r\ns=-\r\nc=IN IP4 192.0.2.17\r\nt=0 0\r\nm=audio 49170 RTP/AVP 104 8 0 101\r\n' +
  'a=rtpmap:104 AMR-WB/16000\r\na=fmtp:104 mode-change-capability=2; max-red=220\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n';

const INVITE = [
  'INVITE sip:bob@example.com SIP/2.0',
  'Via: SIP/2.0/UDP 192.0.2.17:5060;branch=z9hG4bK776asdhds;rport',
  'Route: <sip:bono.example.com:5058;transport=TCP;lr>',
  'Route: <sip:scscf.example.com:5054;transport=TCP;lr;orig>',
  'Max-Forwards: 70',
  'From: "Alice" <sip:alice@example.com>;tag=1928301774',
  'To: <sip:bob@example.com>',
  'Call-ID: a84b4c76e66710@192.0.2.17',
  'CSeq: 314159 INVITE',
  'Contact: <sip:alice@192.0.2.17:5060;ob>;+sip.instance="<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>"',
  'P-Access-Network-Info: 3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=0010100010000001',
  'Allow: INVITE, ACK, CANCEL, BYE, UPDATE, PRACK, MESSAGE, OPTIONS',
  'Supported: timer, 100rel',
  'User-Agent: bench',
  'Content-Type: application/sdp',
  `Content-Length: ${SDP.length}`,
  '',
  SDP,
].join('\r\n');

/** CPU µs for what one proxy hop does to one INVITE: parse, read what routing needs, edit, serialise. */
export function messageUs(count: number): number {
  const bytes = Buffer.from(INVITE, 'latin1');
  const before = process.cpuUsage();
  let length = 0;
  for (let i = 0; i < count; i += 1) length += hop(bytes);
  const { user, system } = process.cpuUsage(before);
  if (length === 0) throw new Error('nothing was serialised');
  return (user + system) / count;
}

function hop(bytes: Buffer): number {
  const parsed = parseMessage(bytes);
  if (parsed.tag !== 'request') throw new Error(`the bench's own INVITE is ${parsed.tag}`);
  const request: SipRequest = parsed.message.copy();
  const key = `${request.topVia?.branch}${request.callId}${request.from?.tag}${request.to?.tag}`;
  request.removeFirstValue('Route');
  request.set('Max-Forwards', String((request.maxForwards ?? 70) - 1));
  request.prepend('Record-Route', '<sip:bono.example.com:5058;transport=TCP;lr>');
  request.prepend('Via', 'SIP/2.0/TCP 192.0.2.1:5058;branch=z9hG4bK0123456789abcdef');
  return request.serialize().length + key.length;
}
