import { type Bono, bonoConfig, createBono } from '@clearwater/bono';
import { createDime, type Dime, dimeConfig } from '@clearwater/dime';
import { type HttpServerOptions, loadConfig, type Platform, type ServicePart } from '@clearwater/platform';
import { type HostTable, StaticResolver } from '@clearwater/sip';
import { createSprout, type Sprout, sproutConfig } from '@clearwater/sprout';
import { type EmbeddedVellum, SharedKeyRing } from '@clearwater/vellum';
import { coreAddress, type LabConfig } from './lab-config.ts';

export interface Core {
  readonly dime: Dime;
  readonly sprout: Sprout;
  readonly bono: Bono;
  /** In the order of their start: what others call comes first. */
  readonly parts: readonly ServicePart[];
}

export interface CoreOptions {
  readonly config: LabConfig;
  readonly platform: Platform;
  readonly vellum: EmbeddedVellum;
  readonly hosts: HostTable;
  /** Asked for on Dime's HTTP ports when given. */
  readonly apiKey?: string;
  readonly http?: Pick<HttpServerOptions, 'readiness' | 'metrics' | 'trace'>;
}

/** Bono, Sprout and Dime on one Vellum, wired as they are in a deployment: SIP between them, names in the routes. */
export async function createCore(options: CoreOptions): Promise<Core> {
  const { config, platform, vellum, hosts, apiKey, http } = options;
  const { domain } = config;
  const address = coreAddress(config);
  const resolver = new StaticResolver(hosts);
  const nonceKeys = await openKeyRing(options, 'nonce', 86_400);
  const flowKeys = await openKeyRing(options, 'flow', config.registrationExpiryMaxS);
  const scscfUri = `sip:scscf.${domain}:5054;transport=TCP`;

  const dime = createDime({
    config: loadConfig(dimeConfig, [
      layer({ homeDomain: domain, scscfUri, httpHost: config.httpListen ?? address, apiKey }),
    ]),
    platform,
    stores: vellum,
    onSubscriberChange: (change) => sprout.onSubscriberChange(change),
    ...(http !== undefined && { http }),
  });

  const sprout: Sprout = createSprout(
    loadConfig(sproutConfig, [
      layer({
        homeDomain: domain,
        coreHost: address,
        scscfUri,
        registrationExpiryMaxS: config.registrationExpiryMaxS,
        registrationExpiryMinS: config.registrationExpiryMinS,
      }),
    ]),
    {
      platform,
      records: vellum.records,
      timers: vellum.timers,
      homestead: dime.homestead,
      nonceKeys,
      resolver,
    },
  );

  const bono = createBono(
    loadConfig(bonoConfig, [
      layer({
        homeDomain: domain,
        edgeAddresses: config.listen,
        edgePort: config.sipPort,
        coreAddress: address,
        advertisedHost: config.advertise,
      }),
    ]),
    {
      platform,
      records: vellum.records,
      homestead: dime.homestead,
      flowKeys,
      resolver,
    },
  );

  return { dime, sprout, bono, parts: [nonceKeys, flowKeys, ...dime.parts, ...sprout.parts, ...bono.parts] };
}

/** Keys live with the data and change every week; old ones serve as long as the longest token made with them. */
function openKeyRing(
  { vellum, platform }: CoreOptions,
  name: string,
  tokenLifeS: number,
): Promise<SharedKeyRing> {
  const options = { name: `/keys/${name}`, rotateAfterS: 604_800, graceS: Math.max(86_400, 2 * tokenLifeS) };
  return SharedKeyRing.open(vellum.sharedConfig, platform, options);
}

function layer(values: Readonly<Record<string, unknown>>): {
  source: string;
  values: Readonly<Record<string, unknown>>;
} {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return { source: 'lab', values: Object.fromEntries(given) };
}
