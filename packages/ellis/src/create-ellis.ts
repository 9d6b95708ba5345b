import type { ProvisioningClient } from '@clearwater/dime/api';
import {
  bindHttp,
  HttpServer,
  type HttpServerOptions,
  type Platform,
  type ServicePart,
} from '@clearwater/platform';
import type { AccountTable, NumberTable, SessionTable } from '@clearwater/vellum';
import { accountHandlers, type EllisHandlers } from './account-handlers.ts';
import { Accounts } from './accounts.ts';
import { ellisApi } from './api.ts';
import type { EllisConfig } from './config.ts';
import { Gate } from './gate.ts';
import { numberHandlers, numberSettingHandlers } from './number-handlers.ts';
import { createNumberPool } from './number-pool.ts';
import { Numbers } from './numbers.ts';
import { PasswordHasher } from './password-hasher.ts';
import { createLogMailer, createSmtpMailer, type RecoveryMailer } from './recovery-mail.ts';
import { Sessions } from './sessions.ts';
import { Subscribers } from './subscribers.ts';

export interface EllisPorts {
  readonly accounts: AccountTable;
  readonly numbers: NumberTable;
  readonly sessions: SessionTable;
  readonly provisioning: ProvisioningClient;
  /** What the HTTP server's `/readyz` and `/metrics` answer. */
  readonly http?: Pick<HttpServerOptions, 'readiness' | 'metrics'>;
  /** In place of the one the config describes. */
  readonly mailer?: RecoveryMailer;
}

export interface Ellis {
  /** In the order of their start: the number pool is there before the server listens. */
  readonly parts: readonly ServicePart[];
  readonly handlers: EllisHandlers;
  readonly server: HttpServer;
  /** Resolves when no recovery mail is under way. */
  mailsSent(): Promise<void>;
}

/** Wires Ellis; nothing runs before its parts are started. */
export function createEllis(config: EllisConfig, platform: Platform, ports: EllisPorts): Ellis {
  const { clock, random, log } = platform;
  const publicUrl = config.publicUrl ?? `http://${config.listenHost}:${config.port}`;

  const sessions = new Sessions({ sessions: ports.sessions, clock, random }, config.sessionLifetimeS);
  const hasher = new PasswordHasher({
    memoryKib: config.passwordMemoryKib,
    passCount: config.passwordPassCount,
  });
  const mailer =
    ports.mailer ?? (config.smtp === undefined ? createLogMailer(log) : createSmtpMailer(config.smtp));
  const accounts = new Accounts(
    { accounts: ports.accounts, sessions, hasher, mailer, clock, random, log },
    (email, token) => `${publicUrl}/recover?${new URLSearchParams({ email, token })}`,
  );
  const subscribers = new Subscribers(ports.provisioning, config.homeDomain);
  const numbers = new Numbers(
    { numbers: ports.numbers, subscribers, clock, random, log },
    { perAccountCountMax: config.numbersPerAccountMax },
  );
  const gate = new Gate(accounts, sessions, {
    apiKey: config.apiKey,
    isCookieSecure: publicUrl.startsWith('https:'),
  });

  const handlers: EllisHandlers = {
    ...accountHandlers({ accounts, sessions, numbers, gate, clock, signUpCode: config.signUpCode }),
    ...numberHandlers({ accounts, numbers, subscribers, gate }),
    ...numberSettingHandlers({ accounts, numbers, subscribers, gate }),
  };
  const listen = [{ host: config.listenHost, port: config.port }];
  const server = new HttpServer({ name: 'ellis', listen, log, clock, ...ports.http });
  bindHttp(server, ellisApi, handlers, log);

  const ranges = [
    { ...config.numberPool, isPstn: false },
    ...(config.pstnNumberPool === undefined ? [] : [{ ...config.pstnNumberPool, isPstn: true }]),
  ];
  const pool = createNumberPool(ports.numbers, ranges, config.homeDomain);
  const mails: ServicePart = { name: 'ellis-mails', drain: () => accounts.mailsSent() };
  return { parts: [pool, mails, server], handlers, server, mailsSent: () => accounts.mailsSent() };
}
