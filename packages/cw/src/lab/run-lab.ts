import { dirname } from 'node:path';
import { AppError, codeOf, createPlatform, Lifecycle, superviseSignals } from '@clearwater/platform';
import { createLab } from './lab.ts';
import { labUsage, parseLabConfig } from './lab-config.ts';

/** `cw lab`: runs until it is told to stop. Returns the exit code when it could not start, undefined while it runs. */
export async function runLab(words: readonly string[]): Promise<number | undefined> {
  if (words.includes('--help')) {
    process.stdout.write(labUsage());
    return 0;
  }
  try {
    const config = parseLabConfig(words);
    const platform = createPlatform({ service: 'lab', logLevel: config.logLevel, logSink: process.stderr });
    const lifecycle = new Lifecycle(platform);
    superviseSignals(lifecycle, { ...platform, drainMaxS: config.drainMaxS });
    const lab = await createLab(config, platform, lifecycle.notReadyReason);
    await lifecycle.start(lab.parts);
    process.stdout.write(`${lab.banner}\n`);
    process.stdout.write(`Clearwater is ready: ${config.domain} on ${config.listen.join(', ')}\n`);
    return undefined;
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    return 1;
  }
}

/** One clear sentence for what a newcomer can put right; the whole error for the rest. */
function explain(error: unknown): string {
  const detail = error instanceof AppError ? error.detail : {};
  switch (codeOf(error)) {
    case 'config.invalid':
      return `The lab cannot start with these settings:\n${(detail['problems'] as string[]).map((p) => `  ${p}`).join('\n')}`;
    case 'network.address-in-use':
      return `${detail['address']} is taken by another program. Stop it, or choose another address with --listen, or another port with --sip-port or --ellis-port.`;
    case 'network.address-forbidden':
      return `${detail['address']} may not be used by this user: choose a port above 1023.`;
    case 'network.address-unavailable':
      return `${detail['address']} is not an address of this machine: see --listen and --http-listen.`;
    case 'vellum.data-in-use':
      return `Another lab is using ${dirname(String(detail['path']))}. Stop it, or choose another directory with --data.`;
    case 'vellum.data-too-new':
      return `A later version of Clearwater has written ${dirname(String(detail['path']))}. Run that one, or choose another directory with --data.`;
    case 'vellum.data-unusable':
    case 'ERR_SQLITE_ERROR':
    case 'EACCES':
    case 'EEXIST':
    case 'ENOTDIR':
    case 'ENOSPC':
    case 'EROFS':
      return `The data directory cannot be used: ${reasonOf(error)}. Put that right, or choose another directory with --data.`;
    case 'ellis.store-unavailable':
    case 'key-ring.unavailable':
    case 'lab.demo-user-failed':
    case 'lab.hosts-unavailable':
    case 'lab.secrets-unavailable':
      return `The data directory cannot be written (${codeOf(error)}): is the disk full? The log line above says why.`;
    case 'ERR_PARSE_ARGS_UNKNOWN_OPTION':
    case 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE':
    case 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL':
      return `${(error as Error).message}\n"cw lab --help" lists the settings.`;
    default:
      return `The lab cannot start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  }
}

/** The file and what the system or SQLite said about it. */
function reasonOf(error: unknown): string {
  if (!(error instanceof AppError)) return (error as Error).message;
  const { path, reason } = error.detail;
  return reason === 'store-failed' && error.cause instanceof Error
    ? `${path}: ${error.cause.message}`
    : `${path}: ${reason}`;
}
