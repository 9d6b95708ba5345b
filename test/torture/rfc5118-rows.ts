import type { TortureRow } from './rfc4475-rows.ts';

/** One message of RFC 5118. Those with a body have its length as Content-Length; the numbers printed there do not fit the bodies printed. */
export interface Ipv6Row extends TortureRow {
  readonly name: string;
  readonly lines: readonly string[];
}

const CALL_ID = 'Call-ID: SSG9559905523997077@hlau_4100';
const FROM = 'From: sip:user@example.com;tag=81x2';
const TO = 'To: sip:user@example.com';
const MAX_FORWARDS = 'Max-Forwards: 70';
const CONTACT = 'Contact: "Caller" <sip:caller@[2001:db8::1]>';
const EMPTY = ['Content-Length: 0', '', ''];

/** A home network is a domain name: its address is another domain. */
const NOT_SERVED = 'the edge serves a domain, not an address';

const register = (uri: string): readonly string[] => [
  `REGISTER ${uri} SIP/2.0`,
  TO,
  FROM,
  'Via: SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111',
  CALL_ID,
  MAX_FORWARDS,
  CONTACT,
  'CSeq: 98176 REGISTER',
  ...EMPTY,
];

const options = (host: string): readonly string[] => [
  `OPTIONS sip:user@${host} SIP/2.0`,
  `To: sip:user@${host}`,
  'From: sip:user@example.com;tag=810x2',
  'Via: SIP/2.0/UDP lab1.east.example.com;branch=z9hG4bKas3-111',
  'Call-ID: G9559905523997077@hlau_4100',
  'CSeq: 689 OPTIONS',
  MAX_FORWARDS,
  ...EMPTY,
];

const FORWARDED = { parsed: 'request', edge: '404', proxy: 'forwarded', why: NOT_SERVED };
const NO_DIALOG = {
  parsed: 'request',
  edge: '403',
  proxy: 'forwarded',
  why: 'a BYE of a dialog that did not pass this edge (TS 24.229 5.2.6.3.5)',
};
const REFUSED = { parsed: '400', edge: '400', proxy: '400' };

