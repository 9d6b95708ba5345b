import type { Static, TSchema } from 'typebox';

/** A body that is carried as it is: XML, plain text. A string on both sides. */
export interface TextBody {
  readonly kind: 'text';
  readonly mediaType: string;
}

/** A body that a browser's form or a program's JSON may bring; validated by the same schema. */
export interface FormOrJsonBody<S extends TSchema = TSchema> {
  readonly kind: 'form-or-json';
  readonly schema: S;
}

/** No body; a request that brings one is refused. */
export interface EmptyBody {
  readonly kind: 'empty';
}

/** A bare schema is a JSON body. */
export type BodyKind = TSchema | TextBody | FormOrJsonBody | EmptyBody;

/** The value a body kind stands for. */
export type BodyOf<B> = B extends { readonly kind: 'text' }
  ? string
  : B extends { readonly kind: 'form-or-json'; readonly schema: infer S extends TSchema }
    ? Static<S>
    : B extends { readonly kind: 'empty' }
      ? undefined
      : B extends TSchema
        ? Static<B>
        : never;

export const xmlBody: TextBody = { kind: 'text', mediaType: 'application/xml' };
export const emptyBody: EmptyBody = { kind: 'empty' };

export function textBody(mediaType: string): TextBody {
  return { kind: 'text', mediaType };
}

export function formOrJson<S extends TSchema>(schema: S): FormOrJsonBody<S> {
  return { kind: 'form-or-json', schema };
}

export function isText(body: BodyKind): body is TextBody {
  return 'kind' in body && body.kind === 'text';
}

export function isFormOrJson(body: BodyKind): body is FormOrJsonBody {
  return 'kind' in body && body.kind === 'form-or-json';
}

export function isEmpty(body: BodyKind): body is EmptyBody {
  return 'kind' in body && body.kind === 'empty';
}
