import { ApiProblem, defineApi, emptyBody, formOrJson, textBody, xmlBody } from '@clearwater/platform';
import { type Static, Type } from 'typebox';

const Text = Type.String({ maxLength: 2_000 });
const MaybeText = Type.Optional(Text);
/** A form may say where the browser goes next: a path of this site. */
const redirects = { onsuccess: MaybeText, onfailure: MaybeText };

const EmailPath = Type.Object({ email: Type.String({ maxLength: 254 }) });
const NumberPath = Type.Object({
  email: Type.String({ maxLength: 254 }),
  uri: Type.String({ maxLength: 300 }),
});

/** A number of an account. `gab_listed` is 1 in the address book, else 0. */
export const NumberRow = Type.Object({
  sip_uri: Type.String(),
  sip_username: Type.String(),
  domain: Type.String(),
  number: Type.String(),
  pstn: Type.Boolean(),
  formatted_number: Type.String(),
  number_id: Type.String(),
  private_id: Type.String(),
  gab_listed: Type.Integer({ minimum: 0, maximum: 1 }),
});
export type NumberRow = Static<typeof NumberRow>;

/** A new number; the password is there only when a private identity was made for it. */
export const CreatedNumber = Type.Object({
  ...NumberRow.properties,
  sip_password: Type.Optional(Type.String()),
});
export type CreatedNumber = Static<typeof CreatedNumber>;

export const Contact = Type.Object({ full_name: Type.String(), sip_uris: Type.Array(Type.String()) });
export type Contact = Static<typeof Contact>;

const AddressBook = Type.Object({ contacts: Type.Array(Contact), next: Type.Optional(Type.String()) });
const addressBookQuery = Type.Object({ after: Type.Optional(Type.String({ maxLength: 300 })) });
const Nothing = Type.Object({});
const htmlBody = textBody('text/html; charset=utf-8');

/** What every endpoint may answer instead of its success: 303 when a form asked for a redirect. */
const refusals = {
  303: emptyBody,
  400: ApiProblem,
  403: ApiProblem,
  404: ApiProblem,
  409: ApiProblem,
  422: ApiProblem,
  502: ApiProblem,
  503: ApiProblem,
};

