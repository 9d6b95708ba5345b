import { type HomesteadClient, homesteadApi, type ServerSelection } from '@clearwater/dime/api';
import { serializeRegData } from '@clearwater/ims';
import { type ApiProblem, apiProblem, directClient, type HandlersOf } from '@clearwater/platform';
import { ha1 } from '@clearwater/sip';

export interface ScriptedUser {
  readonly impi: string;
  readonly password: string;
  /** The implicit set, default identity first. */
  readonly impus: readonly (string | { readonly barred: string })[];
}

type Refused<S extends number> = { readonly status: S; readonly body: ApiProblem };

/** A Homestead in memory that knows a few users and notes what it is asked. */
export class ScriptedHomestead {
  readonly users: ScriptedUser[];
  /** One line a call: `vector alice@…`, `assign sip:alice@… reg`. */
  readonly calls: string[] = [];
  readonly client: HomesteadClient;
  isAway = false;
  /** What it names to the I-CSCF; undefined = none assigned yet. */
  scscf: string | undefined = 'sip:scscf.example.com:5054;transport=TCP';

  constructor(users: readonly ScriptedUser[]) {
    this.users = [...users];
    this.client = directClient(homesteadApi, this.#handlers());
  }

  #userOf(impu: string): ScriptedUser | undefined {
    return this.users.find(({ impus }) => impus.some((each) => textOf(each) === impu));
  }

  #selection(): ServerSelection {
    return { 'result-code': 2001, ...(this.scscf === undefined ? {} : { scscf: this.scscf }) };
  }

  #handlers(): HandlersOf<typeof homesteadApi> {
    const ask = <T>(call: string, answer: () => T): Promise<T | Refused<503>> => {
      this.calls.push(call);
      return Promise.resolve(this.isAway ? away : answer());
    };
    return {
      getDigest: async () => unknown,
      getSchemeAuthVector: async () => unknown,
      getAuthVector: ({ params: { impi } }) =>
        ask(`vector ${impi}`, () => {
          const user = this.users.find((each) => each.impi === impi);
          if (user === undefined) return unknown;
          const digest = {
            ha1: ha1(impi, 'example.com', user.password),
            realm: 'example.com',
            qop: 'auth' as const,
          };
          return { status: 200, body: { digest } };
        }),
      getRegistrationStatus: ({ params: { impi }, query }) =>
        ask(`status ${query.impu} ${query['auth-type'] ?? ''}`, () => {
          const user = this.#userOf(query.impu);
          if (user === undefined) return unknown;
          return user.impi === impi ? { status: 200, body: this.#selection() } : stranger;
        }),
      getLocation: ({ params: { impu } }) =>
        ask(`location ${impu}`, () =>
          this.#userOf(impu) ? { status: 200, body: this.#selection() } : unknown,
        ),
      getRegData: ({ params: { impu }, query: { private_id: impi } }) =>
        ask(`profile ${impu}`, () => {
          const user = this.#userOf(impu);
          const isKnown = user !== undefined && (impi === undefined || impi === user.impi);
          return isKnown ? { status: 200, body: xmlOf(user) } : unknown;
        }),
      putRegData: ({ params: { impu }, query, body }) =>
        ask(`assign ${impu} ${body.reqtype}`, () => {
          const user = this.#userOf(impu);
          if (user === undefined) return unknown;
          if (query.private_id !== undefined && query.private_id !== user.impi) return stranger;
          return { status: 200, body: xmlOf(user) };
        }),
    };
  }
}

const unknown: Refused<404> = { status: 404, body: apiProblem('dime.unknown-user') };
const stranger: Refused<404> = { status: 404, body: apiProblem('dime.identities-do-not-match') };
const away: Refused<503> = { status: 503, body: apiProblem('dime.subscribers-unavailable') };

function textOf(impu: string | { readonly barred: string }): string {
  return typeof impu === 'string' ? impu : impu.barred;
}

function xmlOf({ impus }: ScriptedUser): string {
  const identities = impus.map((impu) => {
    const barring = typeof impu === 'string' ? '' : '<BarringIndication>1</BarringIndication>';
    return `<PublicIdentity>${barring}<Identity>${textOf(impu)}</Identity></PublicIdentity>`;
  });
  return serializeRegData({
    registrationState: 'REGISTERED',
    subscriptionXml: `<IMSSubscription><PrivateID>Unspecified</PrivateID><ServiceProfile>${identities.join('')}</ServiceProfile></IMSSubscription>`,
    charging: { ccfs: [], ecfs: [] },
  });
}
