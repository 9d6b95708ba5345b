import { canonicalImpu } from '@clearwater/ims';
import type { PublicIdentity, SubscriberTable, Unavailable } from '@clearwater/vellum';
import type { ProvisioningContext, ProvisioningHandlers } from './provisioning-context.ts';
import { away, badRequest, NOT_FOUND, type Refused, readReply } from './replies.ts';

type PublicHandlers = Pick<
  ProvisioningHandlers,
  'getProfileOfPublic' | 'getSetOfPublic' | 'getPrivatesOfPublic' | 'listPublics'
>;
type Entry = Omit<PublicIdentity, 'publicIdentityXml'>;

const CHUNK_PROPORTION = 256;
/** Rows read in one go, so that a long listing does not hold up signalling. */
const PAGE_LENGTH = 1000;
/** A whole listing longer than this is refused: it is built in memory. */
const LISTING_LENGTH_MAX = 200_000;

/** `/public/…` */
export function publicHandlers({ subscribers }: ProvisioningContext): PublicHandlers {
  const redirect = async (
    impuText: string,
    locationOf: (entry: Entry) => string,
  ): Promise<
    { readonly status: 303; readonly headers: { readonly location: string } } | Refused<404 | 503>
  > => {
    const impu = canonicalImpu(impuText);
    if (impu === undefined) return NOT_FOUND;
    const reply = readReply(await subscribers.getPublic(impu), locationOf);
    return reply.status === 200 ? { status: 303, headers: { location: reply.body } } : reply;
  };

  const handlers: PublicHandlers = {
    getProfileOfPublic: ({ params: { impu } }) =>
      redirect(impu, ({ irs, profile }) => `/irs/${irs}/service_profiles/${profile}`),
    getSetOfPublic: ({ params: { impu } }) => redirect(impu, ({ irs }) => `/irs/${irs}`),
    getPrivatesOfPublic: async ({ params: { impu: impuText } }) => {
      const impu = canonicalImpu(impuText);
      if (impu === undefined) return NOT_FOUND;
      return readReply(await subscribers.privatesOfPublic(impu), (impis) => ({ private_ids: [...impis] }));
    },

    listPublics: async ({ query }) => {
      const { chunk, 'chunk-proportion': proportion = CHUNK_PROPORTION, after, limit } = query;
      if (chunk !== undefined && chunk >= proportion) return badRequest('dime.chunk-out-of-range');
      const isPage = after !== undefined || limit !== undefined;
      const listing = isPage
        ? await subscribers.listPublics({
            ...(after === undefined ? {} : { after }),
            limit: limit ?? PAGE_LENGTH,
          })
        : await listAll(subscribers, (impu) => chunk === undefined || chunkOf(impu, proportion) === chunk);
      if (listing.tag === 'unavailable') return away(listing);
      if (listing.tag === 'too-long')
        return badRequest('dime.listing-too-long', 'ask by chunk, or by after and limit');
      const { entries, next } = listing.value;
      const body = { public_ids: entries.map((entry) => listed(entry, query.excludeuuids === true)) };
      return { status: 200, body: next === undefined ? body : { ...body, next } };
    },
  };
  return handlers;
}

type Listing =
  | { readonly tag: 'found'; readonly value: { readonly entries: readonly Entry[]; readonly next?: string } }
  | { readonly tag: 'too-long' }
  | Unavailable;

async function listAll(subscribers: SubscriberTable, isWanted: (impu: string) => boolean): Promise<Listing> {
  const entries: Entry[] = [];
  let after: string | undefined;
  do {
    const page = await subscribers.listPublics({
      ...(after === undefined ? {} : { after }),
      limit: PAGE_LENGTH,
    });
    if (page.tag === 'unavailable') return page;
    entries.push(...page.value.entries.filter(({ impu }) => isWanted(impu)));
    if (entries.length > LISTING_LENGTH_MAX) return { tag: 'too-long' };
    after = page.value.next;
  } while (after !== undefined);
  return { tag: 'found', value: { entries } };
}

function listed(
  { impu, profile, irs }: Entry,
  isBare: boolean,
): { public_id: string; sp?: string; irs?: string } {
  return isBare ? { public_id: impu } : { public_id: impu, sp: profile, irs };
}

/** Which of `proportion` chunks an identity falls into (FNV-1a): the same one each time it is asked. */
function chunkOf(impu: string, proportion: number): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < impu.length; at += 1) hash = Math.imul(hash ^ impu.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % proportion;
}
