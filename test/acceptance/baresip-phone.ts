import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { Child, eventually, within } from './child.ts';
import { toneWav } from './tone.ts';

const TALK_S = 60;
const EVENT_MS = 20_000;

export interface BaresipOptions {
  readonly program: string;
  /** An empty place for its configuration and recordings; made here. */
  readonly directory: string;
  /** Its own loopback address. */
  readonly host: string;
  /** What its user hums. */
  readonly toneHz: number;
}

export interface BaresipAccount {
  readonly user: string;
  readonly domain: string;
  readonly password: string;
  readonly transport: 'udp' | 'tcp';
  readonly proxyHost: string;
}

interface BaresipEvent {
  readonly type: string;
  readonly param: string;
}

/** The soft phone baresip 1.0.0, driven over its control port. */
export class BaresipPhone {
  readonly #child: Child;
  readonly #control: Socket;
  readonly #directory: string;
  readonly #events: BaresipEvent[] = [];
  #seen = 0;
  #wake: () => void = () => undefined;

  private constructor(child: Child, control: Socket, directory: string) {
    this.#child = child;
    this.#control = control;
    this.#directory = directory;
    let pending: Buffer = Buffer.alloc(0);
    control.on('data', (chunk: Buffer) => {
      pending = this.#read(Buffer.concat([pending, chunk]));
    });
  }

  /** Starts it with no account, so that no event precedes the control connection. */
  static async start({ program, directory, host, toneHz }: BaresipOptions): Promise<BaresipPhone> {
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, 'tone.wav'), toneWav(toneHz, TALK_S));
    await writeFile(join(directory, 'accounts'), '');
    await writeFile(join(directory, 'config'), configText(host, directory));
    const child = Child.start(program, ['-f', directory], directory);
    try {
      await child.line('baresip is ready', EVENT_MS);
      return new BaresipPhone(child, await controlConnection(host), directory);
    } catch (error) {
      await child[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Resolves with the outcome of the registration: `REGISTER_OK` or `REGISTER_FAIL` and its reason. */
  register({ user, domain, password, transport, proxyHost }: BaresipAccount): Promise<BaresipEvent> {
    const account = [
      `<sip:${user}@${domain};transport=${transport}>`,
      `auth_user=${user}@${domain}`,
      `auth_pass=${password}`,
      `outbound="sip:${proxyHost}:5060;transport=${transport}"`,
      'regint=120',
      'answermode=auto',
      'audio_codecs=pcmu',
    ].join(';');
    this.#command('uanew', account);
    return this.event('REGISTER_OK', 'REGISTER_FAIL');
  }

  dial(uri: string): void {
    this.#command('dial', uri);
  }

  hangUp(): void {
    this.#command('hangup');
  }

  /** The next event of one of these types; those before it are skipped. */
  event(...types: readonly string[]): Promise<BaresipEvent> {
    const next = async (): Promise<BaresipEvent> => {
      for (;;) {
        const event = this.#events[this.#seen];
        if (event === undefined) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        } else {
          this.#seen += 1;
          if (types.includes(event.type)) return event;
        }
      }
    };
    const what = `${types.join(' or ')} from ${this.#directory}`;
    return within(EVENT_MS, what, next()).catch((error: Error) => {
      throw new Error(`${error.message}\n${JSON.stringify(this.#events)}\n${this.#child.output}`);
    });
  }

  /** Waits until it has heard `seconds` of sound. */
  async hears(seconds: number): Promise<void> {
    await eventually(EVENT_MS, `${seconds} s of sound at ${this.#directory}`, async () =>
      (await this.#recording()).length > 16_000 * seconds ? true : undefined,
    );
  }

  /** Ends the program, and with it the recording: all that the last call let its user hear. */
  async finish(): Promise<Buffer> {
    this.#command('quit');
    await this.#child.exit(EVENT_MS);
    return this.#recording();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#control.destroy();
    await this.#child[Symbol.asyncDispose]();
  }

  async #recording(): Promise<Buffer> {
    const names = (await readdir(this.#directory)).filter((name) => name.endsWith('-dec.wav'));
    const name = names.sort().at(-1);
    return name === undefined ? Buffer.alloc(0) : readFile(join(this.#directory, name));
  }

  /** JSON in netstrings, as ctrl_tcp wants it. */
  #command(command: string, params?: string): void {
    const text = JSON.stringify({ command, params, token: command });
    this.#control.write(`${Buffer.byteLength(text)}:${text},`);
  }

  /** Takes the whole netstrings off the front and returns the rest. */
  #read(bytes: Buffer): Buffer {
    let rest = bytes;
    for (;;) {
      const colon = rest.indexOf(':');
      const length = Number(rest.toString('latin1', 0, Math.max(colon, 0)));
      if (colon < 0 || rest.length < colon + length + 2) return rest;
      const message = JSON.parse(rest.toString('utf8', colon + 1, colon + 1 + length));
      rest = rest.subarray(colon + length + 2);
      if (message.event !== true) continue;
      this.#events.push({ type: message.type, param: message.param ?? '' });
      this.#wake();
    }
  }
}

function configText(host: string, directory: string): string {
  return [
    `net_interface ${host}`, // sound, too, stays on its address
    `sip_listen ${host}:5060`,
    `audio_source aufile,${join(directory, 'tone.wav')}`,
    'ausrc_format s16',
    'auplay_format s16',
    'rtp_ports 20000-20100',
    'module_path /usr/lib/baresip/modules',
    ...['g711', 'aufile', 'sndfile', 'uuid'].map((name) => `module ${name}.so`),
    'module_tmp account.so',
    ...['menu', 'ctrl_tcp'].map((name) => `module_app ${name}.so`),
    `ctrl_tcp_listen ${host}:4444`,
    `snd_path ${directory}`,
    '',
  ].join('\n');
}

async function controlConnection(host: string): Promise<Socket> {
  const socket = connect(4444, host);
  const connected = Promise.withResolvers<void>();
  socket.once('connect', connected.resolve).once('error', connected.reject);
  await within(EVENT_MS, `control connection to ${host}`, connected.promise);
  return socket;
}
