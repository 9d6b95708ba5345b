import { type AppError, codeOf } from '../errors.ts';
import type { Log } from '../ports/log.ts';
import type { AnyHandler, AnyReply, AnyRequest } from './api.ts';
import { apiProblem } from './problem.ts';

/**
 * Calls a handler; a throw becomes a reply: 503 when what we called is away (an `AppError` of origin upstream), else 500. The cause goes
 * to the log and never to the caller.
 */
export async function callHandler(
  handler: AnyHandler,
  request: AnyRequest,
  where: string,
  log: Log | undefined,
): Promise<AnyReply> {
  try {
    return await handler(request);
  } catch (error) {
    const isUpstream = codeOf(error) !== '' && (error as Partial<AppError>).origin === 'upstream';
    const status = isUpstream ? 503 : 500;
    log?.error('api.handler-failed', { endpoint: where, status, error });
    return { status, body: apiProblem(isUpstream ? codeOf(error) : 'internal.error') };
  }
}
