import { type Static, type TInteger, type TObject, type TOptional, type TString, Type } from 'typebox';

/** The JSON body of every refusal: a stable code, and for people what was wrong. */
export const ApiProblem: TObject<{
  code: TString;
  detail: TOptional<TString>;
  retryAfterS: TOptional<TInteger>;
}> = Type.Object({
  code: Type.String(),
  detail: Type.Optional(Type.String()),
  retryAfterS: Type.Optional(Type.Integer()),
});
export type ApiProblem = Static<typeof ApiProblem>;

/** Builds an `ApiProblem`. `retryAfterS` also becomes the Retry-After header of an HTTP answer. */
export function apiProblem(
  code: string,
  more: { readonly detail?: string; readonly retryAfterS?: number } = {},
): ApiProblem {
  return { code, ...more };
}
