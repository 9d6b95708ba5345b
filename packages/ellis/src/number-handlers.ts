import { createHash } from 'node:crypto';
import type { OwnedNumber } from '@clearwater/vellum';
import { type EllisHandlers, removeAccount } from './account-handlers.ts';
import { canonicalEmail } from './account-input.ts';
import type { Accounts } from './accounts.ts';
import type { Contact, CreatedNumber, NumberRow } from './api.ts';
import type { Gate } from './gate.ts';
import { formatNumber, parseNumberUri } from './number-identity.ts';
import type { NewNumber, NoNumber, Numbers, WantedNumber } from './numbers.ts';
import { answering, answeringForm, type Refusal, refusal, success } from './reply.ts';
import type { Subscribers } from './subscribers.ts';

export interface NumberHandlerParts {
  readonly accounts: Accounts;
  readonly numbers: Numbers;
  readonly subscribers: Subscribers;
  readonly gate: Gate;
}

type NumberHandlers = Pick<
  EllisHandlers,
  'listNumbers' | 'createNumber' | 'createSpecificNumber' | 'deleteNumber' | 'resetNumberPassword'
>;
type NumberSettingHandlers = Pick<
  EllisHandlers,
  'getFilterCriteria' | 'putFilterCriteria' | 'getListed' | 'putListed' | 'addressBook' | 'addressBookV1'
>;

const EXPIRED_ACCOUNT_COUNT_MAX = 20;

/** Numbers of accounts: listing, creating, removing, their passwords. */
export function numberHandlers(parts: NumberHandlerParts): NumberHandlers {
  const { numbers, gate } = parts;
  return {
    listNumbers: ({ params, headers }) =>
      answering(async () => {
        const email = canonicalEmail(params.email);
        const refused = await gate.refuseRead(email, headers);
        return refused ?? success(200, { numbers: (await numbers.list(email)).map(rowOf) });
      }),

    createNumber: ({ params, body, headers }) =>
      answeringForm(body, async () => {
        const email = canonicalEmail(params.email);
        const refused = await gate.refuseChange(email, headers);
        if (refused !== undefined) return refused;
        return numberReply(parts, email, await allocate(parts, email, wantedOf(body)));
      }),

    createSpecificNumber: ({ params, body, headers }) =>
      answeringForm(body, async () => {
        if (!gate.hasApiKey(headers)) return refusal(403, 'ellis.api-key-needed');
        const email = canonicalEmail(params.email);
        const refused = await gate.refuseRead(email, headers);
        if (refused !== undefined) return refused;
        const { uri } = params;
        if (parseNumberUri(uri) === undefined) {
          return refusal(400, 'ellis.invalid-number', { detail: 'expected sip:number@domain' });
        }
        const isPrivateIdNew = body.new_private_id ?? false;
        const wanted = { ...wantedOf(body), uri, isPrivateIdNew };
        return numberReply(parts, email, await numbers.claim(email, wanted));
      }),

    deleteNumber: ({ params, headers }) =>
      answering(async () => {
        const email = canonicalEmail(params.email);
        const refused = await gate.refuseChange(email, headers);
        if (refused !== undefined) return refused;
        const outcome = await numbers.remove(email, params.uri);
        if (outcome === 'absent') return unknownNumber();
        if (outcome === 'removed') return success(200, {});
        return refusal(502, 'ellis.number-in-use', {
          detail: 'it is the default identity of a private identity that other numbers share',
        });
      }),

    resetNumberPassword: ({ params, body, headers }) =>
      answeringForm(body, async () => {
        const email = canonicalEmail(params.email);
        const refused = await gate.refuseChange(email, headers);
        if (refused !== undefined) return refused;
        const sipPassword = await numbers.resetPassword(email, params.uri);
        return sipPassword === undefined ? unknownNumber() : success(200, { sip_password: sipPassword });
      }),
  };
}

