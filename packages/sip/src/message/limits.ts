/** Bounds on one message from outside. All sizes are bytes. */
export interface MessageLimits {
  /** Whole message, body included. */
  readonly messageBytesMax: number;
  /** Number of header fields. */
  readonly headerFieldsMax: number;
  /** The start line, and each header field with its folded lines. */
  readonly fieldBytesMax: number;
}

/** What a datagram can carry, and header sizes several times above what real networks show. */
export const DEFAULT_MESSAGE_LIMITS: MessageLimits = {
  messageBytesMax: 65_535,
  headerFieldsMax: 200,
  fieldBytesMax: 8_192,
};

/** Most parameters one header value or URI may have. */
export const PARAMS_MAX = 64;

/** Longest URI that is parsed, in bytes. */
export const URI_BYTES_MAX = 4_096;
