export type { HeaderList, MessageBody, RequestTemplate, ResponseOptions } from './builders.ts';
export { createAck, createCancel, createRequest, createResponse } from './builders.ts';
export { decodeUtf8, encodeUtf8, isToken, quote, unquote } from './characters.ts';
export { canonicalName } from './header-names.ts';
export type { Contacts, CSeq, EventHeader } from './header-values.ts';
export {
  parseContacts,
  parseCSeq,
  parseEvent,
  parseExpires,
  parseMaxForwards,
  parseQValueThousandths,
  parseTokenList,
  parseWholeNumber,
} from './header-values.ts';
export type { MessageLimits } from './limits.ts';
export { DEFAULT_MESSAGE_LIMITS } from './limits.ts';
export { SipMessage } from './message.ts';
export type { MalformedMessage, ParsedMessage } from './message-parser.ts';
export { parseMessage } from './message-parser.ts';
export type { NameAddrParts } from './name-addr.ts';
export { NameAddr, parseNameAddr, serializeNameAddr } from './name-addr.ts';
export { Params } from './params.ts';
export { REASON_PHRASES } from './reason-phrases.ts';
export { SipRequest } from './sip-request.ts';
export { SipResponse } from './sip-response.ts';
export type { SipUriParts } from './sip-uri.ts';
export { escapeUser, SipUri, unescapeUri } from './sip-uri.ts';
export { StreamFramer } from './stream-framer.ts';
export { TelUri, withoutVisualSeparators } from './tel-uri.ts';
export type { Uri } from './uri.ts';
export { OtherUri, parseUri } from './uri.ts';
export { uriEquals } from './uri-equality.ts';
export { splitList } from './value-list.ts';
export type { ViaParts } from './via.ts';
export { parseVia, serializeVia, Via } from './via.ts';
