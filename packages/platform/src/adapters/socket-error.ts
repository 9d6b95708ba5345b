import { AppError, codeOf } from '../errors.ts';
import type { SocketAddress } from '../ports/network.ts';

/** `host:port`, an IPv6 host in brackets. */
export function formatSocketAddress(address: SocketAddress): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/**
 * Why an address could not be bound: `network.address-in-use`, `network.address-forbidden` (a port below 1024, mostly) or
 * `network.address-unavailable`; `detail.address` is `host:port`.
 */
export function bindError(cause: unknown, local: SocketAddress): AppError {
  const code = BIND_CODES[codeOf(cause)] ?? 'network.address-unavailable';
  const detail = { address: formatSocketAddress(local), reason: codeOf(cause) };
  return new AppError(code, { origin: 'internal', retry: 'never', cause, detail });
}

/** Why a connection failed: `network.refused`, `network.timeout`, `network.reset` or `network.unreachable`. */
export function connectionError(cause: unknown, remote: SocketAddress): AppError {
  const detail = { address: formatSocketAddress(remote), reason: codeOf(cause) };
  return new AppError(CONNECTION_CODES[codeOf(cause)] ?? 'network.unreachable', {
    origin: 'upstream',
    retry: 'next-peer',
    cause,
    detail,
  });
}

const BIND_CODES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'network.address-in-use',
  EACCES: 'network.address-forbidden',
};

const CONNECTION_CODES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'network.refused',
  ECONNRESET: 'network.reset',
  EPIPE: 'network.reset',
  ETIMEDOUT: 'network.timeout',
};
