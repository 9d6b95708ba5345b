import { REGISTRATION_TABLE } from '@clearwater/ims';
import {
  bindHttp,
  directClient,
  HttpServer,
  type HttpServerOptions,
  type Platform,
} from '@clearwater/platform';
import type { Records, SubscriberTable } from '@clearwater/vellum';
import { type HomesteadClient, homesteadApi, homesteadManagementApi } from './api/homestead-api.ts';
import { type ProvisioningClient, provisioningApi } from './api/provisioning-api.ts';
import type { DimeConfig } from './config.ts';
import { createHomestead } from './homestead/homestead.ts';
import { SubscriberDirectory } from './homestead/subscriber-directory.ts';
import { createProvisioning } from './provisioning/provisioning.ts';
import type { OnSubscriberChange } from './provisioning/subscriber-changes.ts';

export interface DimeOptions {
  readonly config: DimeConfig;
  readonly platform: Platform;
  readonly stores: DimeStores;
  /** Told after each change of the subscriber database made through this Dime. */
  readonly onSubscriberChange?: OnSubscriberChange;
  /** What `/readyz`, `/metrics` and, on the management port, `/trace` answer. */
  readonly http?: Pick<HttpServerOptions, 'readiness' | 'metrics' | 'trace'>;
}

/** What Dime needs of Vellum. */
export interface DimeStores {
  readonly records: Records;
  readonly subscribers: SubscriberTable;
}

export interface Dime {
  /** For services in this process; the others use `httpClient` with the same API. */
  readonly homestead: HomesteadClient;
  readonly provisioning: ProvisioningClient;
  /** The HTTP servers: signalling, management, provisioning. */
  readonly parts: readonly [HttpServer, HttpServer, HttpServer];
}

/** Homestead and its provisioning. Everything is read from the stores on each request; nothing outlives one here. */
export function createDime(options: DimeOptions): Dime {
  const { config, platform, stores, onSubscriberChange } = options;
  const { log } = platform;
  const registrations = stores.records.table(REGISTRATION_TABLE);
  const directory = new SubscriberDirectory(stores.subscribers, registrations, platform.clock);
  const homestead = createHomestead(directory, config);
  const provisioning = createProvisioning({
    subscribers: stores.subscribers,
    random: platform.random,
    homeDomain: config.homeDomain,
    ...(onSubscriberChange === undefined ? {} : { onChange: onSubscriberChange }),
  });

  const { trace, ...http } = options.http ?? {};
  const serverOn = (name: string, port: number, extra: Partial<HttpServerOptions> = {}): HttpServer =>
    new HttpServer({
      name,
      listen: [{ host: config.httpHost, port }],
      log,
      clock: platform.clock,
      ...(config.apiKey !== undefined && { bearerKey: config.apiKey }),
      ...http,
      ...extra,
    });
  const signallingServer = serverOn('homestead', config.signallingPort);
  const managementServer = serverOn('homestead-management', config.managementPort, trace && { trace });
  const provisioningServer = serverOn('homestead-prov', config.provisioningPort);
  bindHttp(signallingServer, homesteadApi, homestead, log);
  bindHttp(managementServer, homesteadManagementApi, { getRegData: homestead.getRegData }, log);
  bindHttp(provisioningServer, provisioningApi, provisioning, log);
  return {
    homestead: directClient(homesteadApi, homestead, log),
    provisioning: directClient(provisioningApi, provisioning, log),
    parts: [signallingServer, managementServer, provisioningServer],
  };
}
