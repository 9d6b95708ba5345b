/** What one torture message leads to. `edge`: from a registered phone to Bono; `proxy`: to a record-routing proxy; `registrar`: from a new phone. */
export interface TortureRow {
  /** Of the RFC. */
  readonly clause: string;
  /** `request`, `response`, or the status of what is malformed; `unanswerable` when nobody could be told. */
  readonly parsed: string;
  readonly edge: string;
  readonly proxy: string;
  /** Of a REGISTER alone: the answer without credentials, then the one with. */
  readonly registrar?: readonly [string, string?];
  /** Contacts that a registrar granted. */
  readonly contacts?: readonly string[];
  /** Header fields a proxy changes beside Via, Max-Forwards and Record-Route. */
  readonly changed?: readonly string[];
  /** Where we differ from what the RFC recommends, or what decided where it leaves the choice. */
  readonly why?: string;
}

const FORWARDED = { parsed: 'request', edge: 'forwarded', proxy: 'forwarded' };
/** A request to a user whom nobody here serves. */
const NOBODY = { parsed: 'request', edge: '404', proxy: 'forwarded' };
const REFUSED = { parsed: '400', edge: '400', proxy: '400' };
const DROPPED = { parsed: '400 unanswerable', edge: 'dropped', proxy: 'dropped' };
const STRAY = { parsed: 'response', edge: 'dropped', proxy: 'dropped' };
const CHALLENGED = { parsed: 'request', edge: '401', proxy: 'forwarded' };

const UNREADABLE_TO = 'the answer has the To as it came: its tag could not be read';
const HOPS =
  'a call inside one domain takes four hops here (Bono, originating and terminating S-CSCF, I-CSCF)';

export const RFC4475_ROWS: Readonly<Record<string, TortureRow>> = {
  wsinv: {
    clause: '3.1.1.1',
    ...FORWARDED,
    edge: '403',
    why: 'its To has a tag: a request within a dialog that did not pass this edge (TS 24.229 5.2.6.3.5)',
  },
  intmeth: { clause: '3.1.1.2', ...NOBODY },
  esc01: { clause: '3.1.1.3', ...NOBODY },
  escnull: {
    clause: '3.1.1.4',
    ...CHALLENGED,
    registrar: ['401', '200'],
    contacts: ['sip:%00@host5.example.com', 'sip:%00%00@host5.example.com'],
  },
  esc02: {
    clause: '3.1.1.5',
    ...NOBODY,
    why: 'its method is not REGISTER, and nobody here serves its domain',
  },
  lwsdisp: { clause: '3.1.1.6', ...FORWARDED },
  longreq: { clause: '3.1.1.7', ...FORWARDED },
  dblreq: {
    clause: '3.1.1.8',
    ...CHALLENGED,
    registrar: ['401', '200'],
    contacts: ['sip:j.user@host.example.com'],
    why: 'what follows the body in a datagram is dropped (RFC 3261 §18.3)',
  },
  semiuri: { clause: '3.1.1.9', ...NOBODY },
  transports: { clause: '3.1.1.10', ...FORWARDED },
  mpart01: {
    clause: '3.1.1.11',
    ...NOBODY,
    why: 'sent to the host of its Route as it stands; the rewriting for a strict router (RFC 3261 §16.6-6) is not done',
  },
  unreason: { clause: '3.1.1.12', ...STRAY },
  noreason: { clause: '3.1.1.13', ...STRAY },
  badinv01: { clause: '3.1.2.1', ...DROPPED, why: 'not 400: without a Via nobody can match an answer' },
  clerr: { clause: '3.1.2.2', ...REFUSED },
  ncl: { clause: '3.1.2.3', ...REFUSED },
  scalar02: { clause: '3.1.2.4', ...REFUSED, registrar: ['400'] },
  scalarlg: { clause: '3.1.2.5', ...DROPPED },
  quotbal: { clause: '3.1.2.6', ...REFUSED, why: UNREADABLE_TO },
  ltgtruri: { clause: '3.1.2.7', ...REFUSED },
  lwsruri: { clause: '3.1.2.8', ...REFUSED },
  lwsstart: { clause: '3.1.2.9', ...REFUSED, why: 'the RFC leaves the choice' },
  trws: { clause: '3.1.2.10', ...REFUSED, why: 'the RFC leaves the choice' },
  escruri: { clause: '3.1.2.11', ...REFUSED, why: 'the RFC leaves the choice; they must not be forwarded' },
  baddate: {
    clause: '3.1.2.12',
    ...FORWARDED,
    why: 'the RFC leaves the choice; nobody on the way reads Date',
  },
  regbadct: { clause: '3.1.2.13', ...FORWARDED, edge: '400', registrar: ['400'] },
  badaspec: { clause: '3.1.2.14', ...REFUSED, why: UNREADABLE_TO },
  baddn: { clause: '3.1.2.15', ...REFUSED },
  badvers: { clause: '3.1.2.16', parsed: '505', edge: '505', proxy: '505' },
  mismatch01: { clause: '3.1.2.17', ...REFUSED },
  mismatch02: { clause: '3.1.2.18', ...REFUSED, why: 'the RFC leaves the choice between 400 and 501' },
  bigcode: { clause: '3.1.2.19', ...DROPPED },
  badbranch: { clause: '3.2.1', ...FORWARDED, edge: '483', why: HOPS },
  insuf: {
    clause: '3.3.1',
    ...DROPPED,
    why: 'not 400: an answer without From, To and Call-ID is no SIP message',
  },
  unkscm: { clause: '3.3.2', parsed: 'request', edge: '416', proxy: '416' },
  novelsc: { clause: '3.3.3', parsed: 'request', edge: '416', proxy: '416' },
  unksm2: { clause: '3.3.4', ...NOBODY, registrar: ['404'] },
  bext01: { clause: '3.3.5', parsed: 'request', edge: '420', proxy: '420' },
  invut: { clause: '3.3.6', ...FORWARDED },
  regaut01: { clause: '3.3.7', ...CHALLENGED, registrar: ['401', '200'], contacts: [] },
  multi01: { clause: '3.3.8', ...REFUSED },
  mcl01: { clause: '3.3.9', ...REFUSED },
  bcast: { clause: '3.3.10', ...STRAY },
  zeromf: {
    clause: '3.3.11',
    parsed: 'request',
    edge: '483',
    proxy: '483',
    why: 'an OPTIONS too: a proxy may answer it itself, and does only when it is asked for by name',
  },
  cparam01: {
    clause: '3.3.12',
    ...CHALLENGED,
    registrar: ['401', '200'],
    contacts: ['sip:+19725552222@gw1.example.net'],
  },
  cparam02: {
    clause: '3.3.13',
    ...CHALLENGED,
    registrar: ['401', '200'],
    contacts: ['sip:+19725552222@gw1.example.net;unknownparam'],
  },
  regescrt: {
    clause: '3.3.14',
    ...CHALLENGED,
    registrar: ['401', '200'],
    contacts: ['sip:user@example.com?Route=%3Csip:sip.example.com%3E'],
  },
  sdp01: { clause: '3.3.15', ...FORWARDED },
  inv2543: {
    clause: '3.4.1',
    ...NOBODY,
    changed: ['Content-Length'],
    why: 'Content-Length is added: behind us it may travel on a stream (RFC 3261 §20.14)',
  },
  test: { clause: 'none: of a draft of the RFC', ...DROPPED, why: 'no Via to answer to' },
};