export const RFC5118_ROWS: readonly Ipv6Row[] = [
  { clause: '4.1', name: 'ipv6-good', ...FORWARDED, lines: register('sip:[2001:db8::10]') },
  {
    clause: '4.2',
    name: 'ipv6-bad',
    ...REFUSED,
    parsed: 'request',
    why: 'a URI is read on use',
    lines: register('sip:2001:db8::10'),
  },
  { clause: '4.3', name: 'port-ambiguous', ...FORWARDED, lines: register('sip:[2001:db8::10:5070]') },
  { clause: '4.4', name: 'port-unambiguous', ...FORWARDED, lines: register('sip:[2001:db8::10]:5070') },
  {
    clause: '4.5',
    name: 'via-received-param-with-delim',
    ...NO_DIALOG,
    lines: [
      'BYE sip:[2001:db8::10] SIP/2.0',
      'To: sip:user@example.com;tag=bd76ya',
      FROM,
      'Via: SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bKas3-111',
      CALL_ID,
      MAX_FORWARDS,
      'CSeq: 321 BYE',
      ...EMPTY,
    ],
  },
  {
    clause: '4.5',
    name: 'via-received-param-no-delim',
    ...FORWARDED,
    lines: [
      'OPTIONS sip:[2001:db8::10] SIP/2.0',
      TO,
      FROM,
      'Via: SIP/2.0/UDP [2001:db8::9:1];received=2001:db8::9:255;branch=z9hG4bKas3',
      'Call-ID: SSG95523997077@hlau_4100',
      MAX_FORWARDS,
      'Contact: "Caller" <sip:caller@[2001:db8::9:1]>',
      'CSeq: 921 OPTIONS',
      ...EMPTY,
    ],
  },
  {
    clause: '4.6',
    name: 'ipv6-in-sdp',
    ...FORWARDED,
    lines: [
      'INVITE sip:user@[2001:db8::10] SIP/2.0',
      'To: sip:user@[2001:db8::10]',
      FROM,
      'Via: SIP/2.0/UDP [2001:db8::20];branch=z9hG4bKas3-111',
      CALL_ID,
      'Contact: "Caller" <sip:caller@[2001:db8::20]>',
      'CSeq: 8612 INVITE',
      MAX_FORWARDS,
      'Content-Type: application/sdp',
      'Content-Length: 251',
      '',
      'v=0',
      'o=assistant 971731711378798081 0 IN IP6 2001:db8::20',
      "s=Live video feed for today's meeting",
      'c=IN IP6 2001:db8::20',
      't=3338481189 3370017201',
      'm=audio 6000 RTP/AVP 2',
      'a=rtpmap:2 G726-32/8000',
      'm=video 6024 RTP/AVP 107',
      'a=rtpmap:107 H263-1998/90000',
      '',
    ],
  },
  {
    clause: '4.7',
    name: 'mult-ip-in-header',
    ...NO_DIALOG,
    lines: [
      'BYE sip:user@host.example.net SIP/2.0',
      'Via: SIP/2.0/UDP [2001:db8::9:1]:6050;branch=z9hG4bKas3-111',
      'Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKjhja8781hjuaij65144',
      'Via: SIP/2.0/TCP [2001:db8::9:255];branch=z9hG4bK451jj;received=192.0.2.200',
      'Call-ID: 997077@lau_4100',
      MAX_FORWARDS,
      'CSeq: 89187 BYE',
      'To: sip:user@example.net;tag=9817--94',
      FROM,
      ...EMPTY,
    ],
  },
  {
    clause: '4.8',
    name: 'mult-ip-in-sdp',
    ...FORWARDED,
    lines: [
      'INVITE sip:user@[2001:db8::10] SIP/2.0',
      'To: sip:user@[2001:db8::10]',
      FROM,
      'Via: SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111',
      CALL_ID,
      'Contact: "Caller" <sip:caller@[2001:db8::9:1]>',
      MAX_FORWARDS,
      'CSeq: 8912 INVITE',
      'Content-Type: application/sdp',
      'Content-Length: 189',
      '',
      'v=0',
      'o=bob 280744730 28977631 IN IP4 host.example.com',
      's=',
      't=0 0',
      'm=audio 22334 RTP/AVP 0',
      'c=IN IP4 192.0.2.1',
      'm=video 6024 RTP/AVP 107',
      'c=IN IP6 2001:db8::1',
      'a=rtpmap:107 H263-1998/90000',
      '',
    ],
  },
  {
    clause: '4.9',
    name: 'ipv4-mapped-ipv6',
    parsed: 'request',
    edge: 'forwarded',
    proxy: 'forwarded',
    lines: [
      'INVITE sip:user@example.com SIP/2.0',
      TO,
      'From: sip:user@east.example.com;tag=81x2',
      'Via: SIP/2.0/UDP [::ffff:192.0.2.10]:19823;branch=z9hG4bKbh19',
      'Via: SIP/2.0/UDP [::ffff:192.0.2.2];branch=z9hG4bKas3-111',
      CALL_ID,
      'Contact: "T. desk phone" <sip:ted@[::ffff:192.0.2.2]>',
      'CSeq: 612 INVITE',
      MAX_FORWARDS,
      'Content-Type: application/sdp',
      'Content-Length: 245',
      '',
      'v=0',
      'o=assistant 971731711378798081 0 IN IP6 ::ffff:192.0.2.2',
      's=Call me soon, please!',
      'c=IN IP6 ::ffff:192.0.2.2',
      't=3338481189 3370017201',
      'm=audio 6000 RTP/AVP 2',
      'a=rtpmap:2 G726-32/8000',
      'm=video 6024 RTP/AVP 107',
      'a=rtpmap:107 H263-1998/90000',
      '',
    ],
  },
  {
    clause: '4.10',
    name: 'ipv6-bug-abnf-3-colons',
    ...FORWARDED,
    lines: options('[2001:db8:::192.0.2.1]'),
  },
  {
    clause: '4.10',
    name: 'ipv6-correct-abnf-2-colons',
    ...FORWARDED,
    lines: options('[2001:db8::192.0.2.1]'),
  },
];

/** The bytes of a row. */
export function bytesOf({ lines }: Ipv6Row): Buffer {
  return Buffer.from(lines.join('\r\n'), 'latin1');
}