/** Self-care of accounts and numbers: the original Ellis's paths, methods and fields. Secrets travel in headers or fields. */
export const ellisApi = defineApi('ellis', {
  createAccount: {
    method: 'POST',
    path: '/accounts',
    summary: 'Signs up, with the sign-up code in NGV-Signup-Code or signup_code.',
    body: formOrJson(
      Type.Object({
        signup_code: MaybeText,
        email: MaybeText,
        password: MaybeText,
        full_name: MaybeText,
        expires: Type.Optional(Type.Integer()),
        ...redirects,
      }),
    ),
    responses: { 201: Type.Object({ username: Type.String(), full_name: Type.String() }), ...refusals },
  },
  deleteAccount: {
    method: 'DELETE',
    path: '/accounts/:email',
    summary: 'Removes an account with its numbers.',
    params: EmailPath,
    responses: { 204: emptyBody, ...refusals },
  },
  changePassword: {
    method: 'POST',
    path: '/accounts/:email/password',
    summary:
      'Asks for a recovery mail (recover), or sets a password by the token of one (NGV-Recovery-Token or recovery_token).',
    params: EmailPath,
    body: formOrJson(
      Type.Object({
        recover: Type.Optional(Type.Union([Type.Boolean(), Text])),
        email: MaybeText,
        recovery_token: MaybeText,
        password: MaybeText,
        ...redirects,
      }),
    ),
    responses: { 200: Nothing, ...refusals },
  },
  recoveryPage: {
    method: 'GET',
    path: '/recover',
    summary: 'The form behind the link of a recovery mail.',
    query: Type.Object({ email: MaybeText, token: MaybeText, success: MaybeText, error: MaybeText }),
    responses: { 200: htmlBody },
  },
  logIn: {
    method: 'POST',
    path: '/session',
    summary: 'Opens a session; its cookie is called username.',
    body: formOrJson(Type.Object({ email: MaybeText, password: MaybeText, ...redirects })),
    responses: { 201: Type.Object({ username: Type.String() }), ...refusals },
  },
  logOut: {
    method: 'DELETE',
    path: '/session',
    summary: 'Ends the session of the cookie.',
    responses: { 204: emptyBody, ...refusals },
  },
  listNumbers: {
    method: 'GET',
    path: '/accounts/:email/numbers',
    summary: 'Numbers of an account.',
    params: EmailPath,
    responses: { 200: Type.Object({ numbers: Type.Array(NumberRow) }), ...refusals },
  },
  createNumber: {
    method: 'POST',
    path: '/accounts/:email/numbers',
    summary: 'A random free number from the pool, with a private identity of its own or added to private_id.',
    params: EmailPath,
    body: formOrJson(
      Type.Object({ pstn: Type.Optional(Type.Boolean()), private_id: MaybeText, ...redirects }),
    ),
    responses: { 200: CreatedNumber, ...refusals },
  },
  createSpecificNumber: {
    method: 'POST',
    path: '/accounts/:email/numbers/:uri',
    summary: 'One particular number, from the pool or not; with NGV-API-Key alone.',
    params: NumberPath,
    body: formOrJson(
      Type.Object({
        pstn: Type.Optional(Type.Boolean()),
        private_id: MaybeText,
        new_private_id: Type.Optional(Type.Boolean()),
        ...redirects,
      }),
    ),
    responses: { 200: CreatedNumber, ...refusals },
  },
  deleteNumber: {
    method: 'DELETE',
    path: '/accounts/:email/numbers/:uri',
    summary: 'Gives a number back.',
    params: NumberPath,
    responses: { 200: Nothing, ...refusals },
  },
  resetNumberPassword: {
    method: 'POST',
    path: '/accounts/:email/numbers/:uri/password',
    summary: 'A new SIP password for the private identity behind a number.',
    params: NumberPath,
    body: formOrJson(Type.Object({ ...redirects })),
    responses: { 200: Type.Object({ sip_password: Type.String() }), ...refusals },
  },
  getFilterCriteria: {
    method: 'GET',
    path: '/accounts/:email/numbers/:uri/ifcs',
    summary: 'The ServiceProfile XML with the initial filter criteria of a number.',
    params: NumberPath,
    responses: { 200: xmlBody, ...refusals },
  },
  putFilterCriteria: {
    method: 'PUT',
    path: '/accounts/:email/numbers/:uri/ifcs',
    summary: 'Replaces the initial filter criteria of a number.',
    params: NumberPath,
    body: xmlBody,
    responses: { 200: Nothing, ...refusals },
  },
  getListed: {
    method: 'GET',
    path: '/accounts/:email/numbers/:uri/listed',
    summary: 'Whether a number is in the address book.',
    params: NumberPath,
    responses: { 200: Type.Pick(NumberRow, ['gab_listed']), ...refusals },
  },
  putListed: {
    method: 'PUT',
    path: '/accounts/:email/numbers/:uri/listed/:isListed',
    summary: 'Puts a number into the address book (1) or takes it out (0).',
    params: Type.Object({
      ...NumberPath.properties,
      isListed: Type.Union([Type.Literal('0'), Type.Literal('1')]),
    }),
    responses: { 200: Nothing, ...refusals },
  },
  addressBook: {
    method: 'GET',
    path: '/gab',
    summary: 'The address book: accounts with listed numbers.',
    query: addressBookQuery,
    responses: { 200: AddressBook, ...refusals },
  },
  addressBookV1: {
    method: 'GET',
    path: '/1/gab',
    summary: 'As /gab.',
    query: addressBookQuery,
    responses: { 200: AddressBook, ...refusals },
  },
});
