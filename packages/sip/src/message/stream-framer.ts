import { COLON, CR, isTokenByte, isWhiteSpace, LF, parseDecimal, tokenEnd, trimLws } from './characters.ts';
import { canonicalName } from './header-names.ts';
import { DEFAULT_MESSAGE_LIMITS, type MessageLimits } from './limits.ts';

const HEADER_END = Buffer.from('\r\n\r\n', 'latin1');
const BUFFER_BYTES_MIN = 4_096;

/**
 * Cuts a byte stream into messages by Content-Length (RFC 3261 §7.5, §18.3) and notices CRLF keep-alives (RFC 5626 §3.5.1).
 * Holds at most one message (`messageBytesMax`); every byte is looked at a bounded number of times however the stream is cut.
 * After 'malformed' the stream has lost its frame: close the connection.
 */
export class StreamFramer {
  readonly #limits: MessageLimits;
  #buffer: Buffer = Buffer.alloc(0);
  #length = 0;
  /** The header's end was not found before this offset. */
  #scanned = 0;
  /** Whole length of the message at the front once its header is complete; 0 before. */
  #messageLength = 0;
  #crlfs = 0;
  #isBroken = false;

  constructor(limits: MessageLimits = DEFAULT_MESSAGE_LIMITS) {
    this.#limits = limits;
  }

  /** Bytes held of a message that is not complete yet. */
  get bytesPending(): number {
    return this.#length;
  }

  /**
   * Takes the next bytes. `onMessage` gets each complete message; the buffer may be a part of `chunk` and is valid as long as
   * that is. `onKeepAlive` is called at most once a push, with the number of pings (CRLF CRLF) completed; 0 means that only a
   * single CRLF came: the answer to a ping of ours.
   */
  push(
    chunk: Buffer,
    onMessage: (message: Buffer) => void,
    onKeepAlive: (pings: number) => void,
  ): 'ok' | 'malformed' {
    if (this.#isBroken) return 'malformed';
    const isHeld = this.#length > 0;
    if (isHeld) this.#hold(chunk);
    const input = isHeld ? this.#buffer.subarray(0, this.#length) : chunk;
    const crlfsBefore = this.#crlfs;
    let crlfsSeen = 0;
    let pings = 0;
    let at = 0;
    while (at < input.length) {
      if (this.#messageLength === 0 && input[at] === CR) {
        if (at + 1 === input.length) break;
        if (input[at + 1] !== LF) return this.#broken();
        at += 2;
        crlfsSeen++;
        if (++this.#crlfs === 2) {
          this.#crlfs = 0;
          pings++;
        }
        continue;
      }
      if (this.#messageLength === 0 && !this.#frame(input, at)) return this.#broken();
      if (this.#messageLength === 0 || input.length - at < this.#messageLength) break;
      const message = input.subarray(at, at + this.#messageLength);
      at += this.#messageLength;
      this.#messageLength = 0;
      this.#scanned = 0;
      this.#crlfs = 0;
      onMessage(isHeld ? Buffer.from(message) : message);
    }
    this.#keep(input, at, isHeld);
    if (pings > 0 || (crlfsSeen > 0 && crlfsBefore === 0)) onKeepAlive(pings);
    return 'ok';
  }

  #broken(): 'malformed' {
    this.#isBroken = true;
    this.#buffer = Buffer.alloc(0);
    this.#length = 0;
    return 'malformed';
  }

  /** Finds the length of the message at `at`, if its header is complete. False when it cannot be a message. */
  #frame(input: Buffer, at: number): boolean {
    if (this.#scanned === 0 && !isTokenByte(input[at] ?? 0)) return false;
    const headerEnd = input.indexOf(HEADER_END, at + this.#scanned);
    if (headerEnd < 0) {
      const pending = input.length - at;
      this.#scanned = Math.max(0, pending - 3);
      return pending <= this.#limits.messageBytesMax;
    }
    const contentLength = contentLengthOf(input.toString('latin1', at, headerEnd + 2));
    const length = headerEnd + 4 - at + contentLength;
    if (contentLength < 0 || length > this.#limits.messageBytesMax) return false;
    this.#messageLength = length;
    return true;
  }

  #hold(chunk: Buffer): void {
    const needed = this.#length + chunk.length;
    if (needed > this.#buffer.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(BUFFER_BYTES_MIN, needed, this.#buffer.length * 2));
      this.#buffer.copy(grown, 0, 0, this.#length);
      this.#buffer = grown;
    }
    chunk.copy(this.#buffer, this.#length);
    this.#length = needed;
  }

  #keep(input: Buffer, at: number, isHeld: boolean): void {
    if (at === input.length) {
      this.#length = 0;
      this.#buffer = Buffer.alloc(0);
    } else if (!isHeld) this.#hold(input.subarray(at));
    else if (at > 0) {
      this.#buffer.copyWithin(0, at, this.#length);
      this.#length -= at;
    }
  }
}

/** The value of the one Content-Length field in a header that ends in CRLF; -1 when absent, repeated or malformed. */
function contentLengthOf(header: string): number {
  let length = -1;
  for (let at = header.indexOf('\n') + 1; at > 0 && at < header.length; ) {
    let end = header.indexOf('\n', at) + 1;
    while (end < header.length && (header.charCodeAt(end) === 32 || header.charCodeAt(end) === 9))
      end = header.indexOf('\n', end) + 1;
    const nameEnd = isLetterOfContentLength(header.charCodeAt(at)) ? tokenEnd(header, at, end) : at;
    if (nameEnd > at && canonicalName(header.slice(at, nameEnd)) === 'Content-Length') {
      let colon = nameEnd;
      while (isWhiteSpace(header.charCodeAt(colon))) colon++;
      const value = trimLws(header.slice(colon + 1, end));
      const number = header.charCodeAt(colon) === COLON ? parseDecimal(value, 0, value.length, 12) : -1;
      if (number < 0 || length >= 0) return -1;
      length = number;
    }
    at = end;
  }
  return length;
}

/** Whether a header name that starts with this char can be Content-Length or `l`. */
function isLetterOfContentLength(code: number): boolean {
  const lower = code | 32;
  return lower === 99 || lower === 108;
}