/** What a number does beside being there: filter criteria and the address book. */
export function numberSettingHandlers(parts: NumberHandlerParts): NumberSettingHandlers {
  const { gate, numbers, subscribers } = parts;
  return {
    getFilterCriteria: ({ params, headers }) =>
      answering(async () => {
        const number = await ownNumber(parts, params, () =>
          gate.refuseRead(canonicalEmail(params.email), headers),
        );
        if ('status' in number) return number;
        const xml = await subscribers.filterCriteria(number.uri);
        return xml === undefined ? unknownNumber() : success(200, xml);
      }),

    putFilterCriteria: ({ params, body, headers }) =>
      answering(async () => {
        const number = await ownNumber(parts, params, () =>
          gate.refuseChange(canonicalEmail(params.email), headers),
        );
        if ('status' in number) return number;
        const outcome = await subscribers.putFilterCriteria(number.uri, body);
        if (outcome === 'invalid') return refusal(400, 'ellis.invalid-filter-criteria');
        return outcome === 'absent' ? unknownNumber() : success(200, {});
      }),

    getListed: ({ params, headers }) =>
      answering(async () => {
        const number = await ownNumber(parts, params, () =>
          gate.refuseRead(canonicalEmail(params.email), headers),
        );
        return 'status' in number ? number : success(200, { gab_listed: number.isListed ? 1 : 0 });
      }),

    putListed: ({ params, headers }) =>
      answering(async () => {
        const number = await ownNumber(parts, params, () =>
          gate.refuseChange(canonicalEmail(params.email), headers),
        );
        if ('status' in number) return number;
        const isThere = await numbers.setListed(number.owner, number.uri, params.isListed === '1');
        return isThere ? success(200, {}) : unknownNumber();
      }),

    addressBook: (request) => addressBook(parts, request),
    addressBookV1: (request) => addressBook(parts, request),
  };
}

/** Allocates; an empty pool is first searched for numbers of expired accounts and interrupted requests. */
async function allocate(
  { accounts, numbers }: NumberHandlerParts,
  email: string,
  wanted: WantedNumber,
): Promise<NewNumber | NoNumber> {
  const outcome = await numbers.allocate(email, wanted);
  if (outcome.tag !== 'exhausted') return outcome;
  const expired = await accounts.expired(EXPIRED_ACCOUNT_COUNT_MAX);
  for (const gone of expired) await removeAccount({ accounts, numbers }, gone);
  await numbers.sweep();
  return numbers.allocate(email, wanted);
}

async function addressBook(
  { accounts, numbers, gate }: NumberHandlerParts,
  { query, headers }: Parameters<EllisHandlers['addressBook']>[0],
): Promise<Awaited<ReturnType<EllisHandlers['addressBook']>>> {
  return answering(async () => {
    const isAllowed = gate.hasApiKey(headers) || (await gate.account(headers)) !== undefined;
    if (!isAllowed) return refusal(403, 'ellis.log-in-first');
    const page = await numbers.listed(query.after);
    const uris = Map.groupBy(page.numbers, ({ owner }) => owner);
    const contacts: Contact[] = [];
    for (const [owner, owned] of uris) {
      const account = await accounts.get(owner);
      if (account === undefined || accounts.isExpired(account)) continue;
      contacts.push({ full_name: account.fullName, sip_uris: owned.map(({ uri }) => uri) });
    }
    return success(200, page.next === undefined ? { contacts } : { contacts, next: page.next });
  });
}

async function ownNumber(
  { numbers }: NumberHandlerParts,
  { email, uri }: { readonly email: string; readonly uri: string },
  refuse: () => Promise<Refusal | undefined>,
): Promise<OwnedNumber | Refusal> {
  return (await refuse()) ?? (await numbers.find(canonicalEmail(email), uri)) ?? unknownNumber();
}

function wantedOf(body: { readonly pstn?: boolean; readonly private_id?: string }): WantedNumber {
  const { pstn: isPstn = false, private_id: privateId = '' } = body;
  return privateId === '' ? { isPstn } : { isPstn, privateId };
}

async function numberReply(
  { accounts, numbers }: NumberHandlerParts,
  email: string,
  outcome: NewNumber | NoNumber,
): Promise<Refusal | { readonly status: 200; readonly body: CreatedNumber }> {
  switch (outcome.tag) {
    case 'created': {
      if ((await accounts.get(email)) === undefined) {
        await numbers.removeAll(email); // the account was removed meanwhile
        return refusal(404, 'ellis.unknown-account');
      }
      const { number, sipPassword } = outcome;
      const row = rowOf(number);
      return success(200, sipPassword === undefined ? row : { ...row, sip_password: sipPassword });
    }
    case 'exhausted':
      return refusal(503, 'ellis.no-free-number', { retryAfterS: 60 });
    case 'account-full':
      return refusal(403, 'ellis.account-full');
    case 'taken':
      return refusal(409, 'ellis.number-taken');
    case 'unknown-private-id':
      return refusal(404, 'ellis.unknown-private-id');
  }
}

function rowOf({ uri, privateId, isPstn, isListed }: OwnedNumber): NumberRow {
  const { number, domain } = parseNumberUri(uri) ?? { number: uri, domain: '' };
  return {
    sip_uri: uri,
    sip_username: number,
    domain,
    number,
    pstn: isPstn,
    formatted_number: formatNumber(number),
    number_id: createHash('sha256').update(uri).digest('hex').slice(0, 32),
    private_id: privateId,
    gab_listed: isListed ? 1 : 0,
  };
}

function unknownNumber(): Refusal {
  return refusal(404, 'ellis.unknown-number');
}
